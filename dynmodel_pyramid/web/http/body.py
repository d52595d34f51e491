"""Request bodies: their media types and sizes, equal at both faces.

A document is read whole; rows come from a file, in parts (:mod:`dynmodel_pyramid.exchange`).
"""

from collections.abc import Callable, Collection
from functools import partial
from io import BufferedRandom, BytesIO
from os import SEEK_CUR, SEEK_END
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from pyramid.request import Request

from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.codings import NAMES, Decoded
from dynmodel_pyramid.exchange.contents import Note, Reading
from dynmodel_pyramid.exchange.dialects import UTF_8
from dynmodel_pyramid.exchange.documents import parse_json, too_long
from dynmodel_pyramid.exchange.formats import Format, Formats
from dynmodel_pyramid.hints import either
from dynmodel_pyramid.web.http.errors import UnsupportedMediaType
from dynmodel_pyramid.web.http.media_types import parameters_of

FORM = "application/x-www-form-urlencoded"
JSON = ("application/json",)
MERGE_PATCH = ("application/merge-patch+json", "application/json")


def read_json(request: Request, media_types: tuple[str, ...] = JSON) -> Any:
    """The document of a request.

    :raises TooLarge: over ``dynmodel.max_document_size``
    :raises UnsupportedMediaType: not one of ``media_types``, or not UTF-8
    :raises Malformed: not JSON
    """
    refuse_media_type(request, media_types)
    return parse_json(read_document(request))


def read_document(request: Request) -> bytes:
    """The body in memory, where it is parsed anyway; WebOb would put bodies above 10 KB into a temporary file.

    :raises TooLarge: over ``dynmodel.max_document_size``, or ``dynmodel.max_body_size``
    """
    limit, longest = _most(request), longest_document(request)
    if limit > longest and (request.content_length or 0) > longest:
        raise too_long(longest)
    request.request_body_tempfile_limit = limit
    body = request.body
    if len(body) > limit:
        raise _too_large(limit)
    coding = _encoding(request)
    if coding in NAMES:
        body = Decoded(BytesIO(body), coding, (limit, _too_large)).read(longest + 1)
    if len(body) > longest:
        raise too_long(longest)
    return body


def body_file(request: Request) -> BinaryIO:
    """The body of a request, to be read in parts; WebOb keeps bodies above 10 KB in a temporary file.

    :raises TooLarge: over ``dynmodel.max_body_size``; of an encoded body also when it is read, if more comes out
    """
    file, coding = body_as_sent(request), _encoding(request)
    return cast(BinaryIO, Decoded(file, coding, (_most(request), _too_large))) if coding in NAMES else file


def body_as_sent(request: Request) -> BinaryIO:
    """The body as it came, at its beginning: :func:`body_file` without its decoding."""
    limit = _most(request)
    _close_temporary_files(request)
    _keep_seekable(request)
    request.make_body_seekable()
    file: BinaryIO = request.body_file_raw
    if file.seek(0, SEEK_END) > limit:
        raise _too_large(limit)
    file.seek(0)
    return file


def _keep_seekable(request: Request) -> None:
    """Let a body that the server has in memory, or in a file, be read where it is: WebOb would copy it."""
    file, length = request.environ["wsgi.input"], request.content_length
    if not request.is_body_seekable and length and type(file) in (BytesIO, BufferedRandom) and not file.tell():
        request.is_body_seekable = file.seek(0, SEEK_END) == length
        file.seek(0)


def _encoding(request: Request) -> str:
    encoding: str = request.environ.get("HTTP_CONTENT_ENCODING", "identity")
    return encoding.strip().lower()


def _close_temporary_files(request: Request) -> None:
    """Make sure that WebOb's copies of the body are closed with the request, unfinished copies too.

    WebOb leaves them to the garbage collector. They are not closed earlier, because later attempts read them again.
    """
    if "make_tempfile" not in vars(request):
        opened: list[BinaryIO] = []
        request.make_tempfile = partial(_temporary_file, opened)
        request.add_finished_callback(lambda request: [file.close() for file in opened])


def _temporary_file(opened: list[BinaryIO]) -> BinaryIO:
    opened.append(TemporaryFile())
    return opened[-1]


def position_of(file: BinaryIO) -> Callable[[], int]:
    """A function that returns how far a body is read. Bodies of WSGI servers seldom have ``tell``, but WebOb needs
    ``seek``.
    """
    return file.tell if isinstance(file, Decoded) else partial(file.seek, 0, SEEK_CUR)


