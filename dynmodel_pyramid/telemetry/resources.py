"""The resources by which requests are counted: a bounded set of names, never the path of a request.

The key is the name of a resource's class. The route is its path with names in the places of parts that differ, as
OpenTelemetry wants it (``http.route``).
"""

#: Class -> name and route.
RESOURCES: dict[str, tuple[str, str]] = {
    "RowResource": ("row", "/table/{table}/row/{row}/"),
    "RowList": ("rows", "/table/{table}/rows/"),
    "SingularRowList": ("rows", "/table/{table}/row/"),
    "QueryResource": ("query", "/table/{table}/query/"),
    "RowsPlan": ("rows_plan", "/table/{table}/rows/plan/"),
    "Views": ("views", "/table/{table}/view/"),
    "ViewResource": ("view", "/table/{table}/view/{view}/"),
    "ViewRows": ("view_rows", "/table/{table}/view/{view}/rows/"),
    "Tables": ("tables", "/table/"),
    "Table": ("table", "/table/{table}/"),
    "Plan": ("plan", "/table/{table}/plan/"),
    "Health": ("health", "/table/{table}/health/"),
    "TableCompaction": ("compaction", "/table/{table}/compact/"),
    "History": ("history", "/table/{table}/history/"),
    "HistoryVersion": ("version", "/table/{table}/history/{version}/"),
    "DifferenceResource": ("difference", "/table/{table}/history/{version}/diff/{other}/"),
    "Revert": ("revert", "/table/{table}/history/{version}/revert/"),
    "RevertPlan": ("revert_plan", "/table/{table}/history/{version}/revert/plan/"),
    "QuarantineResource": ("quarantine", "/table/{table}/quarantine/"),
    "QuarantinedResource": ("quarantined", "/table/{table}/quarantine/{value}/"),
    "Restoration": ("restoration", "/table/{table}/quarantine/{value}/restore/"),
    "FieldTrash": ("field_trash", "/table/{table}/trash/"),
    "TrashedField": ("trashed_field", "/table/{table}/trash/{field}/"),
    "FieldRestore": ("field_restore", "/table/{table}/trash/{field}/restore/"),
    "TableTrash": ("table_trash", "/trash/"),
    "TrashedTable": ("trashed_table", "/trash/{table}/"),
    "TableRestore": ("table_restore", "/trash/{table}/restore/"),
    "Schema": ("schema", "/schema/"),
    "SchemaPlan": ("schema_plan", "/schema/plan/"),
    "Batch": ("batch", "/batch/"),
    "BatchPlan": ("batch_plan", "/batch/plan/"),
    "Root": ("root", "/"),
    "Live": ("live", "/live/"),
    "Ready": ("ready", "/ready/"),
    "WholeHealth": ("whole_health", "/health/"),
    "Metrics": ("metrics", "/metrics/"),
    "FieldTypesResource": ("field_types", "/field-type/"),
    "FieldTypeResource": ("field_type", "/field-type/{type}/"),
    "OpenApi": ("openapi", "/openapi.json"),
    "TableOpenApi": ("openapi", "/table/{table}/openapi.json"),
    "Docs": ("docs", "/docs/"),
    "PageDocument": ("page", "/ui/"),
    "PageFiles": ("page_file", "/ui/static/"),
    "PageFolder": ("page_file", "/ui/static/{folder}/"),
    "PageFile": ("page_file", "/ui/static/{file}"),
    "AccessResource": ("access", "/access/"),
    "Roles": ("role", "/access/role/"),
    "RoleResource": ("role", "/access/role/{role}/"),
    "AccessPlan": ("access_plan", "/access/plan/"),
    "AccessExplained": ("explain", "/access/explain/"),
    "Tokens": ("tokens", "/token/"),
    "TokenResource": ("token", "/token/{token}/"),
    "Users": ("users", "/user/"),
    "UserResource": ("user", "/user/{user}/"),
    "UserPassword": ("password", "/user/{user}/password/"),
    "SessionResource": ("session", "/session/"),
    "OidcSignIn": ("oidc", "/session/oidc/"),
    "OidcCallback": ("oidc", "/session/oidc/callback/"),
    "Me": ("me", "/me/"),
    "AuditLog": ("audit", "/audit/"),
    "Rest": ("rest", "/rest/"),
    "RestTable": ("rest_rows", "/rest/{table}"),
    "Functions": ("rest_functions", "/rest/rpc/"),
    "Function": ("rest_functions", "/rest/rpc/{function}"),
}
#: A request for none of them: nothing is there, its body was refused, or the server answered by itself.
UNKNOWN, SERVER = "unknown", "server"
#: A resource of a package that the application includes.
OTHER = "other"
NAMES: tuple[str, ...] = (*dict.fromkeys(name for name, _ in RESOURCES.values()), OTHER, UNKNOWN, SERVER)


#: The names by classes, which are found as they come; an application has not many.
_NAMES: dict[type, str] = {}


def name_of(kind: type) -> str:
    name = _NAMES.get(kind)
    if name is None:
        name = _NAMES[kind] = RESOURCES[kind.__name__][0] if kind.__name__ in RESOURCES else OTHER
    return name


def route_of(kind: type) -> str | None:
    return RESOURCES[kind.__name__][1] if kind.__name__ in RESOURCES else None
