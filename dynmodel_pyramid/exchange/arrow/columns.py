"""Fields as Arrow's types, by the JSON Schema of their values; values of answers -> Arrow's arrays.

pyarrow's compute functions are not used: their import alone takes 9 MB of memory.
"""

import datetime
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType, NoneType
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from dynmodel_pyramid.exchange.shown import Shown
from dynmodel_pyramid.fields.contract import ANY_DATABASE, FieldType, Options
from dynmodel_pyramid.fields.extras import require
from dynmodel_pyramid.rows.encoding import OPTIONS

# Arrow's own allocator keeps 20 MB that it has freed. A file's reader takes it, unless this says otherwise before
# pyarrow is imported (Arrow C++, "Environment Variables").
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

#: The digits of Arrow's decimal128 and decimal256.
DIGITS, MOST_DIGITS = 38, 76
_SCALARS = ("string", "integer", "number", "boolean")


#: The library, and the extra that installs it.
ARROW = ("pyarrow", "arrow")


def load_arrow(part: str = "pyarrow") -> Any:
    """pyarrow, or a module of it.

    :raises ExtraMissing: it is not installed
    """
    loaded = sys.modules.get(part)
    if loaded is not None:
        return loaded
    # Its own allocator keeps 20 MB more. It is chosen at the first import, which may have been the application's.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    return require(part, ARROW[1])


class Column(NamedTuple):
    """A column of a file.

    :param type: of Arrow
    :param value: makes a value that Arrow takes of one of an answer, which is not None; None: they are the same
    :param same: the type of values that Arrow takes as they are
    :param kind: of values in records (:meth:`Dialect.as_records`); None: it takes none from there
    """

    type: Any
    value: Callable[[Any], Any] | None
    same: type | None = None
    kind: str | None = None

    def array(self, values: Sequence[Any]) -> Any:
        """An array of Arrow."""
        pa, make = load_arrow(), self.value
        kinds = set(map(type, values))
        if make not in _OF_JSON and orjson.Fragment in kinds:
            # The values of groups come as JSON texts.
            values = [_plain(value) if type(value) is orjson.Fragment else value for value in values]
        if make is _moment and kinds == {str} and (moments := _naive(values)) is not None:
            values = moments
        elif make is not None and not kinds <= {self.same, NoneType}:
            values = [None if value is None else make(value) for value in values]
        return pa.array(values, self.type, memory_pool=pa.system_memory_pool())


def columns_of(shown: Shown) -> list[Column]:
    """The columns of a list. What is no field as it is, such as an aggregate or an embedded row, is text."""
    columns: list[Column] = []
    for name in shown.names:
        field = shown.fields.get(name)
        if field is not None:
            columns.append(column_of(field.type, field.options))
        else:
            columns.append(Column(load_arrow().int64(), None, kind="integer") if name == "id" else text_column())
    return columns


def schema_of(shown: Shown, columns: Sequence[Column]) -> Any:
    pairs = zip(shown.names, columns, strict=True)
    return load_arrow().schema([(name, column.type) for name, column in pairs])


def text_column() -> Column:
    """The column of values that may be anything: texts, and the JSON texts of all others."""
    return Column(load_arrow().string(), _text, str, "text")


def column_of(field_type: FieldType, options: Options) -> Column:
    """The column of a field."""
    pa = load_arrow()
    rules = field_type.json_schema(options)
    if rules.get("type") == "string":
        return _string_column(field_type, options, rules)
    if not rules:
        return Column(pa.json_(pa.string()), _json_text)
    kind = _type_of(rules)
    if kind is None:
        return text_column()
    if pa.types.is_floating(kind):
        return Column(kind, _number, float, "number")
    if pa.types.is_nested(kind):
        return Column(kind, _plain)
    return Column(kind, None, kind={pa.int64(): "integer", pa.bool_(): "boolean"}.get(kind))


def _string_column(field_type: FieldType, options: Options, rules: Mapping[str, Any]) -> Column:
    """The column of a field whose JSON values are strings."""
    pa = load_arrow()
    if rules.get("format") == "date":
        return Column(pa.date32(), datetime.date.fromisoformat, kind="text")
    if rules.get("format") == "date-time":
        return Column(pa.timestamp("us", "UTC"), _moment, kind="text")
    if field_type.exact_numbers and options.get("precision", MOST_DIGITS + 1) <= MOST_DIGITS:
        digits = options["precision"], options["scale"]
        if digits[0] <= DIGITS:
            return Column(pa.decimal128(*digits), Decimal, kind="text")
        return Column(pa.decimal256(*digits), Decimal)
    column = field_type.column(options, ANY_DATABASE)
    if column is not None and isinstance(column.type, sa.Time):
        return Column(pa.time64("us"), datetime.time.fromisoformat)
    return text_column()


def _type_of(rules: Mapping[str, Any]) -> Any:
    """The type of Arrow for what a JSON Schema allows; None if there is none."""
    pa, kind = load_arrow(), _kind_of(rules)
    if kind == "array":
        items = rules.get("items", _NO_RULES)
        item = _type_of(items) if _kind_of(items) in _SCALARS else None
        return None if item is None else pa.list_(item)
    if kind == "object":
        properties = rules.get("properties", _NO_RULES)
        is_fixed = properties and not rules.get("additionalProperties", True)
        if not is_fixed or set(rules.get("required", ())) != set(properties):
            return None
        types = {name: _type_of(part) for name, part in properties.items() if _kind_of(part) in _SCALARS}
        return pa.struct(list(types.items())) if len(types) == len(properties) else None
    simple = {"string": pa.string, "integer": pa.int64, "number": pa.float64, "boolean": pa.bool_}
    return simple[kind]() if kind in simple else None


def _kind_of(rules: Mapping[str, Any]) -> Any:
    """The JSON type; of choices it is told by themselves."""
    choices = rules.get("enum", ())
    return "string" if choices and all(isinstance(choice, str) for choice in choices) else rules.get("type")


_NO_RULES: Mapping[str, Any] = MappingProxyType({})


def _moment(value: str | datetime.datetime) -> datetime.datetime:
    """Where a database has no moments, they are naive ones in UTC."""
    moment = datetime.datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment.astimezone(datetime.UTC)


def _naive(texts: Sequence[str]) -> list[datetime.datetime] | None:
    """Moments in UTC without a zone, which Arrow takes in half the time; None if some text is in another zone."""
    joined = "\n".join(texts)
    if joined.count("Z") != len(texts):
        return None
    moments = list(map(datetime.datetime.fromisoformat, joined.replace("Z", "").split("\n")))
    return None if any(moment.tzinfo for moment in moments) else moments


def _number(value: Any) -> float:
    return float(value)


def _json_text(value: Any) -> str | None:
    text = orjson.dumps(value, option=OPTIONS).decode()
    return None if text == "null" else text


def _plain(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, option=OPTIONS))


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    text = orjson.dumps(value, option=OPTIONS).decode()
    if text == "null":
        return None
    return orjson.loads(text) if text[0] == '"' else text


#: These take JSON texts themselves.
_OF_JSON = (_json_text, _plain, _text)
