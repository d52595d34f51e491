"""Imports point down the list of layers only, go in no circle, and few layers know Pyramid.

``python -m tests.test_layers`` prints modules and lines by package, and counts circles and arrows that run up.
"""

import ast
import subprocess
import sys
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import dynmodel_pyramid

PACKAGE = Path(dynmodel_pyramid.__file__).parent
NAME = "dynmodel_pyramid"
#: From the top to the bottom (docs/architecture.md); a module imports from its own layer and from those below it.
LAYERS = (
    "testing",
    "scripts",
    "__init__",
    "application",
    "directives",
    "server",
    "web",
    "tenants",
    "exchange",
    "moving",
    "changes",
    "orm",
    "events",
    "rows",
    "access",
    "queries",
    "catalogue",
    "definitions",
    "fields",
    "database",
    "telemetry",
    "settings",
    "plugins",
    "errors",
    "hints",
    "loopback",
    "nesting",
)
KNOW_PYRAMID = {"testing", "__init__", "application", "directives", "scripts", "web"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def layer_of(parts: tuple[str, ...]) -> str:
    return parts[0] if parts else "__init__"


def module_name(path: Path) -> str:
    """``a.b.c`` of a file below the package; ``a.b`` of the file of a package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join((NAME, *parts)).removesuffix(".__init__")


def imports(path: Path) -> list[tuple[int, str]]:
    """(line, dotted name) of every import, those inside functions and under TYPE_CHECKING included."""
    found = []
    package = (NAME, *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            base = ".".join(part for part in (base, node.module) if part)
            found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
    return found


def imported_layer(name: str) -> str | None:
    """The layer of ours that an import reaches; ``from dynmodel_pyramid import main`` reaches the top module."""
    parts = name.split(".")
    if parts[0] != NAME:
        return None
    return parts[1] if len(parts) > 1 and parts[1] in LAYERS else "__init__"


def arrows() -> dict[str, set[str]]:
    """Module -> the modules that it imports."""
    modules = {module_name(path): path for path in MODULES}
    found: dict[str, set[str]] = {name: set() for name in modules}
    for name, path in modules.items():
        for _, imported in imports(path):
            reached = imported if imported in modules else imported.rpartition(".")[0]
            if reached in modules and reached != name:
                found[name].add(reached)
    return found


def rooms(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """The same of rooms: a package within a layer is one room, and so is each module beside it."""

    def room(module: str) -> str:
        inner = ".".join(module.split(".")[:3])
        return inner if (PACKAGE / Path(*inner.split(".")[1:]) / "__init__.py").exists() else module

    found: dict[str, set[str]] = {}
    for module, imported in graph.items():
        found.setdefault(room(module), set()).update(room(each) for each in imported if room(each) != room(module))
    return found


def circles(graph: dict[str, set[str]]) -> Iterable[list[str]]:
    """One circle after the other, each without the arrow that closed the one before; none where all is well."""
    graph = {name: set(imported) for name, imported in graph.items()}
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle = error.args[1][::-1]
            yield circle
            graph[circle[0]].discard(circle[1])
        else:
            return


def upward() -> Iterable[str]:
    for path in MODULES:
        own = layer_of(path.relative_to(PACKAGE).with_suffix("").parts)
        for line, name in imports(path):
            reached = imported_layer(name)
            if reached is not None and reached != own and LAYERS.index(reached) < LAYERS.index(own):
                yield f"{path}:{line} imports {name}, which lies above"


def test_imports_point_down():
    assert list(upward()) == []


def test_only_some_layers_know_pyramid():
    pyramid = ("pyramid", "webob", "pyramid_tm")
    knowing = {
        layer_of(path.relative_to(PACKAGE).with_suffix("").parts)
        for path in MODULES
        if any(name.split(".")[0] in pyramid for _, name in imports(path))
    }
    assert knowing <= KNOW_PYRAMID


def test_modules_import_in_no_circle():
    assert list(circles(arrows())) == []


def test_rooms_import_in_no_circle():
    assert list(circles(rooms(arrows()))) == []


def test_the_list_is_complete():
    """Every name in the package is a layer, and a module is found for nearly every layer."""
    there = {layer_of(path.relative_to(PACKAGE).with_suffix("").parts) for path in MODULES}
    assert there <= set(LAYERS), "a new layer stands in the list in docs/architecture.md and here"
    assert there >= set(LAYERS) - {"access"}


@pytest.mark.parametrize("package", sorted({path.parent for path in MODULES}), ids=lambda path: path.name)
def test_each_package_has_a_map(package):
    """Its docstring names each of its modules and packages."""
    if package == PACKAGE or "migrations" in package.parts:
        return
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    parts = {path.stem for path in package.glob("*.py")} | {path.parent.name for path in package.glob("*/__init__.py")}
    assert [part for part in sorted(parts - {"__init__"}) if f"``{part}``" not in text] == []


def test_the_reader_of_imports(tmp_path, monkeypatch):
    """Relative imports, those inside functions and those under TYPE_CHECKING count, too."""
    monkeypatch.setattr("tests.test_layers.PACKAGE", tmp_path)
    folder = tmp_path / "rows"
    folder.mkdir()
    module = folder / "module.py"
    module.write_text(
        "from . import page\nfrom ..web import errors\ndef f():\n    import dynmodel_pyramid.web.rows\n"
        "if TYPE_CHECKING:\n    from dynmodel_pyramid.orm import models\n"
    )
    names = [name for _, name in sorted(imports(module))]
    assert names == [
        "dynmodel_pyramid.rows.page",
        "dynmodel_pyramid.web.errors",
        "dynmodel_pyramid.web.rows",
        "dynmodel_pyramid.orm.models",
    ]
    assert [imported_layer(name) for name in names] == ["rows", "web", "web", "orm"]


def test_the_finder_of_circles():
    assert list(circles({"a": {"b"}, "b": {"c"}, "c": set()})) == []
    assert [set(circle) for circle in circles({"a": {"b"}, "b": {"c"}, "c": {"a"}})] == [{"a", "b", "c"}]


def test_the_application_needs_no_library_of_an_extra():
    """They are installed where tests run, so another process is told that they are not."""
    missing = (
        "prometheus_client",
        "opentelemetry",
        "psycopg",
        "pyarrow",
        "brotli",
        "jsonschema_rs",
        "yaml",
        "jwt",
        "email_validator",
        "phonenumbers",
    )
    code = f"import sys; sys.modules.update(dict.fromkeys({missing!r})); import dynmodel_pyramid.application"
    code += "; import dynmodel_pyramid.scripts.importing, dynmodel_pyramid.scripts.exporting"
    code += "; from importlib import import_module; from dynmodel_pyramid.web.views import MODULES"
    code += "; [import_module(f'dynmodel_pyramid.web.{module}') for module in MODULES]"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


if __name__ == "__main__":
    for package in sorted({path.parent for path in MODULES}):
        files = list(package.glob("*.py"))
        lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
        print(f"{len(files):4} modules {lines:6} lines  {package.relative_to(PACKAGE.parent)}")
    print("circles of modules:", len(list(circles(arrows()))))
    print("circles of rooms:", len(list(circles(rooms(arrows())))))
    print("arrows that run up:", len(list(upward())))
