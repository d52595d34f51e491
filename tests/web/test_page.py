"""What a browser sees at the root."""

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_browser_gets_a_page_and_clients_json(app):
    page = app.get("/", headers={"Accept": BROWSER})
    assert page.content_type == "text/html"
    assert "There are none yet" in page.text
    for accept in ("application/json", "*/*", "application/json, text/html;q=0.9", ""):
        answer = app.get("/", headers={"Accept": accept})
        assert answer.content_type == "application/json"
        # The page is long enough to be compressed.
        assert page.headers["Vary"] == f"{answer.headers['Vary']}, Accept-Encoding"
        assert answer.headers["Vary"] == "Accept, Authorization, Cookie, apikey"
    assert app.get("/", headers={"Accept": "image/png"}, status=406).json["code"] == "not_acceptable"
    assert app.get("/table/", headers={"Accept": BROWSER}).content_type == "application/json"
    assert app.get("/table/", headers={"Accept": "text/html"}, status=406)


def test_page_lists_tables_and_escapes_them(app):
    definition = {"model_name": "Thing", "label": "<script>alert(1)</script>", "fields": {"a": "string"}}
    app.post_json("/table/", definition)
    page = app.get("/", headers={"Accept": BROWSER})
    assert "<script>" not in page.text and "&lt;script&gt;" in page.text
    assert page.click("Thing").json["id"] == 1
    assert page.click("rows", index=0).json == []


def test_page_says_that_there_are_more(app, monkeypatch):
    monkeypatch.setattr("dynmodel_pyramid.web.service.about.LISTED", 1)
    for name in ("One", "Two"):
        app.post_json("/table/", {"model_name": name, "fields": {}})
    page = app.get("/", headers={"Accept": BROWSER})
    assert "One" in page.text and "Two" not in page.text and "There are more" in page.text
