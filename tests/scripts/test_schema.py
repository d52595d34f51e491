"""``dynmodel-schema``, on both databases and from one to the other."""

import contextlib
import io
import json
import sys

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.scripts import schema
from dynmodel_pyramid.scripts.schema_files import FORMATS, read_text, write_text
from dynmodel_pyramid.scripts.schema_output import wants_colour
from dynmodel_pyramid.testing.databases import database_settings
from tests.every_type import written_types
from tests.server_process import write_ini

SHOP = """\
tables:
  Customer:
    fields:
      name:
        type: string
        required: true
  Order:
    label: Orders
    description: |-
      Of one customer,
      with a price.
    fields:
      customer:
        type: link
        table: Customer
        reverse: orders
      price: number
      made: date
    unique:
    - name: once
      fields:
      - customer
      - made
    indexes:
    - name: newest
      fields:
      - field: made
        descending: true
      - price
"""


@pytest.fixture
def ini(settings, tmp_path):
    return str(write_ini(tmp_path, settings, port=1))


@pytest.fixture
def run(ini, capsys, monkeypatch, tmp_path):
    """Run a command; files are by name. -> (exit code, what it printed)"""
    monkeypatch.chdir(tmp_path)

    def run(*arguments, of=ini, answer=None):
        if answer is not None:
            monkeypatch.setattr("builtins.input", lambda prompt: answer)
            monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        code = schema.main([of, *arguments])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def write(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text if isinstance(text, str) else json.dumps(text))


def test_the_way_of_a_document(run):
    assert run("export") == (0, "tables: {}\n")
    write("shop.yaml", SHOP)
    code, told = run("plan", "shop.yaml")
    assert code == 2
    assert told.splitlines() == [
        "+ table Customer",
        "    + name: string, required: true",
        "+ table Order",
        '    ~ label: none -> "Orders"',
        '    ~ description: none -> "Of one customer,\\nwith a price."',
        '    + customer: link, table: "Customer", reverse: "orders"',
        "    + price: number",
        "    + made: date",
        "    + unique once (customer, made)",
        "    + index newest (made descending, price)",
        "2 to create, 0 to change, 0 to drop.",
    ]
    assert run("diff", "shop.yaml")[0] == 2
    code, told = run("apply", "shop.yaml", "--yes")
    assert (code, told.splitlines()[-1]) == (0, "Applied: revision 1.")
    assert run("export") == (0, SHOP)
    for command in ("plan", "apply"):
        assert run(command, "shop.yaml") == (0, "No differences.\n")
    assert run("diff", "shop.yaml") == (0, "")
    assert run("export", "full.json", "--full")[0] == 0
    assert run("plan", "full.json") == (0, "No differences.\n")
    assert run("diff", "full.json", "shop.yaml") == (0, "")


def test_a_plan_tells_what_becomes_of_rows(run, make_app):
    write("before.json", {"tables": {"A": {"fields": {"x": "string", "y": "string"}}, "B": {"fields": {"z": "date"}}}})
    assert run("apply", "before.json", "--yes")[0] == 0
    app = make_app()
    app.post_json("/table/A/rows/", [{"x": "1"}, {"x": "01"}, {"x": "one"}], status=201)
    after = {
        "A": {"fields": {"number": {"type": "integer", "renamed_from": "x"}, "w": {"type": "text", "index": True}}}
    }
    write("after.json", {"tables": after})
    code, told = run("plan", "after.json")
    assert code == 2
    assert told.splitlines()[:2] == ["~ table A (3 rows)", "    - y: string"]
    assert "    ~ x -> number: string -> integer" in told
    assert "        of 3 values: 1 become another text, 1 can't be carried over" in told
    assert "    + w: text, index: true" in told
    assert "    ! " in told and "(1 rows, such as 3)" in told
    assert "- table B (0 rows): goes to the trash" in told
    assert told.splitlines()[-1] == "0 to create, 1 to change, 1 to drop."
    code, told = run("apply", "after.json", "--yes")
    assert code == 1 and "Not applied" in told
    code, told = run("apply", "after.json", "--yes", "--on-error", "A.nothing:null")
    assert code == 1 and "nothing" in told
    assert run("apply", "after.json", "--yes", "--on-error", "A.number:null", "--keep-others")[0] == 0
    assert [row["number"] for row in app.get("/table/A/rows/").json] == [1, 1, None]
    assert app.get("/table/B/", status=200)
    assert run("diff", "before.json", "after.json")[0] == 2


def test_apply_asks(run):
    write("shop.yaml", SHOP)
    code, told = run("apply", "shop.yaml", answer="n")
    assert (code, told.splitlines()[-1]) == (2, "Not applied.")
    assert run("export") == (0, "tables: {}\n")
    assert run("apply", "shop.yaml", answer="y")[0] == 0
    assert run("export") == (0, SHOP)


