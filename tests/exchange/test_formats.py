"""Formats of rows come through one door: the built-in ones, a plugin's, and a host application's."""

from typing import Any

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.exchange.formats import Format, Formats
from tests.test_guides import blocks

KEY_VALUE = "text/x-key-value"
#: What docs/formats.md has an author write.
EXAMPLE: dict[str, Any] = {}
exec(blocks("formats.md", "python")[0], EXAMPLE)
FORMAT: Format = EXAMPLE["FORMAT"]


@pytest.fixture
def application(settings):
    """Makes an application that registers these formats."""
    made = []

    def make(*formats) -> TestApp:
        with Configurator(settings={"tm.manager_hook": "pyramid_tm.explicit_manager", **settings}) as config:
            config.include("pyramid_tm")
            config.include("dynmodel_pyramid")
            for number, format in enumerate(formats):
                config.add_row_format(f"format_{number}", format)
        made.append(config.make_wsgi_app())
        return TestApp(made[-1])

    yield make
    for wsgi in made:
        wsgi.registry.dynmodel_catalogue.database.close()


def test_a_format_of_a_host_application(application):
    app = application(FORMAT)
    app.post_json("/table/", {"model_name": "Word", "fields": {"text": "string"}})
    headers = {"Content-Type": KEY_VALUE}
    assert app.post("/table/Word/rows/?select=text", "text=one\ntext=two\n", headers, status=201).json == [
        {"text": "one"},
        {"text": "two"},
    ]
    answer = app.get("/table/Word/rows/?select=text&order=text.desc", headers={"Accept": KEY_VALUE})
    assert answer.content_type == KEY_VALUE
    assert answer.body == b"# rows\ntext=two\ntext=one\n"
    assert app.get("/table/Word/rows/?limit=0", headers={"Accept": KEY_VALUE}).body == b"# rows\n"
    refused = app.get("/table/Word/rows/", headers={"Accept": "image/png"}, status=406).json
    assert KEY_VALUE in refused["detail"]


def test_what_the_example_can_not_read(application):
    app = application(FORMAT)
    app.post_json("/table/", {"model_name": "Word", "fields": {"text": "string"}})
    longest = app.app.registry.dynmodel_settings.max_document_size
    headers = {"Content-Type": KEY_VALUE}
    too_long = b"text=one\ntext=" + b"a" * longest + b"\n"
    assert app.post("/table/Word/rows/", too_long, headers, status=413).json["code"] == "payload_too_large"
    [problem] = app.post("/table/Word/rows/", b"text=a\ntext=\xff\n", headers, status=422).json["errors"]
    assert (problem["pointer"], problem["code"]) == ("/1", "malformed_line")
    assert app.get("/table/Word/rows/").json == []


def test_a_format_that_is_written_only(application):
    app = application(Format(KEY_VALUE, write=FORMAT.write))
    app.post_json("/table/", {"model_name": "Word", "fields": {"text": "string"}})
    refused = app.post("/table/Word/rows/", "text=one", {"Content-Type": KEY_VALUE}, status=415)
    assert refused.json["code"] == "unsupported_media_type"
    assert app.get("/table/Word/rows/", headers={"Accept": KEY_VALUE}).body == b"# rows\n"


def test_the_built_in_formats_are_entry_points():
    formats = Formats()
    formats.load_entry_points()
    assert formats.readable[0] == formats.writable[0] == "application/json"
    assert set(formats.readable) >= {"application/json", "application/x-ndjson", "text/csv"}
    assert formats.of("text/csv", "rest") is formats.named("rest_csv") is not formats["text/csv"]
    assert formats.of("application/json", "rest") is formats["application/json"]
    assert formats.of_file("Words.CSV") is formats.named("csv") and formats.of_file("words") is None


@pytest.mark.parametrize(
    ("format", "words"),
    [
        ("text/csv", "is no dynmodel_pyramid.exchange.formats.Format"),
        (Format("Text/CSV", FORMAT.read), "no media type in lower case"),
        (Format("csv", FORMAT.read), "no media type in lower case"),
        (Format(KEY_VALUE), "neither reads nor writes"),
        (Format(KEY_VALUE, FORMAT.read, suffix="kv"), "no suffix such as .csv"),
        (Format("text/csv", FORMAT.read), "format 'csv' of dynmodel_pyramid .* serves text/csv already"),
    ],
)
def test_what_is_refused(format, words):
    formats = Formats()
    formats.load_entry_points()
    with pytest.raises(ConfigurationProblem, match=f"format 'mine' of somebody: .*{words}"):
        formats.register("mine", format, "somebody")


def test_an_entry_point_that_fails_is_left_out(caplog):
    class Broken:
        name, value, dist = "broken", "nowhere:FORMAT", None

        def load(self):
            raise ImportError("no module named nowhere")

    formats = Formats()
    formats.load_entry_points([Broken()])
    assert formats.readable == ()
    assert "broken = nowhere:FORMAT: can't be loaded: ImportError: no module named nowhere" in caplog.text
