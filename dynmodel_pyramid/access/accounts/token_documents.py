"""Tokens as JSON documents."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dynmodel_pyramid.access.accounts.roles import read_roles
from dynmodel_pyramid.access.accounts.tokens import Token
from dynmodel_pyramid.access.identity import Narrowing
from dynmodel_pyramid.database.dialect import LARGEST_ID
from dynmodel_pyramid.definitions.expressions import moment_text
from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.definitions.store import now
from dynmodel_pyramid.errors import Invalid, Problem
from dynmodel_pyramid.fields.numerals import whole

KEYS = ("name", "roles", "user", "expires_at", "tables", "read_only")
MOST_NAME, MOST_TABLES = 200, 1000
#: The id of a table by its model name or number; None: there is none that the caller may know of.
TableIds = Callable[[int | str], int | None]
#: The model name of a table by its id; None: it was dropped.
TableNames = Callable[[int], str | None]


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a document asks for; ``roles`` is None where it names none.

    :param is_nobodys: it says that the token belongs to nobody
    """

    name: str
    roles: tuple[str, ...] | None
    user_id: int | None
    is_nobodys: bool
    narrowing: Narrowing
    expires_at: datetime.datetime | None


def token_document(token: Token, names: TableNames) -> dict[str, Any]:
    """A token without its secret. Tables that were dropped are shown by their numbers."""
    tables, user = token.narrowing.tables, token.user_id
    return {
        "id": token.id,
        "identity": f"token:{token.id}" if user is None else f"user:{user}",
        "name": token.name,
        "user": user,
        "roles": list(token.roles),
        "tables": None if tables is None else [names(number) or number for number in sorted(tables)],
        "read_only": token.narrowing.read_only,
        "created_at": moment_text(token.created_at),
        "created_by": token.created_by,
        "expires_at": None if token.expires_at is None else moment_text(token.expires_at),
        "last_used_at": None if token.last_used_at is None else moment_text(token.last_used_at),
    }


def read_new_token(document: Any, existing_roles: frozenset[str] | None, tables: TableIds) -> NewToken:
    """
    :param existing_roles: None if the client may not know them; then the caller compares the roles with its own
    :raises Invalid: with all faults
    """
    if type(document) is not dict:
        raise Invalid([Problem("", "wrong_type", "want an object")])
    problems = Problems()
    problems.unknown_keys(document, KEYS, "")
    name = problems.text(document, "name", "", most=MOST_NAME)
    if not name and not problems.total:
        problems.add("/name", "required", "want a name, which tells what the token is for")
    roles = None
    if document.get("roles") is not None:
        roles = read_roles(document["roles"], "/roles", existing_roles, problems)
    user = whole(document.get("user"))
    if document.get("user") is not None and not _is_id(user):
        problems.add("/user", "wrong_type", "want the number of a user, or null for nobody")
    expires_at = _moment(document.get("expires_at"), problems)
    narrowing = Narrowing(_tables(document.get("tables"), tables, problems), problems.flag(document, "read_only", ""))
    problems.raise_if_any()
    is_nobodys = "user" in document and user is None
    return NewToken(name or "", roles, user, is_nobodys, narrowing, expires_at)


def _is_id(value: Any) -> bool:
    return type(value) is int and 1 <= value <= LARGEST_ID


def _moment(value: Any, problems: Problems) -> datetime.datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.datetime.fromisoformat(value).astimezone(datetime.UTC)
        is_whole = "T" in value.upper() and datetime.datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError, OverflowError):
        is_whole = False
    if not is_whole:
        problems.add("/expires_at", "invalid_format", "want a date-time with a time zone, such as 2027-01-31T12:00:00Z")
        return None
    if moment <= now():
        problems.add("/expires_at", "too_small", "want a time that is to come")
    return moment


def _tables(value: Any, ids: TableIds, problems: Problems) -> frozenset[int] | None:
    if value is None:
        return None
    keys = [key if type(key) is str else whole(key) for key in value] if type(value) is list else [None]
    if any(type(key) is not str and not _is_id(key) for key in keys):
        problems.add("/tables", "wrong_type", "want an array of model names, or null for all tables")
        return None
    if len(value) > MOST_TABLES:
        problems.add("/tables", "too_many_items", f"want at most {MOST_TABLES} tables")
        return None
    found = [ids(key) for key in keys if key is not None]
    for number, table_id in enumerate(found):
        if table_id is None:
            problems.add(f"/tables/{number}", "unknown_table", "there is no such table")
    return frozenset(table_id for table_id in found if table_id is not None)
