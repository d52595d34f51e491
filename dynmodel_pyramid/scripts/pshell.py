"""The namespace of ``pshell``; ``setup`` in the INI file's section ``[pshell]`` names :func:`setup`.

>>> session.scalars(select(Product).where(Product.price > 10)).all()
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import select

from dynmodel_pyramid.definitions.names import identifiers
from dynmodel_pyramid.errors import PluginMissing
from dynmodel_pyramid.orm.sessions import ModelSession

#: Classes that are put into the namespace; ``models`` has all.
CLASSES = 100


def setup(env: dict[str, Any]) -> Iterator[None]:
    """Add ``catalogue``, ``models``, ``session``, ``select`` and the classes of the first tables by their names.

    ``session`` writes with ``session.commit()``; until then, and after a read until ``session.rollback()``, it is in a
    transaction. A class whose definition has changed since is refused: get it again from ``models``.
    """
    catalogue = env["registry"].dynmodel_catalogue
    models = catalogue.models
    with ModelSession(catalogue, writes=False) as session:
        env.update(catalogue=catalogue, models=models, session=session, select=select)
        for name, identifier in identifiers(islice(models, CLASSES)).items():
            if identifier not in env:
                try:
                    env[identifier] = models[name]
                except (KeyError, PluginMissing):  # dropped just now, or one of its types is not installed
                    continue
        yield
