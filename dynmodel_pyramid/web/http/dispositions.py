"""``Content-Disposition`` of lists that clients save as files (RFC 6266)."""

import re
from urllib.parse import quote

from dynmodel_pyramid.exchange.formats import USUAL, Format
from dynmodel_pyramid.web.http.answers import Answer

#: What some system does not have in names of files, or a shell reads as more than a name.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff/\\:*?"<>|%;]')


def tell_file(answer: Answer, format: Format, title: str, *, saved: bool = False) -> None:
    """Give a list the name of a file; browsers save those that are no text. JSON is no file, unless one is wanted.

    :param title: the table's name
    :param saved: whether browsers are to save a text, too
    """
    if not format.suffix or (format.media_type == USUAL and not saved):
        return
    stem = _UNSAFE.sub("_", title).strip(" .") or "rows"
    plain = stem.encode("ascii", "replace").decode().replace("?", "_")
    kind = "inline" if format.is_text and not saved else "attachment"
    value = f'{kind}; filename="{plain}{format.suffix}"'
    if plain != stem:
        # RFC 8187, section 3.2
        value += f"; filename*=UTF-8''{quote(stem + format.suffix, safe='')}"
    answer.headers["Content-Disposition"] = value
