"""``Prefer`` (RFC 7240) of writes: what a client would like, and what was honoured.

Preferences that are not known are ignored, as the RFC says, unless ``handling=strict`` asks for all or nothing.
"""

import re
from collections.abc import Callable

from dynmodel_pyramid.errors import Malformed

_NUMBER = re.compile("[0-9]{1,18}")
_KNOWN: dict[str, Callable[[str], bool]] = {
    "return": {"representation", "minimal", "headers-only"}.__contains__,
    "handling": {"strict", "lenient"}.__contains__,
    "tx": {"commit", "rollback"}.__contains__,
    "missing": {"default"}.__contains__,
    "count": {"exact"}.__contains__,
    "resolution": {"merge-duplicates", "ignore-duplicates"}.__contains__,
    "max-affected": lambda value: _NUMBER.fullmatch(value) is not None,
}


class Preferences:
    """The preferences of one request that apply to it.

    :param applicable: the names of those that mean something here, besides ``handling``
    :raises Malformed: one that is not honoured, although ``handling=strict`` stands there (``invalid_preference``)
    """

    def __init__(self, request, *applicable: str):
        asked = list(_asked(request.headers.get("Prefer", "")))
        self._honoured: dict[str, str] = {}
        refused = []
        for name, value in asked:
            if name not in ("handling", *applicable) or not _KNOWN[name](value):
                refused.append(f"{name}={value}")
            else:
                self._honoured.setdefault(name, value)
        if self._honoured.get("handling") == "strict":
            if refused:
                raise Malformed(
                    f"Prefer: {', '.join(refused)[:200]} can't be honoured",
                    code="invalid_preference",
                    hint=f"here are {', '.join(sorted(applicable))}; without handling=strict others are ignored",
                )
        else:
            # As PostgREST has it ("Prefer Header": Max Affected).
            self._honoured.pop("max-affected", None)

    def get(self, name: str) -> str | None:
        return self._honoured.get(name)

    @property
    def most(self) -> int | None:
        found = self.get("max-affected")
        return None if found is None else int(found)

    @property
    def is_empty(self) -> bool:
        """Whether the answer is to have no body."""
        return self.get("return") in ("minimal", "headers-only")

    def tell(self, answer) -> None:
        if self._honoured:
            told = ", ".join(f"{name}={value}" for name, value in self._honoured.items())
            answer.headers["Preference-Applied"] = told


def _asked(header: str):
    """(name, value) of each preference."""
    for part in header.split(","):
        name, _, value = part.split(";")[0].partition("=")
        if name.strip():
            yield name.strip().lower(), value.strip().strip('"')
