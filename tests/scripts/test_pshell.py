"""``pshell``: the generated classes are at hand by their names."""

import subprocess
import sys

import pytest

from dynmodel_pyramid.scripts import pshell
from dynmodel_pyramid.scripts.pshell import setup
from tests.server_process import write_ini

FIELDS = {"name": "string", "price": "number"}
CODE = """
[row.name for row in session.scalars(select(Product).where(Product.price > 10))]
session.add(Product(name="from the shell", price=3)); session.commit()
list(models), models.Other is Other, catalogue
session.get(Product, 3)
"""


@pytest.fixture
def tables(app):
    for name in ("Product", "Other"):
        app.post_json("/table/", {"model_name": name, "fields": FIELDS})
    app.post_json("/table/1/rows/", [{"name": "cheap", "price": 10}, {"name": "dear", "price": 10.5}])


def test_pshell_of_an_ini_file(app, tables, settings, tmp_path):
    ini = write_ini(tmp_path, settings, port=1)
    ini.write_text(ini.read_text() + "\n[pshell]\nsetup = dynmodel_pyramid.scripts.pshell.setup\n")
    command = [sys.executable, "-m", "pyramid.scripts.pshell", str(ini)]
    done = subprocess.run(command, input=CODE, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    assert "['dear']" in done.stdout
    assert "  session      reads, and writes with session.commit()\n" in done.stderr
    banner = done.stderr.partition("Environment:")[2]
    assert "  Product      a row of Product\n" in banner and max(map(len, banner.splitlines())) < 100
    assert "(['Product', 'Other'], True, <dynmodel_pyramid.catalogue.catalogue.Catalogue" in done.stdout
    assert "<Product 3>" in done.stdout
    row = {"id": 3, "name": "from the shell", "price": 3}
    assert app.get("/table/1/rows/3/").json == row


@pytest.fixture
def shell(app):
    """A function that runs ``setup`` on a namespace."""
    running = []

    def run(**namespace):
        env = {"registry": app.app.registry, **namespace}
        generator = setup(env)
        next(generator)
        running.append(generator)
        return env

    yield run
    for generator in running:
        generator.close()


def test_the_namespace_is_bounded_and_keeps_what_is_there(app, tables, shell, monkeypatch):
    app.post_json("/table/", {"model_name": "session", "fields": FIELDS})
    monkeypatch.setattr(pshell, "CLASSES", 1)
    env = shell(request="request")
    assert {"catalogue", "models", "session", "select", "Product"} <= set(env) and "Other" not in env
    monkeypatch.setattr(pshell, "CLASSES", 100)
    env = shell(Other="mine")
    assert env["Other"] == "mine"
    assert type(env["session"]).__name__ == "ModelSession"
    assert env["models"]["session"].__name__ == "session"


def test_a_type_that_is_missing_leaves_the_shell_alone(make_app, tables, shell):
    other = make_app().app.registry
    types = other.dynmodel_catalogue.field_types
    types._types.pop("number")
    env = shell(registry=other)
    assert "Product" not in env and list(env["models"]) == ["Product", "Other"]
