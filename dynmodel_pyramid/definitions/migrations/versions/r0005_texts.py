"""PostgreSQL: the functions of texts without case and accents."""

from alembic import context, op

from dynmodel_pyramid.database.texts import functions

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    if schema is None:
        return  # each connection of SQLite has them
    quote = op.get_bind().dialect.identifier_preparer.quote_identifier
    for statement in functions.statements(quote(schema)):
        op.get_bind().exec_driver_sql(statement)
