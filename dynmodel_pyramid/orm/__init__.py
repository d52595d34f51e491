"""Declarative classes of tables, for scripts, shells and plugins. The catalogue gets this package as its ``ORM``.

``classes``       the classes by name
``class_groups``  classes of tables that link to one another are made together, with relationships
``sessions``      sessions; they prove that the classes they used were current
``flush``         a session's flush: which rows have changed, and their system values
``announcing``    a session's rows are announced before they are written
``flush_checks``  the rules of fields, applied to values that a session is about to write

SQLAlchemy's ORM is imported when a script first asks for a class or a session: it is a seventh of the time that the
application takes to load, and 8 MB of its memory.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dynmodel_pyramid.catalogue.catalogue import Catalogue


def models(catalogue: "Catalogue") -> Mapping[str, type]:
    """The generated classes by their names."""
    from dynmodel_pyramid.orm.classes import Models

    return Models(catalogue)


def session(catalogue: "Catalogue", *, writes: bool, author: str | None) -> AbstractContextManager[Any]:
    """An ORM session in a transaction."""
    from dynmodel_pyramid.orm import sessions

    return sessions.session(catalogue, writes=writes, author=author)


__all__ = ["models", "session"]
