"""Saved views of a table's rows: a query text and columns under a name, personal or shared.

A view names fields of its own table by their ids, so it follows renames. It gives nobody rights: its rows are those of
its query, as the reader may see them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.system import SystemTables
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.names import name_key, view_name_fault
from dynmodel_pyramid.definitions.problems import Problems, escape
from dynmodel_pyramid.errors import Conflict, Invalid, Problem
from dynmodel_pyramid.fields.numerals import whole
from dynmodel_pyramid.queries import Query, Rules, parse, print_query, split
from dynmodel_pyramid.queries.grammar.parameters import as_sent, joined
from dynmodel_pyramid.queries.grammar.renaming import names_in, renamed

KEYS = ("name", "shared", "default", "query", "columns", "owner", "version", "problem")
COLUMN_KEYS = ("field", "width", "hidden", "frozen")
#: The most characters of a query, and the most columns.
LONGEST_QUERY, MOST_COLUMNS = 10_000, 2000
#: Of a table: shared views, and those of one identity.
MOST_SHARED, MOST_PERSONAL = 200, 100
NARROWEST, WIDEST = 20, 2000
#: The owner of views that are shared.
SHARED = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a view; ``field`` is the id of a field, or another name that rows have."""

    field: int | str
    width: int | None = None
    hidden: bool = False
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class SavedView:
    """
    :param owner: the identity to whom it belongs; :data:`SHARED`: it is shared
    :param author: the identity that made it
    :param query: the text, with the names of fields that it had when it was saved
    :param names: the ids of the fields that the text names
    """

    name: str
    owner: str = SHARED
    author: str | None = None
    is_default: bool = False
    version: int = 0
    query: str = ""
    names: Mapping[str, int] | None = None
    columns: tuple[Column, ...] = ()
    id: int | None = None

    @property
    def is_shared(self) -> bool:
        return self.owner == SHARED

    def query_of(self, definition: TableDefinition, exists: Callable[[str], bool], rules: Rules) -> str:
        """The text with today's names of fields, as far as these exist for the caller."""
        today: dict[str, str] = {}
        for name, number in (self.names or {}).items():
            field = definition.by_id.get(number)
            if field is not None and field.name != name and exists(field.name):
                today[name] = field.name
        if not today:
            return self.query
        return joined(
            print_query(renamed(parse(split(as_sent(self.query)), rules), lambda name: today.get(name, name)))
        )

    def document(
        self, definition: TableDefinition, exists: Callable[[str], bool], query: str, problem: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """What clients get; columns that do not exist for the caller are left out.

        :param query: of :meth:`query_of`
        :param problem: why its rows cannot be shown
        """
        columns = []
        for column in self.columns:
            name: int | str | None = column.field
            if isinstance(name, int):
                field = definition.by_id.get(name)
                name = None if field is None else field.name
            if name is not None and exists(name):
                columns.append({"field": name, "width": column.width, "hidden": column.hidden, "frozen": column.frozen})
        return {
            "name": self.name,
            "shared": self.is_shared,
            "default": self.is_default,
            "owner": self.author if self.is_shared else self.owner,
            "version": self.version,
            "query": query,
            "columns": columns,
            "problem": problem,
        }


def read_view(
    document: Any, before: SavedView, owner: str, definition: TableDefinition, read: Callable[[str], Query]
) -> SavedView:
    """The view of a document.

    :param before: the view that is replaced; a new one has an empty name
    :param owner: whose it is if it is not shared
    :param read: parses the query, and refuses one whose rows the caller could not see
    :raises Invalid: the document's faults
    :raises Malformed: the query's
    """
    if type(document) is not dict:
        raise Invalid([Problem("", "wrong_type", "want an object that describes a view")])
    problems = Problems()
    problems.unknown_keys(document, KEYS, "")
    name: Any = document.get("name", before.name or None)
    fault = view_name_fault(name)
    if fault:
        problems.add("/name", "required" if name is None else "invalid_name", fault)
    shared = problems.flag(document, "shared", "")
    default = problems.flag(document, "default", "")
    text = problems.text(document, "query", "", most=LONGEST_QUERY) or ""
    columns = _columns(document.get("columns"), definition, problems)
    problems.raise_if_any()
    text = text.removeprefix("?")
    query = read(text)
    for parameter in ("_after", "_before"):
        if parameter in query.reading_only:
            raise Invalid([Problem("/query", "invalid_option", f"a view has no place in its rows: no {parameter}")])
    if query.root.offset:
        raise Invalid([Problem("/query", "invalid_option", "a view has no place in its rows: no offset")])
    names = {name: definition.by_name[name].id for name in sorted(names_in(query)) if name in definition.by_name}
    owner = SHARED if shared else owner
    return replace(before, name=name, owner=owner, is_default=default, query=text, names=names, columns=columns)


def _columns(listed: Any, definition: TableDefinition, problems: Problems) -> tuple[Column, ...]:
    if listed is None:
        return ()
    if type(listed) is not list or len(listed) > MOST_COLUMNS:
        problems.add("/columns", "wrong_type", f"want an array of at most {MOST_COLUMNS} columns")
        return ()
    columns: list[Column] = []
    for number, value in enumerate(listed):
        here = f"/columns/{number}"
        value = {"field": value} if type(value) is str else value
        if type(value) is not dict:
            problems.add(here, "wrong_type", f"want the name of a field, or an object with {', '.join(COLUMN_KEYS)}")
            continue
        problems.unknown_keys(value, COLUMN_KEYS, here)
        name = problems.text(value, "field", here, most=200)
        width = whole(value.get("width"))
        if value.get("width") is not None and (width is None or not NARROWEST <= width <= WIDEST):
            problems.add(f"{here}/width", "out_of_range", f"want a whole number from {NARROWEST} to {WIDEST}, or null")
            width = None
        hidden, frozen = (problems.flag(value, key, here) for key in ("hidden", "frozen"))
        if not name:
            problems.add(f"{here}/field", "required", "want the name of a field")
            continue
        field = definition.by_name.get(name)
        column = Column(name if field is None else field.id, width, hidden, frozen)
        if any(column.field == other.field for other in columns):
            problems.add(f"{here}/field", "duplicate_name", f"{escape(name)} stands twice")
        columns.append(column)
    return tuple(columns)


class SavedViews:
    """The views of one table that an identity may know: shared ones, and its own."""

    def __init__(self, system: SystemTables, table_id: int, owner: str | None) -> None:
        """
        :param owner: the identity; None: it has no views of its own
        """
        self.table = system.view
        self.table_id = table_id
        self.owner = owner

    def all(self, connection: sa.Connection) -> list[SavedView]:
        """In order of their names; of two of one name, the own one comes first."""
        c = self.table.c
        rows = connection.execute(sa.select(self.table).where(*self._known()).order_by(c.name_key, c.owner.desc()))
        return list(map(_view, rows))

    def get(self, connection: sa.Connection, name: str, *, to_write: bool = False) -> SavedView | None:
        """The own view of that name, else the shared one.

        :param to_write: nobody else changes it till the transaction ends, so that its version can be compared
        """
        c = self.table.c
        query = sa.select(self.table).where(*self._known(), c.name_key == name_key(name)).order_by(c.owner.desc())
        query = query.limit(1)
        row = connection.execute(query.with_for_update() if to_write else query).first()
        return None if row is None else _view(row)

    def _known(self) -> Iterable[sa.ColumnElement[bool]]:
        owners = [SHARED] if self.owner is None else [SHARED, self.owner]
        return self.table.c.table_id == self.table_id, self.table.c.owner.in_(owners)

    def save(self, connection: sa.Connection, view: SavedView) -> SavedView:
        """Add a view, or replace the one of its id.

        :raises Conflict: its owner has another view of that name, or too many
        """
        c, key = self.table.c, name_key(view.name)
        same = sa.select(c.id).where(c.table_id == self.table_id, c.owner == view.owner, c.name_key == key)
        if connection.scalar(same.where(c.id != (view.id or 0))) is not None:
            raise _taken(view)
        of_owner = sa.and_(c.table_id == self.table_id, c.owner == view.owner)
        most = MOST_SHARED if view.is_shared else MOST_PERSONAL
        count = sa.select(sa.func.count()).select_from(self.table).where(of_owner, c.id != (view.id or 0))
        if connection.execute(count).scalar_one() >= most:
            raise Conflict(
                f"there are {most} views already, the most", code="too_many_views", hint="delete one that nobody needs"
            )
        if view.is_default:
            others = sa.update(self.table).where(of_owner, c.is_default, c.id != (view.id or 0))
            connection.execute(others.values(is_default=False, version=c.version + 1))
        view = replace(view, version=view.version + 1)
        values = {
            "table_id": self.table_id,
            "owner": view.owner,
            "name_key": key,
            "name": view.name,
            "author": view.author,
            "is_default": view.is_default,
            "version": view.version,
            "document": _stored(view),
        }
        try:
            with connection.begin_nested():
                if view.id is not None:
                    connection.execute(sa.update(self.table).where(c.id == view.id).values(values))
                else:
                    made = connection.execute(sa.insert(self.table).values(values).returning(c.id)).scalar_one()
                    view = replace(view, id=made)
        except sa.exc.IntegrityError:  # somebody else was faster
            raise _taken(view) from None
        return view

    def delete(self, connection: sa.Connection, view: SavedView) -> None:
        connection.execute(sa.delete(self.table).where(self.table.c.id == view.id))


def _taken(view: SavedView) -> Conflict:
    whose = "a shared view" if view.is_shared else "another view of yours"
    return Conflict(f"there is {whose} called {view.name!r}", code="name_taken", hint="give it another name")


def _stored(view: SavedView) -> dict[str, Any]:
    columns = [[column.field, column.width, column.hidden, column.frozen] for column in view.columns]
    return {"query": view.query, "names": dict(view.names or {}), "columns": columns}


def _view(row: sa.Row[*tuple[Any, ...]]) -> SavedView:
    document = row.document
    return SavedView(
        row.name,
        row.owner,
        row.author,
        row.is_default,
        row.version,
        document["query"],
        document["names"],
        tuple(Column(*column) for column in document["columns"]),
        row.id,
    )
