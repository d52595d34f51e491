"""Pieces of SQL for the text forms of several types: the validators' rules, on both databases alike."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from dynmodel_pyramid.fields.sql.signatures import SqlForm

_DIGITS = "0123456789"
#: More choices are left to Python: each is a parameter, and SQLite takes 32,766 (Implementation Limits, 9).
_CHOICES = 1000


def unchanged(expression: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The SQL form of texts that stand for themselves."""
    return expression


class _Once(FunctionElement[Any]):
    """An expression of a value that is computed first."""

    inherit_cache = True
    name = "once"

    def __init__(self, value: sa.ColumnElement[Any], made: sa.ColumnElement[Any]) -> None:
        super().__init__(value, made)
        self.type = made.type


@compiles(_Once)
def _compile_once(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    # The expression stands first: parameters go by their place.
    value, made = element.clauses
    made, value = (compiler.process(part, **options) for part in (made, value))
    return f"(SELECT {made} FROM (SELECT {value} AS text) AS once)"


def once(
    text: sa.ColumnElement[Any], make: Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]
) -> sa.ColumnElement[Any]:
    """``make(text)`` on SQLite, where the text is computed once, however often it stands in what is made of it."""
    if isinstance(text, sa.ColumnClause):
        return make(text)
    return _Once(text, make(sa.literal_column("once.text", sa.Text())))


def computed_once(
    value: sa.ColumnElement[Any], make: Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]
) -> sa.ColumnElement[Any]:
    """``make(value)`` on PostgreSQL, the value written once, however often it stands in what is made of it."""
    return _Once(value, make(sa.literal_column("once.text", value.type)))


def within(
    value: sa.ColumnElement[Any], low: Any = None, high: Any = None, choices: Sequence[Any] | None = None
) -> sa.ColumnElement[bool]:
    """The value where bounds and choices, those that are not None, allow it; else NULL."""
    if choices is not None and len(choices) > _CHOICES:
        return sa.cast(sa.null(), value.type)
    rules = []
    if low is not None:
        rules.append(value >= sa.literal(low, value.type))
    if high is not None:
        rules.append(value <= sa.literal(high, value.type))
    if choices is not None:
        rules.append(value.in_([sa.literal(choice, value.type) for choice in choices]))
    return sa.case((sa.and_(*rules), value)) if rules else value


def within_length(text: sa.ColumnElement[Any], low: int | None, high: int | None) -> sa.ColumnElement[Any]:
    """The text where it has as many characters as allowed; else NULL."""
    if low is None and high is None:
        return text
    length = within(sa.func.length(text, type_=sa.Integer), low, high)
    return sa.case((length.is_not(None), text))