def test_nobody_to_ask(run):
    write("shop.yaml", SHOP)
    code, told = run("apply", "shop.yaml")
    assert code == 1 and "say --yes" in told


def test_what_has_changed_since_the_plan_is_not_applied(run, make_app, monkeypatch):
    write("shop.yaml", SHOP)
    app = make_app()

    def agreed():
        app.post_json("/table/", {"model_name": "New", "fields": {"x": "string"}}, status=201)
        return True

    monkeypatch.setattr(schema, "_agreed", agreed)
    code, told = run("apply", "shop.yaml")
    assert code == 1 and "changed since the plan" in told
    assert app.get("/table/New/", status=200)


@pytest.mark.parametrize("kind", FORMATS)
def test_from_one_database_to_the_other(run, database, tmp_path, kind):
    """Every type and links, twice: the second time nothing changes."""
    fields = {f"f_{name}": {"type": name, **options} for name, (options, _) in written_types().items()}
    fields |= {f"f_{name}": name for name in ("autonumber", "created_time", "updated_time", "created_by", "updated_by")}
    fields["f_string"] |= {"default": "no", "choices": ["no", "yes", "2026-01-31", "1_000", "é"], "aliases": ["old"]}
    links = {
        "one": {"type": "link", "table": "Everything", "on_delete": "cascade", "reverse": "back"},
        "many": {"type": "links", "table": "Linked"},
    }
    everything = {"description": "a\nb", "fields": fields | {"far": {"type": "link", "table": "Linked"}}}
    write("made.json", {"tables": {"Everything": everything, "Linked": {"fields": links}}})
    assert run("apply", "made.json", "--yes")[0] == 0
    code, exported = run("export", "--format", kind)
    assert code == 0
    write(f"exported.{kind}", exported)
    other = "postgresql" if database == "sqlite" else "sqlite"
    with database_settings(other, tmp_path / "other") as settings:
        (tmp_path / "other").mkdir(exist_ok=True)
        far = str(write_ini(tmp_path / "other", settings, port=1))
        assert run("apply", f"exported.{kind}", "--yes", of=far)[0] == 0
        assert run("export", "--format", kind, of=far) == (0, exported)
        assert run("plan", f"exported.{kind}", of=far) == (0, "No differences.\n")
        assert run("diff", f"exported.{kind}", of=far) == (0, "")


def test_standard_input(run, monkeypatch):
    class Stdin:
        buffer = io.BytesIO(SHOP.encode())

        @staticmethod
        def isatty():
            return False

    monkeypatch.setattr(sys, "stdin", Stdin)
    assert run("apply", "-", "--yes")[0] == 0
    assert run("export") == (0, SHOP)


@pytest.mark.parametrize(
    ("arguments", "said"),
    (
        (("plan", "missing.yaml"), "No such file"),
        (("plan", "schema.txt"), "say --format"),
        (("plan", "bad.yaml"), "stands twice"),
        (("plan", "bad.json"), "stands twice"),
        (("plan", "faults.yaml"), "! /tables/A/fields/x/type: there is no field type"),
        (("plan", "faults.yaml"), "! /tables/B/fields: want the fields"),
        (("plan", "names.yaml"), "! /tables/A/fields/x/default: want true or false"),
    ),
)
def test_errors_end_with_1(run, arguments, said):
    write("schema.txt", SHOP)
    write("bad.yaml", "tables: {}\ntables: {}\n")
    write("bad.json", '{"tables": {}, "tables": {}}')
    write("faults.yaml", "tables: {A: {fields: {x: nothing}}, B: {}}")
    write("names.yaml", "tables: {A: {fields: {x: {type: boolean, default: no}}}}")
    code, told = run(*arguments)
    assert code == 1 and said in told


def test_wrong_arguments_are_no_difference(capsys):
    for arguments in ([], ["x.ini"], ["x.ini", "plan"], ["x.ini", "plan", "a", "--format", "xml"]):
        with pytest.raises(SystemExit) as end:
            schema.main(arguments)
        assert end.value.code == 1
    assert schema.main(["missing.ini", "export"]) == 1
    assert "missing.ini" in capsys.readouterr().err


def test_colours_are_for_terminals(run, monkeypatch, capsys):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert wants_colour(Terminal()) and not wants_colour(io.StringIO())
    write("shop.yaml", SHOP)
    told = Terminal()
    with contextlib.redirect_stdout(told):
        run("plan", "shop.yaml")
    assert "\x1b[32m+ table Customer\x1b[0m\n" in told.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    told = Terminal()
    with contextlib.redirect_stdout(told):
        run("plan", "shop.yaml")
    assert "\x1b" not in told.getvalue()


# Files

