"""Imports point down the list of layers only, and few layers know Pyramid."""

import ast
from pathlib import Path

import pytest

import dynmodel_pyramid

PACKAGE = Path(dynmodel_pyramid.__file__).parent
#: From the top to the bottom (docs/architecture.md); a module imports from its own layer and from those below it.
LAYERS = (
    "testing",
    "__init__",
    "directives",
    "scripts",
    "server",
    "ui",
    "web",
    "access",
    "exchange",
    "rows",
    "queries",
    "tables",
    "definitions",
    "fields",
    "database",
    "settings",
    "errors",
)
KNOW_PYRAMID = {"testing", "__init__", "directives", "scripts", "ui", "web", "access"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def layer_of(parts: tuple[str, ...]) -> str:
    return parts[0] if parts else "__init__"


def imports(path: Path) -> list[tuple[int, str]]:
    """(line, dotted name) of every import, those inside functions included."""
    found = []
    package = ("dynmodel_pyramid", *path.relative_to(PACKAGE).parts[:-1])
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
    if parts[0] != "dynmodel_pyramid":
        return None
    return parts[1] if len(parts) > 1 and parts[1] in LAYERS else "__init__"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    own = layer_of(path.relative_to(PACKAGE).with_suffix("").parts)
    assert own in LAYERS, f"{own} is no layer: add it to the list in docs/architecture.md and here"
    for line, name in imports(path):
        reached = imported_layer(name)
        if reached is not None and reached != own:
            assert LAYERS.index(reached) > LAYERS.index(own), f"{path}:{line} imports {name}, which lies above"
        if name.split(".")[0] in ("pyramid", "webob", "pyramid_tm"):
            assert own in KNOW_PYRAMID, f"{path}:{line} imports {name}; the layer {own} knows nothing of HTTP"


def test_the_list_is_complete():
    """Every name in the package is a layer, and a module is found for nearly every layer."""
    there = {layer_of(path.relative_to(PACKAGE).with_suffix("").parts) for path in MODULES}
    assert there <= set(LAYERS)
    assert there >= {"web", "rows", "tables", "definitions", "fields", "database", "errors"}


def test_the_reader_of_imports(tmp_path, monkeypatch):
    """Relative imports and those inside functions count, too."""
    monkeypatch.setattr("tests.test_layers.PACKAGE", tmp_path)
    folder = tmp_path / "rows"
    folder.mkdir()
    module = folder / "module.py"
    module.write_text("from . import page\nfrom ..web import errors\ndef f():\n    import dynmodel_pyramid.web.rows\n")
    names = [name for _, name in imports(module)]
    assert names == ["dynmodel_pyramid.rows.page", "dynmodel_pyramid.web.errors", "dynmodel_pyramid.web.rows"]
    assert [imported_layer(name) for name in names] == ["rows", "web", "web"]
