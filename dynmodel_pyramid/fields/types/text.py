"""Text, short and long."""

import functools
from types import MappingProxyType
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import variants
from dynmodel_pyramid.fields import columns, operators, python_patterns, schema
from dynmodel_pyramid.fields.choices import check_choices, choices_option, each_of, one_of
from dynmodel_pyramid.fields.contract import (
    Checks,
    Context,
    FieldType,
    Options,
    SqlForm,
    TextForm,
    Unsupported,
    Upgrade,
)
from dynmodel_pyramid.fields.sql import checks, pattern_checks, text_forms

#: The greatest length that an option may have (that of PostgreSQL's varchar(n), manual, 8.3).
LONGEST = 10_485_760
_BYTE_ORDER = variants(sa.Text(), lambda expressions: sa.Text(collation=expressions.byte_collation))


def byte_order() -> sa.types.TypeEngine[Any]:
    """A text type that compares and sorts as bytes on all databases."""
    return _BYTE_ORDER


def _truncated(text: str, options: Options) -> str:
    return text[: options["max_length"]]


class Text(FieldType):
    """Text of any length."""

    icon = "paragraph"
    help = "Long text: notes, descriptions, articles"
    other_names: tuple[str, ...] = ("longtext", "mediumtext", "clob", "memo", "multiline")
    operators = operators.TEXTUAL
    repairs = MappingProxyType({"truncate": _truncated})
    #: Version 2 has ``ignore_accents``.
    upgrades: tuple[Upgrade, ...] = (dict,)

    def options_schema(self) -> colander.SchemaNode:
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            schema.option(schema.Integer(), "min_length", description="at least so many characters"),
            schema.option(schema.Integer(), "max_length", description="at most so many characters"),
            schema.option(
                schema.Text(),
                "pattern",
                description="a regular expression (Python's re, without look-around and back-references) that the "
                "whole text must match",
            ),
            schema.option(
                schema.Boolean(),
                "ignore_accents",
                default=False,
                description="whether ilike and text search ignore accents, too",
            ),
            validator=check_text_options,
        )

    def column(self, options: Options, context: Context) -> sa.Column[Any]:
        # Only the validator checks the length: with varchar(n), each change of max_length would change the table.
        return sa.Column(byte_order())

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        return {
            **checks.kind(column, "text", context),
            **checks.lengths(column, options),
            **checks.choices(column, options.get("choices")),
            **pattern_checks.checks(column, options.get("pattern"), context),
        }

    def schema_node(self, options: Options) -> colander.SchemaNode:
        low, high = options["min_length"], options["max_length"]
        pattern = options["pattern"]
        unsupported = self.unsupported(options)

        def check(node: colander.SchemaNode, value: Any) -> None:
            if low is not None and len(value) < low:
                raise schema.invalid(node, f"want at least {low} characters, not {len(value)}", "too_short", value)
            if high is not None and len(value) > high:
                raise schema.invalid(node, f"want at most {high} characters, not {len(value)}", "too_long", value)
            if pattern is None:
                return
            if unsupported is not None:
                raise unsupported.error()
            rule = python_patterns.compiled(pattern)
            if len(value) > rule.longest:
                message = f"want at most {rule.longest} characters: the pattern is too large for more, not {len(value)}"
                raise schema.invalid(node, message, "too_long", value)
            if not rule.fullmatch(value):
                raise schema.invalid(node, f"must match the pattern {pattern}", "pattern_mismatch", value)

        many = functools.partial(_many, low, high)
        fast: columns.Fast | None = columns.Fast(many, _fast_path(options))
        if pattern is not None:
            fast = None if unsupported is not None else columns.Fast(_matching(many, pattern))
        return colander.SchemaNode(schema.Text(), validator=check, fast_path=fast)

    def operand_node(self, options: Options) -> colander.SchemaNode:
        return colander.SchemaNode(schema.Text())

    def unsupported(self, options: Options) -> Unsupported | None:
        if options.get("pattern") is None:
            return None
        try:
            python_patterns.compiled(options["pattern"])
        except ValueError as error:
            return Unsupported("pattern", str(error), "pattern_unsupported")
        return None

    def json_schema(self, options: Options) -> dict[str, Any]:
        pattern = None if options["pattern"] is None else searching(options["pattern"])
        rules = {"minLength": options["min_length"], "maxLength": options["max_length"], "pattern": pattern}
        return {"type": "string"} | {name: value for name, value in rules.items() if value is not None}

    def text_form(self, options: Options) -> TextForm:
        # The databases' regular expressions are not Python's, so patterns are left to Python.
        from_text = _allowed(options) if options["pattern"] is None else None
        return TextForm(sql_to_text=text_forms.unchanged, sql_from_text=from_text, keeps_empty=True)


