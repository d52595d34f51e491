"""Events for Pyramid applications: writes of rows and changes of definitions (docs/embedding.md, "Events").

``rows``         the events of writes of rows
``definitions``  those of changes of definitions
``tables``       rows of other tables, for subscribers
``subscribers``  tells an application's subscribers; their predicates
"""

from dynmodel_pyramid.events.definitions import (
    AfterDefinitionChange,
    BeforeDefinitionChange,
    DefinitionChange,
    DefinitionChangeCommitted,
)
from dynmodel_pyramid.events.rows import AfterRowWrite, BeforeRowWrite, RowChange, RowWriteCommitted
from dynmodel_pyramid.events.tables import Table

__all__ = [
    "AfterDefinitionChange",
    "AfterRowWrite",
    "BeforeDefinitionChange",
    "BeforeRowWrite",
    "DefinitionChange",
    "DefinitionChangeCommitted",
    "RowChange",
    "RowWriteCommitted",
    "Table",
]
