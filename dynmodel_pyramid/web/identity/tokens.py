"""Views of tokens: ``/token/`` and ``/token/{n}/``. Administrators have all, a user has his own."""

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.accounts.roles import existing_roles
from dynmodel_pyramid.access.accounts.token_documents import NewToken, read_new_token, token_document
from dynmodel_pyramid.access.accounts.tokens import Token
from dynmodel_pyramid.access.attempt import RequestAttempt
from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.access.identity import BUILT_IN_ROLES, Credential
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.errors import Conflict, Invalid, NotFound, Problem
from dynmodel_pyramid.web.http.answers import empty_answer, encode, json_answer
from dynmodel_pyramid.web.http.body import read_json, refuse_body
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.parts import link_next, read_part
from dynmodel_pyramid.web.http.transactions import read_connection
from dynmodel_pyramid.web.http.tree import path
from dynmodel_pyramid.web.identity.changing import accounts_of, changing_access, is_signed_in, note, own_user_id
from dynmodel_pyramid.web.identity.resources import TokenResource, Tokens

USUAL, MOST = 100, 1000
_IMPLIED = BUILT_IN_ROLES - {"admin"}


def _owner(caller: Caller, what: str) -> int | None:
    """Whose tokens the caller may see; None: all.

    :raises DynmodelError: it may see none
    """
    if caller.is_admin:
        return None
    owner = own_user_id(caller)
    if owner is None:
        raise caller.refused(what)
    return owner


def _exists(attempt: RequestAttempt, model: Model) -> bool:
    """Whether a table exists for the caller, as in :func:`~dynmodel_pyramid.web.http.tree.visible`."""
    caller = attempt.caller
    return caller.is_admin or caller.definitions != "none" or not caller.grants(model.definition.id).is_empty


def _document(token: Token, attempt: RequestAttempt) -> dict[str, object]:
    def name(number: int) -> str | None:
        model = attempt.model(number)
        return None if model is None or not _exists(attempt, model) else model.definition.model_name

    return token_document(token, name)


def list_tokens(context: Tokens, request: Request) -> Response:
    page = read_part(no_parameters(request, "limit", "offset"), USUAL, MOST)
    owner = _owner(context.attempt.caller, "list tokens")
    tokens = accounts_of(request).tokens.page(read_connection(request), page.limit + 1, page.offset, user_id=owner)
    answer = json_answer(encode([_document(token, context.attempt) for token in tokens[: page.limit]]))
    return link_next(request, answer, page, len(tokens) > page.limit)


def create_token(context: Tokens, request: Request) -> Response:
    no_parameters(request)
    caller: Caller = context.attempt.caller
    if not caller.is_admin and not is_signed_in(caller):
        raise caller.refused("make tokens: an administrator may, or a user who is signed in")
    document = read_json(request)

    def table_id(key: int | str) -> int | None:
        model = context.attempt.model(key)
        return None if model is None or not _exists(context.attempt, model) else model.definition.id

    accounts = accounts_of(request)
    with accounts.database.reading() as connection:
        # To others a role that they do not have is the same as none.
        roles = existing_roles(connection, accounts.tables) if caller.is_admin else None
    wanted = read_new_token(document, roles, table_id)
    connection = changing_access(context.attempt, request)
    own = own_user_id(caller)
    owner = None if wanted.is_nobodys else wanted.user_id or own
    if owner != own and not caller.is_admin:
        raise caller.refused("make tokens of others")
    if owner is not None:
        if accounts.users.by_id(connection, owner, lock=True) is None:
            raise Invalid([Problem("/user", "unknown_user", f"there is no user {owner}")])
        if accounts.tokens.count(connection, owner) >= accounts.database.settings.max_tokens:
            raise Conflict(
                f"the user has {accounts.database.settings.max_tokens} tokens, and may have no more",
                code="too_many_tokens",
                hint="revoke one: DELETE /token/{n}/; or raise dynmodel.max_tokens",
            )
    token, secret = accounts.tokens.create(
        connection,
        name=wanted.name,
        roles=_roles(caller, wanted, is_own=owner is not None and owner == own),
        user_id=owner,
        narrowing=wanted.narrowing,
        expires_at=wanted.expires_at,
        author=caller.identity.id,
    )
    note(request, caller, connection, "token_created", token=token.id, name=token.name, user=owner)
    answer = json_answer(encode({**_document(token, context.attempt), "secret": secret}), 201)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Location"] = path(request, "token", token.id)
    return answer


def _roles(caller: Caller, wanted: NewToken, *, is_own: bool) -> tuple[str, ...]:
    """The roles of the new token: a user's own token has all of his, unless he names some."""
    own = caller.identity.roles
    if wanted.roles is None:
        return tuple(sorted(own - _IMPLIED)) if is_own else ()
    if not caller.is_admin:
        for number, role in enumerate(wanted.roles):
            if role not in own:
                raise Invalid(
                    [Problem(f"/roles/{number}", "role_not_held", f"the user does not have the role {role!r}")]
                )
    return wanted.roles


def _one(context: TokenResource, token: Token | None, owner: int | None) -> Token:
    if token is None or (owner is not None and token.user_id != owner):
        raise NotFound(f"there is no token {context.number}")
    return token


def get_token(context: TokenResource, request: Request) -> Response:
    no_parameters(request)
    owner = _owner(context.attempt.caller, "see tokens")
    token = accounts_of(request).tokens.by_id(read_connection(request), context.number)
    return json_answer(encode(_document(_one(context, token, owner), context.attempt)))


def revoke_token(context: TokenResource, request: Request) -> Response:
    no_parameters(request)
    refuse_body(request)
    caller: Caller = context.attempt.caller
    owner = _owner(caller, "revoke tokens")
    if owner is not None and not is_signed_in(caller):
        raise caller.refused("revoke tokens: an administrator may, or a user who is signed in")
    accounts = accounts_of(request)
    connection = changing_access(context.attempt, request)
    token = _one(context, accounts.tokens.by_id(connection, context.number), owner)
    accounts.tokens.revoke(connection, token.id)
    note(request, caller, connection, "token_revoked", token=token.id, name=token.name, user=token.user_id)
    expires = None if token.expires_at is None else token.expires_at.timestamp()
    accounts.recogniser.forget(Credential("token", token.id, expires))
    return empty_answer()
