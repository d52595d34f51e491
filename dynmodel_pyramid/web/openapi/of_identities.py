"""The operations of access: roles, identities, tokens, users, sessions, the audit."""

from dynmodel_pyramid.web.openapi.operations import (
    JSON,
    MERGE_PATCH,
    WRITING,
    Answer,
    Body,
    Described,
    Operation,
    json_body,
    many,
    merge_patch,
    schema,
)

_ACCESS = "Access"
_DONE = ("ETag", "Preference-Applied", "Idempotency-Replayed", "Consistency-Token")
_CHANGING = ("If-Match", "Prefer.return", "Idempotency-Key")
_GONE = {204: Answer()}


def _shown(name: str) -> dict[int, Answer]:
    return {200: Answer(schema(name), ("ETag",)), 304: Answer(None, ("ETag",))}


def _changed(name: str, *, new: bool = False) -> dict[int, Answer]:
    answers = {200: Answer(schema(name), _DONE), 204: Answer(None, _DONE)}
    return {**answers, 201: Answer(schema(name), (*_DONE, "Location"))} if new else answers


OF_IDENTITIES: dict[str, Described] = {
    "Me": Described(
        "me/",
        _ACCESS,
        {"GET": Operation("get_me", "Who the caller is, and what it may do", {200: Answer(schema("Me"))})},
        is_open=True,
    ),
    "SessionResource": Described(
        "session/",
        _ACCESS,
        {
            "GET": Operation("get_session", "Who is signed in", {200: Answer(schema("Session"))}),
            "POST": Operation(
                "sign_in",
                "Sign in: the answer sets the cookie of the session",
                {201: Answer(schema("Session"), ("Set-Cookie",))},
                (),
                Body({JSON: schema("SignIn"), "application/x-www-form-urlencoded": schema("SignIn")}),
            ),
            "DELETE": Operation("sign_out", "Sign out", {204: Answer(None, ("Set-Cookie",))}),
        },
        is_open=True,
    ),
    "Tokens": Described(
        "token/",
        _ACCESS,
        {
            "GET": Operation(
                "list_tokens", "Tokens", {200: Answer(many("Token"), ("Link",))}, ("limit.100", "offset"), needs="user"
            ),
            "POST": Operation(
                "create_token",
                "Make a token; the answer alone has its secret",
                {201: Answer(schema("TokenWithSecret"), ("Location",))},
                (),
                json_body("NewToken"),
                needs="user",
            ),
        },
    ),
    "TokenResource": Described(
        "token/{n}/",
        _ACCESS,
        {
            "GET": Operation("get_token", "One of them", {200: Answer(schema("Token"))}, needs="user"),
            "DELETE": Operation("revoke_token", "Revoke it", _GONE, needs="user"),
        },
        ("n",),
    ),
    "Users": Described(
        "user/",
        _ACCESS,
        {
            "GET": Operation(
                "list_users", "Users", {200: Answer(many("User"), ("Link",))}, ("limit.100", "offset"), needs="admin"
            ),
            "POST": Operation(
                "create_user",
                "Make a user",
                {201: Answer(schema("User"), ("ETag", "Location"))},
                (),
                json_body("NewUser"),
                needs="admin",
            ),
        },
    ),
    "UserResource": Described(
        "user/{n}/",
        _ACCESS,
        {
            "GET": Operation("get_user", "One of them", _shown("User"), ("If-None-Match",), needs="user"),
            "PATCH": Operation(
                "patch_user",
                "Change it",
                {200: Answer(schema("User"), ("ETag",))},
                ("If-Match",),
                merge_patch("UserPatch"),
                needs="admin",
            ),
            "DELETE": Operation(
                "delete_user", "Delete it, with its tokens and sessions", _GONE, ("If-Match",), needs="admin"
            ),
        },
        ("n",),
    ),
    "UserPassword": Described(
        "user/{n}/password/",
        _ACCESS,
        {
            "PUT": Operation(
                "put_password", "Set a password", _GONE, ("If-Match",), json_body("NewPassword"), needs="user"
            )
        },
        ("n",),
    ),
    "AccessResource": Described(
        "access/",
        _ACCESS,
        {
            "GET": Operation("get_access", "Roles and their grants", _shown("Roles"), ("If-None-Match",)),
            "PUT": Operation("put_access", "Replace all roles", _changed("Roles"), _CHANGING, json_body("Roles")),
            "PATCH": Operation(
                "patch_access", "Change roles by a merge patch", _changed("Roles"), _CHANGING, merge_patch("RolesPatch")
            ),
        },
    ),
    "RoleResource": Described(
        "access/role/{name}/",
        _ACCESS,
        {
            "GET": Operation("get_role", "One role", _shown("Role"), ("If-None-Match",)),
            "PUT": Operation(
                "put_role", "Replace or make it", _changed("Role", new=True), _CHANGING, json_body("Role")
            ),
            "PATCH": Operation(
                "patch_role", "Change it by a merge patch", _changed("Role"), _CHANGING, merge_patch("RolePatch")
            ),
            "DELETE": Operation(
                "delete_role",
                "Delete it",
                {204: Answer(None, ("ETag", "Idempotency-Replayed", "Consistency-Token"))},
                ("If-Match", "Idempotency-Key"),
            ),
        },
        ("name",),
    ),
    "AccessPlan": Described(
        "access/plan/",
        _ACCESS,
        {
            "POST": Operation(
                "plan_access",
                "What a PUT of the roles with this body would open and close, or a PATCH with this merge patch",
                {200: Answer(schema("AccessPlan"))},
                ("If-Match",),
                Body({JSON: schema("Roles"), MERGE_PATCH: schema("RolesPatch")}),
            )
        },
    ),
    "AccessExplained": Described(
        "access/explain/",
        _ACCESS,
        {
            "GET": Operation(
                "explain_access",
                "Why an identity may do something with a row, or may not",
                {200: Answer(schema("Explanation"))},
                ("explain.table", "explain.action", "explain.as", "explain.row"),
            )
        },
    ),
    "AuditLog": Described(
        "audit/",
        _ACCESS,
        {
            "GET": Operation(
                "list_audit",
                "What happened to access",
                {200: Answer(many("Event"), ("Link",))},
                ("limit.100", "before", "event", "identity"),
            )
        },
    ),
}

#: Where a provider is set.
OF_PROVIDER: dict[str, Described] = {
    "OidcSignIn": Described(
        "session/oidc/",
        _ACCESS,
        {
            "GET": Operation(
                "begin_sign_in",
                "Sign in at the OpenID provider",
                {303: Answer(None, ("Location",))},
                ("next",),
                errors=WRITING,
            )
        },
        is_open=True,
    ),
    "OidcCallback": Described(
        "session/oidc/callback/",
        _ACCESS,
        {
            "GET": Operation(
                "end_sign_in", "Where the provider leads back to", {303: Answer(None, ("Location",))}, errors=WRITING
            )
        },
        is_open=True,
    ),
}
