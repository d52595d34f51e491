"""Files and modules that docs, docstrings and comments name exist. Decisions are history, and may name old places."""

import ast
import importlib
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import dynmodel_pyramid

PACKAGE = Path(dynmodel_pyramid.__file__).parent
ROOT = PACKAGE.parent
NAME = "dynmodel_pyramid"
DOCUMENTS = sorted([*ROOT.glob("docs/*.md"), *ROOT.glob("docs/types/*.md"), *ROOT.glob("*.md")])
MODULES = sorted(PACKAGE.rglob("*.py"))
PACKAGES = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}

#: A file below a folder, such as ``rows/imports.py``.
FILE = re.compile(r"(?<![\w./{}-])((?:\w+/)+\w+\.(?:py|md))\b")
#: A folder of code in backticks, such as `changes/ddl/`.
FOLDER = re.compile(rf"`((?:{'|'.join(sorted({*PACKAGES, 'docs', 'tests', NAME}))})/(?:\w+/)+)`")
#: ``dynmodel_pyramid.fields.schema.Table``, or the same without the first part in backticks.
FULL_NAME = re.compile(rf"\b({NAME}(?:\.\w+)+)")
SHORT_NAME = re.compile(rf"`((?:{'|'.join(sorted(PACKAGES))})(?:\.\w+)+)`")
#: A reference of a docstring: ``:class:`~.upserts.Upsert```.
ROLE = re.compile(r":(?:mod|class|func|meth|data|attr):`~?([.\w]+)`")
#: Groups of entry points, which look like modules.
GROUPS = {f"{NAME}.field_types", f"{NAME}.row_formats", f"{NAME}.formats"}
#: Packages whose names are variables in examples: `catalogue.models`, `rows.model`.
OBJECTS = {"catalogue", "rows"}
#: Files that the commands of docs/field-types.md write.
WRITTEN = ("parts/", "dynmodel_part_number/")
FILES = [path.relative_to(ROOT).as_posix() for top in ("docs", "tests", NAME) for path in (ROOT / top).rglob("*.*")]


def exists(path: str) -> bool:
    """Whether the repository has the path, or ends a path with it: docs leave out the first folders."""
    if path.endswith("/"):
        return any(f"/{path}" in f"/{file}" for file in FILES)
    return any(f"/{file}".endswith(f"/{path}") for file in FILES)


def resolves(name: str) -> bool:
    """Whether a dotted name is a module, or leads from a module to an attribute."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            if part in getattr(found, "__annotations__", {}):
                return True
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def missing_paths(text: str) -> Iterator[str]:
    for path in FILE.findall(text) + FOLDER.findall(text):
        if not path.startswith(WRITTEN) and not exists(path):
            yield path


def missing_names(text: str) -> Iterator[str]:
    for name in FULL_NAME.findall(text):
        if name not in GROUPS and not resolves(name):
            yield name
    for name in SHORT_NAME.findall(text):
        if name.split(".")[0] not in OBJECTS and not resolves(f"{NAME}.{name}"):
            yield name


def missing_roles(path: Path, text: str) -> Iterator[str]:
    package = (NAME, *path.relative_to(PACKAGE).parts[:-1])
    for name in ROLE.findall(text):
        up = len(name) - len(name.lstrip("."))
        if up:
            name = ".".join((*package[: len(package) - up + 1], name.lstrip(".")))
        elif "." in name and name.split(".")[0] in PACKAGES:
            name = f"{NAME}.{name}"
        elif not name.startswith(NAME):
            continue
        if not resolves(name):
            yield name


def prose(path: Path) -> str:
    """The docstrings and comments of a module."""
    source = path.read_text(encoding="utf-8")
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    texts = [ast.get_docstring(node) or "" for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return "\n".join(texts + [token.string for token in tokens if token.type == tokenize.COMMENT])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_documents_name_what_exists(document):
    text = document.read_text(encoding="utf-8")
    assert [*missing_paths(text), *missing_names(text)] == []


def test_modules_name_what_exists():
    missing = {}
    for path in MODULES:
        text = prose(path)
        found = [*missing_paths(text), *missing_names(text), *missing_roles(path, text)]
        if found:
            missing[path.relative_to(ROOT).as_posix()] = found
    assert missing == {}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_maps_name_what_exists(path):
    """The first column of a package's docstring has modules and packages; ``tests.test_layers`` checks the contrary."""
    names = re.findall(
        r"^``(\w+)`` ", ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "", re.MULTILINE
    )
    there = {file.stem for file in path.parent.iterdir()}
    assert [name for name in names if name not in there] == []


def test_the_checks_find_old_places():
    assert [*missing_paths("`rows/imports.py`, catalogue/attempt.py, `tests/soak/crash.py`, `changes/ddl/`")] == []
    assert [*missing_paths("`tables/work.py` and `changes/old/`")] == ["tables/work.py", "changes/old/"]
    assert [*missing_names("`web.http.errors.problem`, dynmodel_pyramid.fields.schema.Table")] == []
    assert [*missing_names("`web.errors.problem`, dynmodel_pyramid.tables")] == [
        "dynmodel_pyramid.tables",
        "web.errors.problem",
    ]
    module = PACKAGE / "rows" / "upserts.py"
    assert [*missing_roles(module, ":class:`~.staging.StagedRows` :func:`~..catalogue.attempt.Attempt`")] == []
    assert [*missing_roles(module, ":class:`~.stage.Rows`")] == [f"{NAME}.rows.stage.Rows"]
