"""Former names of fields: in request bodies, beside the present names in answers, and in ``order``."""

import datetime
from collections.abc import Callable

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

    def deprecation(self, exists: Callable[[str], bool]) -> str | None:
        """The header ``Deprecation`` (RFC 9745) of answers with rows, by the earliest alias; None if there is no alias.

        :param exists: whether a field exists for the caller
        """
        moments = [moment for name, moment in self._moments.items() if exists(name)]
        return f"@{int(min(moments).timestamp())}" if moments else None
