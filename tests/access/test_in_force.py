"""Single faults of grants in force, each with the roles and the request that showed it."""

import pytest
from webtest import TestApp

from dynmodel_pyramid.access.accounts.accounts import Accounts

TEAM = {"model_name": "Team", "fields": {"name": {"type": "string", "required": True}, "rank": "integer"}}
ORDER = {
    "model_name": "Order",
    "fields": {"text": "string", "owner": "string", "size": "integer", "team": {"type": "link", "table": "Team"}},
}


class Shop:
    """An application with two tables, an administrator, and an identity with the role ``clerk``."""

    def __init__(self, app: TestApp) -> None:
        self.app = app
        accounts: Accounts = app.app.registry.dynmodel_tenant.accounts
        self._admin = self._token(accounts, "admin")
        for definition in (TEAM, ORDER):
            self.admin("post_json", "/table/", definition)
        self.grant({})
        self._clerk = self._token(accounts, "clerk")

    @staticmethod
    def _token(accounts: Accounts, role: str) -> dict[str, str]:
        with accounts.database.writer.begin() as connection:
            _, secret = accounts.tokens.create(connection, name=role, roles=(role,))
        return {"Authorization": f"Bearer {secret}"}

    def admin(self, method: str, path: str, *arguments, **keywords):
        return getattr(self.app, method)(path, *arguments, headers=self._admin, **keywords)

    def grant(self, tables) -> None:
        self.admin("put_json", "/access/", {"roles": {"clerk": {"tables": tables}}})

    def order(self, **values) -> str:
        """The address of a new row."""
        return self.admin("post_json", "/table/Order/rows/", values).headers["Location"]

    def clerk(self, method: str, path: str, *arguments, headers=(), **keywords):
        return getattr(self.app, method)(path, *arguments, headers={**self._clerk, **dict(headers)}, **keywords)


@pytest.fixture
def shop(make_app):
    return Shop(make_app())


# Which grant's presets


def test_the_first_grant_that_holds_says_what_is_set(shop):
    # The first one fails; the third sets the same as the first, nothing, but comes after the second.
    grants = [{"check": "size=eq.7"}, {"preset": {"owner": "x"}}, {"fields": ["text", "size"]}]
    shop.grant({"Order": {"read": True, "create": grants, "update": grants}})
    assert shop.clerk("post_json", "/table/Order/rows/", {"text": "a"}).json["owner"] == "x"
    assert shop.clerk("patch_json", shop.order(text="b", owner="me"), {"text": "c"}).json["owner"] == "x"
    shop.order(text="d", owner="me")
    assert shop.clerk("patch_json", "/table/Order/rows/?text=eq.d", {"text": "e"}).json[0]["owner"] == "x"


def test_a_required_field_that_only_a_later_grant_would_set_is_missing(shop):
    grants = [{"fields": ["name", "rank"]}, {"preset": {"name": "given"}}]
    shop.grant({"Team": {"read": True, "update": grants}})
    row = shop.admin("post_json", "/table/Team/rows/", {"name": "a", "rank": 1}).headers["Location"]
    refused = shop.clerk("put_json", row, {"rank": 2}, status=422).json
    assert [(error["pointer"], error["code"]) for error in refused["errors"]] == [("/name", "required")]
    assert shop.clerk("get", row).json["name"] == "a"
    shop.grant({"Team": {"read": True, "update": grants[::-1]}})
    assert shop.clerk("put_json", row, {"rank": 2}).json["name"] == "given"


# Relative times


def test_relative_times_of_grants_are_those_of_each_request(shop):
    rows = "_created=lte.now&_created=gt.{now-1h}"
    shop.grant({"Order": {"read": [{"rows": rows}], "create": {"preset": {"text": "{today}"}}}})
    stored = shop.admin("get", "/access/").json["roles"]["clerk"]["tables"]["Order"]["read"]
    assert stored["rows"] == "_created=lte.{now}&_created=gt.{now-1h}"
    for number in range(2):  # the second time with what the first has left in caches
        shop.order(text=str(number))
        assert [row["text"] for row in shop.clerk("get", "/table/Order/rows/").json] == ["0", "1"][: number + 1]
    shop.grant({"Order": {"read": [{"rows": "_created=gt.now+1d"}]}})
    assert shop.clerk("get", "/table/Order/rows/").json == []
    refused = shop.admin("put_json", "/access/", access("_created=gt.now-7"), status=422).json
    assert "want a date" in refused["detail"]


def access(rows):
    return {"roles": {"clerk": {"tables": {"Order": {"read": {"rows": rows}}}}}}


# Values that a row does not show


