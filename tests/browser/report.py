"""Checks that each print a line."""

from collections.abc import Callable


class Report:
    def __init__(self) -> None:
        self.failed = 0

    def check(self, what: str, found: object, wanted: object = True) -> None:
        good = found == wanted
        self.failed += not good
        print(f"{'ok  ' if good else 'FAIL'}  {what}" + ("" if good else f": {found!r}, want {wanted!r}"), flush=True)

    def note(self, what: str, found: object) -> None:
        print(f"note  {what}: {found}", flush=True)

    def attempt(self, what: str, part: Callable[..., None], *arguments: object) -> None:
        """A fault ends its part only."""
        print(f"      {what}", flush=True)
        try:
            part(*arguments)
        except Exception as error:
            self.check(f"{what} goes to its end", str(error).partition("\n")[0], "")
