"""Definitions: new tables, changes with their plans, history, quarantine, trash, the diagram."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.page.browsing import PHONE

#: Functions that ask pure modules of the page, in the browser that runs them.
ASKED = Path(__file__).with_name("definitions.js").read_text(encoding="utf-8")


def test_forms_of_schemas_drafts_and_layouts(open_page):
    page = open_page("/")
    found = page.evaluate(f"{ASKED}.schemas()")
    assert found["kinds"] == ["boolean", "choice", "json", "list", "number", "rows", "text"]
    assert (found["choices"], found["json"], found["table"], found["onDelete"]) == ("rows", "json", "text", "choice")
    assert found["short"] == "key"
    assert found["unseen"] == ["number", "choice", "object", "json", "json"]
    assert found["faults"] == ["/n least", "/deep/on missing", "/0/colour pattern", "/2/key missing"]
    assert (found["withDefault"], found["left"]) == ({}, {})
    assert found["under"] == [{"pointer": "/0/key", "detail": "x"}]
    merged = page.evaluate(f"{ASKED}.merged()")
    assert merged == {
        "label": "Mine",
        "fields": [["b", "integer", False, False], ["x", "string", True, False], ["c", "string", False, True],
                   ["new", "string", False, False], ["d", "string", False, False]],
        "clashes": [["a", "name"]], "placed": 200, "overlaps": False, "quick": True, "crossings": 0,
    }  # fmt: skip


def test_a_table_is_made_by_the_keyboard(page_server, open_page, axe):
    open_page.faults.expected.append("422")
    page = open_page("/")
    page.get_by_role("link", name="New table").click()
    expect(page.get_by_label("Name", exact=False).first).to_be_focused()
    keys = page.keyboard
    keys.type("Guest")
    keys.press("Enter")
    for name, kind in (("name", ""), ("level", "choice"), ("seats", "whole")):
        keys.type(name)
        keys.press("Tab")
        if kind:
            keys.type(kind)
            keys.press("Enter")
        keys.press("Enter")
    page.get_by_role("button", name="Options of level").press("Enter")
    page.get_by_role("button", name="Add to choices").press("Enter")
    keys.type("gold")
    keys.press("Enter")
    keys.type("silver")
    page.get_by_label("Label 2").fill("Silver")
    page.get_by_label("Name of field 3").fill("level")  # the service refuses it, and says where
    keys.press("Control+Enter")
    expect(page.locator(".field-line").nth(2).get_by_role("alert")).to_contain_text("clashes")
    assert axe(page) == []
    page.get_by_label("Name of field 3").fill("seats")
    keys.press("Control+Enter")
    page.wait_for_url("**/ui/table/*/")
    fields = page_server.api("GET", "/table/Guest/")["fields"]
    assert [(name, field["type"]) for name, field in fields.items()] == [
        ("name", "string"),
        ("level", "choice"),
        ("seats", "integer"),
    ]
    assert [(each["key"], each["label"]) for each in fields["level"]["choices"]] == [
        ("gold", None),
        ("silver", "Silver"),
    ]


@pytest.fixture(scope="module")
def product(page_server):
    table = page_server.api(
        "POST", "/table/", {"model_name": "Product", "fields": {"code": "string", "name": "string", "tags": "tags"}}
    )
    rows = [{"code": code, "name": f"Product {code}"} for code in ("1", "2", "x", "many", "3.5")]
    page_server.api("POST", "/table/Product/rows/", rows)
    return table["id"]


def test_a_change_shows_its_plan_before_it_happens(page_server, open_page, axe, product):
    """Values that can't be converted go to the quarantine, are corrected there, and a revert brings all back."""
    open_page.faults.expected.append("412")
    page = open_page(f"/table/{product}/definition/")
    page.get_by_label("Type of field 1").click()
    page.get_by_label("Type of field 1").fill("whole")
    page.keyboard.press("Enter")
    page.get_by_label("Name of field 2").fill("title")
    page.get_by_role("button", name="Drop tags").click()
    page.get_by_role("button", name="Move title: arrow keys").press("ArrowUp")
    assert axe(page) == []
    # Somebody else is faster.
    page_server.api("PATCH", "/table/Product/", {"label": "Things"})
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_role("button", name="Put my changes on version 2").click()
    page.get_by_role("button", name="Show the plan").click()
    expect(page.get_by_text("This can't be done yet.")).to_be_visible()
    samples = page.get_by_role("region", name="code: 3 values can't be converted")
    assert samples.get_by_role("row").nth(2).inner_text().split("\t")[:2] == ["4", "many"]
    assert page.get_by_role("button", name="Apply").is_disabled()
    page.get_by_label("They go to the quarantine").check()
    expect(page.get_by_text("This can be done.")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Version 3 is in force.")).to_be_visible()
    now = page_server.api("GET", "/table/Product/")
    assert (
        list(now["fields"]) == ["title", "code"]
        and now["fields"]["code"]["type"] == "integer"
        and now["label"] == "Things"
    )

    page.get_by_role("link", name="Quarantine").click()
    page.get_by_label("Correction of x in row 3").fill("300")
    page.keyboard.press("Enter")
    page.keyboard.type("much")
    page.get_by_role("button", name="Write 2 corrections").click()
    expect(page.get_by_role("row", name="Select the value of row 4").get_by_role("alert")).to_contain_text(
        "want a whole number"
    )
    assert axe(page) == []
    assert [row["code"] for row in page_server.api("GET", "/table/Product/rows/?order=id")] == [1, 2, 300, None, None]

    page.get_by_role("link", name="History").click()
    page.get_by_role("button", name="Compare").first.click()
    expect(page.get_by_role("heading", name="From version 2 to version 3")).to_be_visible()
    expect(page.locator(".difference")).to_contain_text("Turn code from Short text into Whole number")
    page.get_by_role("button", name="Revert").last.click()
    expect(page.get_by_text("Bring the field tags back from the trash")).to_be_visible()
    page.get_by_role("button", name="Back to version 1").click()
    expect(page.get_by_text("The definition is again as in version 1.")).to_be_visible()
    rows = page_server.api("GET", "/table/Product/rows/?order=id&select=code")
    assert [row["code"] for row in rows] == ["1", "2", "300", "many", "3.5"]
    assert axe(page) == []


def test_the_diagram_and_what_is_dropped(page_server, open_page, axe):
    page_server.api("POST", "/table/", {"model_name": "Far", "fields": {"name": "string"}})
    near = page_server.api(
        "POST", "/table/", {"model_name": "Near", "fields": {"far": {"type": "link", "table": "Far"}, "gone": "text"}}
    )
    page_server.api("PATCH", "/table/Near/", {"fields": {"gone": None}})
    page = open_page("/diagram/", size=PHONE, scheme="dark")
    row = page.get_by_role("table", name="Links").get_by_role("row", name="Near")
    assert "far" in row.inner_text() and "Far" in row.inner_text()
    assert axe(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as SVG").click()
    assert "<svg" in download.value.path().read_text(encoding="utf-8")
    page.locator(".diagram .node", has_text="Near").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/table/{near['id']}/definition/")
    page.get_by_role("link", name="Trash").first.click()
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("dialog").get_by_label("Name").fill("back")
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.get_by_text("back restored")).to_be_visible()
    page.get_by_role("link", name="Health").click()
    expect(page.get_by_text("The database agrees with the definition.")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="Definition").click()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Delete table").click()
    page.get_by_role("button", name="Move to the trash").click()
    page.wait_for_url("**/ui/")
    page = open_page("/trash/")
    page.get_by_role("button", name="Purge").click()
    page.get_by_label("Type Near to confirm").fill("Near")
    page.get_by_role("button", name="Destroy for good").click()
    expect(page.get_by_text("Near destroyed")).to_be_visible()
    assert page_server.api("GET", "/trash/") == []