WORDS = (
    "no yes on off y True NO 1_000 010 0o14 0x1f 1e5 1. +1 .5 -0 ~ null Null true 2026-01-31 12:30:00 1:30 = << !x "
    "2026-01-31T12:00:00Z &a *a .inf .nan 1e+5 ? - : # % @ ` [ ] { } | >"
).split()
WORDS += ["", " ", "- x", "# x", "a: b", "a #b", " a", "a "]
WORDS += ["\x9b", "a\nb", "a\n\n b\n", "\t", "\x85", "\u2028", "\ufeff"]
TEXTS = st.one_of(st.sampled_from(WORDS), st.text(st.characters(exclude_categories=["Cs"])))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
DOCUMENTS = st.recursive(LEAVES, lambda part: st.lists(part) | st.dictionaries(TEXTS, part), max_leaves=15)


@given(DOCUMENTS)
@example({word: word for word in WORDS})
def test_documents_come_back_from_files(document):
    for kind in FORMATS:
        assert json.dumps(read_text(write_text(document, kind).encode(), kind, "x")) == json.dumps(document)


@given(st.dictionaries(TEXTS, TEXTS))
@example({word: word for word in WORDS})
def test_readers_of_older_yaml_guess_nothing_else(document):
    assert yaml.safe_load(write_text(document, "yaml")) == document


def test_words_without_quotes():
    text = "no: no\n1: 2026-01-31\nnull: ~\na: 1_000\nb: 010\nc: 1e5\nd:\ne: True\nf: .inf\ng: -1\n2026-01-31: Off\n"
    assert read_text(text.encode(), "yaml", "x") == {
        "no": "no",
        "1": "2026-01-31",
        "null": None,
        "a": "1_000",
        "b": "010",
        "c": 100000.0,
        "d": None,
        "e": True,
        "f": ".inf",
        "g": -1,
        "2026-01-31": "Off",
    }


@pytest.mark.parametrize(
    "text",
    (
        "a: 1\na: 2",
        "a: {b: 1, b: 2}",
        "a: &x 1\nb: *x",
        "!!python/object/apply:os.getcwd []",
        "a: !!timestamp 2026-01-31",
        "a: !!binary aGk=",
        "a: !!int abc",
        "a: !!map x",
        "? [a]\n: b",
        "!!set {a, b}",
        "a: b: c",
        "a: 1\n---\nb: 1",
        "\x00",
        "[" * 10000,
        "a: 'x",
        "\t- x",
        "<<: {a: 1}\n<<: {b: 1}",
    ),
)
def test_hostile_yaml_is_refused(text):
    with pytest.raises(Malformed, match="^x.yaml: "):
        read_text(text.encode(), "yaml", "x.yaml")


def test_a_text_that_is_not_utf_8():
    for kind in FORMATS:
        with pytest.raises(Malformed):
            read_text(b"\xff", kind, "x")


ROLES = {"roles": {"clerk": {"tables": {"Order": {"read": {"rows": "price=gt.1", "fields": ["price"]}}}}}}


def test_roles_belong_to_the_document(run):
    write("shop.yaml", SHOP)
    assert run("apply", "shop.yaml", "--yes")[0] == 0
    _, exported = run("export", "--format", "json")
    assert "access" not in json.loads(exported)
    write("roles.json", {**json.loads(exported), "access": ROLES})
    told = run("plan", "roles.json")
    grants = '{"rows": "price=gt.1", "fields": ["price"]}'
    assert told == (2, f"+ role clerk\n+ role clerk: Order.read: none -> {grants}\n")
    code, told = run("diff", "roles.json")
    assert code == 2 and '+  "access": {' in told.splitlines()
    assert run("apply", "roles.json", "--yes")[0] == 0
    assert json.loads(run("export", "--format", "json")[1])["access"] == ROLES
    assert run("plan", "roles.json") == (0, "No differences.\n")
    assert run("diff", "roles.json") == (0, "")
    # A document without roles leaves them alone, but can't take away what they name.
    assert run("diff", "shop.yaml") == (0, "")
    write("less.yaml", SHOP.replace("      price: number\n", "").replace("      - price\n", ""))
    code, told = run("apply", "less.yaml", "--yes")
    assert code == 1 and "clerk: Order.read" in told
    write("less.json", {**json.loads(exported), "access": {"roles": {}}})
    assert run("plan", "less.json") == (2, f"- role clerk\n- role clerk: Order.read: {grants} -> none\n")


def test_without_pyyaml_documents_are_json(run, monkeypatch):
    monkeypatch.setattr("dynmodel_pyramid.scripts.schema_files.yaml", None)
    code, text = run("export")
    assert code == 0 and json.loads(text)["tables"] == {}
    code, told = run("export", "schema.yaml")
    assert code == 1 and "PyYAML is not installed" in told
