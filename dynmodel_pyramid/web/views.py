"""The resources and their views in one list, which imports the views' modules when one of them is first called.

A process that answers no change of definitions never imports how they change. The views of the start page, of the
health checks, of ``/rest/``, of the page and of sign-in by OpenID are registered in their own modules.
"""

from typing import Any

from pyramid.config import Configurator

from dynmodel_pyramid.web import definition_resources as definitions
from dynmodel_pyramid.web import resources
from dynmodel_pyramid.web.http.methods import View, add_resource_view, later
from dynmodel_pyramid.web.http.permissions import (
    administrators,
    anybody,
    by_definitions,
    by_grants,
    writers_of_definitions,
    writes_by_definitions,
)
from dynmodel_pyramid.web.identity import resources as identity
from dynmodel_pyramid.web.openapi.resources import OpenApi, TableOpenApi

#: Every module with views that are imported at their first call, below ``dynmodel_pyramid.web``.
MODULES: dict[str, list[tuple[type, dict[str, str], Any]]] = {
    "service.schema": [
        (resources.Schema, {"GET": "get_schema", "PUT": "put_schema", "PATCH": "patch_schema"}, by_definitions),
        (resources.SchemaPlan, {"POST": "plan_schema"}, by_definitions),
    ],
    "service.health": [(resources.WholeHealth, {"GET": "get_health"}, administrators)],
    "service.batch": [
        (resources.Batch, {"POST": "run_batch"}, by_grants),
        (resources.BatchPlan, {"POST": "plan_batch"}, by_grants),
    ],
    "definitions.plan": [
        (definitions.Plan, {"POST": "plan_table"}, writers_of_definitions),
        (definitions.RevertPlan, {"POST": "plan_revert"}, writers_of_definitions),
    ],
    "definitions.compact": [
        (
            definitions.TableCompaction,
            {"GET": "get_compaction", "POST": "compact", "DELETE": "cancel_compaction"},
            administrators,
        ),
    ],
    "definitions.history": [
        (definitions.History, {"GET": "list_versions"}, by_definitions),
        (definitions.HistoryVersion, {"GET": "get_version"}, by_definitions),
        (definitions.DifferenceResource, {"GET": "get_difference"}, by_definitions),
        (definitions.Revert, {"POST": "revert"}, by_definitions),
    ],
    "definitions.quarantine": [
        (
            definitions.QuarantineResource,
            {"GET": "list_values", "POST": "correct_values", "DELETE": "purge_values"},
            writers_of_definitions,
        ),
        (definitions.QuarantinedResource, {"GET": "get_value", "DELETE": "purge_value"}, writers_of_definitions),
        (definitions.Restoration, {"POST": "restore_value"}, writers_of_definitions),
    ],
    "definitions.trash": [
        (definitions.Health, {"GET": "get_health"}, writers_of_definitions),
        (definitions.FieldTrash, {"GET": "list_fields"}, writers_of_definitions),
        (definitions.TrashedField, {"GET": "get_field", "DELETE": "purge_field"}, writers_of_definitions),
        (definitions.FieldRestore, {"POST": "restore_field"}, writers_of_definitions),
        (definitions.TableTrash, {"GET": "list_tables"}, writers_of_definitions),
        (definitions.TrashedTable, {"GET": "get_table", "DELETE": "purge_table"}, writers_of_definitions),
        (definitions.TableRestore, {"POST": "restore_table"}, writers_of_definitions),
    ],
    "rows.row": [
        (
            resources.RowResource,
            {"GET": "get_row", "PUT": "put_row", "PATCH": "patch_row", "DELETE": "delete_row"},
            by_grants,
        ),
    ],
    "rows.plans": [(resources.RowsPlan, {"POST": "plan_rows"}, by_grants)],
    "rows.saved_views": [
        (resources.Views, {"GET": "list_views", "POST": "create_view"}, anybody),
        (resources.ViewResource, {"GET": "get_view", "PUT": "put_view", "DELETE": "delete_view"}, anybody),
    ],
    "identity.tokens": [
        (identity.Tokens, {"GET": "list_tokens", "POST": "create_token"}, anybody),
        (identity.TokenResource, {"GET": "get_token", "DELETE": "revoke_token"}, anybody),
    ],
    "identity.users": [
        (identity.Users, {"GET": "list_users", "POST": "create_user"}, anybody),
        (identity.UserResource, {"GET": "get_user", "PATCH": "patch_user", "DELETE": "delete_user"}, anybody),
        (identity.UserPassword, {"PUT": "put_password"}, anybody),
    ],
    "identity.sessions": [
        (identity.SessionResource, {"GET": "get_session", "POST": "sign_in", "DELETE": "sign_out"}, anybody),
    ],
    "identity.me": [(identity.Me, {"GET": "get_me"}, anybody)],
    "identity.audit": [(identity.AuditLog, {"GET": "list_events"}, administrators)],
    "identity.access": [
        (identity.AccessResource, {"GET": "get_access", "PUT": "put_access", "PATCH": "patch_access"}, administrators),
        (
            identity.RoleResource,
            {"GET": "get_role", "PUT": "put_role", "PATCH": "patch_role", "DELETE": "delete_role"},
            administrators,
        ),
        (identity.AccessPlan, {"POST": "plan_access"}, administrators),
    ],
    "identity.explain": [(identity.AccessExplained, {"GET": "explain"}, administrators)],
    "openapi.views": [
        (OpenApi, {"GET": "describe_all"}, anybody),
        (TableOpenApi, {"GET": "describe_table"}, anybody),
    ],
}


def includeme(config: Configurator) -> None:
    for module, registered in MODULES.items():
        for resource, views, permission in registered:
            add_resource_view(
                config, resource, {method: later(module, name) for method, name in views.items()}, permission
            )
    tables: dict[str, View] = {"GET": later("definitions.listing", "list_tables")}
    tables["POST"] = later("definitions.tables", "create_table")
    add_resource_view(config, resources.Tables, tables, writes_by_definitions)
    table: dict[str, View] = {"GET": later("definitions.listing", "get_table")}
    for method in ("PUT", "PATCH", "DELETE"):
        table[method] = later("definitions.tables", f"{method.lower()}_table")
    add_resource_view(config, resources.Table, table, writes_by_definitions)
    # Lists, whose answers have the media types of the installed formats.
    common: dict[str, View] = {"GET": later("rows.lists", "list_rows")}
    for method, name in (("POST", "create_rows"), ("PATCH", "patch_rows"), ("DELETE", "delete_rows")):
        common[method] = later("rows.writes", name)
    offers = later("rows.lists", "offers")
    add_resource_view(config, resources.RowList, common, by_grants, offers=offers)
    add_resource_view(config, resources.SingularRowList, {**common, "PUT": common["POST"]}, by_grants, offers=offers)
    query = {"POST": later("rows.lists", "query_rows")}
    add_resource_view(config, resources.QueryResource, query, by_grants, offers=offers)
    add_resource_view(
        config, resources.ViewRows, {"GET": later("rows.saved_views", "list_rows")}, by_grants, offers=offers
    )
