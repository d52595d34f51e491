"""What a caller may see of a table: a view, which statements select from instead of the table."""

import datetime
from collections.abc import Callable
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.sql.elements import quoted_name

from dynmodel_pyramid.catalogue.list_tables import lines_of
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.definitions.model import Referrer

#: Gives the model of a table by its id or model name, from the caller's attempt, so that its use is proven.
Models = Callable[[int | str], Model | None]


class View(Protocol):
    """The rows and values of one version of a table that one caller may read.

    ``key`` tells the views of one version apart: equal keys have equal SQL. None is the whole table.
    ``exists``: whether the table exists for the caller at all. ``all_rows``: whether it has all rows.
    """

    @property
    def key(self) -> Any: ...

    @property
    def exists(self) -> bool: ...

    @property
    def all_rows(self) -> bool: ...

    def source(self, name: quoted_name | None = None) -> sa.FromClause:
        """The rows, with the columns of the table that may be read: the table itself, an alias of it, or a subselect.

        :param name: of the alias; None for the queried table, which is in its statement once
        """

    def may_read(self, name: str) -> bool:
        """Whether a field exists for the caller."""

    def shown(self, source: sa.FromClause, field: FieldDefinition) -> sa.ColumnElement[bool] | None:
        """Whether a row of ``source`` shows the field's value; None if all rows do."""

    def guard(self, source: sa.FromClause) -> sa.ColumnElement[bool] | None:
        """Whether a row belongs to the view; None if the view has no condition.

        ``source`` has only such rows. But databases choose the order of conditions, so one that may fail or be slow
        needs this one in front (CASE), or it would tell of other rows.
        """


class Views(Protocol):
    """Gives the caller's view of a table. ``are_whole``: each is the table itself.

    ``moment`` is that of the request, for relative times; None: there are none.
    """

    are_whole: bool

    @property
    def moment(self) -> datetime.datetime | None: ...

    def view(self, model: Model) -> View: ...


class WholeTable:
    """The view of whoever may read everything."""

    key = None
    exists = all_rows = True

    def __init__(self, model: Model) -> None:
        self._model = model

    def source(self, name: quoted_name | None = None) -> sa.FromClause:
        table = self._model.table
        return table if name is None else table.alias(name)

    def may_read(self, name: str) -> bool:
        return True

    def shown(self, source: sa.FromClause, field: FieldDefinition) -> None:
        return None

    def guard(self, source: sa.FromClause) -> None:
        return None


class WholeTables:
    """The views of whoever may read everything."""

    are_whole = True
    moment = None

    def view(self, model: Model) -> View:
        return WholeTable(model)


class ReverseSides:
    """The rows that refer to a row, as far as a caller may see them: a reverse side shows the far rows that are
    readable together with their link.
    """

    def __init__(self, models: Models, views: Views) -> None:
        self._models, self._views = models, views

    def exists(self, side: Referrer) -> bool:
        """Whether the caller may see who refers to a row in this way."""
        if self._views.are_whole:
            return True
        far = self._models(side.table_id)
        link = None if far is None else far.definition.by_id.get(side.field_id)
        return far is not None and link is not None and self._views.view(far).may_read(link.name)

    def rows(self, side: Referrer) -> sa.FromClause | None:
        """The far rows: ``row_id`` and, as ``value``, the id that they refer to; None if the whole table is seen."""
        far = None if self._views.are_whole else self._models(side.table_id)
        if far is None:
            return None
        link, view = far.definition.by_id[side.field_id], self._views.view(far)
        if view.key is None:
            return None
        source = view.source()
        if not side.many:
            return sa.select(source.c.id.label("row_id"), source.c[link.name].label("value")).subquery()
        lines = lines_of(side.table_id, side.field_id, far.table.schema)
        rows = sa.select(lines.c.row_id, lines.c.value).join(source, source.c.id == lines.c.row_id)
        shown = view.shown(source, link)
        return (rows if shown is None else rows.where(shown)).subquery()
