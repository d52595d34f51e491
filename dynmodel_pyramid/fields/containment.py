"""Operators of arrays of texts, and of lists of references, whose items are lines of a table."""

import sqlalchemy as sa

from dynmodel_pyramid.fields import operators, sql
from dynmodel_pyramid.fields.json_text import write_json
from dynmodel_pyramid.fields.operators import EQ, IN, IS, IS_DISTINCT, NEQ, Operator, bound

_CONTAINS = ("cs", "contains all of")
_CONTAINED = ("cd", "is contained in")
_OVERLAPS = ("ov", "has an item in common with")

# Arrays of texts


def _items(left: sa.ColumnElement, *conditions) -> sa.Select:
    """The items of a JSON array on SQLite."""
    each = sa.func.json_each(sa.type_coerce(left, sa.Text())).table_valued("value")
    return sa.select(sa.literal_column("1")).select_from(each).where(*(made(each.c.value) for made in conditions))


def _texts(right: list[str]) -> list[sa.ColumnElement]:
    return [sa.literal(item, sa.Text()) for item in dict.fromkeys(right)]


def _native(sign: str, left, right) -> sa.ColumnElement:
    return left.bool_op(sign)(bound(left, right))


def _contains(left, right, dialect):
    if dialect == "postgresql":
        return _native("@>", left, right)
    found = [sa.exists(_items(left, lambda value, text=text: value == text)) for text in _texts(right)]
    return sql.unless_null(left, sa.and_(sa.true(), *found))


def _contained(left, right, dialect):
    if dialect == "postgresql":
        return _native("<@", left, right)
    return sql.unless_null(left, ~sa.exists(_items(left, lambda value: value.not_in(_texts(right)))))


def _overlaps(left, right, dialect):
    if dialect == "postgresql":
        return _native("&&", left, right)
    return sql.unless_null(left, sa.exists(_items(left, lambda value: value.in_(_texts(right)))))


#: What types of arrays of texts take (PostgreSQL's manual, 9.19).
ARRAYS = (
    *operators.IDENTITY,
    Operator(*_CONTAINS, _contains),
    Operator(*_CONTAINED, _contained),
    Operator(*_OVERLAPS, _overlaps),
)

# Lists of references: what the field is in SQL is a query of the row's ids in order. It is never null.


def _ids(left: sa.Select, condition=None) -> sa.Exists:
    (value,) = left.selected_columns
    rows = left.order_by(None)
    return sa.exists(rows if condition is None else rows.where(condition(value)))


def _list(left: sa.Select, dialect: str) -> sa.ColumnElement:
    return sql.json_array(left, dialect)


def _compact(ids: list[int]) -> sa.ColumnElement:
    return sa.literal(write_json(ids), sa.Text())


def _list_is(left, right, dialect):
    return sa.false() if right == "null" else sa.true()


def _has_all(left, right, dialect):
    return sa.and_(sa.true(), *(_ids(left, lambda value, row_id=row_id: value == row_id) for row_id in right))


def _has_only(left, right, dialect):
    return ~_ids(left, lambda value: value.not_in(right))


def _has_any(left, right, dialect):
    return _ids(left, lambda value: value.in_(right))


def _like(known: Operator, condition) -> Operator:
    return Operator(known.name, known.description, condition, known.read, known.many)


#: What lists of references take.
LISTS = (
    _like(EQ, lambda left, right, dialect: _list(left, dialect) == _compact(right)),
    _like(NEQ, lambda left, right, dialect: _list(left, dialect) != _compact(right)),
    _like(IN, lambda left, right, dialect: _list(left, dialect).in_([_compact(ids) for ids in right])),
    _like(IS, _list_is),
    _like(IS_DISTINCT, lambda left, right, dialect: _list(left, dialect) != _compact(right)),
    Operator(*_CONTAINS, _has_all),
    Operator(*_CONTAINED, _has_only),
    Operator(*_OVERLAPS, _has_any),
)
