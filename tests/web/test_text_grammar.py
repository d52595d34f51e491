"""The examples of texts on the types' pages (``docs/types/``) hold on every way in: CSV and JSON at both faces,
filters, and conversions of a text field.
"""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from dynmodel_pyramid.testing.values import same_json
from tests.documents import ROOT

#: Heading and rows of a table of examples; the heading may have options.
TABLE = re.compile(r"^\| text(?: of `(\{.*\})`)? \| is \|\n\| --- \| --- \|\n((?:\|.*\n)+)", re.MULTILINE)
ROW = re.compile(r"\| `(.*?)` \| (?:`(.*)`|refused) \|")
OPTIONS = {"link": {"table": "Grammar"}}
PROBLEMS = {"Accept": "application/json, application/problem+json"}
#: Codes of texts that are no value at all; a query may compare with a value that only rules forbid.
NO_VALUE = {"invalid_format", "wrong_type"}


@dataclass(frozen=True)
class Example:
    """A text of one field; ``value`` is its JSON, None where it is refused."""

    field: str
    text: str
    value: str | None


class Examples:
    """Those of all pages: one field for each type and options."""

    def __init__(self):
        self.fields, self.every = {}, []
        for page in sorted((ROOT / "docs" / "types").glob("*.md")):
            for number, (options, rows) in enumerate(TABLE.findall(page.read_text(encoding="utf-8"))):
                name = f"{page.stem}_{number}"
                self.fields[name] = {"type": page.stem, **OPTIONS.get(page.stem, {}), **json.loads(options or "{}")}
                found = [ROW.fullmatch(line) for line in rows.splitlines()]
                self.every += [Example(name, match[1], match[2]) for match in found]

    @cached_property
    def good(self):
        return [example for example in self.every if example.value is not None]

    @cached_property
    def bad(self):
        return [example for example in self.every if example.value is None]

    def strings(self, examples):
        """Those of fields whose JSON is a string."""
        are_strings = {example.field for example in self.good if example.value.startswith('"')}
        return [example for example in examples if example.field in are_strings and self.type_of(example) != "json"]

    def type_of(self, example):
        return self.fields[example.field]["type"]


EXAMPLES = Examples()


def test_the_pages_have_examples():
    assert len(EXAMPLES.fields) > 20 and len(EXAMPLES.good) > 90 and len(EXAMPLES.bad) > 70


class World:
    def __init__(self, app):
        self.app = app
        app.post_json("/table/", {"model_name": "Grammar", "fields": {"key": "string", **EXAMPLES.fields}}, status=201)
        app.post_json("/table/Grammar/rows/", {"key": "first"}, status=201)

    def written(self, way, send, examples):
        """Writes the examples, all in one request; -> the values that rows hold."""
        rows = [(f"{way}{number}", example) for number, example in enumerate(examples)]
        send(rows)
        held = {row["key"]: row for row in self.app.get(f"/table/Grammar/rows/?key=like.{way}*&limit=1000").json}
        return [held[key][example.field] for key, example in rows]

    def refused(self, send, examples):
        """The codes of examples that are refused; empty where one is not."""
        codes = []
        for start in range(0, len(examples), 50):
            part = examples[start : start + 50]
            answer = send([(f"bad{number}", example) for number, example in enumerate(part)])
            assert answer.status_int == 422, answer.text
            found = {}
            for error in answer.json["errors"]:
                place, field = error["pointer"].split("/")[1:3]
                found.setdefault((int(place), field), error["code"])
            codes += [found.get((number, example.field)) for number, example in enumerate(part)]
        return codes

    def csv(self, address):
        names, nothing = list(EXAMPLES.fields), "NULL" if address.startswith("/rest") else ""

        def cell(name, example):
            return '"' + example.text.replace('"', '""') + '"' if name == example.field else nothing

        def send(rows):
            lines = [["key", *names], *([key, *(cell(name, example) for name in names)] for key, example in rows)]
            body = "\r\n".join(",".join(line) for line in lines).encode()
            return self.app.post(address, body, headers={"Content-Type": "text/csv", **PROBLEMS}, expect_errors=True)

        return send

    def json(self, address):
        def send(rows):
            documents = [{"key": key, **dict.fromkeys(EXAMPLES.fields), row.field: row.text} for key, row in rows]
            return self.app.post_json(address, documents, headers=PROBLEMS, expect_errors=True)

        return send


