"""Access: roles, users, tokens, sessions, and the log of what happened to them."""

import secrets

import sqlalchemy as sa
from alembic import context, op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    schema = context.config.attributes["schema"]
    big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    moment = sa.DateTime(timezone=True)
    stamp = sa.Column("access_stamp", sa.String(32), nullable=False, server_default=secrets.token_hex(16))
    op.add_column("_dynmodel_state", stamp, schema=schema)
    op.create_table(
        "_dynmodel_role",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("document", sa.JSON, nullable=False),
        schema=schema,
    )
    op.create_table(
        "_dynmodel_access_change",
        sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stamp", sa.String(32), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("changed_by", sa.Text),
        schema=schema,
    )
    op.create_table(
        "_dynmodel_user",
        sa.Column("id", big, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text, nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("claims", sa.JSON, nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("password_changed_at", moment),
        sa.UniqueConstraint("name_key", name="_uq__dynmodel_user_name_key"),
        schema=schema,
        sqlite_autoincrement=True,
    )
    op.create_table(
        "_dynmodel_login",
        sa.Column("issuer", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        schema=schema,
    )
    op.create_table(
        "_dynmodel_token",
        sa.Column("id", big, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("narrowing", sa.JSON, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("created_by", sa.Text),
        sa.Column("expires_at", moment),
        sa.Column("last_used_at", moment),
        sa.UniqueConstraint("digest", name="_uq__dynmodel_token_digest"),
        schema=schema,
        sqlite_autoincrement=True,
    )
    op.create_table(
        "_dynmodel_session",
        sa.Column("id", big, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("address", sa.Text),
        sa.UniqueConstraint("digest", name="_uq__dynmodel_session_digest"),
        schema=schema,
        sqlite_autoincrement=True,
    )
    op.create_table(
        "_dynmodel_failure",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("first_at", moment, nullable=False),
        sa.Column("last_at", moment, nullable=False),
        schema=schema,
    )
    op.create_table(
        "_dynmodel_audit",
        sa.Column("id", big, primary_key=True),
        sa.Column("at", moment, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("identity", sa.Text),
        sa.Column("address", sa.Text),
        sa.Column("request_id", sa.Text),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        schema=schema,
        sqlite_autoincrement=True,
    )
    op.create_index("_ix__dynmodel_login_user_id", "_dynmodel_login", ["user_id"], schema=schema)
    op.create_index("_ix__dynmodel_token_user_id", "_dynmodel_token", ["user_id"], schema=schema)
    op.create_index("_ix__dynmodel_session_user_id", "_dynmodel_session", ["user_id"], schema=schema)
    op.create_index("_ix__dynmodel_session_expires_at", "_dynmodel_session", ["expires_at"], schema=schema)
    op.create_index("_ix__dynmodel_failure_last_at", "_dynmodel_failure", ["last_at"], schema=schema)
    op.create_index("_ix__dynmodel_audit_at", "_dynmodel_audit", ["at"], schema=schema)
