"""Text of one format, stored in its normal form; and the formats that need no library: slugs, colours, UUIDs."""

import dataclasses
import functools
import re
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import colander
import orjson
import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.fields import columns, operators, schema
from dynmodel_pyramid.fields.contract import Checks, Context, FieldType, Options, TextForm, named_format
from dynmodel_pyramid.fields.sql import checks, formats, text_forms
from dynmodel_pyramid.fields.types.text import byte_order


class Formatted(FieldType):
    """Base of types whose values are JSON strings of one format.

    A type defines ``wanted`` (for messages), ``longest`` and :meth:`parser`; the column is text in byte order by
    default.
    """

    operators = operators.TEXTUAL
    wanted = "a string"
    #: Longer texts are refused before they are parsed.
    longest = 255

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(byte_order())

    def parser(self, options: Options) -> Callable[[str], Any]:
        """A function: text -> the value to store, in its normal form, whose ``str`` is the answer.

        The function raises ValueError saying what is wanted. A :class:`columns.Reader` reads many texts at once.
        """
        raise NotImplementedError

    def fast_path(self, options: Options) -> Callable[[Any], bool] | None:
        """See :meth:`FieldType.schema_node`."""
        return None

    def schema_node(self, options: Options) -> colander.SchemaNode:
        longest, parse = options.get("max_length") or self.longest, self.parser(options)
        fast = self.fast_path(options)
        if isinstance(parse, columns.Reader):
            fast = columns.Fast(functools.partial(_many, longest, parse), fast or columns.never)
        return colander.SchemaNode(_FormattedText(self.wanted, longest, parse), fast_path=fast)

    def json_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "string"}

    def request_schema(self, options: Options) -> dict[str, Any]:
        # A parser takes more than the normal form, which the patterns and formats of answers describe.
        return {"type": "string", "format": named_format(self)}

    def text_form(self, options: Options) -> TextForm:
        return TextForm(str, sql_to_text=text_forms.unchanged)


def _many(longest: int, read: columns.Reader, values: list[Any]) -> list[Any] | None:
    """See :class:`columns.Fast`."""
    is_storable = columns.are_texts(values) and max(map(len, values)) <= longest
    return read.many(values) if is_storable else None


class _FormattedText(schema.Text):
    """A JSON string that a parser brings to its normal form."""

    def __init__(self, wanted: str, longest: int, parse: Callable[[str], Any]) -> None:
        self.wanted = wanted
        self.longest = longest
        self.parse = parse

    def check(self, node: colander.SchemaNode, value: Any) -> Any:
        value = value.strip()
        if len(value) > self.longest:
            raise schema.invalid(node, f"want at most {self.longest} characters, not {len(value)}", "too_long", value)
        super().check(node, value)
        try:
            parsed = self.parse(value)
            # An answer must be a valid value with itself as its normal form; libraries don't promise that.
            if str(parsed) != value and self.parse(str(parsed)) != parsed:
                raise ValueError("has no normal form")
        except ValueError as error:
            raise schema.invalid(node, str(error), "invalid_format", value) from None
        return parsed


def max_length_option(default: int, greatest: int) -> colander.SchemaNode:
    def check(node: colander.SchemaNode, value: Any) -> Any:
        if not 1 <= value <= greatest:
            raise schema.invalid(node, f"want a number from 1 to {greatest}", "invalid_option", value)

    return schema.option(
        schema.Integer(), "max_length", default=default, description="at most so many characters", validator=check
    )


# Slugs

_SLUG = re.compile("[a-z0-9]+(?:-[a-z0-9]+)*")


class Slug(Formatted):
    """A word for addresses, such as ``red-shoes-2``: lower-case ASCII letters and digits, single hyphens inside."""

    icon = "slug"
    help = "A word for web addresses, such as red-shoes-2"
    wanted = "a slug in a string"

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(colander.Mapping(unknown="raise"), max_length_option(100, 255))

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        return checks.lengths(column, options)

    def parser(self, options: Options) -> Callable[[str], Any]:
        return _read_slug

    def fast_path(self, options: Options) -> schema.FastPath:
        longest = options["max_length"]
        return lambda value: type(value) is str and len(value) <= longest and _SLUG.fullmatch(value) is not None

    def json_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_SLUG.pattern}$", "maxLength": options["max_length"]}

    def text_form(self, options: Options) -> TextForm:
        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            return formats.slug(text, options["max_length"])

        return dataclasses.replace(super().text_form(options), sql_from_text=from_text)


def _read_slug(text: str) -> str:
    if not _SLUG.fullmatch(text):
        raise ValueError("want lower-case letters a to z and digits, with single hyphens between them")
    return text


# Colours

_COLOURS = {False: re.compile("#[0-9a-f]{6}"), True: re.compile("#[0-9a-f]{6}(?:[0-9a-f]{2})?")}


