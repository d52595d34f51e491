"""Declarative classes of tables, for scripts, shells and plugins. The catalogue gets this package as its ``ORM``.

``models``        the classes by name
``class_groups``  classes of tables that link to one another are made together, with relationships
``sessions``      sessions; they prove that the classes they used were current
``flush``         a session's flush: which rows have changed, and their system values
``announcing``    a session's rows are announced before they are written
``flush_checks``  the rules of fields, applied to values that a session is about to write
"""

from dynmodel_pyramid.orm.models import Models as models
from dynmodel_pyramid.orm.sessions import session

__all__ = ["models", "session"]
