"""PostgreSQL's expressions. A failed cast ends the statement, so each cast is inside a CASE."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dynmodel_pyramid.database.expressions import postgresql_floats, postgresql_totals
from dynmodel_pyramid.database.expressions.base import Expressions

_JSONB = postgresql.JSONB(none_as_null=True)


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
    byte_collation = "C"

    def json_type(self, dialect):
        return dialect.type_descriptor(_JSONB)

    def insert(self, table):
        return postgresql.insert(table)

    # Texts

    def place_of(self, part, text):
        return sa.func.strpos(text, part, type_=sa.Integer())

    def text_before(self, part, text):
        return sa.func.split_part(text, part, 1, type_=sa.Text())

    def joined(self, texts, separator):
        return sa.func.string_agg(texts, separator)

    def looks_like(self, text, form):
        return text.regexp_match(f"^({form})$")

    def finds(self, text, pattern):
        return text.bool_op("~")(sa.literal(pattern, text.type))

    # Values and their texts

    def read_as(self, text, kind):
        return sa.cast(text, kind)

    def kept_text(self, value):
        return sa.cast(value, sa.Text())

    def read_moment(self, text, kind):
        return sa.cast(text.concat("+00"), kind)

    def read_uuid(self, text, kind):
        return sa.cast(text, kind)

    def read_float(self, text, is_good, pattern):
        # Adding zero turns minus zero into zero.
        made = sa.cast(text, sa.Float(53)) + sa.literal_column("0.0", sa.Float(53))
        return sa.case((sa.and_(is_good(text), text.bool_op("~")(pattern)), made))

    def day_text(self, date):
        return sa.func.to_char(date, "YYYY-MM-DD", type_=sa.Text)

    def time_text(self, time):
        return sa.func.to_char(time, _constant("HH24:MI:SS.US"))

    def moment_text(self, moment):
        form = _constant('YYYY-MM-DD"T"HH24:MI:SS.US')
        return sa.func.to_char(sa.func.timezone(_constant("UTC"), moment), form)

    def float_text(self, number):
        short = sa.cast(number, sa.Text())
        return sa.case((short.bool_op("~")("[.e]"), short), else_=short + ".0")

    def decimal_text(self, number, precision, scale, *, sortable):
        return sa.cast(number, sa.Text())

    # Aggregates

    def extreme(self, function, source, kind):
        # PostgreSQL has min() and max() of some types; for others the first value in order is used.
        order = source.asc() if function == "min" else source.desc()
        every = sa.func.array_agg(postgresql.aggregate_order_by(source, order), type_=sa.ARRAY(kind))
        return sa.type_coerce(every.filter(source.is_not(None))[1], kind)

    def exact_total(self, function, source, kind):
        return postgresql_totals.exact_total(function, source, kind)

    def total_as_float(self, total):
        return sa.cast(total, sa.Float(53))

    # JSON: jsonb

    def json_string(self, text):
        return sa.cast(sa.func.to_json(text), sa.Text())

    def json_string_or_null(self, text):
        return self.json_string(sa.cast(text, sa.Text()))

    def json_float(self, number):
        return postgresql_floats.number_text(number)

    def json_array(self, value):
        # To match SQLite: json_agg inserts spaces.
        joined = sa.func.coalesce(sa.func.string_agg(sa.cast(value, sa.Text), sa.text("','")), sa.text("''"))
        return sa.literal("[", sa.Text) + joined + sa.literal("]", sa.Text)

    def json_items(self, array):
        known = sa.func.json_array_elements_text(sa.cast(array, sa.JSON()))
        return known.table_valued("value", with_ordinality="key", joins_implicitly=True).render_derived()

    def json_value(self, document):
        return sa.type_coerce(document, _JSONB)

    def json_constant(self, text):
        # As text: the parameter's type would encode a value as JSON once more.
        return sa.cast(text, _JSONB)

    def json_contains(self, document, text):
        return self.json_value(document).bool_op("@>")(self.json_constant(text))

    def json_is_contained(self, document, text):
        return self.json_value(document).bool_op("<@")(self.json_constant(text))

    def json_compares(self, document, sign, text):
        return self.json_number(document).bool_op(sign)(sa.cast(text, sa.Numeric()))

    def json_number(self, document):
        # CASE keeps the database from casting other values than numbers (PostgreSQL manual, 4.2.14).
        number = sa.cast(sa.cast(document, sa.Text()), sa.Numeric())
        return sa.case((sa.func.jsonb_typeof(document) == "number", number))

    def json_sort_text(self, document):
        return self.by_bytes(sa.cast(document, sa.Text()))

    def json_part(self, document, steps, *, as_text):
        made = document
        for number, step in enumerate(steps, 1):
            sign = "->>" if as_text and number == len(steps) else "->"
            key = sa.literal(step, sa.Integer() if type(step) is int else sa.Text())
            made = made.op(sign, precedence=15)(key)
        # Without the cast, COLLATE would apply to the last key.
        return self.by_bytes(sa.cast(made, sa.Text())) if as_text else made

    # Arrays of texts

    def array_length(self, array):
        return sa.func.cardinality(array, type_=sa.Integer())

    def array_json(self, array):
        # It inserts no spaces, and escapes the same characters as Python's encoder.
        return sa.cast(sa.func.array_to_json(array), sa.Text())

    def array_of(self, text, is_good):
        return sa.case((is_good, postgresql.array([text], type_=sa.Text())))

    def array_contains(self, array, items):
        return array.bool_op("@>")(items)

    def array_is_contained(self, array, items):
        return array.bool_op("<@")(items)

    def array_overlaps(self, array, items):
        return array.bool_op("&&")(items)


def _constant(text: str) -> sa.ColumnElement:
    """A constant in the statement; a parameter would be sent each time."""
    return sa.literal_column(f"'{text}'", sa.Text())
