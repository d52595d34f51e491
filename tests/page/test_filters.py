"""Filters and orders that clicks build, and saved views."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

MOUNT = (Path(__file__).parent / "filters.js").read_text(encoding="utf-8")
#: Texts of filters that stay as they are when clicks read and write them; those below the line stay as text.
TEXTS = [
    "price=gte.10",
    "price=not.in.(1,2)&name=ilike.*red*",
    'name=in.("a,b",c,"")',
    "name=is.null&name=is.not_null",
    "or=(price.lt.1,and(name.eq.x,status.not.in.(new,done)))",
    'not.or=(name.eq."a b",name.like."(x)*")&"order"=eq.1',
    "name=eq.a,b)(\"c'",
    # As text
    "client.name=eq.x&data->a=eq.1",
    "price=eq(any).{1,2}&name=fts(english).cat",
    "or=(price.lt.1,client.name.eq.x)",
    "name=like(all).{a,b}&and=(not.or(a.eq.1,b.eq.2))",
]


@pytest.fixture(scope="module")
def table(page_server):
    choices = [{"key": "new", "label": "New"}, {"key": "done", "label": "Done"}]
    fields = {
        "name": "string",
        "price": "number",
        "status": {"type": "choice", "choices": choices},
        "day": "date",
        "sold": "boolean",
    }
    made = page_server.api("POST", "/table/", {"model_name": "Filtered", "fields": fields})
    rows = [
        {"name": f"Thing {number}", "price": number, "status": ["new", "done", None][number % 3], "sold": number > 5}
        for number in range(10)
    ]
    page_server.api("POST", f"/table/{made['id']}/rows/", rows)
    return made["id"]


def shows(page, text):
    expect(page.locator("#text")).to_have_text(text)


def opened(page, button, item):
    """An item of a menu, which does not open at once after it was closed."""
    found = page.get_by_role("menuitem", name=item, exact=True)
    for _ in range(20):
        if found.is_visible():
            return found
        page.wait_for_timeout(200)
        if not found.is_visible():
            button.click()
    raise AssertionError(item)


def test_a_filter_by_clicks(open_page, page_server, table, axe):
    page = open_page()
    page.evaluate(MOUNT, [table, "select=id&price=gte.bad"])
    assert [page.evaluate("text => trip(text)", text) for text in TEXTS] == TEXTS
    page.get_by_role("button", name="1 filter").click()
    box = page.get_by_role("dialog", name="Filters")
    box.get_by_label("Value for price").fill("2.5")
    shows(page, "price=gte.2.5&select=id")
    box.get_by_role("button", name="Add condition").click()
    box.get_by_label("Field").nth(1).select_option("status")
    box.get_by_label("Operator for status").select_option("is one of")
    box.get_by_role("button", name="Values of status").click()
    values = page.get_by_role("dialog", name="Values of status")
    values.get_by_text("Done").wait_for()
    assert values.locator("li").all_inner_texts() == ["New\n3", "Done\n2"]
    values.get_by_label("Done").check()
    shows(page, "price=gte.2.5&status=in.(done)&select=id")
    assert axe(page) == []
    page.keyboard.press("Escape")
    box.get_by_role("button", name="Add group").click()
    box.get_by_label("Value for name").fill("Thing")
    shows(page, "price=gte.2.5&status=in.(done)&or=(name.ilike.*Thing*)&select=id")
    assert axe(page) == []
    # As text, with what the service says of it.
    open_page.faults.expected.append("400")
    box.get_by_role("button", name="As text").click()
    text = box.get_by_label("The filter as text")
    assert text.input_value() == "price=gte.2.5&status=in.(done)&or=(name.ilike.*Thing*)"
    text.fill("price=gte.abc")
    box.get_by_role("button", name="Apply").click()
    box.get_by_role("alert").get_by_text("price, gte").wait_for()
    text.fill("price=gt.7\nsold=is.true")
    box.get_by_role("button", name="Apply").click()
    box.get_by_label("Operator for sold").wait_for()
    shows(page, "price=gt.7&sold=is.true&select=id")
    page.keyboard.press("Escape")
    assert page.locator(".filter-chip").all_inner_texts() == ["price is greater than 7", "sold is yes"]
    page.get_by_role("button", name="Remove sold is yes").click()
    page.get_by_role("button", name="Sort").click()
    page.get_by_role("button", name="Add field").click()
    page.get_by_label("Direction of name").select_option("Descending")
    shows(page, "price=gt.7&select=id&order=name.desc")


def test_saved_views(open_page, page_server, table, axe):
    page = open_page()
    page.evaluate(MOUNT, [table, "price=gt.3&order=price"])
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Save as a view…").click()
    page.get_by_label("Name").fill("Dear")
    assert axe(page) == []
    page.get_by_role("button", name="Save", exact=True).click()
    menu = page.get_by_role("button", name="Dear")
    menu.wait_for()
    (view,) = page_server.api("GET", f"/table/{table}/view/")
    assert (view["query"], view["columns"][0]["width"], view["shared"]) == ("price=gt.3&order=price", 120, False)
    assert [row["price"] for row in page_server.api("GET", f"/table/{table}/view/Dear/rows/?limit=2")] == [4, 5]
    page.evaluate("seen.query.value = new URLSearchParams('price=gt.4&order=price&_view=Dear')")
    page.get_by_text("Not saved").wait_for(state="attached")
    menu.click()
    assert axe(page) == []
    page.get_by_role("menuitem", name="Save changes").click()
    page.get_by_text("View Dear saved").last.wait_for()
    page.get_by_text("Not saved").wait_for(state="detached")
    for command, then in (("Share with everybody", "Make it mine alone"), ("Show it first", "Don't show it first")):
        opened(page, menu, command).click()
        opened(page, menu, then)
    (view,) = page_server.api("GET", f"/table/{table}/view/")
    assert (view["query"], view["shared"], view["default"]) == ("price=gt.4&order=price", True, True)
    # It is shown first where nothing else is asked for.
    other = open_page(f"/table/{table}/")
    expect(other).to_have_url(re.compile(r"\?price=gt.4&order=price&_view=Dear$"))
    expect(other.locator(".filter-chip")).to_have_text("price is greater than 4")
    expect(other.get_by_text("5 rows found")).to_be_visible()
    # The values of a column, by its head.
    other.get_by_role("columnheader", name="status").hover()
    other.get_by_role("button", name="Menu of status").click()
    other.get_by_role("menuitem", name="Filter by values…").click()
    values = other.get_by_role("dialog", name="Values of status")
    expect(values.locator("li")).to_have_text(["New2", "(empty)2", "Done1"])
    values.get_by_label("(empty)").check()
    expect(other.get_by_text("2 rows found")).to_be_visible()
    values.get_by_label("Done").check()
    expect(other).to_have_url(re.compile(r"or=%28status.in.%28done%29%2Cstatus.is.null%29"))
    assert axe(other) == []
    other.keyboard.press("Escape")
    opened(other, other.get_by_role("button", name="Dear"), "Delete…").click()
    other.get_by_role("button", name="Delete…").click()
    other.get_by_role("button", name="Views").wait_for()
    expect(other.get_by_text("10 rows")).to_be_visible()
    assert page_server.api("GET", f"/table/{table}/view/") == []