def test_patch_sets_null_where_a_value_is_not_shown_and_put_leaves_it(shop):
    read = [{"fields": ["text"]}, {"rows": "size=gt.9"}]
    shop.grant({"Order": {"read": read, "update": {"fields": ["text", "owner"]}}})
    row = shop.order(text="a", owner="x", size=1)
    shown = shop.clerk("get", row).json
    assert shown["owner"] is None
    assert shown["size"] is None
    shop.clerk("put_json", row, {**shown, "text": "b"})
    assert shop.admin("get", row).json["owner"] == "x"
    shop.clerk("patch_json", row, {"size": None}, status=403)
    shop.clerk("patch_json", row, {"owner": None})
    found = shop.admin("get", row).json
    assert (found["text"], found["owner"], found["size"]) == ("b", None, 1)


# Links to rows that may not be read


def test_a_link_that_a_row_holds_may_be_repeated_in_every_way(shop):
    shop.grant({"Order": {"read": True, "create": True, "update": True}})
    team = shop.admin("post_json", "/table/Team/rows/", {"name": "x"}).json["id"]
    row = shop.order(text="a", team=team)
    number = int(row.split("/")[-2])
    whole = {"text": "b", "owner": None, "size": None, "team": team}
    merge = {"Prefer": "resolution=merge-duplicates"}
    shop.clerk("put_json", row, whole)
    shop.clerk("put_json", f"/rest/Order?id=eq.{number}", {"id": number, **whole})
    shop.clerk("post_json", "/table/Order/rows/", [{"id": number, **whole}], headers=merge)
    shop.order(text="b", team=team)
    shop.clerk("patch_json", "/table/Order/rows/?text=eq.b", {"team": team})
    # It is new for other rows.
    other = shop.order(text="b")
    shop.clerk("patch_json", other, {"team": team}, status=422)
    shop.clerk("patch_json", "/table/Order/rows/?text=eq.b", {"team": team}, status=422)
    shop.clerk(
        "post_json", "/table/Order/rows/", [{"id": int(other.split("/")[-2]), **whole}], headers=merge, status=422
    )


def test_a_preset_may_link_to_a_row_that_may_not_be_read(shop):
    team = shop.admin("post_json", "/table/Team/rows/", {"name": "x"}).json["id"]
    grant = {"preset": {"team": team}}
    shop.grant({"Order": {"read": True, "create": grant, "update": grant}})
    assert shop.clerk("post_json", "/table/Order/rows/", {"text": "a"}).json["team"] == team
    row = shop.order(text="b")
    assert shop.clerk("patch_json", row, {"text": "c"}).json["team"] == team
    shop.order(text="d")
    assert shop.clerk("patch_json", "/table/Order/rows/?text=eq.d", {"text": "e"}).json[0]["team"] == team
    row = shop.order(text="f")
    body = [{"id": int(row.split("/")[-2]), "text": "g"}]
    merge = {"Prefer": "resolution=merge-duplicates"}
    assert shop.clerk("post_json", "/table/Order/rows/", body, headers=merge).json[0]["team"] == team


def test_a_client_that_sends_what_a_preset_links_adds_the_link_itself(shop):
    team = shop.admin("post_json", "/table/Team/rows/", {"name": "x"}).json["id"]
    grant = {"preset": {"team": team}}
    shop.grant({"Order": {"read": True, "create": grant, "update": grant}})
    row = shop.order(text="a")
    sent = {"text": "b", "team": team}
    for method, url in [
        ("post_json", "/table/Order/rows/"),
        ("put_json", row),
        ("patch_json", row),
        ("patch_json", "/table/Order/rows/?text=eq.a"),
    ]:
        answer = shop.clerk(method, url, sent, status=422)
        assert answer.json["errors"][0]["code"] == "unknown_row", (method, url)


# Many rows


