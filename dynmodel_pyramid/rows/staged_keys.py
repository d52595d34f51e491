"""The keys in the links of staged rows (:mod:`~.keys`): one statement finds the far rows of all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.errors import Invalid
from dynmodel_pyramid.fields import Reference
from dynmodel_pyramid.rows.keys import RowKey, RowKeys, key_text, missing_text
from dynmodel_pyramid.rows.prepared import PreparedInsert
from dynmodel_pyramid.rows.service import Rows
from dynmodel_pyramid.rows.targets import Target

_UNCACHED = {"compiled_cache": None}


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of one link by one uniqueness.

    :param table: a line for each key, with the row's number and the key's place in a list; ``_found`` is the far row
    """

    field: FieldDefinition
    reference: Reference
    target: Target
    table: sa.Table
    insert: PreparedInsert

    def add(self, connection: sa.Connection, keys: list[dict[str, Any]]) -> None:
        if self.insert.refused:
            connection.execute(sa.insert(self.table), keys, execution_options=_UNCACHED)
        else:
            self.insert(connection, keys)


class StagedKeys:
    """
    :param table: the staged rows, with their numbers ``_n``
    :param lines: the staged lines of lists
    """

    def __init__(self, rows: Rows, connection: sa.Connection, table: sa.Table, lines: Mapping[str, sa.Table]) -> None:
        self._rows, self._connection, self._table, self._lines = rows, connection, table, lines
        self._keys: dict[tuple[str, Target], _Keys] = {}

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        """Note the keys of rows, which lose them, in the connection's transaction."""
        for field, reference in self._rows.links.fields:
            noted: dict[Target, list[dict[str, Any]]] = {}
            lines = []
            for row in rows:
                value = row.get(field.name)
                if type(value) is RowKey:
                    value = RowKeys((value,))
                elif type(value) is not RowKeys:
                    continue
                row[field.name] = None
                for position, item in enumerate(value.items):
                    place = {"_n": row["_n"], "_position": position, "_found": None}
                    if type(item) is RowKey:
                        noted.setdefault(item.target, []).append({**item.row, **place})
                    else:
                        lines.append({"_n": row["_n"], "row_id": 0, "value": item, "position": position})
            if lines:
                self._connection.execute(sa.insert(self._lines[field.name]), lines, execution_options=_UNCACHED)
            for target, keys in noted.items():
                self._keys_of(field, reference, target).add(self._connection, keys)

    def _keys_of(self, field: FieldDefinition, reference: Reference, target: Target) -> _Keys:
        known = self._keys.get((field.name, target))
        if known is None:
            far = self._rows.models(reference.table)
            assert far is not None  # the key was read by it
            columns = [
                sa.Column(f"_{number}", far.table.c[name].type, key=name) for number, name in enumerate(target.names)
            ]
            table = sa.Table(
                f"_staged_keys_{len(self._keys)}",
                sa.MetaData(schema=self._table.schema),
                sa.Column("_n", sa.Integer, primary_key=True, autoincrement=False),
                sa.Column("_position", sa.Integer, primary_key=True, autoincrement=False),
                sa.Column("_found", sa.BigInteger),
                *columns,
            )
            table.create(self._connection)
            insert = PreparedInsert(table, self._connection.dialect)
            known = self._keys[field.name, target] = _Keys(field, reference, target, table, insert)
        return known

    def resolve(self, row_id: sa.ColumnElement[int], source: sa.FromClause) -> None:
        """Put the ids of the far rows into the staged rows and lines.

        :param row_id: the id of a staged row; ``source``: the FROM clause that it needs
        :raises Invalid: a key has no row, or a list has a row twice
        """
        problems = Problems()
        for keys in self._keys.values():
            self._find(keys, row_id, source)
            self._point(keys, problems)
        problems.raise_if_any()
        for keys in self._keys.values():
            self._put(keys)
        for name in {keys.field.name for keys in self._keys.values() if keys.reference.many}:
            self._refuse_twice(name, problems)
        problems.raise_if_any()

    def _run(
        self, statement: sa.Executable, values: Mapping[str, Any] | None = None
    ) -> sa.CursorResult[*tuple[Any, ...]]:
        return self._connection.execute(statement, values, execution_options=_UNCACHED)

    def _find(self, keys: _Keys, row_id: sa.ColumnElement[int], source: sa.FromClause) -> None:
        far, table = self._rows.models(keys.reference.table), keys.table
        assert far is not None
        view = self._rows.scopes.view(far).source()
        there = sa.update(table).values({table.c._found: view.c.id}).where(keys.target.matches(view, table))
        self._run(there, self._rows.scopes.values(far))
        if keys.reference.table == self._rows.links.table_id:
            # Rows of one request may refer to one another, in any order.
            sa.Index(f"_staged_{table.name}", *keys.target.columns(self._table)).create(self._connection)
            columns = [self._table.c[name].label(name) for name in keys.target.names if name != "id"]
            own = sa.select(row_id.label("id"), *columns).select_from(source).subquery()
            new = sa.update(table).values({table.c._found: own.c.id}).where(keys.target.matches(own, table))
            self._run(new.where(table.c._found.is_(None)))

    def _point(self, keys: _Keys, problems: Problems) -> None:
        table, field = keys.table, keys.field
        missing = table.c._found.is_(None)
        total = self._run(sa.select(sa.func.count()).select_from(table).where(missing)).scalar_one()
        if not total:
            return
        values = [table.c[name] for name in keys.target.names]
        query = sa.select(table.c._n, table.c._position, *values).where(missing).order_by(table.c._n, table.c._position)
        rows = self._run(query.limit(Invalid.MAX_PROBLEMS)).all()
        for row in rows:
            number, position, key = row[0], row[1], tuple(row)[2:]
            below = f"/{position}" if keys.reference.many else ""
            detail = field.message or missing_text(key_text(keys.target.names, key))
            problems.add(f"/{number}/{escape(field.name)}{below}", "unknown_row", detail)
        problems.total += total - len(rows)

    def _put(self, keys: _Keys) -> None:
        table, name = keys.table, keys.field.name
        if keys.reference.many:
            found = sa.select(table.c._n, sa.literal(0), table.c._found, table.c._position)
            columns = ["_n", "row_id", "value", "position"]
            self._run(sa.insert(self._lines[name]).from_select(columns, found))
            return
        statement = sa.update(self._table).values({self._table.c[name]: table.c._found})
        self._run(statement.where(self._table.c._n == table.c._n))

    def _refuse_twice(self, name: str, problems: Problems) -> None:
        lines = self._lines[name]
        twice = sa.select(lines.c._n).group_by(lines.c._n, lines.c.value).having(sa.func.count() > 1)
        for number in self._run(twice.order_by(lines.c._n).limit(Invalid.MAX_PROBLEMS)).scalars():
            problems.add(f"/{number}/{escape(name)}", "duplicate_item", "has a row twice")
