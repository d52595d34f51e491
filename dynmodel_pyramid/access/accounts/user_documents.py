"""Users as JSON documents."""

import json
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.accounts.passwords import refuse_bad_password
from dynmodel_pyramid.access.accounts.roles import existing_roles, read_roles
from dynmodel_pyramid.access.accounts.users import User, Users
from dynmodel_pyramid.definitions.expressions import moment_text
from dynmodel_pyramid.definitions.names import name_key
from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.errors import Invalid, Problem
from dynmodel_pyramid.fields.schema import UNSTORABLE

KEYS = ("name", "email", "roles", "claims", "disabled")
MOST_NAME, MOST_EMAIL = 200, 320
#: Characters of all claims of a user as JSON: every request binds some of them.
MOST_CLAIMS = 16_384


def user_document(user: User) -> dict[str, Any]:
    """A user as administrators, and he himself, see him."""
    changed = user.password_changed_at
    return {
        "id": user.id,
        "identity": user.identity_id,
        "version": user.version,
        "name": user.name,
        "email": user.email,
        "roles": list(user.roles),
        "claims": user.claims,
        "disabled": user.disabled,
        "has_password": user.password is not None,
        "created_at": moment_text(user.created_at),
        "password_changed_at": None if changed is None else moment_text(changed),
    }


def read_new_user(document: Any, connection: sa.Connection, users: Users) -> tuple[dict[str, Any], str | None]:
    """The values of a new user, and his password.

    :raises Invalid: with all faults
    """
    values = _read(document, (*KEYS, "password"), connection, users)
    if "name" not in values:
        raise Invalid([Problem("/name", "required", "want a name")])
    password = document.get("password")
    return values, None if password is None else refuse_bad_password(password, "/password", new=True)


def read_changes(document: Any, connection: sa.Connection, users: Users) -> dict[str, Any]:
    """The values in a merge patch (RFC 7396); claims are replaced as a whole.

    :raises Invalid: with all faults
    """
    return _read(document, KEYS, connection, users)


def _read(document: Any, known: tuple[str, ...], connection: sa.Connection, users: Users) -> dict[str, Any]:
    if type(document) is not dict:
        raise Invalid([Problem("", "wrong_type", "want an object")])
    problems = Problems()
    problems.unknown_keys(document, known, "")
    values: dict[str, Any] = {}
    if "name" in document:
        values["name"] = _name(document["name"], problems)
    if "email" in document:
        values["email"] = problems.text(document, "email", "", most=MOST_EMAIL)
    if "roles" in document:
        roles = [] if document["roles"] is None else document["roles"]
        values["roles"] = read_roles(roles, "/roles", existing_roles(connection, users.tables), problems)
    if "claims" in document:
        values["claims"] = _claims(document["claims"], problems)
    if "disabled" in document:
        values["disabled"] = problems.flag(document, "disabled", "")
    problems.raise_if_any()
    return values


def _name(name: Any, problems: Problems) -> str:
    if type(name) is not str:
        problems.add("/name", "wrong_type", "want a string")
        return ""
    if not name or name != name.strip() or not name.isprintable():
        problems.add("/name", "invalid_name", "want printable characters, without space at either end")
    elif max(len(name), len(name_key(name))) > MOST_NAME:
        problems.add("/name", "too_long", f"want at most {MOST_NAME} characters")
    return name


def _claims(claims: Any, problems: Problems) -> dict[str, Any]:
    if claims is None:
        return {}
    if type(claims) is not dict:
        problems.add("/claims", "wrong_type", "want an object")
        return {}
    text = json.dumps(claims, ensure_ascii=False)
    if len(text) > MOST_CLAIMS:
        problems.add("/claims", "too_large", f"want at most {MOST_CLAIMS} characters of JSON")
    elif "\\u0000" in text or UNSTORABLE.search(text):
        problems.add("/claims", "unstorable_text", "NUL and lone surrogates can't be stored")
    return claims
