"""Views of users: ``/user/``, ``/user/{n}/`` and ``/user/{n}/password/``. They are for administrators; a user may see
himself, and change his password with the old one.
"""

from typing import Any

import sqlalchemy as sa
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.accounts.passwords import refuse_bad_password
from dynmodel_pyramid.access.accounts.user_documents import read_changes, read_new_user, user_document
from dynmodel_pyramid.access.accounts.users import PROVEN, User
from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
    Problem,
    Unauthenticated,
)
from dynmodel_pyramid.web.http.answers import empty_answer, encode, json_answer
from dynmodel_pyramid.web.http.body import MERGE_PATCH, read_json, refuse_body
from dynmodel_pyramid.web.http.conditions import if_match, is_unchanged
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.parts import link_next, read_part
from dynmodel_pyramid.web.http.transactions import read_connection
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.identity.changing import (
    accounts_of,
    changing_access,
    is_signed_in,
    note,
    origin_of,
    own_user_id,
)
from dynmodel_pyramid.web.identity.credentials import clear_cookie
from dynmodel_pyramid.web.identity.resources import UserPassword, UserResource, Users

USUAL, MOST = 100, 1000


def _refuse_others(caller: Caller, what: str) -> None:
    if not caller.is_admin:
        raise caller.refused(what)


def _answer(user: User, status: int = 200) -> Response:
    answer = json_answer(encode(user_document(user)), status)
    answer.headers["ETag"] = f'"{user.version}"'
    return answer


def _locked(number: int, request: Request, connection: sa.Connection) -> User:
    """The user, locked; ``If-Match`` holds."""
    user = accounts_of(request).users.by_id(connection, number, lock=True)
    if user is None:
        raise NotFound(f"there is no user {number}")
    matches = if_match(request)
    if matches is not None and not matches(str(user.version)):
        raise PreconditionFailed(f"the current version of the user is {user.version}")
    return user


def list_users(context: Users, request: Request) -> Response:
    page = read_part(no_parameters(request, "limit", "offset"), USUAL, MOST)
    _refuse_others(context.attempt.caller, "list users")
    users = accounts_of(request).users.page(read_connection(request), page.limit + 1, page.offset)
    answer = json_answer(encode([user_document(user) for user in users[: page.limit]]))
    return link_next(request, answer, page, len(users) > page.limit)


def create_user(context: Users, request: Request) -> Response:
    no_parameters(request)
    caller: Caller = context.attempt.caller
    _refuse_others(caller, "make users")
    document, accounts = read_json(request), accounts_of(request)
    with accounts.database.reading() as reading:
        values, password = read_new_user(document, reading, accounts.users)
    # Before the transaction: it takes some 50 ms.
    hashed = None if password is None else accounts.passwords.hash(password)
    connection = changing_access(context.attempt, request)
    user = accounts.users.create(connection, **values, password=hashed)
    note(request, caller, connection, "user_created", user=user.id, name=user.name, roles=list(user.roles))
    answer = _answer(user, 201)
    answer.headers["Location"] = path(request, "user", user.id)
    return answer


def get_user(context: UserResource, request: Request) -> Response:
    no_parameters(request)
    caller: Caller = context.attempt.caller
    if own_user_id(caller) != context.number:
        _refuse_others(caller, "see other users")
    user = accounts_of(request).users.by_id(read_connection(request), context.number)
    if user is None:
        raise NotFound(f"there is no user {context.number}")
    answer = _answer(user)
    if is_unchanged(request, str(user.version)):
        answer = empty_answer(304)
        answer.headers["ETag"] = f'"{user.version}"'
    return answer


def patch_user(context: UserResource, request: Request) -> Response:
    no_parameters(request)
    caller: Caller = context.attempt.caller
    _refuse_others(caller, "change users")
    document, accounts = read_json(request, MERGE_PATCH), accounts_of(request)
    connection = changing_access(context.attempt, request)
    user = _locked(context.number, request, connection)
    values = read_changes(document, connection, accounts.users)
    changed = accounts.users.change(connection, user, values, caller.identity.id)
    names = sorted(name for name in PROVEN if getattr(user, name) != getattr(changed, name))
    if names:
        # Claims and e-mails are no matter of the audit; roles are.
        roles = {"roles": list(changed.roles)} if "roles" in names else {}
        state = {"disabled": changed.disabled} if "disabled" in names else {}
        note(request, caller, connection, "user_changed", user=user.id, name=user.name, changed=names, **roles, **state)
    return _answer(changed)


def delete_user(context: UserResource, request: Request) -> Response:
    no_parameters(request)
    refuse_body(request)
    caller: Caller = context.attempt.caller
    _refuse_others(caller, "delete users")
    connection = changing_access(context.attempt, request)
    user = _locked(context.number, request, connection)
    accounts_of(request).users.delete(connection, user, caller.identity.id)
    note(request, caller, connection, "user_deleted", user=user.id, name=user.name)
    return empty_answer()


def put_password(context: UserPassword, request: Request) -> Response:
    """``{"password": "...", "old_password": "..."}``; an administrator needs no old password of others. All sessions of
    the user end, the caller's own as well.
    """
    no_parameters(request)
    caller: Caller = context.attempt.caller
    number, accounts = context.__parent__.number, accounts_of(request)
    is_own = own_user_id(caller) == number
    if not caller.is_admin and not (is_own and is_signed_in(caller)):
        raise caller.refused("set this password: an administrator may, or the user himself who is signed in")
    password, old = _passwords(read_json(request))
    with accounts.database.reading() as reading:
        user = accounts.users.by_id(reading, number)
    if user is None:
        raise NotFound(f"there is no user {number}")
    if is_own and user.password is not None:
        if old is None:
            raise Invalid([Problem("/old_password", "required", "want the old password")])
        _refuse_wrong(request, user, old)
    hashed = None if password is None else accounts.passwords.hash(password)
    connection = changing_access(context.attempt, request)
    current = _locked(number, request, connection)
    if current.password != user.password:
        raise Conflict("the password was changed while the request ran", hint="nothing was changed; repeat the request")
    accounts.users.set_password(connection, current, hashed)
    note(request, caller, connection, "password_changed", user=user.id, name=user.name)
    answer = empty_answer()
    if is_own and is_signed_in(caller):
        clear_cookie(request, answer)
    return answer


def _refuse_wrong(request: Request, user: User, old: str) -> None:
    """The limits of failed sign-ins hold here as well."""
    accounts = accounts_of(request)
    find = accounts.users.by_id
    try:
        accounts.signing_in.check(user.name, old, origin_of(request), lambda connection: find(connection, user.id))
    except Unauthenticated:
        raise Forbidden("the old password is wrong", code="wrong_password") from None


def _passwords(document: Any) -> tuple[str | None, str | None]:
    if type(document) is not dict or set(document) - {"password", "old_password"} or "password" not in document:
        raise Invalid([Problem("", "wrong_type", "want an object with password and, for one's own, old_password")])
    password, old = document["password"], document.get("old_password")
    return (
        None if password is None else refuse_bad_password(password, "/password", new=True),
        None if old is None else refuse_bad_password(old, "/old_password", new=False),
    )
