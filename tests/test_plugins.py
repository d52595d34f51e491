"""Field types as a public door: an installed distribution, plugins that fail, plugins that go missing.

The plugin of ``tests/plugin`` is built as a wheel and installed with ``pip install --target`` into a folder that is put
on PYTHONPATH: that needs no network and no second copy of our dependencies, and takes seconds, where a virtualenv that
sees this environment's packages would need a .pth file to do the same.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import webtest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationConflictError, ConfigurationExecutionError

import dynmodel_pyramid
from dynmodel_pyramid.fields import FieldType, operators, registry
from dynmodel_pyramid.fields.types.boolean import Boolean
from dynmodel_pyramid.fields.types.text import String
from dynmodel_pyramid.testing.databases import OPEN
from dynmodel_pyramid.testing.driver import make_application
from tests.plugins import install, path_with, plant, run
from tests.server_process import Server

PLUGIN = Path(__file__).with_name("plugin")


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with the plugin's wheel installed in it."""
    return install(PLUGIN, tmp_path_factory.mktemp("plugin"))


# An installed distribution


@pytest.mark.parametrize("database", ["sqlite"])
def test_an_installed_plugin_serves(installed, settings, tmp_path):
    """In a real process; the conformance run asks both databases."""
    server = Server(settings, tmp_path, environment={"PYTHONPATH": path_with(installed)})
    server.start()
    try:
        types = {known["name"]: known for known in requests.get(f"{server.url}/field-type/").json()}
        assert types["chess_square"]["distribution"] == "dynmodel-chess"
        assert types["chess_square"]["distribution_version"] == "1.2.3"
        assert types["chess_square"]["options"]["properties"]["size"]["default"] == 8
        assert (types["chess_square"]["help"], types["chess_square"]["icon"]) == ("A square of a chess board", "place")
        assert "``e4``" in types["chess_square"]["description"]
        module = requests.get(server.url + types["chess_square"]["editor"])
        assert module.text == (PLUGIN / "dynmodel_chess" / "square.js").read_text(encoding="utf-8")
        assert module.headers["Content-Type"].startswith("text/javascript")
        assert "immutable" in module.headers["Cache-Control"]
        assert module.headers["X-Content-Type-Options"] == "nosniff"
        assert requests.get(f"{server.url}/ui/static/types/chess_square-0.js").status_code == 404
        assert types["string"]["editor"] is None
        one = requests.get(f"{server.url}/field-type/chess_square/")
        assert one.json() == types["chess_square"] and one.json()["status"] == "installed"
        assert one.json()["value"] == {"type": "string", "pattern": "^[a-h][1-8]$"}
        assert requests.get(f"{server.url}/field-type/checkers/").status_code == 404
        assert requests.get(f"{server.url}/field-type/chess_square/more/").status_code == 404
        document = {"model_name": "Game", "fields": {"square": {"type": "chess_square", "required": True}}}
        assert requests.post(f"{server.url}/table/", json=document).status_code == 201
        rows = f"{server.url}/table/Game/rows/"
        assert requests.post(rows, json={"square": "E4"}).json() == {"id": 1, "square": "e4"}
        refused = requests.post(rows, json={"square": "e9"})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/square"
        assert requests.get(rows).json() == [{"id": 1, "square": "e4"}]
        sent = requests.post(rows, b"A1\nh8\n", headers={"Content-Type": "text/x-squares"})
        assert sent.status_code == 201 and [row["square"] for row in sent.json()] == ["a1", "h8"]
        assert requests.get(rows, headers={"Accept": "text/x-squares"}).text == "e4\na1\nh8\n"
    finally:
        server.stop()


