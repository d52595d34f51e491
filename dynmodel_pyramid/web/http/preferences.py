"""``Prefer`` (RFC 7240): the preferences of a client, and which were honoured; read once, by the rules of each face.

Unknown preferences are ignored, as the RFC says, unless ``handling=strict`` demands all or nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.exchange import NDJSON

#: The media types of the answers that tell of refused rows.
LENIENT_OFFERS = ("application/json", NDJSON)
RETURNS = ("representation", "minimal", "headers-only")
#: For all requests; honoured where the answer is whole (:mod:`~.consistency`).
STRONG = ("consistency", "strong")
_NUMBER = re.compile("[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Preferences:
    """The honoured preferences of one request, by name."""

    honoured: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str | None:
        return self.honoured.get(name)

    @property
    def most(self) -> int | None:
        """The most rows that may be written."""
        value = self["max-affected"]
        return None if value is None else int(value)

    @property
    def is_empty(self) -> bool:
        """Whether the answer is to have no body."""
        return self["return"] in ("minimal", "headers-only")

    def tell(self, answer: Response) -> None:
        """Add ``Preference-Applied``."""
        if self.honoured:
            answer.headers["Preference-Applied"] = ", ".join(f"{name}={value}" for name, value in self.honoured.items())


@dataclass(frozen=True, slots=True)
class PreferenceRules:
    """How a face reads the header.

    :param known: the known values of each preference; ``max-affected`` takes numbers
    :param heeded: the names of preferences that have a meaning, by method
    :param refuse: makes the error of ``handling=strict``, from the preferences that are not honoured and the heeded
        names
    :param passed_over: names that ``handling=strict`` does not refuse
    :param is_exact: case matters, and quotes and parameters belong to the value; known preferences that are not heeded
        are not refused; ``Preference-Applied`` has the order of ``known``
    """

    known: Mapping[str, Sequence[str]]
    heeded: Mapping[str, Sequence[str]]
    refuse: Callable[[list[str], Sequence[str]], Exception]
    passed_over: Sequence[str] = ()
    is_exact: bool = False

    def read(self, request: Request) -> Preferences:
        """:raises Exception: the error that ``refuse`` makes"""
        header = request.environ.get("HTTP_PREFER")
        if not header:
            return NOTHING
        heeded = self.heeded.get(request.method, ())
        preferences: dict[str, str] = {}
        refused = []
        for name, value, text in _asked(header, is_exact=self.is_exact):
            if self._is_known(name, value) and (self.is_exact or name in heeded):
                preferences.setdefault(name, value)
            elif name not in self.passed_over and (name, value) != STRONG:
                refused.append(text)
        if preferences.get("handling") != "strict":
            # As in PostgREST ("Prefer Header": Max Affected).
            preferences.pop("max-affected", None)
        elif refused:
            raise self.refuse(refused, heeded)
        order = self.known if self.is_exact else preferences
        return Preferences({name: preferences[name] for name in order if name in preferences and name in heeded})

    def _is_known(self, name: str, value: str) -> bool:
        if name == "max-affected":
            return _NUMBER.fullmatch(value) is not None
        return value in self.known.get(name, ())


NOTHING = Preferences()


def preferred(request: Request, name: str, known: Sequence[str]) -> Preferences:
    """The value of one preference, if it is a known one; the first one in the header counts."""
    header = request.environ.get("HTTP_PREFER")
    if not header:
        return NOTHING
    for preference, value, _ in _asked(header, is_exact=False):
        if preference == name:
            return Preferences({name: value}) if value in known else NOTHING
    return NOTHING


def asks_for_good_rows(request: Request) -> bool:
    """Whether a request wants its good rows to be written, whatever the others are (``handling=lenient``)."""
    return request.method in ("POST", "PUT") and preferred(request, "handling", ("lenient",))["handling"] is not None


def preferred_return(request: Request) -> Preferences:
    """The ``return`` of a request that heeds no other preference."""
    return preferred(request, "return", RETURNS)


def _asked(header: str, *, is_exact: bool) -> Iterator[tuple[str, str, str]]:
    """Name and value of each preference, and both as an error shows them."""
    for part in header.split(","):
        if is_exact:
            name, _, value = (text.strip() for text in part.partition("="))
            if part.strip():
                yield name, value, part.strip()
        else:
            name, _, value = part.split(";")[0].partition("=")
            name, value = name.strip().lower(), value.strip().strip('"')
            if name:
                yield name, value, f"{name}={value}"
