"""Whether the interpreter is always far from its limit of recursion.

Whenever garbage is collected, finalizers may run, among them those that give connections back: they need room.
"""

import gc

#: How many calls must be possible at any time.
ROOM = 300


class Watch:
    """Looks at each collection of garbage, of which there are many, whether there is room."""

    def __init__(self) -> None:
        self.narrow = self.looks = 0

    def __enter__(self) -> "Watch":
        self._usual = gc.get_threshold()
        gc.callbacks.append(self._look)
        gc.set_threshold(20, 1_000_000, 1_000_000)
        return self

    def __exit__(self, *_) -> None:
        gc.set_threshold(*self._usual)
        gc.callbacks.remove(self._look)

    def _look(self, phase, _) -> None:
        self.looks += 1
        try:
            self._descend(ROOM)
        except RecursionError:
            self.narrow += 1

    def _descend(self, calls) -> int:
        return calls and self._descend(calls - 1)
