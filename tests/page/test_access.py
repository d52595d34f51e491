"""Signing in, seeing what one may, and access by clicks; on a server that enforces access."""

import pytest
from playwright.sync_api import Page, expect

import dynmodel_pyramid
from tests.page.browsing import PHONE
from tests.page.conftest import PageServer

PASSWORD = "right password"


@pytest.fixture(scope="module")
def page_server(tmp_path_factory):
    """A server with two tables, the administrator ann, and bob, a clerk, who may read one of them."""
    server = PageServer(tmp_path_factory.mktemp("enforced"), **{"dynmodel.access": "enforced"})
    wsgi = dynmodel_pyramid.main({}, **server.settings)
    accounts = wsgi.registry.dynmodel_tenant.accounts
    with accounts.database.writer.begin() as connection:
        secret = accounts.tokens.create(connection, name="first", roles=("admin",))[1]
    accounts.database.close()
    server.headers = {"Authorization": f"Bearer {secret}"}
    server.start()
    for name in ("Note", "Plan"):
        server.api("POST", "/table/", {"model_name": name, "fields": {"text": "string", "owner": "user"}})
    server.api("PUT", "/access/role/clerk/", {"label": "Clerks", "tables": {"Note": {"read": True}}})
    for name, role in (("ann", "admin"), ("bob", "clerk")):
        server.api("POST", "/user/", {"name": name, "roles": [role], "password": PASSWORD})
    yield server
    server.stop()


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    dialog = page.get_by_role("dialog", name="Sign in")
    if not dialog.is_visible():
        page.get_by_role("banner").get_by_role("button", name="Sign in").click()
    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Password", exact=True).fill(password)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_be_hidden()


def listed(page: Page) -> list[str]:
    return page.get_by_role("navigation", name="Tables").get_by_role("list").first.get_by_role("link").all_inner_texts()


def test_a_grant_is_changed_and_a_session_ends(page_server, open_page, axe):
    open_page.faults.expected += ["status of 401"]
    bob = open_page("/")
    expect(bob.get_by_role("heading", name="Sign in to see tables")).to_be_visible()
    bob.get_by_role("main").get_by_role("button", name="Sign in").click()
    dialog = bob.get_by_role("dialog", name="Sign in")
    dialog.get_by_label("Name").fill("bob")
    dialog.get_by_label("Password", exact=True).fill("wrong")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    assert axe(bob) == []
    sign_in(bob, "bob")
    expect(bob.get_by_role("main").get_by_role("link", name="Note")).to_be_visible()
    assert listed(bob) == ["Note"]
    assert bob.get_by_role("link", name="Access").count() == 0
    bob.goto(f"{page_server.url}/ui/access/")
    expect(bob.get_by_role("heading", name="Access is for administrators")).to_be_visible()

    ann = open_page("/access/", scheme="dark")
    sign_in(ann, "ann")
    cell = ann.get_by_role("button", name="Clerks, Plan: read: none, add: none, change: none, delete: none")
    cell.click()
    assert axe(ann) == []
    ann.get_by_role("combobox", name="Read rows").select_option("some")
    ann.get_by_label("Which rows").fill("owner=equals.{user.id}")
    open_page.faults.expected += ["status of 422"]
    ann.get_by_role("button", name="Keep").click()
    # The service's words, at the condition.
    expect(ann.get_by_label("Which rows")).to_have_attribute("aria-invalid", "true")
    ann.get_by_label("Which rows").fill("owner=eq.{user.id}")
    ann.get_by_role("button", name="Keep").click()
    ann.get_by_role("button", name="See what changes").click()
    expect(ann.get_by_role("dialog").get_by_role("listitem")).to_contain_text("opens")
    assert axe(ann) == []
    ann.get_by_role("button", name="Apply").click()
    expect(ann.get_by_role("button", name="Clerks, Plan: read: some")).to_be_visible()
    assert axe(ann) == []
    bob.goto(f"{page_server.url}/ui/")
    expect(bob.get_by_role("main").get_by_role("link", name="Plan")).to_be_visible()

    # A new password ends the session. The next request asks for it, and goes on.
    page_server.api("PUT", "/user/2/password/", {"password": "another password"})
    bob.get_by_role("button", name="Account: bob").click()
    bob.get_by_role("menuitem", name="Change the password").click()
    expect(bob.get_by_role("dialog", name="Sign in")).to_contain_text("The session has ended")
    sign_in(bob, "bob", "another password")
    expect(bob.get_by_role("heading", name="There are no tokens")).to_be_visible()
    assert axe(bob) == []
    bob.get_by_label("Old password").fill("another password")
    bob.get_by_label("New password").fill(PASSWORD)
    bob.get_by_role("main").get_by_role("button", name="Change the password").click()
    expect(bob.get_by_text("Password changed")).to_be_visible()
    bob.get_by_role("button", name="Account: bob").click()
    bob.get_by_role("menuitem", name="Sign out").click()
    expect(bob.get_by_role("heading", name="Sign in to see tables")).to_be_visible()

    # A page that is loaded with the cookie of an ended session is that of nobody.
    page_server.api("PUT", "/user/1/password/", {"password": PASSWORD})
    ann.goto(f"{page_server.url}/ui/access/audit/")
    expect(ann.get_by_role("heading", name="Access is for administrators")).to_be_visible()


def test_users_tokens_explain_and_audit(page_server, open_page, axe):
    open_page.faults.expected += ["status of 401"]
    page = open_page("/access/users/")
    sign_in(page, "ann")
    page.get_by_role("button", name="New user").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("cleo")
    dialog.get_by_label("clerk").check()
    dialog.get_by_label("Claims").fill('{"team": "red"}')
    assert axe(page) == []
    dialog.get_by_role("button", name="Create user").click()
    expect(page.get_by_role("row", name="cleo")).to_contain_text("no password")
    assert page_server.api("GET", "/user/3/")["claims"] == {"team": "red"}
    page.get_by_role("button", name="More for cleo").click()
    page.get_by_role("menuitem", name="Disable").click()
    expect(page.get_by_role("row", name="cleo")).to_contain_text("disabled")

    page.get_by_role("link", name="Tokens").click()
    page.get_by_role("button", name="New token").click()
    dialog.get_by_label("Name").fill("board")
    dialog.get_by_label("clerk").check()
    dialog.get_by_label("Read only").check()
    dialog.get_by_role("button", name="Create token").click()
    secret = dialog.get_by_label("Secret", exact=True).input_value()
    assert page_server.api("GET", "/me/", headers={"Authorization": f"Bearer {secret}"})["read_only"] is True
    dialog.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_role("row", name="board")).to_contain_text("Read only")
    assert axe(page) == [] and secret not in page.content()

    page.goto(f"{page_server.url}/ui/access/explain/?table=Plan&action=read&as=user:2")
    expect(page.get_by_role("main")).to_contain_text("It depends on the row")
    assert axe(page) == []
    page.goto(f"{page_server.url}/ui/access/audit/?event=token_created")
    expect(page.get_by_role("row", name="board")).to_be_visible()
    assert page.get_by_role("row", name="signed in").count() == 0
    page.set_viewport_size(PHONE)
    assert axe(page) == []
