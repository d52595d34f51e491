"""Conditional requests (RFC 9110, section 13) and ``Accept``."""

import re
from collections.abc import Callable

from pyramid.request import Request

from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.errors import Malformed, PreconditionFailed
from dynmodel_pyramid.web.http.errors import NotAcceptable

#: One element of a list of entity tags (RFC 9110, 8.8.3), and the comma after it. Elements may be empty (5.6.1.2).
_ELEMENT = re.compile(r'[ \t]*(?:(W/)?"([!#-~\x80-\xff]*)"[ \t]*)?(?:,|\Z)')


#: The codings of answers, which have tags of their own.
CODINGS = ("gzip", "zstd", "br")
_OF_CODING = re.compile(rf"--(?:{'|'.join(CODINGS)})\Z")


def tag_in(coding: str, tag: str) -> str:
    """The tag, in quotes, of an answer in a coding."""
    return f'{tag[:-1]}--{coding}"'


def _tags(name: str, header: str) -> list[tuple[bool, str]]:
    """(weak, tag) of each entity tag in a header; a tag of an encoded answer is that of the same state."""
    tags, position = [], 0
    while position < len(header):
        match = _ELEMENT.match(header, position)
        if not match:
            raise Malformed(f"{name}: {header[position:].strip()} is not an entity tag", hint='want "tag", or *')
        if match[2] is not None:
            tags.append((match[1] is not None, _OF_CODING.sub("", match[2])))
        position = match.end()
    if not tags:
        raise Malformed(f"{name} holds no entity tag", hint='want "tag", or *')
    return tags


def if_match(request: Request) -> Callable[[str], bool] | None:
    """The test of ``If-Match``, for the current tag (without quotes). None: no such header.

    The comparison is strong (RFC 9110, 13.1.1): a weak tag never matches.
    """
    header = request.headers.get("If-Match")
    if header is None:
        return None
    if header.strip() == "*":
        return lambda current: True
    tags = {tag for weak, tag in _tags("If-Match", header) if not weak}
    return lambda current: current in tags


def matching_row_versions(request: Request, definition_version: int) -> tuple[int, ...] | None:
    """The row versions that ``If-Match`` allows; None if it allows all. Tags of another definition allow none."""
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    versions: set[int] = set()
    for weak, tag in _tags("If-Match", header):
        # A third part is a checksum with data of other rows (rows that link to this one); a write doesn't depend on it.
        definition, row, *_ = (*tag.split("-", 2), "")
        number = row.isascii() and row.isdigit() and len(row) < 19
        if not weak and definition == str(definition_version) and number:
            versions.add(int(row))
    return tuple(versions)


def is_unchanged(request: Request, tag: str) -> bool:
    """Whether ``If-None-Match`` names the current tag, so that the answer is 304. The comparison is weak."""
    header = request.environ.get("HTTP_IF_NONE_MATCH")
    if header is None:
        return False
    return header.strip() == "*" or any(tag == known for _, known in _tags("If-None-Match", header))


def refuse_other_version(request: Request) -> Callable[[TableDefinition], None]:
    """A precondition for the definition service: ``If-Match`` against the version of the definition."""
    matches = if_match(request)

    def check(definition: TableDefinition) -> None:
        if matches is not None and not matches(str(definition.version)):
            raise PreconditionFailed(f"the current version of the definition is {definition.version}")

    return check


def best_offer(request: Request, offers: tuple[str, ...] = ("application/json",)) -> str:
    """The media type that ``Accept`` prefers; the first of several that it prefers equally.

    :raises NotAcceptable: it accepts none of them
    """
    header = request.environ.get("HTTP_ACCEPT", "").strip()
    if header in ("", "*/*", offers[0]):
        return offers[0]
    # A malformed header is ignored.
    qualities: dict[str, float] = {}
    for media_range, quality, *_ in request.accept.parsed or [("*/*", 1.0)]:
        name = media_range.partition(";")[0].strip().lower()
        qualities[name] = max(quality, qualities.get(name, 0.0))

    def quality_of(offer: str) -> float:
        # The most specific range decides (RFC 9110, 12.5.1).
        ranges = (offer, offer.partition("/")[0] + "/*", "*/*")
        return next((qualities[name] for name in ranges if name in qualities), 0.0)

    best = max(offers, key=quality_of)
    if not quality_of(best):
        raise NotAcceptable(f"only {' and '.join(offers)} can be answered here", hint=f"send Accept: {offers[0]}")
    return best


def media_ranges(header: str) -> list[tuple[str, dict[str, str]]]:
    """The ranges of ``Accept``: names with their parameters, the best first, without those of quality 0."""
    ranges = []
    for number, part in enumerate(header.split(",")):
        name, *rest = (piece.strip() for piece in part.split(";"))
        parameters = {
            key.strip().lower(): value.strip().strip('"') for key, _, value in (p.partition("=") for p in rest)
        }
        try:
            quality = float(parameters.pop("q", 1))
        except ValueError:
            quality = 1.0
        if name and quality > 0:
            ranges.append((-quality, number, name.lower(), parameters))
    return [(name, parameters) for _, _, name, parameters in sorted(ranges, key=lambda entry: entry[:2])]
