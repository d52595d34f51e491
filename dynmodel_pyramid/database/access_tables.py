"""The system tables of access: roles, users, tokens, sessions, and the log of what happened to them.

==========================  ==========================================================================================
``_dynmodel_role``          one row a role, with its grants
``_dynmodel_access_change`` one row a change of roles, or of a user's roles, claims or state: the log from which caches
                            catch up
``_dynmodel_user``          one row a user
``_dynmodel_login``         one row an account of a user at an OpenID provider
``_dynmodel_token``         one row a token; a revoked one is deleted
``_dynmodel_session``       one row a session; one that has ended is deleted
``_dynmodel_failure``       one row an address, or a user and an address, that sign-ins failed for
``_dynmodel_audit``         one row an event: changes of access, sign-ins, tokens made and revoked
==========================  ==========================================================================================

Secrets are stored as digests only.
"""

from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import ROW_ID

_MOMENT = sa.DateTime(timezone=True)


class AccessTables:
    """The tables, in the metadata of the other system tables."""

    def __init__(self, metadata: sa.MetaData) -> None:
        self.role = sa.Table(
            "_dynmodel_role",
            metadata,
            sa.Column("name", sa.Text, primary_key=True),
            sa.Column("document", sa.JSON, nullable=False),
        )
        self.change = sa.Table(
            "_dynmodel_access_change",
            metadata,
            sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("stamp", sa.String(32), nullable=False),
            # "grants", or the id of an identity, such as user:7.
            sa.Column("subject", sa.Text, nullable=False),
            sa.Column("changed_at", _MOMENT, nullable=False),
            sa.Column("changed_by", sa.Text),
        )
        self.user = sa.Table(
            "_dynmodel_user",
            metadata,
            sa.Column("id", ROW_ID, primary_key=True),
            sa.Column("version", sa.BigInteger, nullable=False),
            sa.Column("name", sa.Text, nullable=False),
            # The casefolded name.
            sa.Column("name_key", sa.Text, nullable=False, unique=True),
            sa.Column("email", sa.Text),
            sa.Column("roles", sa.JSON, nullable=False),
            sa.Column("claims", sa.JSON, nullable=False),
            # argon2id, in PHC string format; null: no password signs in.
            sa.Column("password", sa.Text),
            sa.Column("disabled", sa.Boolean, nullable=False),
            sa.Column("created_at", _MOMENT, nullable=False),
            sa.Column("password_changed_at", _MOMENT),
            sqlite_autoincrement=True,
        )
        self.login = sa.Table(
            "_dynmodel_login",
            metadata,
            sa.Column("issuer", sa.Text, primary_key=True),
            sa.Column("subject", sa.Text, primary_key=True),
            sa.Column("user_id", sa.BigInteger, nullable=False, index=True),
            sa.Column("created_at", _MOMENT, nullable=False),
        )
        self.token = sa.Table(
            "_dynmodel_token",
            metadata,
            sa.Column("id", ROW_ID, primary_key=True),
            # SHA-256 in hexadecimal digits.
            sa.Column("digest", sa.String(64), nullable=False, unique=True),
            sa.Column("name", sa.Text, nullable=False),
            # Whose it is; null: it belongs to nobody.
            sa.Column("user_id", sa.BigInteger, index=True),
            sa.Column("roles", sa.JSON, nullable=False),
            # {"tables": [1, 2] or null, "read_only": false}
            sa.Column("narrowing", sa.JSON, nullable=False),
            sa.Column("created_at", _MOMENT, nullable=False),
            sa.Column("created_by", sa.Text),
            sa.Column("expires_at", _MOMENT),
            sa.Column("last_used_at", _MOMENT),
            sqlite_autoincrement=True,
        )
        self.session = sa.Table(
            "_dynmodel_session",
            metadata,
            sa.Column("id", ROW_ID, primary_key=True),
            sa.Column("digest", sa.String(64), nullable=False, unique=True),
            sa.Column("user_id", sa.BigInteger, nullable=False, index=True),
            sa.Column("created_at", _MOMENT, nullable=False),
            sa.Column("seen_at", _MOMENT, nullable=False),
            # The absolute end.
            sa.Column("expires_at", _MOMENT, nullable=False, index=True),
            sa.Column("address", sa.Text),
            sqlite_autoincrement=True,
        )
        self.failure = sa.Table(
            "_dynmodel_failure",
            metadata,
            sa.Column("key", sa.String(64), primary_key=True),
            sa.Column("count", sa.Integer, nullable=False),
            sa.Column("first_at", _MOMENT, nullable=False),
            sa.Column("last_at", _MOMENT, nullable=False, index=True),
        )
        self.audit = sa.Table(
            "_dynmodel_audit",
            metadata,
            sa.Column("id", ROW_ID, primary_key=True),
            sa.Column("at", _MOMENT, nullable=False, index=True),
            sa.Column("event", sa.Text, nullable=False),
            # Who did it; null: nobody that is known, or the console.
            sa.Column("identity", sa.Text),
            sa.Column("address", sa.Text),
            sa.Column("request_id", sa.Text),
            sa.Column("detail", sa.JSON, nullable=False),
            # How many such events the row stands for.
            sa.Column("count", sa.Integer, nullable=False),
            sqlite_autoincrement=True,
        )

    @property
    def all(self) -> tuple[sa.Table, ...]:
        tables: dict[str, Any] = vars(self)
        return tuple(tables.values())
