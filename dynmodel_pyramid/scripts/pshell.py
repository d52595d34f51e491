"""The namespace of ``pshell``; ``setup`` in the INI file's section ``[pshell]`` names :func:`setup`.
>>> session.scalars(select(Product).where(Product.price > 10)).all()
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database import no_tenant_named
from dynmodel_pyramid.definitions.names import identifiers
from dynmodel_pyramid.errors import PluginMissing
from dynmodel_pyramid.orm.sessions import ModelSession

#: Classes that are put into the namespace; ``models`` has all.
CLASSES = 100
#: pshell prints the docstring of each name, whole and in one line.
_LINES = {
    "catalogue": "all tables of the database",
    "models": "their classes by name: models.Product",
    "session": "reads, and writes with session.commit()",
    "select": "SQLAlchemy's select()",
}


def select(*entities: Any) -> sa.Select[Any]:
    return sa.select(*entities)


def setup(env: dict[str, Any]) -> Iterator[None]:
    """Add ``catalogue``, ``models``, ``session``, ``select`` and the classes of the first tables by their names.

    ``session`` writes with ``session.commit()``; until then, and after a read until ``session.rollback()``, it is in a
    transaction. A class whose definition has changed since is refused: get it again from ``models``.
    """
    registry = env["registry"]
    if registry.dynmodel_tenant is None:
        raise no_tenant_named(registry.dynmodel_settings)
    catalogue = registry.dynmodel_catalogue
    models = catalogue.models
    with ModelSession(catalogue, writes=False) as session:
        env.update(catalogue=catalogue, models=models, session=session, select=select)
        for name, line in _LINES.items():
            env[name].__doc__ = line
        for name, identifier in identifiers(islice(models, CLASSES)).items():
            if identifier not in env:
                try:
                    env[identifier] = models[name]
                    env[identifier].__doc__ = f"a row of {name}"
                except (KeyError, PluginMissing):  # dropped just now, or one of its types is not installed
                    continue
        yield