def test_uploads_of_many_rows_are_checked(shop):
    seen = shop.admin("post_json", "/table/Team/rows/", {"name": "x", "rank": 1}).json["id"]
    unseen = shop.admin("post_json", "/table/Team/rows/", {"name": "y", "rank": 2}).json["id"]
    grant = {"fields": ["text", "size", "team"], "check": "size=lt.5000", "preset": {"owner": "x"}}
    shop.grant({"Team": {"read": {"rows": "rank=eq.1"}}, "Order": {"read": True, "create": grant}})
    rows = [{"text": "a", "size": number, "team": seen} for number in range(2500)]

    def answer(status, **changed):
        body = [*rows[:-1], {**rows[-1], **changed}]
        sent = shop.clerk("post_json", "/table/Order/rows/?select=id", body, status=status)
        return sent, len(shop.admin("get", "/table/Order/rows/?select=id").json)

    assert answer(403, size=6000)[1] == 0
    assert answer(422, team=unseen)[1] == 0
    assert answer(403, owner="y")[1] == 0
    assert answer(201)[1] == 2500
    assert shop.admin("get", "/table/Order/rows/?select=owner,count()").json == [{"owner": "x", "count": 2500}]
    csv = "text,size\n" + "a,7000\n" * 1500
    shop.clerk("post", "/table/Order/rows/", csv, headers={"Content-Type": "text/csv"}, status=403)
    csv = "text,size,number\n" + "a,1,1\n" * 1500
    shop.clerk("post", "/table/Order/rows/", csv, headers={"Content-Type": "text/csv"}, status=422)
    assert len(shop.admin("get", "/table/Order/rows/?select=id").json) == 2500


@pytest.mark.parametrize("more", [0, 1500])
def test_rows_that_no_grant_allows_are_left_out(shop, more):
    """With ``handling=lenient``: each row is judged by the grants, and what is told of it is what was sent."""
    unseen = shop.admin("post_json", "/table/Team/rows/", {"name": "y", "rank": 2}).json["id"]
    grants = [
        {"fields": ["text", "size", "team"], "check": "size=lt.5000", "preset": {"owner": "x"}},
        {"fields": ["text", "size"], "check": "size=eq.9000"},
    ]
    shop.grant({"Team": {"read": {"rows": "rank=eq.1"}}, "Order": {"read": True, "create": grants}})
    body = [{"size": 1}, {"size": 6000}, {"owner": "y"}, {"size": 2, "team": unseen}, {"size": 9000}, {"nope": 1}]
    body += [{"size": 7000 if number == 1200 else 3} for number in range(more)]
    lenient = {"Prefer": "handling=lenient, return=minimal"}
    answer = shop.clerk("post_json", "/table/Order/rows/", body, headers=lenient, status=201).json
    told = [(error["pointer"], error["code"]) for row in answer["refused"] for error in row["errors"]]
    wanted = [("/1", "forbidden"), ("/2", "forbidden"), ("/3/team", "unknown_row"), ("/5/nope", "unknown_field")]
    assert told == wanted + [("/1206", "forbidden")] * bool(more)
    stored = shop.admin("get", "/table/Order/rows/?select=size,owner&order=id&limit=3").json
    assert stored[:2] == [{"size": 1, "owner": "x"}, {"size": 9000, "owner": None}]
    shop.grant({"Order": {"read": True}})
    shop.clerk("post_json", "/table/Order/rows/", body, headers=lenient, status=403)
    shop.grant({"Order": {"read": True, "create": {"fields": ["text"]}}})
    shop.clerk("post_json", "/table/Order/rows/", [{"size": 1}], headers=lenient, status=422)


# Checks of writes of several rows


def test_a_failed_check_undoes_filtered_writes_and_upserts(shop):
    grant = {"check": "size=lt.9"}
    shop.grant({"Order": {"read": True, "create": grant, "update": grant}})
    row = shop.order(text="a", size=1)
    shop.order(text="a", size=2)
    shop.clerk("patch_json", "/table/Order/rows/?text=eq.a", {"size": 10}, status=403)
    merge = {"Prefer": "resolution=merge-duplicates"}
    body = [{"id": int(row.split("/")[-2]), "size": 10}]
    shop.clerk("post_json", "/table/Order/rows/", body, headers=merge, status=403)
    shop.clerk("post_json", "/table/Order/rows/", [{"size": 10}], headers=merge, status=403)
    assert shop.admin("get", "/table/Order/rows/?select=size&order=size").json == [{"size": 1}, {"size": 2}]


# What is described


def test_the_description_has_what_the_grants_allow(shop):
    shop.grant({"Order": {"read": {"fields": ["text"]}, "update": True}})
    document = shop.clerk("get", "/rest/").json
    assert {path: sorted(methods) for path, methods in document["paths"].items()} == {
        "/": ["get"],
        "/Order": ["get", "patch"],
    }
    assert list(document["definitions"]) == ["Order"]
    shop.grant({"Order": {"read": {"fields": ["text"]}}, "Team": {"create": {"fields": ["name"]}}})
    document = shop.clerk("get", "/rest/").json
    assert {path: sorted(methods) for path, methods in document["paths"].items()} == {
        "/": ["get"],
        "/Team": ["post"],
        "/Order": ["get"],
    }
    assert list(document["definitions"]["Order"]["properties"]) == ["id", "text"]
    assert list(document["definitions"]["Team"]["properties"]) == ["id", "name"]
