"""``dynmodel-token``: makes, lists and revokes tokens.

    dynmodel-token create --role admin production.ini
    dynmodel-token list production.ini
    dynmodel-token revoke production.ini 3

The token is printed once, alone on standard output. A role must exist; ``admin`` always does, and may do everything.
"""

import argparse
import datetime
import sys

import sqlalchemy as sa

from dynmodel_pyramid.access import changes
from dynmodel_pyramid.access.accounts.accounts import Accounts
from dynmodel_pyramid.access.accounts.audit import FROM_CONSOLE
from dynmodel_pyramid.access.accounts.tokens import Token
from dynmodel_pyramid.access.identity import Narrowing
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.errors import NotFound
from dynmodel_pyramid.scripts.accounts import add_ini, known_roles, run

#: Tokens that are read at a time.
CHUNK = 1000


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dynmodel-token", description="Make, list and revoke tokens.")
    commands = parser.add_subparsers(required=True, metavar="create|list|revoke")
    make = commands.add_parser("create", help="make a token and print it")
    add_ini(make, create)
    make.add_argument("--role", action="append", default=[], help="a role that it has; may be repeated")
    make.add_argument("--name", default="made on the console", help="what it is for")
    make.add_argument("--days", type=_days, help="days after which it expires (default: never)")
    make.add_argument("--read-only", action="store_true", help="it changes nothing")
    make.add_argument("--table", action="append", help="the model name of a table that it is for; may be repeated")
    make.add_argument("--user", help="the name of the user whose it is; it has all his roles, or those of --role")
    add_ini(commands.add_parser("list", help="list tokens, without their secrets"), list_tokens)
    end = commands.add_parser("revoke", help="end a token")
    add_ini(end, revoke)
    end.add_argument("number", type=int, help="its number, as list shows it")
    return run(parser, arguments)


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 36_500:
        raise argparse.ArgumentTypeError("want a whole number of days, 1 to 36500")
    return int(text)


def create(accounts: Accounts, args: argparse.Namespace) -> None:
    expires_at = None if args.days is None else now() + datetime.timedelta(days=args.days)
    with accounts.database.writer.begin() as connection:
        user = None
        if args.user is not None:
            user = accounts.users.by_name(connection, args.user)
            if user is None:
                raise NotFound(f"there is no user {args.user!r}")
        roles = known_roles(connection, accounts, args.role)
        token, secret = accounts.tokens.create(
            connection,
            name=args.name,
            roles=user.roles if user is not None and not roles else roles,
            user_id=None if user is None else user.id,
            narrowing=Narrowing(_tables(connection, accounts, args.table), args.read_only),
            expires_at=expires_at,
        )
        detail = {"token": token.id, "name": token.name, "user": token.user_id}
        accounts.audit.note(connection, "token_created", FROM_CONSOLE, **detail)
    print(f"token {token.id}, {_roles(token)}; it is shown only now:", file=sys.stderr)
    print(secret)


def _tables(connection: sa.Connection, accounts: Accounts, names: list[str] | None) -> frozenset[int] | None:
    if names is None:
        return None
    table = accounts.database.system.table.c
    found = set()
    for name in names:
        query = sa.select(table.id).where(table.name_key == name_key(name), table.dropped_at.is_(None))
        number = connection.scalar(query)
        if number is None:
            raise NotFound(f"there is no table {name!r}")
        found.add(number)
    return frozenset(found)


def _roles(token: Token) -> str:
    return f"roles: {', '.join(token.roles)}" if token.roles else "without roles"


def list_tokens(accounts: Accounts, args: argparse.Namespace) -> None:
    offset = 0
    while True:
        with accounts.database.reading() as connection:
            tokens = accounts.tokens.page(connection, CHUNK, offset)
        for token in tokens:
            owner = "" if token.user_id is None else f", user:{token.user_id}"
            end = "" if token.expires_at is None else f", expires {token.expires_at:%Y-%m-%d %H:%M}"
            used = "never used" if token.last_used_at is None else f"last used {token.last_used_at:%Y-%m-%d %H:%M}"
            print(f"{token.id}: {token.name} ({_roles(token)}{owner}{end}, {used})")
        if len(tokens) < CHUNK:
            return
        offset += CHUNK


def revoke(accounts: Accounts, args: argparse.Namespace) -> None:
    with accounts.database.writer.begin() as connection:
        changes.hold(connection, accounts.database)
        token = accounts.tokens.by_id(connection, args.number)
        if token is None:
            raise NotFound(f"there is no token {args.number}")
        accounts.tokens.revoke(connection, token.id)
        detail = {"token": token.id, "name": token.name, "user": token.user_id}
        accounts.audit.note(connection, "token_revoked", FROM_CONSOLE, **detail)
    print(f"token {token.id} ({token.name}) is revoked")


if __name__ == "__main__":
    sys.exit(main())
