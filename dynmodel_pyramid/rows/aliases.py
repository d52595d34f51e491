"""Former names of fields: in request bodies, beside the present names in answers, and in ``order``."""

import datetime

from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import TableDefinition


def aliases_of(model: Model) -> "Aliases":
    return model.once(Aliases, lambda model: Aliases(model.definition))


class Aliases:
    """The aliases of one version of a table."""

    def __init__(self, definition: TableDefinition) -> None:
        #: Alias -> the field's name.
        self.names = {alias.name: field.name for field in definition.fields for alias in field.aliases}
        moments = [
            datetime.datetime.fromisoformat(alias.deprecated_at)
            for field in definition.fields
            for alias in field.aliases
        ]
        #: The header ``Deprecation`` (RFC 9745) of answers with rows, by the earliest alias; None if there is no alias.
        self.deprecation = f"@{int(min(moments).timestamp())}" if moments else None
