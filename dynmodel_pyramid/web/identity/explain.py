"""The view of ``/access/explain/``: why an identity may do something with a row, or may not."""

from collections.abc import Mapping

import sqlalchemy as sa
from pyramid.request import Request
from pyramid.response import Response

from dynmodel_pyramid.access.accounts.identities import of_token, of_user
from dynmodel_pyramid.access.caller import Caller
from dynmodel_pyramid.access.explaining import Explainer
from dynmodel_pyramid.access.grants import ACTIONS, Access
from dynmodel_pyramid.access.identity import AUTHENTICATED, BUILT_IN_ROLES, EVERYONE, Identity
from dynmodel_pyramid.access.store import load
from dynmodel_pyramid.access.tables import Tables
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions.names import may_be_name
from dynmodel_pyramid.errors import Malformed, NotFound
from dynmodel_pyramid.rows.reading import parse_id
from dynmodel_pyramid.web.http.answers import encode, json_answer
from dynmodel_pyramid.web.http.parameters import no_parameters
from dynmodel_pyramid.web.http.transactions import read_connection
from dynmodel_pyramid.web.identity.resources import AccessExplained

PARAMETERS = ("table", "action", "as", "row")


def explain(context: AccessExplained, request: Request) -> Response:
    parameters = no_parameters(request, *PARAMETERS)
    table, action = _needed(parameters, "table"), _needed(parameters, "action")
    chosen = next((known for known in ACTIONS if known == action), None)
    if chosen is None:
        raise Malformed(
            f"the parameter action is {action!r:.100}", code="invalid_parameter", hint=f"want {' or '.join(ACTIONS)}"
        )
    row_id = None
    if "row" in parameters:
        row_id = parse_id(parameters["row"])
        if row_id is None:
            raise Malformed("the parameter row is no id", code="invalid_parameter")
    number = parse_id(table)
    model = context.attempt.model(table if number is None else number) if may_be_name(table) or number else None
    if model is None:
        raise NotFound(f"there is no table {table!r:.100}")
    catalogue = context.attempt.catalogue
    connection = read_connection(request)
    _, access = load(connection, catalogue.database)
    identity = _identity(connection, catalogue.database, access, _needed(parameters, "as"))
    explainer = Explainer(Caller(identity, access, None), model, Tables(catalogue, connection), connection)
    answer = explainer.explain(chosen, row_id)
    asked = {"table": model.definition.model_name, "action": chosen, "row": row_id}
    who = {"id": identity.id, "roles": sorted(identity.roles)}
    return json_answer(encode({**asked, "as": who, **answer}))


def _needed(parameters: Mapping[str, str], name: str) -> str:
    if not parameters.get(name):
        raise Malformed(
            f"the parameter {name} is missing",
            code="invalid_parameter",
            hint="?table=Order&action=update&as=user:7&row=7",
        )
    return parameters[name]


def _identity(connection: sa.Connection, database: Database, access: Access, text: str) -> Identity:
    """The identity of a user or token, or one that has a role and no claims.

    :raises NotFound: there is none of that id, and no role of that name
    """
    if text == "anonymous":
        return Identity("anonymous", None)
    kind, _, rest = text.partition(":")
    number = parse_id(rest)
    found, tables = None, database.system.access
    if kind == "user" and number is not None:
        found = of_user(connection, tables, number)
    elif kind == "token" and number is not None:
        used = of_token(connection, tables, tables.token.c.id == number)
        found = None if used is None else used[0]
    elif text in access.roles or text in BUILT_IN_ROLES:
        roles = {EVERYONE} if text == EVERYONE else {EVERYONE, AUTHENTICATED, text}
        found = Identity("host", None, roles=frozenset(roles))
    if found is None:
        raise NotFound(
            f"there is no identity or role {text!r:.100}",
            hint="want user:7, token:3, anonymous, or the name of a role",
        )
    return found
