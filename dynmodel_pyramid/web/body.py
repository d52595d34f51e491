"""Request bodies -> documents.

The standard parser and not orjson: it is slower, but numbers keep all their digits, and its hook tells of duplicate
keys, which orjson drops without a word.
"""

import json
import re
from os import SEEK_END
from typing import Any, BinaryIO

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields.numerals import parse_float
from dynmodel_pyramid.web.errors import PayloadTooLarge, UnsupportedMediaType

JSON = ("application/json",)
#: A parameter of a media type (RFC 9110, 5.6.6).
_PARAMETER = re.compile(r';[ \t]*([A-Za-z]+)="?([^;" \t]*)"?')
MERGE_PATCH = ("application/merge-patch+json", "application/json")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        seen: set[str] = set()
        name = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise Malformed(f"the key {name!r} stands twice in one object", code="duplicate_key")
    return document


def _constant(name: str) -> Any:
    raise Malformed(f"{name} is not JSON", code="malformed_json")


_decode = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=parse_float).decode


def parse_json(text: bytes) -> Any:
    """A JSON text (RFC 8259) -> document.

    :raises Malformed: saying where it breaks
    """
    try:
        return _decode(text.decode("utf-8"))
    except json.JSONDecodeError as error:
        raise Malformed(
            f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}", code="malformed_json"
        ) from None
    except UnicodeDecodeError as error:
        raise Malformed(f"the body is not UTF-8 (byte {error.start})", code="malformed_json") from None
    except RecursionError:
        raise Malformed("the body is nested too deeply", code="malformed_json") from None
    except ValueError:  # CPython's limit of digits in an integer
        raise Malformed("the body holds a number with too many digits", code="malformed_json") from None


def read_json(request, media_types: tuple[str, ...] = JSON) -> Any:
    """The document of a request.

    :raises PayloadTooLarge: over ``dynmodel.max_body_size``
    :raises UnsupportedMediaType: not one of ``media_types``
    :raises Malformed: not JSON
    """
    limit = _checked(request, media_types)
    # In memory, where it is parsed anyway; WebOb would put what is above 10 KB into a temporary file.
    request.request_body_tempfile_limit = limit
    body = request.body
    if len(body) > limit:
        raise _too_large(limit)
    return parse_json(body)


def body_file(request, media_types: tuple[str, ...]) -> BinaryIO:
    """The body of a request, to be read in parts; WebOb keeps what is above 10 KB in a temporary file.

    :raises PayloadTooLarge: over ``dynmodel.max_body_size``
    :raises UnsupportedMediaType: not one of ``media_types``, or no UTF-8
    """
    limit = _checked(request, media_types)
    for name, value in _PARAMETER.findall(request.headers["Content-Type"]):
        if (name.lower(), value.lower()) not in (("charset", "utf-8"), ("charset", "utf8"), ("header", "present")):
            raise UnsupportedMediaType(
                f"{name}={value} is not supported", hint="send UTF-8, CSV with a header line", media_types=media_types
            )
    request.make_body_seekable()
    file = request.body_file_raw
    if file.seek(0, SEEK_END) > limit:
        raise _too_large(limit)
    file.seek(0)
    return file


def media_type_of(request) -> str:
    return (request.content_type or "").strip().lower()


def _checked(request, media_types: tuple[str, ...]) -> int:
    """The most bytes that the body may have."""
    limit = request.registry.dynmodel_settings.max_body_size
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    if media_type_of(request) not in media_types:
        raise UnsupportedMediaType(
            f"the body's media type is {request.content_type or 'not given'}",
            hint=f"send Content-Type: {media_types[0]}",
            media_types=media_types,
        )
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType(
            "encoded bodies are not supported",
            hint="send the body without Content-Encoding",
            media_types=media_types,
        )
    return limit


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"the body has more than {limit} bytes", hint="send the rows in several requests")


def refuse_body(request) -> None:
    """For what takes none; nothing is ignored.

    :raises Malformed: there is one
    """
    if has_body(request):
        raise Malformed("nothing is read from a body here", hint="send none")


def read_optional_json(request) -> Any:
    """The document of a request that may have none; None where the body is empty, however that is said."""
    return read_json(request) if has_body(request) else None


def has_body(request) -> bool:
    """Whether at least one byte comes. Without a length only the body itself tells: it may come in chunks, or not."""
    if request.content_length is not None:
        return request.content_length > 0
    return request.is_body_readable and bool(request.body)
