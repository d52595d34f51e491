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
        accounts: Accounts = app.app.registry.dynmodel_accounts
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
