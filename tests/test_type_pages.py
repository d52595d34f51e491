"""docs/types/: each built-in type has a page in one shape, its example runs, and the index is up to date."""

import json
import re

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import database_settings
from tests import document_types
from tests.documents import ROOT, equal

FOLDER = ROOT / "docs" / "types"
TYPES = {known.name: known.field_type for known in document_types.installed()}
HEADINGS = ["Options", "Example", "Forms"]


def text_of(name: str) -> str:
    path = FOLDER / f"{name}.md"
    assert path.exists(), f"the type {name} has no page docs/types/{name}.md"
    return path.read_text(encoding="utf-8")


def section(name: str, heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text_of(name), re.DOTALL | re.MULTILINE)
    assert found, f"docs/types/{name}.md has no section {heading}"
    return found[1].strip()


def test_every_page_is_of_a_built_in_type():
    assert {path.stem for path in FOLDER.glob("*.md")} == {*TYPES, "README"}


def test_the_readme_names_every_type():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = re.search(r"^## Field types\n(.*?)\n\nSome need", text, re.DOTALL | re.MULTILINE)[1]
    assert sorted(re.findall(r"`(\w+)`", listed)) == sorted(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_a_page_has_the_shape(name):
    lines = text_of(name).splitlines()
    assert lines[0] == f"# {name}"
    assert [line[3:] for line in lines if line.startswith("## ")] == HEADINGS
    assert len(text_of(name).split("## Options")[0].split()) > 10, "say what the type is for"
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []
    assert section(name, "Forms")


@pytest.mark.parametrize("name", TYPES)
def test_every_option_is_in_the_table(name):
    options = {child.name for child in TYPES[name].options_schema().children}
    told = section(name, "Options")
    if not options:
        assert told.startswith("None of its own.")
        return
    heading, rule, *rows = [line for line in told.splitlines() if line.startswith("|")]
    assert [cell.strip() for cell in heading.strip("|").split("|")] == ["option", "default", "meaning"]
    assert set(rule) <= set("|- ")
    assert [row for row in rows if len(re.split(r"(?<!\\)\|", row)) != 5] == []
    assert {re.match(r"\| `(\w+)` \|", row)[1] for row in rows} == options


@pytest.mark.parametrize("name", TYPES)
def test_the_example_runs(name, tmp_path):
    blocks = re.findall(r"^```json\n(.*?)^```$", section(name, "Example"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 3, "want the definition, the row and the answer"
    definition, row, answer = map(json.loads, blocks)
    with database_settings("sqlite", tmp_path) as settings:
        wsgi = dynmodel_pyramid.main({}, **settings)
        try:
            app = webtest.TestApp(wsgi)
            made = app.post_json("/table/", definition, status=201).json
            assert name in [field["type"] for field in made["fields"].values()]
            given = app.post_json(f"/table/{made['id']}/rows/", row, status=201).json
            assert equal(answer, given), given
            assert app.get(f"/table/{made['id']}/rows/{given['id']}/").json == given
        finally:
            wsgi.registry.dynmodel_catalogue.database.close()


def test_the_index_is_up_to_date():
    told = document_types.PAGE.read_text(encoding="utf-8") if document_types.PAGE.exists() else ""
    assert told == document_types.page(), "run python -m tests.document_types"
