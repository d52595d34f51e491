"""Values of answers as cells, by the JSON Schema of their fields; all that is no number, day, time or truth is text."""

import datetime
import re
import zoneinfo
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import orjson
import sqlalchemy as sa

from dynmodel_pyramid.errors import Unwritable
from dynmodel_pyramid.exchange.outgoing import Text, cell
from dynmodel_pyramid.exchange.shown import ShownField
from dynmodel_pyramid.exchange.xlsx import MAX_TEXT
from dynmodel_pyramid.exchange.xlsx.serials import FIRST, serial_of
from dynmodel_pyramid.fields.contract import ANY_DATABASE
from dynmodel_pyramid.fields.time_texts import write_datetime
from dynmodel_pyramid.rows.encoding import OPTIONS

#: The digits that a number of Excel has.
_DIGITS = 15
_LARGEST = 10**_DIGITS
#: What XML does not have, and a return, which its readers change (ECMA-376, part 1, 22.9.2.19).
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")
_LIKE_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")

#: A value that is not None -> an element ``c``, without ``<c r="A1"``.
Cell = Callable[[Any], str]


class Kind(NamedTuple):
    """How the cells of a column are written.

    :param format: the format of their numbers; empty: none
    :param width: of the column, in characters; 0: as usual
    """

    cell: Callable[[int], Cell]
    format: str = ""
    width: int = 0


def kind_of(field: ShownField | None, form: Text | None) -> Kind:
    """
    :param form: makes the text forms of the field's values
    """
    if field is None:
        return Kind(lambda style: _any)
    rules = field.type.json_schema(field.options)
    if rules.get("type") in ("integer", "number", "boolean"):
        return Kind(lambda style: _any)
    if rules.get("type") == "string":
        kind = _string_kind(field, rules)
        if kind is not None:
            return kind
    return Kind(lambda style: lambda value: text_cell(cell(value, form) or ""))


def _string_kind(field: ShownField, rules: Mapping[str, Any]) -> Kind | None:
    if rules.get("format") == "date":
        return Kind(_days(datetime.date.fromisoformat), "yyyy-mm-dd", 11)
    if rules.get("format") == "date-time":
        zone = field.options.get("timezone")
        read = _local(datetime.UTC if zone is None else zoneinfo.ZoneInfo(zone))
        return Kind(_days(read), "yyyy-mm-dd hh:mm:ss.000", 23)
    if field.type.exact_numbers and "scale" in field.options:
        scale = field.options["scale"]
        return Kind(_decimals, "0." + "0" * scale if scale else "0")
    column = field.type.column(field.options, ANY_DATABASE)
    if column is not None and isinstance(column.type, sa.Time):
        return Kind(_days(datetime.time.fromisoformat), "hh:mm:ss.000", 13)
    return None


def text_cell(text: str) -> str:
    """:raises Unwritable: it is longer than Excel's cells"""
    if len(text) > MAX_TEXT // 2 and len(text.encode("utf-16-le", "surrogatepass")) > 2 * MAX_TEXT:
        raise Unwritable(
            f"a value has more than {MAX_TEXT} characters, which is all that a cell of a workbook holds",
            hint="leave the field out by select=, or ask for another format",
        )
    if "_x" in text:
        text = _LIKE_ESCAPED.sub("_x005F_", text)
    text = _NOT_XML.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    return f' t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _any(value: Any) -> str:
    """A cell of the value's own type; of groups and embedded rows values are JSON texts."""
    if type(value) is orjson.Fragment:
        value = orjson.loads(orjson.dumps(value))
    kind = type(value)
    if kind is bool:
        return f' t="b"><v>{value:d}</v></c>'
    if kind is float or (kind is int and -_LARGEST < value < _LARGEST):
        return f"><v>{value!r}</v></c>"
    if value is None:
        return "/>"
    return text_cell(value if kind is str else orjson.dumps(value, option=OPTIONS).decode())


def _plain(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value)) if type(value) is orjson.Fragment else value


def _days(read: Callable[[Any], Any]) -> Callable[[int], Cell]:
    """Cells of days and times; what has no number is a text."""

    def of_style(style: int) -> Cell:
        def write(value: Any) -> str:
            value = _plain(value)
            if value is None:
                return "/>"
            day = read(value)
            serial = None if isinstance(day, str) else serial_of(day)
            if serial is None:
                return text_cell(day if isinstance(day, str) else value if isinstance(value, str) else day.isoformat())
            return f' s="{style}"><v>{serial}</v></c>'

        return write

    return of_style


def _local(zone: datetime.tzinfo) -> Callable[[Any], Any]:
    """Moments as local ones of the zone; texts where they have no number, or the local time is that of two moments."""

    def read(value: str | datetime.datetime) -> datetime.datetime | str:
        moment = datetime.datetime.fromisoformat(value) if isinstance(value, str) else value
        moment = moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment
        if moment.date() <= FIRST:
            return write_datetime(moment)
        local = moment.astimezone(zone)
        is_plain = local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset()
        return local.replace(tzinfo=None, fold=0) if is_plain else write_datetime(moment)

    return read


def _decimals(style: int) -> Cell:
    def write(value: Any) -> str:
        value = _plain(value)
        if value is None:
            return "/>"
        number = Decimal(value)
        if len(number.as_tuple().digits) > _DIGITS or not isinstance(value, str):
            return text_cell(value) if isinstance(value, str) else _any(value)
        return f' s="{style}"><v>{value}</v></c>'

    return write