def media_type_of(request: Request) -> str:
    # Without WebOb's descriptor, which takes 3 us.
    kind, _, _ = request.environ.get("CONTENT_TYPE", "").partition(";")
    return kind.strip().lower()


def longest_document(request: Request) -> int:
    return request.registry.dynmodel_settings.max_document_size


def reading_of(request: Request, format: Format, note: Note | None = None) -> Reading:
    """How the rows in a body are to be read.

    :param note: see :class:`~dynmodel_pyramid.exchange.contents.Reading`
    """
    settings = request.registry.dynmodel_settings
    sent = parameters_of(request.environ.get("CONTENT_TYPE", ""))
    parameters = {name: value for name, value in sent.items() if name in format.parameters} if sent else {}
    return Reading(settings.max_document_size, settings.max_body_size, parameters=parameters, note=note)


def refuse_media_type(request: Request, media_types: tuple[str, ...], formats: Formats | None = None) -> None:
    """
    :param formats: the formats of the media types, which may have parameters
    :raises UnsupportedMediaType: the body has another type, is not UTF-8, or is encoded in an unknown way
    """
    kind = media_type_of(request)
    if kind not in media_types:
        raise UnsupportedMediaType(
            f"the body's media type is {request.content_type or 'not given'}",
            hint=_media_type_hint(kind, media_types),
            media_types=media_types,
        )
    refuse_parameters(request, kind, media_types, () if formats is None else formats[kind].parameters)


def _media_type_hint(kind: str, media_types: tuple[str, ...]) -> str:
    """The media types that are taken; a form is mostly one that curl sends of its own accord."""
    wanted = f"send Content-Type: {either(list(media_types))}"
    if kind != FORM:
        return wanted
    return f"{wanted}; curl -d says that it sends a form and strips line ends: use --data-binary @file and -H"


def refuse_parameters(
    request: Request, kind: str, media_types: tuple[str, ...], understood: Collection[str] = ()
) -> None:
    """Refuse parameters that change the meaning of the body. JSON has no parameters, and any that are sent mean nothing
    (RFC 8259, section 11); of lines of text ``charset`` and ``header`` may say what is so anyway (RFC 4180, section 3).

    :param understood: parameters that the body's reader judges
    :raises UnsupportedMediaType: there is such a parameter, or an encoding that is not known
    """
    header = request.environ.get("CONTENT_TYPE", "")
    sent = parameters_of(header)
    has_none = kind in (*JSON, *MERGE_PATCH, FORM)
    unsupported = header[:100] if sent is None and not (has_none and "charset" not in header.lower()) else None
    for name, value in (sent or {}).items():
        is_so = (
            value.lower() in UTF_8 if name == "charset" else has_none or f"{name}={value}".lower() == "header=present"
        )
        if name not in understood and not is_so:
            unsupported = f"{name}={value[:100]}"
    if unsupported is not None:
        known = f"known are {', '.join(understood)}" if understood else "send UTF-8, CSV with a header line"
        raise UnsupportedMediaType(f"Content-Type: {unsupported} is not supported", hint=known, media_types=media_types)
    encoding = _encoding(request)
    if encoding not in ("identity", *NAMES):
        raise UnsupportedMediaType(
            f"Content-Encoding: {encoding[:100]} is not supported",
            hint="send the body in gzip, zstd or br, or without Content-Encoding",
            media_types=media_types,
            codings=("gzip", "zstd", "br"),
        )


def _most(request: Request) -> int:
    """The most bytes that the body may have."""
    limit = request.registry.dynmodel_settings.max_body_size
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    return limit


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body has more than {limit} bytes", hint="send the rows in several requests")


def refuse_body(request: Request) -> None:
    """Refuse a body where none is allowed; nothing is ignored.

    :raises Malformed: there is a body
    """
    if has_body(request):
        raise Malformed("nothing is read from a body here", hint="send none")


def read_optional_json(request: Request) -> Any:
    """The document of a request whose body may be missing; None if it is missing or empty."""
    return read_json(request) if has_body(request) else None


def has_body(request: Request) -> bool:
    """Whether the body has at least one byte. A body without a length (in chunks) has to be read for that."""
    if request.content_length is not None:
        return request.content_length > 0
    _close_temporary_files(request)
    return request.is_body_readable and bool(request.body)