def whole_number(text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The number that a text of a sign and at most 18 digits is; NULL for all others.

    Every number of 18 digits has 64 bits. CASE keeps the databases from casting what is no number (PostgreSQL manual,
    4.2.14).
    """
    signed = sa.func.substr(text, 1, 1).in_(["+", "-"])
    body = sa.case((signed, sa.func.substr(text, 2)), else_=text)
    good = sa.and_(sa.func.length(body).between(1, 18), sa.func.ltrim(body, _DIGITS) == "")
    return sa.case((good, sa.cast(text, sa.BigInteger)))


def digits(number: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The text of a whole number."""
    return sa.cast(number, sa.Text)


def day(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The date that a text such as ``2026-01-31`` is; NULL for all others.

    The calendar is reckoned here: PostgreSQL's cast fails for 30 February, SQLite's date() lets it pass.
    """
    part = functools.partial(sa.func.substr, text)
    digits = part(1, 4, type_=sa.Text) + part(6, 2) + part(9, 2)
    dashes = (part(5, 1) == "-") & (part(8, 1) == "-")
    form = sa.and_(sa.func.length(text) == 10, dashes, sa.func.ltrim(digits, _DIGITS) == "")
    year, month, number = (sa.cast(part(*place), sa.Integer) for place in ((1, 4), (6, 2), (9, 2)))
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = sa.case((month.in_([4, 6, 9, 11]), 30), (month != 2, 31), (leap, 29), else_=28)
    good = (year >= 1) & month.between(1, 12) & number.between(1, last)
    date = sa.type_coerce(text, sa.Date()) if dialect == "sqlite" else sa.cast(text, sa.Date())
    return sa.case((form, sa.case((good, date))))


def moment(text: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The point in time that a text such as ``2026-01-31T12:00:00Z``, or with six digits more, is; NULL for others."""
    date, clock, fraction = sa.func.substr(text, 1, 10), sa.func.substr(text, 12, 8), sa.func.substr(text, 20)
    short, digits = fraction == "Z", sa.func.substr(fraction, 2, 6)
    places = sa.func.replace(clock, ":", "")
    form = sa.and_(
        sa.func.substr(text, 11, 1) == "T",
        sa.func.length(clock) == 8,
        sa.func.substr(clock, 3, 1) == ":",
        sa.func.substr(clock, 6, 1) == ":",
        sa.func.length(places) == 6,
        sa.func.ltrim(places, _DIGITS) == "",
        places < "24",
        sa.func.substr(clock, 4, 1) < "6",
        sa.func.substr(clock, 7, 1) < "6",
        sa.or_(
            short,
            sa.and_(
                sa.func.length(fraction) == 8,
                sa.func.substr(fraction, 1, 1) == ".",
                sa.func.length(sa.func.rtrim(digits, _DIGITS)) == 0,
                sa.func.substr(fraction, 8) == "Z",
            ),
        ),
        day(date, dialect).is_not(None),
    )
    if dialect == "sqlite":
        made = date + " " + clock + "." + sa.case((short, "000000"), else_=digits)
        return sa.case((form, made))
    return sa.case((form, sa.cast(text, sa.DateTime(timezone=True))))


def day_text(date: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """``2026-01-31``, which is how SQLite stores a date."""
    if dialect == "sqlite":
        return sa.cast(date, sa.Text)
    return sa.func.to_char(date, "YYYY-MM-DD", type_=sa.Text)


def json_array(source: sa.Select[*tuple[Any, ...]], dialect: str) -> sa.ColumnElement[Any]:
    """The one column of a query as the text of a JSON array, in the query's order; ``[]`` if there is nothing."""
    values = source.subquery()
    (value,) = values.c
    made: sa.ColumnElement[Any]
    if dialect == "sqlite":
        made = sa.func.json_group_array(value)
    else:
        # As SQLite's: json_agg puts spaces in.
        joined = sa.func.coalesce(sa.func.string_agg(sa.cast(value, sa.Text), sa.text("','")), sa.text("''"))
        made = sa.literal("[", sa.Text) + joined + sa.literal("]", sa.Text)
    return sa.select(made).scalar_subquery()


def ordered_items(array: sa.ColumnElement[Any], order: Sequence[str], dialect: str) -> sa.ColumnElement[Any]:
    """The JSON text of an array of texts, its items in the given order, and behind them all others as they stood."""
    rows = sa.select(array).get_final_froms()
    if dialect == "sqlite":
        items = sa.func.json_each(array).table_valued("value", "key")
        place = items.c.key
    else:
        known = sa.func.json_array_elements_text(sa.cast(array, sa.JSON()))
        items = known.table_valued("value", with_ordinality="key", joins_implicitly=True).render_derived()
        place = items.c.key
    value = sa.type_coerce(items.c.value, sa.Text())
    first = (
        sa.case({key: number for number, key in enumerate(order)}, value=value, else_=len(order)) if order else place
    )
    text = sa.func.json_quote(value) if dialect == "sqlite" else sa.cast(sa.func.to_json(value), sa.Text())
    found = sa.select(text.label("item")).select_from(items).order_by(first, place).correlate(*rows).subquery()
    comma: sa.ColumnElement[str] = sa.literal_column("','")
    joined = (sa.func.group_concat if dialect == "sqlite" else sa.func.string_agg)(found.c.item, comma)
    joined = sa.func.coalesce(joined, _literal(""), type_=sa.Text())
    return sa.select(_literal("[").concat(joined).concat(_literal("]"))).scalar_subquery()


def unless_null(source: sa.ColumnElement[Any], condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """A condition that is null where the source is, as those of PostgreSQL's operators are."""
    return sa.case((source.is_not(None), condition))


# What is selected to answer JSON: texts that the database makes cost this process nothing.


class OfDialect(FunctionElement[Any]):
    """One of two expressions, by the database that the statement is compiled for."""

    inherit_cache = True

    def __init__(
        self, sqlite: sa.ColumnElement[Any], postgresql: sa.ColumnElement[Any], read_as: sa.types.TypeEngine[Any]
    ) -> None:
        super().__init__(sqlite, postgresql)
        self.type = read_as


@compiles(OfDialect)
def _compile(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    sqlite, postgresql = element.clauses
    return compiler.process(sqlite if compiler.dialect.name == "sqlite" else postgresql, **options)


def answered(form: SqlForm, source: sa.ColumnElement[Any]) -> OfDialect:
    """The SQL text form of values whose JSON is a string of it."""
    return OfDialect(form(source, "sqlite"), form(source, "postgresql"), sa.Text())


def as_text(column: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """Of a column that SQLite keeps as this text, and that PostgreSQL writes so whatever its settings are."""
    return sa.type_coerce(column, sa.Text()) if dialect == "sqlite" else sa.cast(column, sa.Text())


def time_text(time: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """``12:00:00``, or ``12:00:00.500000`` where there are microseconds."""
    # Constants stand in the statement: as parameters they would be sent each time.
    given = sa.type_coerce(time, sa.Text()) if dialect == "sqlite" else sa.func.to_char(time, _literal("HH24:MI:SS.US"))
    return sa.func.replace(given, _literal(".000000"), _literal(""), type_=sa.Text())


def moment_text(moment: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """``2026-01-31T12:00:00Z``, or with six digits of microseconds."""
    if dialect == "sqlite":
        given = sa.func.replace(sa.type_coerce(moment, sa.Text()), _literal(" "), _literal("T"))
    else:
        form = _literal('YYYY-MM-DD"T"HH24:MI:SS.US')
        given = sa.func.to_char(sa.func.timezone(_literal("UTC"), moment), form)
    return sa.func.replace(given, _literal(".000000"), _literal(""), type_=sa.Text()).concat(_literal("Z"))


def duration_text(microseconds: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[Any]:
    """``P1DT2H3.5S``: a sign, days, hours, minutes and seconds, none that is zero; ``PT0S`` for nothing.

    Parts are made positive one by one: the least number of 64 bits can't be.
    """
    whole = sa.type_coerce(microseconds, sa.BigInteger())

    def part(size: int, of: int | None, unit: str) -> sa.ColumnElement[Any]:
        number = whole // _literal(size)
        number = number if of is None else number % _literal(of)
        return _either(number == _literal(0), "", sa.cast(sa.func.abs(number), sa.Text()).concat(_literal(unit)))

    fraction = sa.func.abs(whole % _literal(1_000_000), type_=sa.BigInteger())
    six = sa.func.substr(sa.cast(fraction + _literal(1_000_000), sa.Text()), _literal(2))
    digits = sa.func.rtrim(six, _literal("0"), type_=sa.Text())
    seconds = sa.cast(sa.func.abs(whole // _literal(1_000_000) % _literal(60)), sa.Text())
    with_fraction = seconds.concat(_literal(".")).concat(digits).concat(_literal("S"))
    time = part(3_600_000_000, 24, "H").concat(part(60_000_000, 60, "M"))
    time = time.concat(_either(fraction == _literal(0), part(1_000_000, 60, "S"), with_fraction))
    time = _either(whole % _literal(86_400_000_000) == _literal(0), "", _literal("T").concat(time))
    text = _either(whole < _literal(0), "-P", "P").concat(part(86_400_000_000, None, "D")).concat(time)
    return sa.case((whole == _literal(0), _literal("PT0S")), (whole.is_not(None), text))


def _either(
    condition: sa.ColumnElement[Any], one: sa.ColumnElement[Any] | str, other: sa.ColumnElement[Any] | str
) -> sa.ColumnElement[Any]:
    one, other = (_literal(value) if isinstance(value, str) else value for value in (one, other))
    return sa.case((condition, one), else_=other)


def _literal(value: int | str) -> sa.ColumnElement[Any]:
    """A constant of this module, written out."""
    if isinstance(value, int):
        return sa.literal_column(str(value), sa.BigInteger())
    return sa.literal_column(f"'{value}'", sa.Text())
