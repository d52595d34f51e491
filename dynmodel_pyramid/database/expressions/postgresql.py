"""PostgreSQL's expressions. A failed cast ends the statement, so each cast is inside a CASE."""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dynmodel_pyramid.database.expressions import postgresql_floats, postgresql_totals
from dynmodel_pyramid.database.expressions.base import BEGINNING, Column, Condition, Expressions, ours
from dynmodel_pyramid.database.texts import functions
from dynmodel_pyramid.database.texts.words import SEARCHED
from dynmodel_pyramid.nesting import MAX_LEVELS

_JSONB = postgresql.JSONB(none_as_null=True)
#: The arrays and objects within ``MAX_LEVELS`` others.
_TOO_DEEP = sa.literal_column(
    f"""'strict $.**{{{MAX_LEVELS}}} ? (@.type() == "array" || @.type() == "object")'""", postgresql.JSONPATH()
)
#: The configuration without stems and stop words (manual, 12.6.2).
_SIMPLE = sa.text("'pg_catalog.simple'::regconfig")


#: The most bytes of the texts that are joined to one; SQLite bounds each text by as many.
LONGEST = 134_217_728


class PostgreSQLExpressions(Expressions):
    """PostgreSQL has a native type for each."""

    name = "postgresql"
    has_exact_numbers = True
    has_moments = True
    has_uuids = True
    has_arrays = True
    has_ranges = True
    has_addresses = True
    has_regular_expressions = True
    has_stems = True
    byte_collation = "C"

    def json_type(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(_JSONB)

    def insert(self, table: sa.Table) -> Any:
        return postgresql.insert(table)

    # Texts

    def place_of(self, part: Any, text: Column) -> Column:
        return sa.func.strpos(text, part, type_=sa.Integer())

    def text_before(self, part: str, text: Column) -> Column:
        return sa.func.split_part(text, part, 1, type_=sa.Text())

    def joined(self, texts: Column, separator: Column) -> Column:
        return sa.func.string_agg(texts, separator)

    def bounded(self, texts: sa.Subquery) -> sa.Subquery:
        # string_agg goes on to 1 GB, and takes several times as much memory. A window whose frame only grows is read
        # row by row (manual, 4.2.8), in the order of the rows; 2,000 rows of 20 bytes take a fifth longer. repeat() of
        # so many fails with 54000, as string_agg does.
        (text,) = texts.c
        size = sa.func.sum(sa.func.octet_length(text)).over(rows=(None, 0)).label("size")
        sized = sa.select(text, size).subquery()
        too_large = sa.func.repeat(sized.c[text.name], sa.literal_column("1073741823"))
        value = sa.case((sized.c.size > sa.literal_column(str(LONGEST)), too_large), else_=sized.c[text.name])
        return sa.select(value.label("value")).subquery()

    def looks_like(self, text: Column, form: str) -> Condition:
        return text.regexp_match(f"^({form})$")

    def finds(self, text: Column, pattern: str) -> Condition:
        return text.bool_op("~")(sa.literal(pattern, text.type))

    def has_words(self, text: Column, query: str, schema: str | None, *, accents: bool) -> Condition:
        wanted = sa.func.to_tsquery(_SIMPLE, sa.literal(query, sa.Text()), type_=postgresql.TSQUERY)
        return self.word_vector(text, schema, accents=accents).bool_op("@@")(wanted)

    def word_vector(self, text: Column, schema: str | None, *, accents: bool) -> Column:
        begin = sa.func.left(text, sa.text(str(SEARCHED)), type_=text.type)
        folded = self.folded(begin, schema, accents=accents)
        return sa.func.to_tsvector(_SIMPLE, ours(functions.WORDS, folded, schema), type_=postgresql.TSVECTOR)

    def beginning(self, folded: Column) -> Column:
        return sa.func.left(folded, sa.text(str(BEGINNING)), type_=folded.type)

    def found_first(self, ids: sa.Select[Any]) -> sa.Select[Any]:
        # Nothing is known of how many words begin with some letters. Names of fields never begin with "_".
        return sa.select(ids.cte("_found").prefix_with("MATERIALIZED").c.id)

    # Values and their texts

    def read_as(self, text: Column, kind: sa.types.TypeEngine[Any]) -> Column:
        return sa.cast(text, kind)

    def constant(self, value: Any, kind: sa.types.TypeEngine[Any]) -> Column:
        return sa.cast(sa.literal(value, kind), kind)  # a parameter has no type there

    def kept_text(self, value: Column) -> Column:
        return sa.cast(value, sa.Text())

    def read_moment(self, text: Column, kind: sa.types.TypeEngine[Any]) -> Column:
        return sa.cast(text.concat("+00"), kind)

    def read_uuid(self, text: Column, kind: sa.types.TypeEngine[Any]) -> Column:
        return sa.cast(text, kind)

    def read_float(self, text: Column, is_good: Callable[[Column], Condition], pattern: str) -> Column:
        return sa.case((sa.and_(is_good(text), text.bool_op("~")(pattern)), self.sure_float(text)))

    def sure_float(self, text: Column) -> Column:
        # Adding zero makes zero of minus zero.
        return sa.cast(text, sa.Float(53)) + sa.literal_column("0.0", sa.Float(53))

    def rounded(self, digits: Column) -> Column:
        return sa.cast(sa.func.round(sa.cast(digits, sa.Numeric())), sa.Text())

    def day_text(self, date: Column) -> Column:
        return sa.func.to_char(date, "YYYY-MM-DD", type_=sa.Text)

    def time_text(self, time: Column) -> Column:
        return sa.func.to_char(time, _constant("HH24:MI:SS.US"))

    def moment_text(self, moment: Column) -> Column:
        form = _constant('YYYY-MM-DD"T"HH24:MI:SS.US')
        return sa.func.to_char(sa.func.timezone(_constant("UTC"), moment), form)

    def float_text(self, number: Column) -> Column:
        # Finding characters takes a fifth of the time of a regular expression, of which conversions would need a
        # second one for each value.
        short = sa.cast(number, sa.Text())
        found = [sa.func.strpos(short, _constant(sign)) > sa.literal_column("0") for sign in ".e"]
        return sa.case((sa.or_(*found), short), else_=short + ".0")

    def decimal_text(self, number: Column, precision: int, scale: int, *, sortable: bool) -> Column:
        return sa.cast(number, sa.Text())

    def after_sort(self, value: Column, source: Column) -> Column:
        # The planner puts off what costs more than ten operators, if there is a limit (make_sort_input_target in its
        # planner.c). So the texts of datetimes would be made for all rows that are sorted: 75 ms instead of 24 for 100
        # of 10,000 rows with four of them. The operator for texts and words counts for a hundred others. It is strict,
        # and asked for nulls only, so it is never run.
        words = sa.cast(source, sa.Text()).bool_op("@@")(_constant(""))
        return sa.case((sa.and_(source.is_(None), words), sa.null()), else_=value)

    def sorted_apart(self, key: Column) -> Column:
        # Else it walks the primary key, in the hope of finding enough such rows soon.
        return key + sa.literal_column("0")

    # Aggregates

    def extreme(self, function: str, source: Column, kind: sa.types.TypeEngine[Any]) -> Column:
        # It has min() and max() of some types; of all others the first one in order is taken.
        order = source.asc() if function == "min" else source.desc()
        every = sa.func.array_agg(postgresql.aggregate_order_by(source, order), type_=sa.ARRAY(kind))
        return sa.type_coerce(every.filter(source.is_not(None))[1], kind)

    def exact_total(self, function: str, source: Column, kind: str) -> Column:
        return postgresql_totals.exact_total(function, source, kind)

    def total_as_float(self, total: Column) -> Column:
        return sa.cast(total, sa.Float(53))

    def exact_number(self, total: Column, digits: int, scale: int) -> Column:
        return sa.cast(total, sa.Numeric())

    # JSON: jsonb

    def json_string(self, text: Column) -> Column:
        return sa.cast(sa.func.to_json(text), sa.Text())

    def json_string_or_null(self, text: Column) -> Column:
        return self.json_string(sa.cast(text, sa.Text()))

    def json_float(self, number: Column) -> Column:
        return postgresql_floats.number_text(number)

    def json_array(self, value: Column) -> Column:
        # As SQLite's: json_agg puts spaces in.
        joined = sa.func.coalesce(sa.func.string_agg(sa.cast(value, sa.Text), sa.text("','")), sa.text("''"))
        return sa.literal("[", sa.Text) + joined + sa.literal("]", sa.Text)

    def json_items(self, array: Column) -> sa.TableValuedAlias:
        known = sa.func.json_array_elements_text(sa.cast(array, sa.JSON()))
        return known.table_valued("value", with_ordinality="key", joins_implicitly=True).render_derived()

    def json_value(self, document: Column) -> Column:
        return sa.type_coerce(document, _JSONB)

    def json_constant(self, text: Column) -> Column:
        # As text: a value of its own would be made JSON once more by the parameter's type.
        return sa.cast(text, _JSONB)

    def json_contains(self, document: Column, text: Column) -> Condition:
        return self.json_value(document).bool_op("@>")(self.json_constant(text))

    def json_is_contained(self, document: Column, text: Column) -> Condition:
        return self.json_value(document).bool_op("<@")(self.json_constant(text))

    def json_compares(self, document: Column, sign: str, text: Column) -> Condition:
        return self.json_number(document).bool_op(sign)(sa.cast(text, sa.Numeric()))

    def json_number(self, document: Column) -> Column:
        # CASE keeps the database from casting other values than numbers (PostgreSQL manual, 4.2.14).
        number = sa.cast(sa.cast(document, sa.Text()), sa.Numeric())
        return sa.case((sa.func.jsonb_typeof(document) == "number", number))

    def json_sort_text(self, document: Column) -> Column:
        return self.by_bytes(sa.cast(document, sa.Text()))

    def json_part(self, document: Column, steps: Sequence[str | int], *, as_text: bool) -> Column:
        part = document
        for number, step in enumerate(steps, 1):
            sign = "->>" if as_text and number == len(steps) else "->"
            key = sa.literal(step, sa.Integer() if type(step) is int else sa.Text())
            part = part.op(sign, precedence=15)(key)
        # Without the cast, COLLATE would apply to the last key.
        return self.by_bytes(sa.cast(part, sa.Text())) if as_text else part

    def json_texts(self, document: Column) -> Column:
        found = sa.func.jsonb_path_query(document, sa.literal_column("'strict $.**'"), type_=_JSONB)
        values = found.table_valued("value", joins_implicitly=True).render_derived()
        value = sa.type_coerce(values.c.value, _JSONB)
        text = value.op("#>>")(sa.literal_column("'{}'"))
        every = sa.func.string_agg(text, sa.literal_column("E'\\n'"), type_=sa.Text())
        texts = sa.select(every).where(sa.func.jsonb_typeof(value) == "string").scalar_subquery()
        return sa.case((document.is_not(None), sa.func.coalesce(texts, sa.literal_column("''"))))

    def json_of(self, text: Column) -> Column:
        document = sa.cast(text, _JSONB)
        return sa.case(
            (~sa.func.pg_input_is_valid(text, "jsonb"), sa.null()),
            # Each level takes two characters.
            (sa.func.length(text) <= 2 * MAX_LEVELS, document),
            (~sa.func.jsonb_path_exists(document, _TOO_DEEP), document),
        )

    # Arrays of texts

    def array_length(self, array: Column) -> Column:
        return sa.func.cardinality(array, type_=sa.Integer())

    def array_json(self, array: Column) -> Column:
        # It puts no spaces in, and escapes the characters that Python's encoder does.
        return sa.cast(sa.func.array_to_json(array), sa.Text())

    def array_of(self, text: Column, is_good: Condition) -> Column:
        return sa.case((is_good, postgresql.array([text], type_=sa.Text())))

    def array_compares(self, array: Column, sign: str, items: Column) -> Condition:
        return self.by_bytes(array).bool_op(sign)(items)

    def array_contains(self, array: Column, items: Column) -> Condition:
        return array.bool_op("@>")(items)

    def array_is_contained(self, array: Column, items: Column) -> Condition:
        return array.bool_op("<@")(items)

    def array_overlaps(self, array: Column, items: Column) -> Condition:
        return array.bool_op("&&")(items)


def _constant(text: str) -> sa.ColumnElement[Any]:
    """A constant in the statement; a parameter would be sent each time."""
    return sa.literal_column(f"'{text}'", sa.Text())