@pytest.mark.long
def test_the_plugin_passes_its_conformance_run(installed, tmp_path):
    # In a folder of its own: nothing of this project's conftest is needed.
    shutil.copy(PLUGIN / "conformance.py", tmp_path)
    done = run("pytest", "-q", "-p", "no:cacheprovider", "conformance.py", path=installed, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout and "skipped" not in done.stdout


@contextmanager
def serving(settings, folder: Path | None, monkeypatch) -> Iterator[webtest.TestApp]:
    """An application of its own in this process, as if only the distributions in a folder had been added."""
    with monkeypatch.context() as patched:
        if folder is not None:
            patched.syspath_prepend(str(folder))
        wsgi = dynmodel_pyramid.main({}, **settings)
        yield webtest.TestApp(wsgi)
        wsgi.registry.dynmodel_catalogue.database.close()


def test_a_plugin_goes_missing_and_comes_back(installed, settings, monkeypatch):
    fields = {"name": "string", "square": {"type": "chess_square", "default": "a1"}}
    with serving(settings, installed, monkeypatch) as app:
        for name in ("Game", "Study", "Opening", "Plain"):
            document = {"model_name": name, "fields": fields if name != "Plain" else {"name": "string"}}
            app.post_json("/table/", document)
            app.post_json(f"/table/{name}/rows/", {"name": "a"})
    with serving(settings, None, monkeypatch) as app:
        listed = app.get("/table/").json
        assert [made["model_name"] for made in listed] == ["Game", "Study", "Opening", "Plain"]
        assert app.get("/table/Game/").json["fields"]["square"]["type"] == "chess_square"
        table = "/table/Game"
        for answer in (
            app.get(f"{table}/rows/", status=409),
            app.get(f"{table}/rows/?limit=1", status=409),
            app.get(f"{table}/rows/1/", status=409),
            app.post_json(f"{table}/rows/", {"name": "b"}, status=409),
            app.put_json(f"{table}/rows/1/", {"name": "b"}, status=409),
            app.patch_json(f"{table}/rows/1/", {"name": "b"}, status=409),
            app.delete(f"{table}/rows/1/", status=409),
            app.put_json(f"{table}/", {"model_name": "Game", "fields": {**fields, "more": "string"}}, status=409),
            app.patch_json(f"{table}/", {"fields": {"square": "string"}}, status=409),
        ):
            assert answer.json["code"] == "field_type_missing"
            assert "'chess_square' is not installed" in answer.json["detail"] and answer.json["hint"]
        history = f"{table}/history"
        assert [step["kind"] for step in app.get(f"{history}/").json[0]["steps"]][:2] == ["create_table", "add_field"]
        assert app.get(f"{history}/1/").json["definition"] == app.get(f"{table}/").json
        assert app.get(f"{history}/1/diff/1/").json["steps"] == []
        assert app.get(f"{table}/quarantine/").json == []
        unknown = app.post_json("/table/", {"model_name": "New", "fields": {"a": "chess_square"}}, status=422)
        assert unknown.json["errors"][0]["code"] == "unknown_type"
        # Other tables work, and this one can be rid of the field, or go altogether.
        assert app.get("/table/Plain/rows/").json == [{"id": 1, "name": "a"}]
        app.put_json("/table/Study/", {"model_name": "Study", "fields": {"name": "string"}}, status=200)
        assert app.get("/table/Study/rows/").json == [{"id": 1, "name": "a"}]
        # A later change carries the dropped column along.
        changed = {"model_name": "Study", "fields": {"name": {"type": "string", "required": True}, "size": "integer"}}
        app.put_json("/table/Study/", changed, status=200)
        assert app.get("/table/Study/rows/").json == [{"id": 1, "name": "a", "size": None}]
        app.delete("/table/Opening/", status=204)
    with serving(settings, installed, monkeypatch) as app:
        assert app.get("/table/Game/rows/").json == [{"id": 1, "name": "a", "square": "a1"}]


# Plugins that fail

FAILURES = {
    "raises at import": ("raise RuntimeError('no palette')", "can't be loaded: RuntimeError: no palette"),
    "no such class": ("", "can't be loaded: AttributeError"),
    "syntax": ("def", "can't be loaded: SyntaxError"),
    "import": ("import not_there_at_all", "can't be loaded: ModuleNotFoundError: No module named 'not_there_at_all'"),
    "no class": ("Bad = Good()", "is not a class that derives from FieldType"),
    "other class": ("class Bad: pass", "is not a class that derives from FieldType"),
    "no column": ("class Bad(FieldType):\n def schema_node(self, options): pass", "Bad has no column()"),
    "no schema_node": ("class Bad(FieldType):\n def column(self, options, context): pass", "Bad has no schema_node()"),
    "signature": (
        "class Bad(Good):\n def column(self, options): pass",
        r"Bad.column\(self, options\) has the wrong signature \(want column\(self, options, context\)\)",
    ),
    "not a method": ("class Bad(Good):\n text_form = 'x'", "Bad.text_form is not a method"),
    "constructor": ("class Bad(Good):\n def __init__(self, palette): pass", "TypeError: .*palette"),
    "options raise": ("class Bad(Good):\n def options_schema(self): raise KeyError('palette')", "KeyError: 'palette'"),
    "no options": ("class Bad(Good):\n def options_schema(self): return None", "AttributeError"),
    "lenient options": (
        "class Bad(Good):\n def options_schema(self): return colander.SchemaNode(colander.Mapping())",
        r'must be a colander.Mapping\(unknown="raise"\)',
    ),
    "common option": (
        "class Bad(Good):\n def options_schema(self):\n  return colander.SchemaNode("
        "colander.Mapping(unknown='raise'), schema.option(schema.Text(), 'unique'))",
        "its option 'unique' is one that every field has",
    ),
    "options without JSON": (
        "class Bad(Good):\n def options_schema(self):\n  return colander.SchemaNode("
        "colander.Mapping(unknown='raise'), schema.option(schema.Text(), 'a', default=object()))",
        "TypeError: .*not JSON serializable",
    ),
    "exits": ("import sys; sys.exit('no palette')", "can't be loaded: SystemExit: no palette"),
    "operators": ("class Bad(Good):\n operators = ('eq',)", "operators are not all of"),
    "no operators": ("class Bad(Good):\n operators = None", "operators are not all of"),
    "upgrades": ("class Bad(Good):\n upgrades = [print]", "upgrades must be a tuple of functions"),
    "icon": ("class Bad(Good):\n icon = None", "help and icon must be texts"),
    "no editor": ("class Bad(Good):\n editor = 'shade.js'", "its editor 'shade.js' is not beside .*py"),
    "editor elsewhere": ("class Bad(Good):\n editor = '../shade.js'", "is not the path of a module of JavaScript"),
}


@pytest.fixture
def plugin_path(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("planted_"):
            del sys.modules[name]


def start(tmp_path, **further):
    settings = {"sqlalchemy.url": f"sqlite:///{tmp_path}/data.sqlite", **OPEN, **further}
    wsgi = dynmodel_pyramid.main({}, **settings)
    catalogue = wsgi.registry.dynmodel_catalogue
    catalogue.database.close()
    return catalogue.field_types


@pytest.mark.parametrize("failure", FAILURES)
def test_a_plugin_that_fails_is_logged_and_kept(plugin_path, failure, caplog):
    source, cause = FAILURES[failure]
    value = plant(plugin_path, source)
    (failed,) = start(plugin_path).failures
    assert (failed.name, failed.distribution, failed.version) == ("shade", "acme-shades", "4.5.6")
    assert failed.entry_point == value and re.search(cause, failed.cause)
    (record,) = [record for record in caplog.records if record.name == registry.__name__]
    assert record.levelname == "ERROR"
    assert record.message == (f"field type 'shade' of acme-shades 4.5.6 (entry point shade = {value}): {failed.cause}")


def test_of_a_built_in_type_and_a_plugin_of_its_name_the_built_in_one_serves(plugin_path):
    plant(plugin_path, "", name="string", cls="Good", distribution="aaa-first")
    types = start(plugin_path)
    assert isinstance(types["string"], String)
    (failed,) = types.failures
    assert failed.distribution == "aaa-first"
    assert re.match("dynmodel_pyramid .* provides a type of that name already", failed.cause)


def test_of_two_plugins_of_one_name_the_first_serves(plugin_path):
    plant(plugin_path, "", cls="Good", distribution="zeta-shades")
    plant(plugin_path, "", cls="Good")
    types = start(plugin_path)
    assert types.registered("shade").distribution == "acme-shades"
    (failed,) = types.failures
    assert failed.distribution == "zeta-shades"
    assert re.match("acme-shades 4.5.6 provides a type of that name already", failed.cause)


#: A type with an operator "near".
NEAR = """\
from dynmodel_pyramid.fields import operators

class Bad(Good):
    operators = (*operators.IDENTITY, operators.Operator("near", "is near", operators.EQ.condition{syntax}))
"""


def test_of_two_plugins_that_write_an_operator_differently_the_first_serves(plugin_path):
    plant(plugin_path, NEAR.format(syntax=""))
    plant(plugin_path, NEAR.format(syntax=", many=True"), name="tone", distribution="zeta-tones")
    types = start(plugin_path)
    assert "shade" in types and "tone" not in types
    (failed,) = types.failures
    assert str(failed).startswith("field type 'tone' of zeta-tones 4.5.6 (entry point tone = ")
    assert failed.cause.startswith(
        "its operator 'near' takes a list, and that of the field type 'shade' of acme-shades 4.5.6 takes one value"
    )


def test_a_type_of_the_host_that_writes_an_operator_differently_stops_the_start(plugin_path):
    plant(plugin_path, NEAR.format(syntax=""))
    near = operators.Operator("near", "is near", operators.EQ.condition, many=True)
    config = config_for(plugin_path)
    config.add_field_type("tone", type("Tone", (Switch,), {"operators": (near,)}))
    told = f"'tone' of {__package__}: its operator 'near' takes a list, .*'shade' of acme-shades 4.5.6 takes one value"
    with pytest.raises(ConfigurationExecutionError, match=told):
        config.commit()


@pytest.mark.parametrize("name", ("two words", "_private", "9lives", "a-b"))
def test_a_bad_name_is_refused(plugin_path, name):
    plant(plugin_path, "", cls="Good", name=name)
    types = start(plugin_path)
    assert name not in types
    assert "must be an identifier" in types.failure(name).cause


def test_an_application_may_give_a_type_whose_plugin_failed(plugin_path):
    plant(plugin_path, "raise RuntimeError('no palette')")
    config = config_for(plugin_path)
    config.add_field_type("shade", Switch)
    config.commit()
    catalogue = config.registry.dynmodel_catalogue
    assert isinstance(catalogue.field_types["shade"], Switch)
    catalogue.database.close()


def test_the_server_starts_and_tells_what_failed(settings, tmp_path, monkeypatch, caplog):
    """Tables of the type answer 409 with the cause, all others work; once mended, all is as it was."""
    spoilt = tmp_path / "spoilt"
    spoilt.mkdir()
    plant(tmp_path, "", cls="Good")
    plant(spoilt, "", cls="Good", name="tone", distribution="acme-tones")
    value = plant(spoilt, "raise RuntimeError('no palette')")
    fields = {"a": {"type": "shade"}}

    with serving(settings, tmp_path, monkeypatch) as app:
        app.post_json("/table/", {"model_name": "A", "fields": fields})
        app.post_json("/table/A/rows/", {"a": "x"}, status=201)
    with serving(settings, spoilt, monkeypatch) as app:
        *installed, failed = app.get("/field-type/").json
        assert {known["status"] for known in installed} == {"installed"}
        assert "tone" in [known["name"] for known in installed]
        assert failed == {
            "name": "shade",
            "status": "failed",
            "distribution": "acme-shades",
            "distribution_version": "4.5.6",
            "entry_point": value,
            "cause": "can't be loaded: RuntimeError: no palette (mend or uninstall that package)",
        }
        assert app.get("/field-type/shade/").json == failed
        refused = app.get("/table/A/rows/", status=409)
        assert refused.json["code"] == "field_type_missing"
        assert "'shade' is installed but failed at the start" in refused.json["detail"]
        assert "acme-shades 4.5.6" in refused.json["hint"] and failed["cause"] in refused.json["hint"]
        assert app.get("/table/A/").json["fields"]["a"]["type"] == "shade"
        unknown = app.post_json("/table/", {"model_name": "B", "fields": fields}, status=422)
        assert unknown.json["errors"][0]["code"] == "unknown_type"
        tone = {"model_name": "B", "fields": {"a": {"type": "tone"}}}
        app.post_json("/table/", tone, status=201)
        (logged,) = [each for each in caplog.records if each.levelname == "ERROR"]
        assert str(failed["cause"]) in logged.getMessage() and logged.exc_info
    with serving(settings, tmp_path, monkeypatch) as app:
        assert app.get("/table/A/rows/").json == [{"id": 1, "a": "x"}]


# Options of another version


def test_older_options_are_brought_up(plugin_path, monkeypatch):
    source = """
class Sized(Good):
    upgrades = (lambda options: {"size": options["width"] * 2},)
    def options_schema(self):
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"),
            schema.option(schema.Integer(), "size", default=10), schema.option(schema.Text(), "unit", default="px"))
class Old(Good):
    def options_schema(self):
        return colander.SchemaNode(
            colander.Mapping(unknown="raise"), schema.option(schema.Integer(), "width", default=1))
class Newest(Sized):
    def fail(options):
        raise LookupError("no way")
    upgrades = (*Sized.upgrades, fail)
class Wrong(Sized):
    upgrades = (*Sized.upgrades, dict, lambda options: {"height": 1})
"""
    url = f"sqlite:///{plugin_path}/data.sqlite"

    def app(cls):
        import webtest

        plant(plugin_path, source, cls=cls)
        return webtest.TestApp(dynmodel_pyramid.main({}, **{"sqlalchemy.url": url, **OPEN}))

    old = app("Old")
    made = old.post_json("/table/", {"model_name": "A", "fields": {"a": {"type": "shade", "width": 4}}})
    assert made.json["fields"]["a"]["width"] == 4
    old.post_json("/table/A/rows/", {"a": "x"})
    sized = app("Sized")
    definition = sized.get("/table/A/").json
    assert (definition["fields"]["a"]["size"], definition["fields"]["a"]["unit"]) == (8, "px")
    assert "width" not in definition["fields"]["a"]
    assert sized.get("/table/A/rows/").json == [{"id": 1, "a": "x"}]
    # Reading it back is no change; a change stores the new form.
    assert sized.put_json("/table/A/", definition).json["version"] == 1
    for spoilt in ("Newest", "Wrong"):
        other = app(spoilt)
        assert other.get("/table/").json[0]["fields"]["a"]["width"] == 4
        refused = other.get("/table/A/rows/", status=409).json
        assert refused["code"] == "field_type_missing" and "version 1" in refused["detail"] and refused["hint"]
    definition["fields"]["a"]["size"] = 9
    assert sized.put_json("/table/A/", definition).json["version"] == 2
    # The plugin goes back to a release that doesn't know these options.
    back = app("Old")
    assert back.get("/table/").json[0]["fields"]["a"]["size"] == 9
    assert "version 2" in back.get("/table/A/rows/", status=409).json["detail"]


# Without an entry point


def config_for(tmp_path) -> Configurator:
    config = Configurator(settings={"sqlalchemy.url": f"sqlite:///{tmp_path}/data.sqlite", **OPEN})
    config.include("pyramid_tm")
    config.include("dynmodel_pyramid")
    return config


class Switch(Boolean):
    """On or off."""


def test_a_host_application_registers_a_type(tmp_path):
    import webtest

    config = config_for(tmp_path)
    config.add_field_type("switch", Switch)
    app = webtest.TestApp(config.make_wsgi_app())
    (item,) = config.introspector.get_category("dynmodel field types")
    assert (item["introspectable"].discriminator, item["introspectable"]["class"]) == ("switch", Switch)
    app.post_json("/table/", {"model_name": "Lamp", "fields": {"on": {"type": "switch", "default": True}}})
    assert app.post_json("/table/Lamp/rows/", {}).json == {"id": 1, "on": True}
    (listed,) = [known for known in app.get("/field-type/").json if known["name"] == "switch"]
    assert listed["distribution"] == __package__
    config.registry.dynmodel_catalogue.database.close()


def test_two_types_of_one_name_are_a_conflict(tmp_path):
    config = config_for(tmp_path)
    config.add_field_type("switch", Switch)
    config.add_field_type("switch", Boolean)
    with pytest.raises(ConfigurationConflictError):
        config.commit()


@pytest.mark.parametrize(
    ("name", "cls", "cause"),
    (
        ("string", Switch, "dynmodel_pyramid .* provides a type of that name already"),
        ("switch", FieldType, "has no column"),
        ("switch", dict, "is not a class that derives from FieldType"),
    ),
)
def test_a_bad_type_of_the_host_is_refused(tmp_path, name, cls, cause):
    config = config_for(tmp_path)
    config.add_field_type(name, cls)
    with pytest.raises(ConfigurationExecutionError, match=cause):
        config.commit()


def test_the_suite_registers_a_class_by_itself(tmp_path):
    app = make_application({"sqlalchemy.url": f"sqlite:///{tmp_path}/data.sqlite", **OPEN}, {"switch": Switch})
    assert "switch" in app.registry.dynmodel_catalogue.field_types
    app.registry.dynmodel_catalogue.database.close()
