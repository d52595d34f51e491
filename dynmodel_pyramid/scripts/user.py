"""``dynmodel-user``: makes users, and sets their passwords and states.

    dynmodel-user create production.ini ann --role clerk
    dynmodel-user set-password production.ini ann < password.txt
    dynmodel-user disable production.ini ann
    dynmodel-user enable production.ini ann
    dynmodel-user list production.ini

A password is asked for, or is the first line of standard input; it is never an argument, which other users of the
machine could see.
"""

import argparse
import getpass
import sys

import sqlalchemy as sa

from dynmodel_pyramid.access import changes
from dynmodel_pyramid.access.accounts.accounts import Accounts
from dynmodel_pyramid.access.accounts.audit import FROM_CONSOLE
from dynmodel_pyramid.access.accounts.passwords import refuse_bad_password
from dynmodel_pyramid.access.accounts.user_documents import read_new_user
from dynmodel_pyramid.access.accounts.users import User
from dynmodel_pyramid.errors import ConfigurationProblem, NotFound
from dynmodel_pyramid.scripts.accounts import add_ini, known_roles, run

#: Users that are read at a time.
CHUNK = 1000


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dynmodel-user", description="Make and change users.")
    commands = parser.add_subparsers(required=True, metavar="create|set-password|disable|enable|list")
    make = commands.add_parser("create", help="make a user")
    add_ini(make, create)
    make.add_argument("name")
    make.add_argument("--role", action="append", default=[], help="a role that the user has; may be repeated")
    make.add_argument("--email")
    make.add_argument("--no-password", action="store_true", help="ask for none: the user cannot sign in with one")
    for word, command, text in (
        ("set-password", set_password, "set a password, and end all sessions of the user"),
        ("disable", disable, "end all sessions and let no token of the user in"),
        ("enable", enable, "let the user in again"),
    ):
        one = commands.add_parser(word, help=text)
        add_ini(one, command)
        one.add_argument("name")
    add_ini(commands.add_parser("list", help="list users"), list_users)
    return run(parser, arguments)


def _read_password() -> str:
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise ConfigurationProblem("the two passwords differ; nothing was changed")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    return refuse_bad_password(password, "/password", new=True)


def _user(connection: sa.Connection, accounts: Accounts, name: str) -> User:
    found = accounts.users.by_name(connection, name)
    user = None if found is None else accounts.users.by_id(connection, found.id, lock=True)
    if user is None:
        raise NotFound(f"there is no user {name!r}")
    return user


def create(accounts: Accounts, args: argparse.Namespace) -> None:
    password = None if args.no_password else accounts.passwords.hash(_read_password())
    with accounts.database.writer.begin() as connection:
        roles = known_roles(connection, accounts, args.role)
        values, _ = read_new_user({"name": args.name, "email": args.email}, connection, accounts.users)
        user = accounts.users.create(connection, **{**values, "roles": roles, "password": password})
        detail = {"user": user.id, "name": user.name, "roles": list(user.roles)}
        accounts.audit.note(connection, "user_created", FROM_CONSOLE, **detail)
    print(f"user {user.id} ({user.name}) is made")


def set_password(accounts: Accounts, args: argparse.Namespace) -> None:
    with accounts.database.reading() as connection:
        if accounts.users.by_name(connection, args.name) is None:
            raise NotFound(f"there is no user {args.name!r}")
    password = accounts.passwords.hash(_read_password())
    with accounts.database.writer.begin() as connection:
        changes.hold(connection, accounts.database)
        user = _user(connection, accounts, args.name)
        accounts.users.set_password(connection, user, password)
        accounts.audit.note(connection, "password_changed", FROM_CONSOLE, user=user.id, name=user.name)
    print(f"user {user.id} ({user.name}) has a new password; all sessions are ended")


def disable(accounts: Accounts, args: argparse.Namespace) -> None:
    _set_disabled(accounts, args.name, disabled=True)


def enable(accounts: Accounts, args: argparse.Namespace) -> None:
    _set_disabled(accounts, args.name, disabled=False)


def _set_disabled(accounts: Accounts, name: str, *, disabled: bool) -> None:
    with accounts.database.writer.begin() as connection:
        changes.hold(connection, accounts.database)
        user = _user(connection, accounts, name)
        accounts.users.change(connection, user, {"disabled": disabled}, None)
        detail = {"user": user.id, "name": user.name, "changed": ["disabled"], "disabled": disabled}
        accounts.audit.note(connection, "user_changed", FROM_CONSOLE, **detail)
    print(f"user {user.id} ({user.name}) is {'disabled' if disabled else 'enabled'}")


def list_users(accounts: Accounts, args: argparse.Namespace) -> None:
    offset = 0
    while True:
        with accounts.database.reading() as connection:
            users = accounts.users.page(connection, CHUNK, offset)
        for user in users:
            roles = f"roles: {', '.join(user.roles)}" if user.roles else "without roles"
            notes = [roles, *(["disabled"] if user.disabled else []), *([] if user.password else ["no password"])]
            print(f"{user.id}: {user.name} ({', '.join(notes)})")
        if len(users) < CHUNK:
            return
        offset += CHUNK


if __name__ == "__main__":
    sys.exit(main())
