"""The generated classes by their names, for scripts, shells and plugins."""

from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.definitions.names import identifiers, name_key
from dynmodel_pyramid.orm.class_groups import class_of

#: How many definitions are in memory at a time while names are listed.
CHUNK = 500


class Models(Mapping[str, type]):
    """The generated classes by model name, always as the database defines them now.

    ``models["Product"]`` and ``models.Product``; a table that is called like a method (``items``) needs the brackets.
    For a name that is no identifier one is made (:meth:`attributes`): ``models["Order Items"]`` is
    ``models.Order_Items``. Upper and lower case count the same. Iteration gives the names in the order of the tables'
    ids.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def __getitem__(self, name: str) -> type:
        """:raises KeyError: there is no such table
        :raises PluginMissing: a field's type is not installed
        """
        cls = class_of(self._catalogue, name)
        if cls is None:
            raise KeyError(name)
        return cls

    def __getattr__(self, name: str) -> type:
        if name.startswith("_"):  # no model's name begins so
            raise AttributeError(name)
        found = class_of(self._catalogue, name)
        if found is None:
            key = name_key(name)
            called = next((called for called, made in self.attributes().items() if name_key(made) == key), None)
            found = None if called is None else class_of(self._catalogue, called)
        if found is None:
            raise AttributeError(f"there is no table called {name}")
        return found

    def attributes(self) -> dict[str, str]:
        """The names of all tables, with their identifiers (:func:`~definitions.names.identifiers`)."""
        return identifiers(self)

    def __iter__(self) -> Iterator[str]:
        table = self._catalogue.store.system.table.c
        last = 0
        while True:
            query = sa.select(table.id, table.document).where(table.dropped_at.is_(None), table.id > last)
            with self._catalogue.database.reading() as connection:
                rows = connection.execute(query.order_by(table.id).limit(CHUNK)).all()
            yield from (document["model_name"] for _, document in rows)
            if len(rows) < CHUNK:
                return
            last = rows[-1][0]

    def __len__(self) -> int:
        table = self._catalogue.store.system.table.c
        with self._catalogue.database.reading() as connection:
            count = sa.select(sa.func.count(table.id)).where(table.dropped_at.is_(None))
            return connection.execute(count).scalar_one()

    def __repr__(self) -> str:
        return f"<{len(self)} models>"