@pytest.fixture(scope="module", params=DATABASES)
def world(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("grammar")) as settings:
        wsgi = dynmodel_pyramid.main({}, **settings)
        yield World(webtest.TestApp(wsgi))
        wsgi.registry.dynmodel_catalogue.database.close()


def assert_values(examples, values):
    bad = [(e, value) for e, value in zip(examples, values, strict=True) if not same_json(value, json.loads(e.value))]
    assert bad == []


@pytest.mark.parametrize("way", ["csv", "rest_csv", "rest_json", "json"])
def test_bodies(world, way):
    address = "/rest/Grammar" if way.startswith("rest") else "/table/Grammar/rows/"
    send = (world.csv if way.endswith("csv") else world.json)(address)
    good, bad = EXAMPLES.good, EXAMPLES.bad
    if way == "json":  # the other types want JSON's own numbers, booleans and arrays
        good, bad = EXAMPLES.strings(good), EXAMPLES.strings(bad)
    if way.startswith("rest"):  # there every text is a value of a json field
        good, bad = ([e for e in some if EXAMPLES.type_of(e) != "json"] for some in (good, bad))
    assert_values(good, world.written(way, send, good))
    codes = world.refused(send, bad)
    assert [example for example, code in zip(bad, codes, strict=True) if code is None] == []


def test_filters(world):
    send = world.csv("/table/Grammar/rows/")
    world.written("filter", send, EXAMPLES.good)
    for field, definition in EXAMPLES.fields.items():
        if definition["type"] in ("json", "point", "tags"):  # lists of these are no lists of texts
            continue
        good = [(f"filter{n}", e) for n, e in enumerate(EXAMPLES.good) if e.field == field]
        texts = [example.text.replace("\\", "\\\\").replace('"', '\\"') for _, example in good]
        for key, text in [(good[0][0], texts[0]), *zip([key for key, _ in good[1:]], texts[1:], strict=True)]:
            asked = quote(f'"{text}"', safe="")
            for address in ("/table/Grammar/rows/", "/rest/Grammar"):
                rows = world.app.get(f"{address}?select=key&key=like.filter*&{field}=in.({asked})").json
                assert key in {row["key"] for row in rows}, (field, text)
    codes = world.refused(send, EXAMPLES.bad)
    for example, code in zip(EXAMPLES.bad, codes, strict=True):
        if code in NO_VALUE and EXAMPLES.type_of(example) not in ("json", "tags"):
            asked = f"{example.field}=eq.{quote(example.text, safe='')}"
            answer = world.app.get(f"/table/Grammar/rows/?{asked}", expect_errors=True)
            assert (answer.status_int, answer.json["code"]) == (400, "invalid_operand"), (example, answer.text)


def test_conversion_of_a_text_field(world):
    app, fields = world.app, {k: v for k, v in EXAMPLES.fields.items() if v["type"] != "json"}
    table = app.post_json("/table/", {"model_name": "Texts", "fields": dict.fromkeys(fields, "text")}).json
    examples = [example for example in EXAMPLES.every if example.field in fields]
    app.post_json("/table/Texts/rows/", [{example.field: example.text} for example in examples], status=201)
    words = ",".join(f"{name}:null" for name in fields)
    app.patch_json(f"/table/{table['id']}/?on_error={words}", {"fields": fields}, status=200)
    rows = app.get("/table/Texts/rows/?order=id&limit=1000").json
    values = [row[example.field] for row, example in zip(rows, examples, strict=True)]
    bad = [
        (example, value)
        for example, value in zip(examples, values, strict=True)
        if not same_json(value, json.loads(example.value or "null"))
    ]
    assert bad == []


def test_nothing_in_quotes_is_null_unless_it_is_a_text(world):
    names = [name for name in EXAMPLES.fields if EXAMPLES.type_of(Example(name, "", None)) != "json"]
    lines = [",".join(["key", *names]), ",".join(['"quoted"', *(['""'] * len(names))])]
    app, headers = world.app, {"Content-Type": "text/csv"}
    (row,) = app.post("/table/Grammar/rows/", "\n".join(lines), headers=headers, status=201).json
    assert row == {**row, "key": "quoted", **dict.fromkeys(names)}
    (row,) = app.post("/table/Grammar/rows/", 'id,key\n"",""\n', headers=headers, status=201).json
    assert row["key"] == ""
