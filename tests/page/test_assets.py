"""What HTTP tells of the page: its document, its files, their headers; and what is vendored."""

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest
import webtest
from pyramid.config import Configurator
from webob import Request

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import database_settings
from dynmodel_pyramid.web.page import assets as assets_module
from dynmodel_pyramid.web.page.assets import MEDIA_TYPES, Assets
from tests.page.vendor import FOLDER, LIST

STATIC = FOLDER.parent
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def application(settings, **further):
    return webtest.TestApp(dynmodel_pyramid.main({}, **{**settings, **further}))


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    with database_settings("sqlite", tmp_path_factory.mktemp("files")) as made:
        yield {**made, "dynmodel.access": "enforced"}


@pytest.fixture(scope="module")
def app(settings):
    return application(settings)


def test_a_browser_is_led_to_the_page(app):
    answer = app.get("/", headers={"Accept": BROWSER}, status=303)
    assert answer.headers["Location"] == "/ui/"
    for accept in ("application/json", "*/*", "application/json, text/html;q=0.9", ""):
        answer = app.get("/", headers={"Accept": accept})
        assert answer.json["links"]["ui"] == "/ui/"
        assert answer.headers["Vary"].startswith("Accept, Authorization, Cookie, apikey")
    assert app.get("/", headers={"Accept": "image/png"}, status=406).json["code"] == "not_acceptable"


def test_every_path_is_the_document_and_has_the_policy(app):
    page = app.get("/ui/", headers={"Accept": BROWSER})
    for path in ("/ui", "/ui/?a=eq.1"):
        assert app.get(path).body == page.body
    # Others differ in what is loaded ahead: the part of the path, with all that it needs.
    other, rows = app.get("/ui/a/static/b"), app.get("/ui/table/Order%20Items/?a=eq.1")
    assert "js/tables/index.js" in page.text and "js/rows/index.js" in rows.text
    assert "/index.js" not in other.text.replace("js/kit/index.js", "")
    assert other.text.split("<script")[0] == rows.text.split("<script")[0] == page.text.split("<script")[0]
    assert page.headers["Cache-Control"] == "no-cache"
    assert "Cookie" not in page.headers.get("Vary", "")
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy and policy.startswith("default-src 'none'")
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    # The document has neither script nor style of its own.
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page.text)
    assert app.get("/ui/", headers={"If-None-Match": page.headers["ETag"]}).status_int == 304
    # Nobody is asked who he is: a session that has ended must not shut the page that signs in.
    for wrong in ({"Cookie": "dynmodel_session=ended"}, {"Authorization": "Bearer dyn_x"}):
        assert app.get("/ui/", headers=wrong).body == page.body
    assert app.get("/ui/", headers={"Accept": "application/json"}, status=406)
    assert app.post("/ui/", status=405).headers["Allow"] == "GET, HEAD, OPTIONS"


def test_files_are_kept_for_ever_and_compressed(app):
    page = app.get("/ui/")
    addresses = re.findall(r'(?:src|href)="(/ui/static/[^"]+)"', page.text)
    assert any(address.endswith("js/core/api.js") for address in addresses)
    for address in addresses:
        plain = app.get(address)
        assert plain.headers["Content-Type"] == MEDIA_TYPES[Path(address).suffix]
        assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        for coding in ("br", "gzip"):
            # WebTest would decode it, or not know the coding.
            packed = Request.blank(address, headers={"Accept-Encoding": coding}).get_response(app.app)
            if len(plain.body) >= assets_module.SMALL:
                assert packed.headers["Content-Encoding"] == coding and packed.headers["Vary"] == "Accept-Encoding"
                assert len(packed.body) < len(plain.body)
    # The first load of a person: the frame and the list of tables.
    packed = [Request.blank(each, headers={"Accept-Encoding": "gzip"}).get_response(app.app) for each in addresses]
    assert sum(len(answer.body) for answer in packed) < 100_000
    folder = addresses[0].split("/static/")[1].split("/")[0]
    for path in ("", "js", "js/core/", "js/core/none.js", "js/../index.html", "vendor/preact.d.ts"):
        assert app.get(f"/ui/static/{folder}/{path}", status=404)
    assert app.get("/ui/static/0123456789abcdef/js/main.js", status=404)


def test_it_can_be_turned_off(settings):
    app = application(settings, **{"dynmodel.page": "false"})
    assert app.get("/ui/", status=404)
    assert "ui" not in app.get("/", headers={"Accept": BROWSER}).json["links"]


def test_below_a_prefix(settings):
    with Configurator(settings=settings) as config:
        config.include("pyramid_tm")
        config.include("dynmodel_pyramid", route_prefix="/a b/data")
    app = webtest.TestApp(config.make_wsgi_app())
    assert app.get("/a%20b/data/", headers={"Accept": BROWSER}, status=303).headers["Location"] == "/a%20b/data/ui/"
    page = app.get("/a%20b/data/ui/table/1/")
    assert '<meta name="dynmodel-root" content="/a%20b/data/">' in page.text
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert address.startswith("/a%20b/data/") and app.get(address)


def test_changed_files_are_read_in_development(tmp_path):
    (tmp_path / "index.html").write_text("one")
    kept, reloaded = Assets(tmp_path), Assets(tmp_path, reload=True)
    assert kept.refresh().hash == reloaded.refresh().hash
    (tmp_path / "index.html").write_text("another")
    assert kept.refresh().document == "one"
    assert reloaded.refresh().document == "another" and reloaded.current.hash != kept.current.hash


def test_vendored_files_are_as_they_were_made():
    listed = json.loads(LIST.read_text(encoding="utf-8"))
    scripts = {path.name for path in FOLDER.glob("*.js")}
    assert scripts == set(listed)
    for name, entry in listed.items():
        content = (FOLDER / name).read_bytes()
        assert sha256(content).hexdigest() == entry["sha256"], f"{name} was edited: python -m tests.page.vendor"
        assert all(package["license"] in ("MIT", "Apache-2.0") for package in entry["packages"])


def test_all_texts_are_in_the_catalogue():
    """Each key that a script names is there, and no text is left over."""
    known, used = set(), set()
    for path in STATIC.glob("js/**/*.js"):
        code = path.read_text(encoding="utf-8")
        if "texts/en" in path.as_posix():
            for part, body in re.findall(r'add\("(\w+)", \{(.*?)\n\}\);', code, re.DOTALL):
                known |= {f"{part}.{key}" for key in re.findall(r"(?:^ +|, )(\w+): *[\"'`{\n]", body, re.MULTILINE)}
        else:
            used |= set(re.findall(r'"([a-z]\w*\.[a-z]\w*)"', code)) | set(re.findall(r"\bt\(\"([^\"]+)\"", code))
    parts = {key.partition(".")[0] for key in known}
    assert sorted({key for key in used if key.partition(".")[0] in parts} - known) == []
