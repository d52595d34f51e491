"""The tables that roles name, as one transaction sees them."""

from collections.abc import Mapping
from functools import partial

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.definitions.names import may_be_name, name_key
from dynmodel_pyramid.hints import Hint, asked
from dynmodel_pyramid.queries.grammar.rules import Rules


class Tables:
    """Gives the model of a table by its id or model name; None if there is none.

    :param connection: None: there are no tables but the changed ones
    :param changed: definitions that are about to be stored, by the ids of their tables; None for a dropped one
    """

    def __init__(
        self,
        catalogue: Catalogue,
        connection: sa.Connection | None,
        changed: Mapping[int, TableDefinition | None] | None = None,
    ) -> None:
        self.catalogue, self._connection = catalogue, connection
        self._changed = changed or {}
        self._models: dict[int | str, Model | None] = {}
        #: The grammar of conditions.
        self.rules = Rules(operators=catalogue.field_types.operators, spellings=catalogue.field_types.spellings)

    def __call__(self, key: int | str) -> Model | None:
        if isinstance(key, str):
            if not may_be_name(key):
                return None
            key = name_key(key)
        if key not in self._models:
            definition = self._definition(key)
            if definition is None:
                self._models[key] = None
            elif isinstance(key, str):
                self._models[key] = self(definition.id)
            else:
                self._models[key] = self._model(definition)
        return self._models[key]

    def hint(self, name: str) -> Hint:
        """Makes the hint for a name that no table has; whoever writes roles sees all tables."""
        return partial(self._near, name)

    def _near(self, name: str) -> str | None:
        with self.catalogue.database.reading() as connection:
            return asked(self.catalogue.store.near_names(connection, name))

    def _definition(self, key: int | str) -> TableDefinition | None:
        if isinstance(key, int):
            if key in self._changed:
                return self._changed[key]
            if self._connection is None:
                return None
            return self.catalogue.store.by_id(self._connection, key)[1]
        for definition in self._changed.values():
            if definition is not None and name_key(definition.model_name) == key:
                return definition
        if self._connection is None:
            return None
        found = self.catalogue.store.by_name(self._connection, key)[1]
        return None if found is None or found.id in self._changed else found

    def _model(self, definition: TableDefinition) -> Model:
        definition = self.catalogue.upgraded(definition)
        known = None if self._connection is None else self.catalogue.snapshot.by_id(definition.id)
        if isinstance(known, Model) and known.definition == definition:
            return known  # its table need not be built again
        return self.catalogue.model(definition)
