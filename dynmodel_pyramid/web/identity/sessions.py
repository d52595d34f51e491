"""Views of ``/session/``: POST signs in, DELETE signs out, GET tells."""

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.accounts.passwords import refuse_bad_password
from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.errors import Invalid, Malformed, Problem
from dynmodel_pyramid.queries import split
from dynmodel_pyramid.web.http.answers import empty_answer, encode, json_answer
from dynmodel_pyramid.web.http.body import media_type_of, read_document, read_json, refuse_body, refuse_media_type
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.identity import origins
from dynmodel_pyramid.web.identity.changing import accounts_of, changing_access, is_signed_in, note, origin_of
from dynmodel_pyramid.web.identity.credentials import clear_cookie, sent_cookies, set_cookie
from dynmodel_pyramid.web.identity.resources import SessionResource

FORM = "application/x-www-form-urlencoded"
#: Bytes of a document with a name and a password.
LONGEST = 16_384


def _document(caller: Caller) -> dict[str, Any]:
    identity, credential = caller.identity, caller.identity.credential
    if not is_signed_in(caller) or credential is None or credential.expires is None:
        return {"signed_in": False, "identity": None, "name": None}
    return {"signed_in": True, "identity": identity.id, "name": identity.name}


def get_session(context: SessionResource, request: Request) -> Response:
    no_parameters(request)
    answer = json_answer(encode(_document(context.attempt.caller)))
    answer.headers["Cache-Control"] = "no-store"
    if sent_cookies(request) and not is_signed_in(context.attempt.caller):
        clear_cookie(request, answer)
    return answer


def sign_in(context: SessionResource, request: Request) -> Response:
    """The secret is new on each sign-in, whatever cookie was sent: nobody can give another a session that he knows."""
    no_parameters(request)
    origins.require_own(request, request.registry.dynmodel_settings)
    name, password = _credentials(request)
    accounts = accounts_of(request)
    user, secret = accounts.signing_in.sign_in(name, password, origin_of(request))
    answer = json_answer(encode({"signed_in": True, "identity": user.identity_id, "name": user.name}), 201)
    answer.headers["Cache-Control"] = "no-store"
    set_cookie(request, answer, secret, accounts.database.settings.session_lifetime)
    # The sign-in is committed, and its answer shows nothing that could be stale.
    context.attempt.settle()
    return answer


def sign_out(context: SessionResource, request: Request) -> Response:
    no_parameters(request)
    refuse_body(request)
    caller: Caller = context.attempt.caller
    credential = caller.identity.credential
    if is_signed_in(caller) and credential is not None:
        connection = changing_access(context.attempt, request)
        accounts_of(request).sessions.end(connection, credential.id)
        note(request, caller, connection, "signed_out")
        accounts_of(request).recogniser.forget(credential)
    answer = empty_answer()
    clear_cookie(request, answer)
    return answer


def _credentials(request: Request) -> tuple[str, str]:
    """:raises Invalid: there is no name or no password"""
    if (request.content_length or 0) > LONGEST:
        raise Malformed(f"a sign-in has at most {LONGEST} bytes", hint="send name and password only")
    if media_type_of(request) == FORM:
        document: Any = _form(request)
    else:
        document = read_json(request, ("application/json", FORM))
    if type(document) is not dict or set(document) != {"name", "password"}:
        raise Invalid([Problem("", "wrong_type", "want an object with name and password")])
    name = document["name"]
    if type(name) is not str:
        raise Invalid([Problem("/name", "wrong_type", "want a string")])
    return name, refuse_bad_password(document["password"], "/password", new=False)


def _form(request: Request) -> dict[str, str]:
    refuse_media_type(request, (FORM,))
    pairs = split(read_document(request).decode("latin-1"))
    if len(pairs) != len(dict(pairs)):
        raise Malformed("a parameter stands twice", code="invalid_parameter")
    return dict(pairs)
