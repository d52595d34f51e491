"""Former names of fields: in request bodies, beside the present names in answers, and in ``order``."""

import datetime

from dynmodel_pyramid.access.scope import Scope
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import TableDefinition


def aliases_of(model: Model) -> "Aliases":
    return model.once(Aliases, lambda model: Aliases(model.definition))


class Aliases:
    """The aliases of one version of a table."""

    def __init__(self, definition: TableDefinition) -> None:
        #: Alias -> the field's name.
        self.names = {alias.name: field.name for field in definition.fields for alias in field.aliases}
        self._moments = {
            field.name: min(datetime.datetime.fromisoformat(alias.deprecated_at) for alias in field.aliases)
            for field in definition.fields
            if field.aliases
        }

    def deprecation(self, scope: Scope) -> str | None:
        """The header ``Deprecation`` (RFC 9745) of answers with rows, by the earliest alias that exists for the caller;
        None if there is no alias.
        """
        moments = [moment for name, moment in self._moments.items() if scope.exists(name)]
        return f"@{int(min(moments).timestamp())}" if moments else None
