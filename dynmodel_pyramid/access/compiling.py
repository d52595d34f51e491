"""Conditions of grants -> SQL over the rows of a table.

A condition is about all rows and values, also those that the identity may not see; a relation in it means EXISTS over
the whole far table. So no grant depends on another one.
"""

from collections.abc import Callable

import sqlalchemy as sa

from dynmodel_pyramid.access import conditions
from dynmodel_pyramid.access.conditions import Condition
from dynmodel_pyramid.access.operands import Recorder, Slot
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.queries.sql.comparisons import Operands
from dynmodel_pyramid.queries.sql.selection import Selection, Surroundings
from dynmodel_pyramid.queries.sql.views import Models, WholeTables

#: The rows of a table -> the condition on them.
RowCondition = Callable[[sa.FromClause], sa.ColumnElement[bool]]


def compiled(
    condition: Condition, model: Model, models: Models, table: sa.FromClause, operands: Operands
) -> sa.ColumnElement[bool]:
    """The condition for a row of ``table``, the model's own or an alias of it."""
    query = conditions.query(condition, model, models)
    around = Surroundings(query, models, WholeTables(), operands=operands)
    return sa.and_(sa.true(), *Selection(around, around.names(model, table), query.select).conditions())


def slots_of(condition: Condition, model: Model, models: Models) -> tuple[Slot, ...]:
    """The placeholders of a condition, in the order in which they are compiled.

    :raises ConditionBroken: the condition names something that is gone
    """
    recorder = Recorder()
    compiled(condition, model, models, model.table, recorder)
    return tuple(recorder.slots)
