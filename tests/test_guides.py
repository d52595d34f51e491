"""The guides docs/field-types.md and docs/embedding.md: their examples run, and the contract is all there."""

import contextlib
import importlib
import io
import json
import re
import subprocess
import sys
from code import InteractiveConsole
from pathlib import Path

import pytest
import webtest

from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.scripts.pshell import setup
from tests.server_process import write_ini

ROOT = Path(__file__).parents[1]


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_every_member_of_the_contract_has_a_heading():
    text = (ROOT / "docs" / "field-types.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`(\w+)", "\n".join(re.findall(r"^### (.*)$", text, re.MULTILINE))))
    assert told == {name for name in vars(FieldType) if not name.startswith("_")}


def test_the_example_plugin_is_the_one_that_the_tests_install():
    """tests/test_plugins.py builds it, serves it and runs its conformance suite."""
    module, setup_file, _, conformance, *_ = blocks("field-types.md", "python")
    folder = ROOT / "tests" / "plugin"
    assert module == (folder / "dynmodel_chess" / "__init__.py").read_text(encoding="utf-8")
    assert setup_file == (folder / "setup.py").read_text(encoding="utf-8")
    assert conformance == (folder / "conformance.py").read_text(encoding="utf-8")
    assert blocks("field-types.md", "js") == [(folder / "dynmodel_chess" / "square.js").read_text(encoding="utf-8")]


@pytest.mark.parametrize(("position", "module"), ((-3, "searched_text"), (-2, "standard_number"), (-1, "geometry")))
def test_the_examples_are_the_ones_that_the_suite_tests(position, module):
    path = ROOT / "tests" / "examples" / f"{module}.py"
    assert blocks("field-types.md", "python")[position] == path.read_text(encoding="utf-8")


def test_a_type_of_an_application(settings, monkeypatch):
    from pyramid.config import Configurator

    # The module of the example above, whose editor lies beside it.
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "plugin"))
    chess_square = importlib.import_module("dynmodel_chess").ChessSquare
    monkeypatch.setitem(sys.modules, "dynmodel_chess", sys.modules.pop("dynmodel_chess"))  # forgotten afterwards
    includeme = blocks("field-types.md", "python")[2]
    namespace = {"__name__": __name__, "ChessSquare": chess_square}  # Pyramid asks a function for its module
    exec(includeme, namespace)
    config = Configurator(settings=settings)
    config.include(namespace["includeme"])
    app = webtest.TestApp(config.make_wsgi_app())
    document = {"model_name": "Game", "fields": {"square": {"type": "chess_square", "size": 9}}}
    app.post_json("/table/", document, status=201)
    assert app.post_json("/table/Game/rows/", {"square": "I9"}).json["square"] == "i9"
    config.registry.dynmodel_catalogue.database.close()


@pytest.fixture
def embedded(settings):
    namespace = {}
    exec(blocks("embedding.md", "python")[0], namespace)
    wsgi = namespace["main"]({}, **settings)
    yield webtest.TestApp(wsgi)
    wsgi.registry.dynmodel_catalogue.database.close()


@pytest.fixture
def products(embedded):
    fields = {"name": "string", "price": "number"}
    embedded.post_json("/data/table/", {"model_name": "Product", "fields": fields}, status=201)
    embedded.post_json("/data/table/1/rows/", [{"name": "a", "price": 10}, {"name": "b", "price": 12.5}], status=201)
    return embedded


def test_the_host_application(embedded):
    assert embedded.get("/about").text == "about"
    assert embedded.get("/data").json["links"]["tables"] == "/data/table/"


class HostPolicy:
    """A security policy of the host, for which the client's word is enough."""

    def authenticated_userid(self, request):
        return request.headers.get("X-User")


def test_identities_of_the_host(settings):
    from pyramid.config import Configurator

    namespace = {"__name__": __name__}
    exec(blocks("embedding.md", "python")[1], namespace)
    config = Configurator(settings={**settings, "dynmodel.access": "enforced"})
    config.include("pyramid_tm")
    config.include(namespace["includeme"])
    config.set_security_policy(HostPolicy())
    app = webtest.TestApp(config.make_wsgi_app())
    me = app.get("/data/me/", headers={"X-User": "ann", "X-Tenant": "acme"}).json
    assert (me["id"], me["claims"]) == ("host:ann", {"tenant": "acme"})
    assert me["roles"] == ["authenticated", "clerk", "everyone"]
    assert app.get("/data/me/").json["kind"] == "anonymous"
    config.registry.dynmodel_catalogue.database.close()


def test_the_script(products, settings, tmp_path):
    code = blocks("embedding.md", "python")[2]
    ini = write_ini(tmp_path, settings, port=1)
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", f"{code}\nraise_prices({str(ini)!r})"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert [row["price"] for row in products.get("/data/table/1/rows/").json] == [10, 25]


def test_relationships(embedded, settings, tmp_path):
    tables, _ = map(json.loads, blocks("embedding.md", "json"))
    for document in tables:
        embedded.post_json("/data/table/", document, status=201)
    ini = write_ini(tmp_path, settings, port=1)
    code = f"{blocks('embedding.md', 'python')[3]}\nprint(tag_orders({str(ini)!r}))"
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[('new', ['of Ada', 'urgent'])]"


def test_the_shell(products):
    (section,) = blocks("embedding.md", "ini")
    assert f"{setup.__module__}.{setup.__name__}" in section
    (dialogue,) = blocks("embedding.md", "pycon")
    env = {"registry": products.app.registry}
    generator = setup(env)
    next(generator)
    console = InteractiveConsole(env)
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        for line in dialogue.splitlines():
            if line.startswith(">>> "):
                console.push(line[4:])
    generator.close()
    assert told.getvalue().splitlines() == [line for line in dialogue.splitlines() if not line.startswith(">>> ")]
    assert products.get("/data/table/1/rows/2/").json["price"] == 11
