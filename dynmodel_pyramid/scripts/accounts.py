"""What ``dynmodel-token`` and ``dynmodel-user`` share: the INI file and its database."""

import argparse
import sys
from collections.abc import Callable

import sqlalchemy as sa

from dynmodel_pyramid.access.accounts.accounts import Accounts
from dynmodel_pyramid.access.accounts.roles import existing_roles
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import ConfigurationProblem, DynmodelError
from dynmodel_pyramid.scripts.ini import read_ini
from dynmodel_pyramid.settings import Settings

#: Does what one command says; -> the exit status, None for 0.
Command = Callable[[Accounts, argparse.Namespace], int | None]


def run(parser: argparse.ArgumentParser, arguments: list[str] | None) -> int:
    """Run the command that the arguments name (``command``) on the database of the INI file (``ini``).

    The system tables are made where ``dynmodel.auto_upgrade`` lets the service make them.
    """
    args = parser.parse_args(arguments)
    try:
        settings = Settings(read_ini(args.ini))
        database = Database(settings)
        try:
            (upgrade.upgrade if settings.auto_upgrade else upgrade.check)(database)
            command: Command = args.command
            return command(Accounts(database), args) or 0
        finally:
            database.close()
    except (DynmodelError, sa.exc.SQLAlchemyError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1


def known_roles(connection: sa.Connection, accounts: Accounts, names: list[str]) -> tuple[str, ...]:
    """:raises ConfigurationProblem: one of them does not exist"""
    existing = existing_roles(connection, accounts.tables)
    for name in names:
        if name not in existing:
            raise ConfigurationProblem(f"there is no role {name!r}", hint=f"there are {', '.join(sorted(existing))}")
    return tuple(sorted(set(names)))


def add_ini(parser: argparse.ArgumentParser, command: Command) -> None:
    parser.add_argument("ini", help="the INI file; file.ini#name for [app:name]")
    parser.set_defaults(command=command)
