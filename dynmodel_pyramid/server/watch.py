"""The lowest rates and the longest times that clients may have, in both directions."""

from dynmodel_pyramid.server.settings import Limits

#: The phases of a connection: what it waits for.
IDLE, HEAD, BODY, ANSWER, QUEUED, WORK = "idle", "head", "body", "answer", "queued", "work"


class Watch:
    """Looks at one connection about once a second.

    Time is measured by these looks: a look costs a few comparisons, and the transfer itself nothing.
    """

    __slots__ = ("_amount", "_key", "_limits", "_window", "since")

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self._key: tuple[str, int] = (IDLE, 0)
        self.since = self._window = now
        self._amount = 0

    @property
    def phase(self) -> str:
        return self._key[0]

    def look(self, now: float, phase: str, turn: int, amount: int) -> str | None:
        """The client's failure; None while all is well.

        :param turn: changes with each request
        :param amount: bytes that have passed in this phase and turn; only grows
        """
        if self._key != (phase, turn):
            self._key = (phase, turn)
            self.since = self._window = now
            self._amount = amount
            return None
        if phase == HEAD:
            return self._too_long(now, self._limits.header_timeout, "headers of a request")
        if phase == BODY:
            return self._too_long(now, self._limits.body_timeout, "a request's body") or self._too_slow(
                now, amount, self._limits.body_rate, "a request's body arrives"
            )
        if phase == ANSWER:
            return self._too_long(now, self._limits.answer_timeout, "an answer to be taken") or self._too_slow(
                now, amount, self._limits.answer_rate, "an answer is taken"
            )
        return None

    def _too_long(self, now: float, most: float, what: str) -> str | None:
        return f"waited {most:g} seconds for {what}" if now - self.since > most else None

    def _too_slow(self, now: float, amount: int, least: int, what: str) -> str | None:
        seconds = now - self._window
        if seconds < self._limits.rate_window:
            return None
        if amount - self._amount < least * seconds:
            return f"{what} at less than {least} bytes a second"
        self._window, self._amount = now, amount
        return None
