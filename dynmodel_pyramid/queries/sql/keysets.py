"""Cursors: a page continues after the last row of another page, by the values of that row.

Unlike with ``offset``, rows that are added or deleted in between shift nothing, and no rows are read in vain. A cursor
is opaque to clients: base64url (RFC 4648) of JSON with the table, the order, and the values' texts. It is not a secret
and gives no rights: an invented cursor finds no more than a filter could.
"""

import base64
import datetime
import json
from collections.abc import Callable, Sequence
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields.operators import bound
from dynmodel_pyramid.fields.schema import UNSTORABLE
from dynmodel_pyramid.fields.time_texts import parse_datetime
from dynmodel_pyramid.nesting import loads
from dynmodel_pyramid.queries.sql.ordering import Key

#: The most characters of a cursor. Rows with very long values have no cursor.
LONGEST = 8000
#: The cursor behind the last row, as ``_before`` takes it: the page at the end, whatever rows are there.
END = "end"
_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def _order(keys: Sequence[Key]) -> list[Any]:
    return [[key.name, key.descending, key.nulls_first] for key in keys]


def writer(keys: Sequence[Key], table_id: int, moment: str | None = None) -> Callable[[Sequence[Any]], str | None]:
    """What makes the cursor of a row, of the values of its keys; None if it would be too long.

    :param moment: at which the query's relative times were evaluated, so that the next page has the same; None: there
        are none
    """
    to_texts = [key.subject.field_type.text_form(key.subject.options).to_text for key in keys]
    order, behind = _order(keys), [] if moment is None else [moment]

    def write(values: Sequence[Any]) -> str | None:
        texts = [None if value is None else text(value) for text, value in zip(to_texts, values, strict=True)]
        document = _ENCODE([table_id, order, texts, *behind])
        cursor = base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")
        return cursor if len(cursor) <= LONGEST else None

    return write


def read(cursor: str, keys: Sequence[Key], table_id: int, parameter: str) -> list[Any]:
    """The values of the keys, as their fields store them.

    :raises Malformed: it is not a cursor, belongs to another table or order, or the fields no longer have such values
    """
    try:
        table, order, texts, *_ = _document(cursor)
        if table != table_id or order != _order(keys) or len(texts) != len(keys):
            raise ValueError
        return [_value(text, key) for text, key in zip(texts, keys, strict=True)]
    except (ValueError, TypeError, colander.Invalid):
        raise Malformed(
            f"{parameter}: no cursor of this table and order",
            code="invalid_cursor",
            hint="take it from the Link header of a page with the same order; if fields have changed, begin anew",
            parameter=parameter,
        ) from None


def _document(cursor: str) -> list[Any]:
    if len(cursor) > LONGEST or not cursor.isascii():
        raise ValueError
    padded = cursor + "=" * (-len(cursor) % 4)
    document = loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    if type(document) is not list or len(document) not in (3, 4):
        raise ValueError
    return document


def moment_of(cursor: str | None) -> datetime.datetime | None:
    """The moment in a cursor; None if it has none, or is no cursor, which :func:`read` refuses."""
    try:
        return None if cursor is None else parse_datetime(_document(cursor)[3])
    except (ValueError, TypeError, IndexError, AttributeError):
        return None


def _value(text: Any, key: Key) -> Any:
    if text is None:
        return None
    if type(text) is not str or UNSTORABLE.search(text):
        raise ValueError
    kind, options = key.subject.field_type, key.subject.options
    return kind.operand_node(options).deserialize(kind.text_form(options).from_text(text))


def beyond(
    keys: Sequence[Key], values: Sequence[Any], *, backwards: bool, nulls: bool = True
) -> sa.ColumnElement[bool]:
    """Whether a row stands behind the row with these values; ``backwards``: before it.

    No database can use this OR to find the start in an index, so the bound of the first key is added if there is one.

    :param nulls: False leaves out rows without the first key if they come last, so that the key has a bound
    """
    ways = []
    for number, (key, value) in enumerate(zip(keys, values, strict=True)):
        same = [_same(*pair) for pair in zip(keys[:number], values[:number], strict=True)]
        ways.append(sa.and_(*same, _behind(key, value, backwards)))
    first, value = keys[0], values[0]
    if len(keys) == 1 or value is None or (nulls and first.nulls_come(backwards=backwards)):
        return sa.or_(*ways)
    limit = bound(first.expression, value)
    begins = first.expression <= limit if first.descending != backwards else first.expression >= limit
    return sa.and_(begins, sa.or_(*ways))


def nulls_follow(keys: Sequence[Key], values: Sequence[Any], *, backwards: bool) -> bool:
    """Whether rows without the first key follow these values, which have one: then the key has no bound."""
    return len(keys) > 1 and values[0] is not None and keys[0].nulls_come(backwards=backwards)


def _same(key: Key, value: Any) -> sa.ColumnElement[bool]:
    return key.expression.is_(None) if value is None else key.expression == bound(key.expression, value)


def _behind(key: Key, value: Any, backwards: bool) -> sa.ColumnElement[bool]:
    nulls_come = key.nulls_come(backwards=backwards)
    if value is None:
        return sa.false() if nulls_come else key.expression.is_not(None)
    limit = bound(key.expression, value)
    further = key.expression < limit if key.descending != backwards else key.expression > limit
    return sa.or_(further, key.expression.is_(None)) if nulls_come else further