def ignores_accents(field_type: FieldType, options: Options) -> bool:
    """Whether ``ilike`` and text search ignore accents in a field's texts."""
    return isinstance(field_type, Text) and bool(options.get("ignore_accents"))


class String(Text):
    """Short text, at most 255 characters unless ``max_length`` says otherwise; optionally one of ``choices``."""

    icon = "text"
    help = "Short text: names, titles, codes"
    other_names: tuple[str, ...] = ("str", "varchar", "char", "character varying", "character", "nvarchar")

    def options_schema(self) -> colander.SchemaNode:
        node = super().options_schema()
        node["max_length"].missing = 255
        node.add(choices_option(schema.Text(), "the only texts allowed"))
        return node

    def schema_node(self, options: Options) -> colander.SchemaNode:
        node = super().schema_node(options)
        if options["choices"] is not None:
            node.validator = each_of(node.validator, one_of(options["choices"]))
            node.fast_path = None if node.fast_path is None else columns.Fast(_among(node.fast_path.many, options))
        return node

    def json_schema(self, options: Options) -> dict[str, Any]:
        own = super().json_schema(options)
        return own if options["choices"] is None else own | {"enum": options["choices"]}


def _allowed(options: Options) -> SqlForm:
    """The validator in SQL: valid texts unchanged, NULL for others."""

    def from_text(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
        allowed = text_forms.within_length(text, options["min_length"], options["max_length"])
        if options.get("choices") is None:
            return allowed
        return sa.case((allowed.is_not(None), text_forms.within(text, choices=options["choices"])))

    return from_text


def _fast_path(options: Options) -> schema.FastPath:
    low = options["min_length"] or 0
    high = LONGEST if options["max_length"] is None else options["max_length"]
    unstorable = schema.UNSTORABLE.search
    return lambda value: type(value) is str and low <= len(value) <= high and not unstorable(value)


def _many(low: int | None, high: int | None, values: list[Any]) -> list[Any] | None:
    """See :class:`columns.Fast`."""
    if not columns.are_texts(values):
        return None
    lengths = list(map(len, values))
    return values if columns.are_within(lengths, low, high) else None


def _matching(many: columns.Many, pattern: str) -> columns.Many:
    rule = python_patterns.compiled(pattern)

    def matching(values: list[Any]) -> list[Any] | None:
        if many(values) is None or max(map(len, values)) > rule.longest:
            return None
        return values if all(map(rule.fullmatch, values)) else None

    return matching


def _among(many: columns.Many, options: Options) -> columns.Many:
    allowed = frozenset(options["choices"])

    def among(values: list[Any]) -> list[Any] | None:
        return values if many(values) is not None and allowed.issuperset(values) else None

    return among


def searching(pattern: str) -> str | None:
    """The pattern for JSON Schema. Its patterns search (Validation 2020-12, 6.3.3), and ours match the whole text.

    None if that is impossible: global flags must begin a pattern.
    """
    whole = f"^(?:{pattern})$"
    try:
        python_patterns.parsed(pattern)
        python_patterns.parsed(whole, longest=len(whole))
    except ValueError:
        return None
    return whole


def check_text_options(node: colander.SchemaNode, options: Options) -> None:
    low, high = options["min_length"], options["max_length"]
    for name, value in (("min_length", low), ("max_length", high)):
        if value is not None and not (0 if name == "min_length" else 1) <= value <= LONGEST:
            raise schema.at_option(node, name, f"want a number from {0 if name == 'min_length' else 1} to {LONGEST}")
    if low is not None and high is not None and low > high:
        raise schema.at_option(node, "min_length", "is above max_length")
    check_choices(node, options)