class Colour(Formatted):
    """A colour such as ``#00ff80`` (HTML's simple colour), optionally with opacity; answered in lower case."""

    icon = "colour"
    help = "A colour such as #00ff80"
    other_names: tuple[str, ...] = ("color",)

    wanted = "a colour in a string"
    longest = len("#rrggbbaa")

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            schema.option(schema.Boolean(), "alpha", default=False, description="whether #rrggbbaa is taken, too"),
        )

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        expressions = expressions_of(context.dialect)
        if expressions.has_regular_expressions:
            return {"alpha": column.regexp_match(f"^(?:{_COLOURS[options['alpha']].pattern})$")}
        shapes = ["#" + "[0-9a-f]" * digits for digits in ((6, 8) if options["alpha"] else (6,))]
        return {"alpha": sa.or_(*(expressions.looks_like(column, shape) for shape in shapes))}

    def parser(self, options: Options) -> Callable[[str], Any]:
        pattern = _COLOURS[options["alpha"]]
        wanted = "want a colour such as #00ff80" + (" or #00ff80cc" if options["alpha"] else "")

        def read(text: str) -> str:
            # The pattern is applied to the lower-case form: some capitals beyond ASCII have an ASCII lower case.
            if not (text.isascii() and pattern.fullmatch(text.lower())):
                raise ValueError(wanted)
            return text.lower()

        return read

    def fast_path(self, options: Options) -> schema.FastPath:
        pattern = _COLOURS[options["alpha"]]
        return lambda value: type(value) is str and pattern.fullmatch(value) is not None

    def json_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{_COLOURS[options['alpha']].pattern}$"}

    def text_form(self, options: Options) -> TextForm:
        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            return formats.colour(text, options["alpha"], dialect)

        return dataclasses.replace(super().text_form(options), sql_from_text=from_text)


# UUIDs

_UUID = re.compile("[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


class UuidText(sa.TypeDecorator[Any]):
    """``uuid.UUID`` objects: ``uuid`` where the database has it, else the text that is answered. Both sort as the bytes
    do."""

    impl = sa.Uuid
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.Uuid() if expressions_of(dialect.name).has_uuids else sa.Text())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return value if value is None or expressions_of(dialect.name).has_uuids else str(value)

    def column_bind_processor(self, dialect: sa.Dialect) -> Callable[[Sequence[Any]], Sequence[Any]]:
        """The same for the values of a column."""
        if expressions_of(dialect.name).has_uuids:
            return lambda values: values

        def store(values: Sequence[Any]) -> Sequence[Any]:
            # orjson writes UUIDs six times as fast as str.
            if not values or {*map(type, values)} - {uuid.UUID, type(None)}:
                return [None if value is None else str(value) for value in values]
            texts = orjson.dumps(values).decode()[1:-1].replace('"', "").split(",")
            return [None if text == "null" else text for text in texts]

        return store

    def literal_processor(self, dialect: sa.Dialect) -> Callable[[Any], str]:
        # A UUID has no characters to escape.
        return lambda value: f"'{value}'"

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return uuid.UUID(value) if type(value) is str else value


_UUID_TEXT = UuidText()


class Uuid(Formatted):
    """A UUID such as ``f81d4fae-7dec-11d0-a765-00a0c91e6bf6`` (RFC 9562), of any version; answered in lower case."""

    icon = "key"
    help = "A UUID that another system has given"
    other_names: tuple[str, ...] = ("guid",)
    operators = operators.ORDERED
    wanted = "a UUID in a string"
    longest = len("urn:uuid:") + 36

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        return sa.Column(_UUID_TEXT)

    def parser(self, options: Options) -> Callable[[str], Any]:
        return _UUID_READER

    def json_expression(self, source: sa.ColumnElement[Any], options: Options) -> sa.ColumnElement[Any]:
        return text_forms.answered(text_forms.as_text, source)

    def json_schema(self, options: Options) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}

    def text_form(self, options: Options) -> TextForm:
        def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
            return formats.uuid(text, UuidText(), dialect)

        return TextForm(str, sql_to_text=text_forms.as_text, sql_from_text=from_text)


def _read_uuid(text: str) -> uuid.UUID:
    # uuid.UUID itself accepts hyphens anywhere. Here they stand as RFC 9562, section 4, has them, or there are none;
    # programs also write braces around, and the prefix of a URN.
    if text[:1] == "{" and text[-1:] == "}":
        text = text[1:-1]
    elif text[:9].lower() == "urn:uuid:":
        text = text[9:]
    if not _UUID.fullmatch(text):
        raise ValueError("want a UUID such as f81d4fae-7dec-11d0-a765-00a0c91e6bf6")
    return uuid.UUID(text)


_USUAL_UUIDS = columns.Lines(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_put_int, _put_safety = (uuid.UUID.__dict__[name].__set__ for name in ("int", "is_safe"))


def _read_uuids(texts: list[str]) -> list[uuid.UUID] | None:
    """UUIDs in the form of RFC 9562. Their slots are filled directly: uuid.UUID takes 1.3 us for a text, this 0.7."""
    if not _USUAL_UUIDS.match(texts):
        return None
    digits = "".join(texts).replace("-", "")
    read = [uuid.UUID.__new__(uuid.UUID) for _ in texts]
    for number, value in enumerate(read):
        _put_int(value, int(digits[32 * number : 32 * number + 32], 16))
        _put_safety(value, uuid.SafeUUID.unknown)
    return read


_UUID_READER = columns.Reader(_read_uuid, _read_uuids)
