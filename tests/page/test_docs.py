"""``/docs/`` in a browser: Swagger UI under the strict policy, and a request that is tried out."""

import pytest
from playwright.sync_api import expect

from tests.page.browsing import Faults
from tests.page.conftest import PageServer

BOOK = {"model_name": "Book", "fields": {"title": {"type": "string", "required": True}, "pages": "integer"}}


@pytest.fixture
def server(tmp_path):
    server = PageServer(tmp_path)
    server.start()
    yield server
    server.stop()


def test_a_request_is_tried_out(server, browser):
    server.api("POST", "/table/", BOOK)
    server.api("POST", "/table/Book/rows/", {"title": "Momo"})
    faults, context = Faults(), browser.new_context()
    page = context.new_page()
    faults.watch(page)
    page.goto(f"{server.url}/docs/?table=Book")
    listed = page.locator(".opblock", has_text="/table/Book/rows/").filter(has_text="Rows that a query finds")
    listed.locator(".opblock-summary-control").click()
    listed.get_by_role("button", name="Try it out").click()
    with page.expect_response(lambda answer: "/table/Book/rows/" in answer.url) as found:
        listed.get_by_role("button", name="Execute").click()
    assert found.value.status in (200, 206)
    expect(listed.locator(".live-responses-table").first).to_contain_text("Momo")
    context.close()
    assert faults == []
