"""``/access/``: the document of roles and grants, read, changed, planned and explained."""

import pytest
import sqlalchemy as sa

SHOP = {
    "Team": {"name": "string"},
    "Order": {
        "text": "string",
        "status": {"type": "choice", "choices": ["new", "paid", "closed"]},
        "owner": "string",
        "margin": "integer",
        "team": {"type": "link", "table": "Team", "reverse": "orders"},
        "made": "created_time",
        "must": {"type": "integer", "required": True, "default": 1},
    },
    "Country": {"name": "string"},
}
CLERK = {
    "label": "Clerks",
    "tables": {
        "Country": {"read": True},
        "Order": {
            "read": {"rows": "team=in.{user.claims.teams}", "fields": ["*", "-margin"]},
            "create": {
                "fields": ["text", "team"],
                "check": "team=in.{user.claims.teams}",
                "preset": {"owner": "{user.id}"},
            },
            "update": {"rows": "status=neq.closed", "fields": ["text", "status"], "check": "status=in.(new,paid)"},
        },
    },
    "definitions": "read",
}


@pytest.fixture(scope="module")
def shop(client):
    client.looks_after = False
    for name, fields in SHOP.items():
        client.table(fields, name)
    client.send("POST", "/table/Team/rows/", [{"name": "red"}, {"name": "blue"}], status=201)
    rows = [{"text": "a", "status": "new", "team": 1}, {"text": "b", "status": "closed", "team": 2}]
    client.send("POST", "/table/Order/rows/", rows, status=201)
    return client


@pytest.fixture
def access(shop):
    shop.send("PUT", "/access/", {"roles": {}}, status=200)
    return shop


def revision(access):
    return int(access.send("GET", "/access/").headers["ETag"].strip('"'))


def test_the_document_comes_back_as_it_was_sent(access):
    before = revision(access)
    document = {"roles": {"clerk": CLERK}}
    made = access.send("PUT", "/access/", document, status=200)
    assert made.json == document
    assert made.headers["ETag"] == f'"{before + 1}"'
    assert access.get("/access/") == document
    assert access.get("/access/role/clerk/") == CLERK
    # What is read and sent back changes nothing.
    again = access.send("PUT", "/access/", access.get("/access/"), status=200)
    assert again.headers["ETag"] == made.headers["ETag"]
    assert access.send("GET", "/access/", if_none_match=made.headers["ETag"], status=304).body == b""
    assert access.send("HEAD", "/access/").headers["ETag"] == made.headers["ETag"]


