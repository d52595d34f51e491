"""The script that Alembic runs, on the connection of ``definitions.upgrade`` (Alembic's cookbook, "Sharing a
Connection").
"""

from alembic import context

attributes = context.config.attributes
context.configure(connection=attributes["connection"], **attributes["options"])
with context.begin_transaction():
    context.run_migrations()
