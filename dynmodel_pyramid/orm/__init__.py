"""Declarative classes of tables, for scripts, shells and plugins. A catalogue is given this package as its ``ORM``.

``models``        the classes by name
``class_groups``  classes of tables that link to one another are made together, with relationships
``sessions``      sessions, which prove that the classes they used were current
``flush``         what a session's flush asks of rows: which have changed, and the values that the system gives them
``flush_checks``  the rules of fields, asked of the values that a session is about to write
"""

from dynmodel_pyramid.orm.models import Models as models
from dynmodel_pyramid.orm.sessions import session

__all__ = ["models", "session"]
