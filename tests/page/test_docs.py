"""``/docs/`` in a browser, below a prefix, where access is enforced: Swagger UI shows with a token what nobody else may
see, and tries out a request that writes.
"""

import pytest
import webtest
from playwright.sync_api import expect
from pyramid.config import Configurator
from webtest.http import StopableWSGIServer

from tests.page.browsing import TIMEOUT, Faults
from tests.web.client import admin_token

BOOK = {"model_name": "Book", "fields": {"title": {"type": "string", "required": True}, "pages": "integer"}}


@pytest.fixture
def server(tmp_path):
    config = Configurator(settings={"sqlalchemy.url": f"sqlite:///{tmp_path}/docs.sqlite"})
    config.include("pyramid_tm")
    config.include("dynmodel_pyramid", route_prefix="/data")
    wsgi = config.make_wsgi_app()
    server = StopableWSGIServer.create(wsgi)
    server.token = admin_token(wsgi)
    headers = {"Authorization": f"Bearer {server.token}"}
    webtest.TestApp(wsgi).post_json("/data/table/", BOOK, headers=headers, status=201)
    yield server
    server.shutdown(debug=True)  # else it silences the logger of waitress for all tests that follow
    config.registry.dynmodel_catalogue.database.close()


def test_a_token_shows_a_table_and_adds_a_row(server, browser):
    faults, context = Faults(), browser.new_context()
    faults.expected = ["openapi.json"]  # is refused before there is a token
    context.set_default_timeout(TIMEOUT)
    page = context.new_page()
    faults.watch(page)
    page.goto(f"{server.application_url}data/docs/?table=Book")
    page.get_by_role("button", name="Authorize").click()
    page.get_by_label("Value").fill(server.token)
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close").last.click()
    added = page.locator(".opblock-post", has_text="/table/Book/rows/").first
    added.locator(".opblock-summary-control").click()
    added.get_by_role("button", name="Try it out").click()
    added.locator("textarea.body-param__text").fill('{"title": "Momo"}')
    with page.expect_response(lambda answer: answer.request.method == "POST") as found:
        added.get_by_role("button", name="Execute").click()
    assert (found.value.status, found.value.headers["location"]) == (201, "/data/table/1/rows/1/")
    expect(added.locator(".live-responses-table").first).to_contain_text("Momo")
    context.close()
    assert faults.unexpected == []
