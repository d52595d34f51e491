"""The frame of the page, and the list of tables."""

from playwright.sync_api import expect

from tests.page.browsing import PHONE


def test_begins_with_nothing_then_lists_tables(page_server, open_page, axe):
    page = open_page("/")
    assert page.title() == "All tables · Tables"
    assert page.get_by_role("heading", name="There are no tables yet").is_visible()
    assert axe(page) == []
    for name in ("Order", "Order Items", "Customer"):
        page_server.api("POST", "/table/", {"model_name": name, "fields": {"name": "string"}})
    page_server.api("PATCH", "/table/Customer/", {"label": "<b>Customers</b>", "description": "Who buys"})
    page = open_page("/", scheme="dark")
    # Values never become HTML.
    links = page.get_by_role("main").get_by_role("table").get_by_role("link")
    assert links.all_inner_texts() == ["<b>Customers</b>", "Order", "Order Items"]
    page.get_by_label("Search tables").fill("item")
    assert links.all_inner_texts() == ["Order Items"]
    assert axe(page) == []
    page.keyboard.press("Control+k")
    page.keyboard.type("cust")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/table/3/")


def test_unknown_places_and_the_keyboard(open_page, axe):
    page = open_page("/no/such/place/", size=PHONE)
    assert page.title() == "Not found · Tables"
    assert axe(page) == []
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.locator(":focus").get_attribute("id") == "main"
    page.get_by_role("button", name="Show the list of tables").click()
    assert page.get_by_role("navigation", name="Tables").is_visible()
    assert axe(page) == []
    page.get_by_role("link", name="All tables").first.click()
    # The focus is where reading goes on.
    expect(page.get_by_role("heading", level=1)).to_be_focused()
