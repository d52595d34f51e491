"""``Prefer`` as PostgREST reads it ("Prefer Header"; RFC 7240): what is unknown is ignored unless told otherwise."""

from dataclasses import dataclass, field

from dynmodel_pyramid.web.rest.errors import bad_preferences

KNOWN: dict[str, tuple[str, ...]] = {
    "resolution": ("merge-duplicates", "ignore-duplicates"),
    "missing": ("default", "null"),
    "return": ("representation", "minimal", "headers-only"),
    "count": ("exact", "planned", "estimated"),
    "tx": ("commit", "rollback"),
    "handling": ("strict", "lenient"),
}
#: Those that a method heeds, besides count, tx and handling.
HEEDED = {
    "POST": ("resolution", "missing", "return"),
    "PATCH": ("missing", "return", "max-affected"),
    "DELETE": ("return", "max-affected"),
    "PUT": ("return",),
}
_ALWAYS = ("count", "tx", "handling")
#: In which order ``Preference-Applied`` names them.
_ORDER = (*KNOWN, "max-affected")


@dataclass(frozen=True, slots=True)
class Preferences:
    """The values of those that are known, by name; of several the first counts."""

    given: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str | None:
        return self.given.get(name)

    @property
    def max_affected(self) -> int | None:
        """Heeded with ``handling=strict`` alone."""
        text = self["max-affected"]
        return None if text is None or self["handling"] != "strict" else int(text)

    def applied(self, method: str) -> str | None:
        """``Preference-Applied``."""
        heeded = (*HEEDED.get(method, ()), *_ALWAYS)
        names = [name for name in _ORDER if name in self.given and name in heeded]
        if self["handling"] != "strict":
            names = [name for name in names if name != "max-affected"]
        return ", ".join(f"{name}={self.given[name]}" for name in names) or None


def preferences(request) -> Preferences:
    """
    :raises RestError: ``handling=strict``, and some that are not known
    """
    given: dict[str, str] = {}
    bad: list[str] = []
    for part in request.headers.get("Prefer", "").split(","):
        name, _, value = (text.strip() for text in part.partition("="))
        if value in KNOWN.get(name, ()) or (name == "max-affected" and value.isdecimal() and len(value) < 19):
            given.setdefault(name, value)
        elif part.strip() and name not in ("timezone", "max-affected"):
            bad.append(part.strip())
    if bad and given.get("handling") == "strict":
        raise bad_preferences(bad)
    return Preferences(given)
