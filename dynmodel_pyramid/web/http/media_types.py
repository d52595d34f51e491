"""Media types with parameters (RFC 9110, section 8.3.1)."""

import re
from collections.abc import Collection, Mapping

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(
    rf"""[ \t]*;[ \t]*(?:({_TOKEN})[ \t]*=[ \t]*(?:({_TOKEN})|"((?:[^"\\]|\\.)*)"|([^\s;"]*)))?""", re.DOTALL
)
#: An element of a list.
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+', re.DOTALL)
#: Characters of a header whose parameters are looked for.
_LONGEST = 2000
_PAIR = re.compile(r"\\(.)", re.DOTALL)


def parameters_of(header: str) -> dict[str, str] | None:
    """The parameters of a media type, their names in lower case; None if they are malformed, or one stands twice.

    A value without quotes may have any characters but blanks, ``;`` and ``"``.
    """
    _, separator, rest = header.partition(";")
    if not separator:
        return {}
    text = f";{rest}".rstrip(" \t")
    parameters: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None:
            return None
        position = match.end()
        if match[1] is not None:
            name = match[1].lower()
            if name in parameters:
                return None
            value = match[2] if match[2] is not None else match[4]
            parameters[name] = _PAIR.sub(r"\1", match[3]) if value is None else value
    return parameters


def accepted_parameters(header: str, media_type: str, known: Collection[str]) -> dict[str, str]:
    """The known parameters that ``Accept`` gives a media type; others mean nothing there."""
    for element in _ELEMENT.findall(header) if len(header) <= _LONGEST else ():
        if element.partition(";")[0].strip().lower() == media_type:
            return {name: value for name, value in (parameters_of(element) or {}).items() if name in known}
    return {}


def told(values: Mapping[str, str]) -> str:
    """Names and values as a list for a header: ``charset=windows-1252, delimiter=";"``."""
    return ", ".join(f"{name}={_written(value)}" for name, value in values.items())


def _written(value: str) -> str:
    if re.fullmatch(_TOKEN, value):
        return value
    plain = "".join(character if " " <= character <= "~" else "?" for character in value)
    return '"' + re.sub(r'(["\\])', r"\\\1", plain) + '"'
