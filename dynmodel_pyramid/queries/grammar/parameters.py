"""The query string as pairs. WebOb is not used, because it splits at ``;`` as well, which values may contain."""

from urllib.parse import unquote_to_bytes

from dynmodel_pyramid.queries.errors import QueryError

Pairs = list[tuple[str, str]]


def split(query_string: str) -> Pairs:
    """The parameters of a WSGI ``QUERY_STRING``, in their order (WHATWG URL, "application/x-www-form-urlencoded").

    Only ``&`` separates; ``+`` is a blank. A parameter without ``=`` has an empty value.

    :raises QueryError: bytes that are not UTF-8
    """
    pairs: Pairs = []
    for part in query_string.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((_decoded(name, name, "name"), _decoded(value, name, "value")))
    return pairs


def _decoded(text: str, parameter: str, part: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text and text.isascii():
        return text
    try:
        # PEP 3333: each character in the environment's texts is a byte of that number.
        return unquote_to_bytes(text.encode("latin-1")).decode()
    except UnicodeError:
        raise QueryError("want UTF-8", parameter=parameter, part=part, expected="UTF-8") from None


def as_sent(text: str) -> str:
    """A text as WSGI has it in ``QUERY_STRING``."""
    return text.encode().decode("latin-1")


#: Characters that have a meaning in a query string; all others stay as they are, so that people can read it.
_ESCAPES = {ord(character): f"%{ord(character):02X}" for character in "%&+#"}


def joined(pairs: Pairs) -> str:
    """The readable text of pairs; :func:`split` reads it, as it is sent."""
    return "&".join(
        f"{name.translate(_ESCAPES).replace('=', '%3D')}={value.translate(_ESCAPES)}" for name, value in pairs
    )