FORMS = {
    "true": ({"read": True}, {"read": True}),
    "false": ({"read": False, "delete": True}, {"delete": True}),
    "none at all": ({}, {}),
    "an empty object": ({"update": {}}, {"update": True}),
    "an empty array": ({"read": []}, {}),
    "an array of one": ({"read": [{"rows": "text=eq.a"}]}, {"read": {"rows": "text=eq.a"}}),
    "an array": ({"read": [{"rows": "text=eq.a"}, {}]}, {"read": [{"rows": "text=eq.a"}, {}]}),
    "every field": ({"read": {"fields": ["*"]}}, {"read": True}),
    "no field": ({"read": {"fields": []}}, {"read": {"fields": []}}),
    "the id": ({"create": {"fields": ["*", "id"]}}, {"create": {"fields": ["*", "id"]}}),
    "the order of fields": ({"read": {"fields": ["status", "text"]}}, {"read": {"fields": ["text", "status"]}}),
    "true for rows": ({"delete": {"rows": True}}, {"delete": True}),
    "the same check": (
        {"update": {"rows": "text=eq.a", "check": "text=eq.a"}},
        {"update": {"rows": "text=eq.a"}},
    ),
    "no check": (
        {"update": {"rows": "text=eq.a", "check": True}},
        {"update": {"rows": "text=eq.a", "check": True}},
    ),
    "a check alone": ({"update": {"check": "text=eq.a"}}, {"update": {"check": "text=eq.a"}}),
    "presets": (
        {"create": {"preset": {"owner": "{user.name}", "margin": 0, "team": None, "text": "{x}"}}},
        {"create": {"preset": {"text": "{x}", "owner": "{user.name}", "margin": 0, "team": None}}},
    ),
    "null members": ({"read": True}, {"read": True}),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(access, form):
    sent, shown = FORMS[form]
    made = access.send("PUT", "/access/role/r/", {"tables": {"Order": sent}}, status=201).json
    assert made == {"tables": {"Order": shown}}
    assert access.send("PUT", "/access/role/r/", made, status=200).json == made


def test_every_table_and_built_in_roles(access):
    document = {"tables": {"*": {"read": True, "delete": True}, "Country": {}}}
    assert access.send("PUT", "/access/role/everyone/", document, status=201).json == document
    assert access.send("PUT", "/access/role/authenticated/", {}, status=201).json == {"tables": {}}
    wildcard = {"tables": {"*": {"read": {"fields": ["*"]}}}}
    assert access.send("PUT", "/access/role/a-b.c/", wildcard, status=201).json == {"tables": {"*": {"read": True}}}


FAULTS = [
    ([], " wrong_type"),
    ({}, "/roles required"),
    ({"roles": {}, "more": 1}, "/more unknown_key"),
    ({"roles": []}, "/roles wrong_type"),
    ({"roles": {"admin": {}}}, "/roles/admin invalid_name"),
    ({"roles": {"a b": {}}}, "/roles/a b invalid_name"),
    ({"roles": {"": {}}}, "/roles/ invalid_name"),
    ({"roles": {"x" * 64: {}}}, f"/roles/{'x' * 64} invalid_name"),
    ({"roles": {"r": None}}, "/roles/r required"),
    ({"roles": {"r": {"label": 1}}}, "/roles/r/label wrong_type"),
    ({"roles": {"r": {"definitions": "all"}}}, "/roles/r/definitions invalid_option"),
    ({"roles": {"r": {"definitions": []}}}, "/roles/r/definitions invalid_option"),
    ({"roles": {"r": {"tables": []}}}, "/roles/r/tables wrong_type"),
    ({"roles": {f"r{number}": {} for number in range(201)}}, "/roles too_many"),
]
TABLE_FAULTS = [
    ({"tables": {"Nothing": {}}}, "/tables/Nothing unknown_table"),
    ({"tables": {"Order": {}, "order": {}}}, "/tables/order duplicate_name"),
    ({"tables": {"Order": True}}, "/tables/Order wrong_type"),
    ({"tables": {"Order": {"write": True}}}, "/tables/Order/write unknown_key"),
    ({"tables": {"Order": {"read": "all"}}}, "/tables/Order/read wrong_type"),
    ({"tables": {"Order": {"read": [True]}}}, "/tables/Order/read/0 wrong_type"),
    ({"tables": {"Order": {"read": [{}] * 21}}}, "/tables/Order/read too_many"),
    ({"tables": {"Order": {"read": {"check": "text=eq.a"}}}}, "/tables/Order/read/check unknown_key"),
    ({"tables": {"Order": {"create": {"rows": "text=eq.a"}}}}, "/tables/Order/create/rows unknown_key"),
    ({"tables": {"Order": {"delete": {"fields": ["*"]}}}}, "/tables/Order/delete/fields unknown_key"),
    ({"tables": {"Order": {"read": {"rows": 1}}}}, "/tables/Order/read/rows wrong_type"),
    ({"tables": {"Order": {"read": {"rows": ""}}}}, "/tables/Order/read/rows invalid_query"),
    ({"tables": {"Order": {"read": {"rows": "nix=eq.1"}}}}, "/tables/Order/read/rows unknown_field"),
    ({"tables": {"Order": {"read": {"rows": "margin=eq.x"}}}}, "/tables/Order/read/rows invalid_operand"),
    ({"tables": {"Order": {"read": {"rows": "nix.name=eq.x"}}}}, "/tables/Order/read/rows unknown_relation"),
    ({"tables": {"Order": {"read": [{}, {"fields": "*"}]}}}, "/tables/Order/read/1/fields wrong_type"),
    ({"tables": {"Order": {"read": {"fields": [1]}}}}, "/tables/Order/read/fields/0 wrong_type"),
    ({"tables": {"Order": {"read": {"fields": ["nix"]}}}}, "/tables/Order/read/fields/0 unknown_field"),
    ({"tables": {"Order": {"read": {"fields": ["text", "text"]}}}}, "/tables/Order/read/fields/1 duplicate_name"),
    ({"tables": {"Order": {"read": {"fields": ["-text"]}}}}, "/tables/Order/read/fields/0 invalid_option"),
    ({"tables": {"Order": {"read": {"fields": ["*", "-text", "text"]}}}}, "/tables/Order/read/fields invalid_option"),
    ({"tables": {"Order": {"create": {"preset": []}}}}, "/tables/Order/create/preset wrong_type"),
    ({"tables": {"Order": {"create": {"preset": {"nix": 1}}}}}, "/tables/Order/create/preset/nix unknown_field"),
    ({"tables": {"Order": {"create": {"preset": {"margin": "x"}}}}}, "/tables/Order/create/preset/margin wrong_type"),
    ({"tables": {"Order": {"create": {"preset": {"must": None}}}}}, "/tables/Order/create/preset/must required"),
    ({"tables": {"Order": {"create": {"preset": {"made": "{now}"}}}}}, "/tables/Order/create/preset/made read_only"),
    ({"tables": {"Order": {"create": {"preset": {"text": "{user.ip}"}}}}}, "/tables/Order/create/preset/text invalid"),
    ({"tables": {"*": {"read": {"rows": "text=eq.a"}}}}, "/tables/*/read/rows invalid_option"),
    ({"tables": {"*": {"read": {"fields": ["text"]}}}}, "/tables/*/read/fields invalid_option"),
    ({"tables": {"*": {"create": {"preset": {}}}}}, "/tables/*/create/preset invalid_option"),
    ({"tables": {str(number): {} for number in range(1001)}}, "/tables too_many"),
]


@pytest.mark.parametrize(
    "document, code", FAULTS + [({"roles": {"r": role}}, "/roles/r" + code) for role, code in TABLE_FAULTS]
)
def test_faults(access, document, code):
    access.refused("PUT", "/access/", document, status=422, code=code)


def test_all_faults_are_told_at_once(access):
    role = {"tables": {"Nothing": {}, "Order": {"read": {"rows": "nix=eq.1", "fields": ["nix"]}}}, "label": 1}
    refused = access.refused("PUT", "/access/role/r/", role, status=422, code="/label wrong_type")
    assert {error["pointer"] for error in refused.json["errors"]} == {
        "/label",
        "/tables/Nothing",
        "/tables/Order/read/rows",
        "/tables/Order/read/fields/0",
    }


def test_roles_one_by_one(access):
    access.refused("GET", "/access/role/clerk/", status=404, code="not_found")
    access.refused("PATCH", "/access/role/clerk/", {}, status=404, code="not_found")
    access.refused("DELETE", "/access/role/clerk/", status=404, code="not_found")
    access.refused("PUT", "/access/role/admin/", {}, status=422, code="invalid_name")
    made = access.send("PUT", "/access/role/clerk/", CLERK, status=201)
    assert made.headers["Location"] == "/access/role/clerk/"
    patched = access.send("PATCH", "/access/role/clerk/", {"tables": {"Order": None}, "label": None}, status=200).json
    assert patched == {"tables": {"Country": {"read": True}}, "definitions": "read"}
    assert access.get("/access/") == {"roles": {"clerk": patched}}
    access.send("PATCH", "/access/", {"roles": {"clerk": None, "other": {"definitions": "write"}}}, status=200)
    assert access.get("/access/") == {"roles": {"other": {"tables": {}, "definitions": "write"}}}
    assert access.send("PUT", "/access/role/other/", {}, prefer="return=minimal", status=204).headers["ETag"]
    access.send("DELETE", "/access/role/other/", status=204)
    assert access.get("/access/") == {"roles": {}}


def test_preconditions(access):
    tag = access.send("GET", "/access/").headers["ETag"]
    made = access.send("PUT", "/access/role/a/", {}, if_match=tag, status=201)
    for method, path in (("PUT", "/access/"), ("PUT", "/access/role/b/"), ("DELETE", "/access/role/a/")):
        document = {} if "role" in path else {"roles": {}}
        access.refused(method, path, document, if_match=tag, status=412, code="precondition_failed")
    access.send("PATCH", "/access/role/a/", {"label": "x"}, if_match=made.headers["ETag"], status=200)


def test_renames_are_followed(access):
    access.table({"x": "string", "near": {"type": "link", "table": "Team", "reverse": "movers"}}, "Mover")
    role = {
        "tables": {
            "Mover": {"read": {"rows": "x=eq.a&near.name=eq.b", "fields": ["x"]}, "create": {"preset": {"x": "y"}}},
            "Team": {"read": {"rows": "movers.x=eq.a"}},
        }
    }
    access.send("PUT", "/access/role/r/", role, status=201)
    before = revision(access)
    fields = {"x": None, "near": {"reverse": "moved"}, "z": {"renamed_from": "x"}}
    access.send("PATCH", "/table/Mover/", {"model_name": "Moved", "fields": fields}, status=200)
    assert access.get("/access/role/r/")["tables"] == {
        "Moved": {"read": {"rows": "z=eq.a&near.name=eq.b", "fields": ["z"]}, "create": {"preset": {"z": "y"}}},
        "Team": {"read": {"rows": "moved.z=eq.a"}},
    }
    assert revision(access) == before


def test_grants_of_a_dropped_table_sleep(access):
    path = access.table({"x": "string"}, "Sleeper")
    number = int(path.split("/")[2])
    role = {"tables": {"Sleeper": {"read": {"rows": "x=eq.a"}}}}
    access.send("PUT", "/access/role/r/", role, status=201)
    access.send("DELETE", path, status=204)
    shown = access.get("/access/")
    assert shown == {"roles": {"r": {"tables": {}}}}
    access.send("PUT", "/access/", shown, status=200)
    access.send("PATCH", "/access/role/r/", {"label": "x"}, status=200)
    access.send("POST", f"/trash/{number}/restore/", {"model_name": "Awake"})
    assert access.get("/access/role/r/") == {"label": "x", "tables": {"Awake": {"read": {"rows": "x=eq.a"}}}}
    access.send("PUT", "/access/", {"roles": {}}, status=200)
    access.send("DELETE", path, status=204)


def test_the_plan_tells_what_opens_and_closes(access):
    access.send("PUT", "/access/role/clerk/", CLERK, status=201)
    before = revision(access)
    assert access.send("POST", "/access/plan/", {"roles": {"clerk": CLERK}}, status=200).json == []
    changed = {
        "roles": {
            "clerk": {
                "tables": {
                    "Order": {"read": {"rows": "status=eq.new", "fields": ["text", "margin"]}, "delete": True},
                    "*": {"read": True},
                }
            },
            "new": {},
        }
    }
    plan = access.send("POST", "/access/plan/", changed, status=200).json
    told = {(each["role"], each.get("table"), each.get("action")): each for each in plan}
    assert {key: each["effect"] for key, each in told.items()} == {
        ("clerk", None, None): "closes",
        ("clerk", "*", "read"): "opens",
        ("clerk", "Order", "read"): "changes",
        ("clerk", "Order", "create"): "closes",
        ("clerk", "Order", "update"): "closes",
        ("clerk", "Order", "delete"): "opens",
        ("new", None, None): "creates",
    }
    read = told["clerk", "Order", "read"]
    assert read["fields_opened"] == ["margin"]
    assert read["fields_closed"] == ["status", "owner", "team", "made", "must"]
    assert read["before"] == [CLERK["tables"]["Order"]["read"]]
    assert read["after"] == [{"rows": "status=eq.new", "fields": ["text", "margin"]}]
    assert told["clerk", "Order", "create"]["fields_closed"] == ["text", "team"]
    patch = {"roles": {"clerk": None}}
    plan = access.send("POST", "/access/plan/", patch, content_type="application/merge-patch+json", status=200).json
    assert {each["effect"] for each in plan} == {"deletes", "closes"}
    access.refused("POST", "/access/plan/", {}, status=422, code="required")
    assert revision(access) == before


def explained(access, **parameters):
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return access.get(f"/access/explain/?{query}")


def test_explain(access):
    access.send("PUT", "/access/role/clerk/", CLERK, status=201)
    told = explained(access, table="Country", action="read", **{"as": "clerk"})
    assert (told["allowed"], told["by"]) == (True, "clerk: Country.read")
    told = explained(access, table="Country", action="delete", **{"as": "clerk"})
    assert (told["allowed"], told["by"], told["grants"]) == (False, None, [])
    told = explained(access, table="Order", action="read", row=1, **{"as": "clerk"})
    assert told["allowed"] is False
    [grant] = told["grants"]
    assert grant["grant"] == CLERK["tables"]["Order"]["read"]
    [part] = grant["conditions"]
    assert part == {
        "condition": "team=in.{user.claims.teams}",
        "holds": False,
        "detail": "{user.claims.teams} has no value of team for this identity",
    }
    assert explained(access, table="Order", action="delete", row=1, **{"as": "admin"})["by"] == "admin"
    assert explained(access, table="Order", action="read", **{"as": "anonymous"})["allowed"] is False


def test_explain_a_user_and_a_token(access):
    database = access.catalogue.database
    tables = database.system.access
    common = {"version": 1, "claims": {"teams": [1]}, "disabled": False, "created_at": sa.func.now()}
    with database.writer.begin() as connection:
        user = {**common, "name": "Ada", "name_key": "ada", "roles": ["clerk"]}
        number = connection.execute(sa.insert(tables.user).values(user).returning(tables.user.c.id)).scalar_one()
        token = {
            "digest": "0" * 64,
            "name": "t",
            "user_id": number,
            "roles": ["clerk", "other"],
            "narrowing": {"tables": None, "read_only": True},
            "created_at": sa.func.now(),
        }
        insert = sa.insert(tables.token).values(token).returning(tables.token.c.id)
        token_number = connection.execute(insert).scalar_one()
    access.send("PUT", "/access/role/clerk/", CLERK, status=201)
    user = f"user:{number}"
    told = explained(access, table="Order", action="read", row=1, **{"as": user})
    assert (told["allowed"], told["by"]) == (True, "clerk: Order.read")
    assert told["as"] == {"id": user, "roles": ["authenticated", "clerk", "everyone"]}
    told = explained(access, table="Order", action="read", row=2, **{"as": user})
    assert told["allowed"] is False
    assert told["grants"][0]["conditions"] == [{"condition": "team=in.{user.claims.teams}", "holds": False}]
    assert explained(access, table="Order", action="update", row=1, **{"as": user})["allowed"] is True
    closed = explained(access, table="Order", action="update", row=2, **{"as": user})
    assert (closed["allowed"], closed["readable"]) == (False, False)
    assert explained(access, table="Order", action="update", **{"as": user})["allowed"] is None
    told = explained(access, table="Order", action="update", row=1, **{"as": f"token:{token_number}"})
    assert (told["allowed"], told["grants"]) == (False, [])
    assert explained(access, table="Order", action="read", row=1, **{"as": f"token:{token_number}"})["allowed"] is True


@pytest.mark.parametrize(
    "query, status, code",
    [
        ("", 400, "invalid_parameter"),
        ("table=Order&action=read", 400, "invalid_parameter"),
        ("table=Order&action=write&as=everyone", 400, "invalid_parameter"),
        ("table=Order&action=read&as=everyone&row=x", 400, "invalid_parameter"),
        ("table=Order&action=read&as=everyone&more=1", 400, "unknown_parameter"),
        ("table=Nothing&action=read&as=everyone", 404, "not_found"),
        ("table=Order&action=read&as=nobody", 404, "not_found"),
        ("table=Order&action=read&as=user:999", 404, "not_found"),
        ("table=Order&action=read&as=everyone&row=999", 404, "not_found"),
    ],
)
def test_explain_refuses(access, query, status, code):
    access.refused("GET", f"/access/explain/?{query}", status=status, code=code)


def test_each_change_is_logged_and_audited(access):
    database = access.catalogue.database
    tables = database.system.access
    with database.reading() as connection:
        before = database.state(connection)
    access.send("PUT", "/access/role/clerk/", CLERK, status=201, x_request_id="abc")
    access.send("PUT", "/access/role/clerk/", CLERK, status=200)
    with database.reading() as connection:
        after = database.state(connection)
        lines = connection.execute(sa.select(tables.change).where(tables.change.c.revision > before.access)).all()
        events = connection.execute(sa.select(tables.audit).order_by(tables.audit.c.id.desc())).first()
    assert (after.access, after.definitions, after.stamp) == (before.access + 1, before.definitions, before.stamp)
    assert after.access_stamp != before.access_stamp
    assert [(line.revision, line.stamp, line.subject) for line in lines] == [
        (after.access, after.access_stamp, "grants")
    ]
    assert (events.event, events.request_id) == ("access_changed", "abc")
    assert events.detail == {"revision": after.access, "roles": ["clerk"]}
