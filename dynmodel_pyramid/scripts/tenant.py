"""``dynmodel-tenant``: makes, lists and drops tenants, and runs other commands for them.

    dynmodel-tenant create production.ini acme
    dynmodel-tenant list production.ini
    dynmodel-tenant run production.ini acme dynmodel-user create production.ini ann --role admin
    dynmodel-tenant each production.ini dynmodel-backup production.ini backups/{tenant}
    dynmodel-tenant upgrade production.ini
    dynmodel-tenant drop production.ini acme acme --backup acme.backup

``run`` and ``each`` set DYNMODEL_TENANT for the command; in its arguments ``{tenant}`` stands for the name. ``each``
goes on where a command fails, and tells the tenants at the end. ``upgrade`` upgrades the system tables of all tenants
in one process; the service does it as well, when a tenant is first asked for, if ``dynmodel.auto_upgrade`` lets it.

Destroying a tenant needs its name twice, or ``--yes``.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import ConfigurationProblem, DynmodelError
from dynmodel_pyramid.scripts import backup
from dynmodel_pyramid.scripts.ini import read_ini
from dynmodel_pyramid.settings import ENVIRONMENT, Settings
from dynmodel_pyramid.tenants.administration import TenantAdministration, administration, checked

#: Does what one command says; -> the exit status.
Command = Callable[[TenantAdministration, argparse.Namespace], int]
_VARIABLE = f"{ENVIRONMENT}TENANT"
_PLACE = "{tenant}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dynmodel-tenant", description="Make, list and drop tenants.")
    commands = parser.add_subparsers(required=True, metavar="create|list|drop|upgrade|run|each")
    _command(commands, "create", create, "make a tenant").add_argument("name")
    _command(commands, "list", list_tenants, "list all tenants, a name a line")
    _command(commands, "upgrade", upgrade_all, "upgrade the system tables of all tenants")
    dropping = _command(commands, "drop", drop, "destroy a tenant: tables, rows, history, trash, users")
    dropping.add_argument("name")
    dropping.add_argument("again", nargs="?", help="the name once more")
    dropping.add_argument("--yes", action="store_true", help="in place of the name once more")
    dropping.add_argument("--backup", type=Path, metavar="FILE", help="first save all of it, as dynmodel-backup does")
    running = _command(commands, "run", run_one, "run a command for a tenant")
    running.add_argument("name")
    for one in (running, _command(commands, "each", run_each, "run a command for each tenant")):
        one.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND ...")
    args = parser.parse_args(arguments)
    try:
        with administration(Settings(read_ini(args.ini))) as tenants:
            command: Command = args.command
            return command(tenants, args)
    except (DynmodelError, sa.exc.SQLAlchemyError) as error:
        print(f"dynmodel-tenant: {error}", file=sys.stderr)
    except OSError as error:
        print(f"dynmodel-tenant: {error.filename}: {error.strerror}", file=sys.stderr)
    return 1


def _command(commands: Any, word: str, command: Command, help: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(word, help=help)
    parser.add_argument("ini", help="the INI file; file.ini#name for [app:name]")
    parser.set_defaults(command=command)
    return parser


def create(tenants: TenantAdministration, args: argparse.Namespace) -> int:
    tenants.create(args.name)
    print(f"the tenant {args.name} is made; the first way in:")
    print(f"dynmodel-tenant run {args.ini} {args.name} dynmodel-token create --role admin {args.ini}")
    return 0


def list_tenants(tenants: TenantAdministration, args: argparse.Namespace) -> int:
    for name in tenants.names():
        print(name)
    for text in tenants.of_others():
        print(f"dynmodel-tenant: {text}", file=sys.stderr)
    return 0


def upgrade_all(tenants: TenantAdministration, args: argparse.Namespace) -> int:
    count, failed = 0, []
    for name in tenants.names():
        try:
            before, after = tenants.upgrade(name)
        except (DynmodelError, sa.exc.SQLAlchemyError) as error:
            failed.append(name)
            print(f"{name}: {error}", file=sys.stderr)
            continue
        count += before != after
    print(f"{count} tenants went to revision {upgrade.HEAD}.")
    return _told(failed)


def drop(tenants: TenantAdministration, args: argparse.Namespace) -> int:
    if not tenants.exists(args.name):
        raise ConfigurationProblem(f"there is no tenant {args.name}", hint="dynmodel-tenant list FILE.ini lists them")
    if not args.yes and args.again != args.name:
        raise ConfigurationProblem(
            f"all tables and users of the tenant {args.name} would be destroyed; nothing was done",
            hint=f"name it twice: drop {args.ini} {args.name} {args.name}; with --backup FILE all of it is saved first",
        )
    if args.backup is not None:
        os.environ[_VARIABLE] = args.name
        try:
            status = backup.backup([args.ini, str(args.backup)])
        finally:
            del os.environ[_VARIABLE]
        if status:
            print(f"dynmodel-tenant: the tenant {args.name} is still there", file=sys.stderr)
            return status
    tenants.drop(args.name)
    print(f"the tenant {args.name} is destroyed")
    return 0


def run_one(tenants: TenantAdministration, args: argparse.Namespace) -> int:
    # It need not exist: dynmodel-restore brings it back.
    return _run(checked(args.name), args.words)


def run_each(tenants: TenantAdministration, args: argparse.Namespace) -> int:
    return _told([name for name in tenants.names() if _run(name, args.words)])


def _run(name: str, words: list[str]) -> int:
    if not words:
        raise ConfigurationProblem("there is no command", hint="dynmodel-health FILE.ini, for example")
    sys.stdout.flush()
    try:
        ended = subprocess.run(
            [word.replace(_PLACE, name) for word in words], env={**os.environ, _VARIABLE: name}, check=False
        )
    except FileNotFoundError:
        raise ConfigurationProblem(f"there is no command {words[0]}") from None
    return ended.returncode


def _told(failed: list[str]) -> int:
    if failed:
        print(f"dynmodel-tenant: it failed for {len(failed)} tenants: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
