"""Names: every printable one but the few that are refused, whatever the databases and the classes make of them."""

import csv
import io
import keyword
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS as POSTGRESQL_WORDS
from sqlalchemy.dialects.sqlite.base import SQLiteIdentifierPreparer

from dynmodel_pyramid.definitions.names import field_name_fault, model_name_fault
from dynmodel_pyramid.definitions.problems import escape
from tests.nasty_names import NASTY, quoted
from tests.web.client import Client

RESERVED = sorted({*POSTGRESQL_WORDS, *SQLiteIdentifierPreparer.reserved_words})
#: Attributes of the class and its table, words of our own statements and of the query grammar.
CLASHING = """
    metadata registry query mapper columns c key keys values items get table name schema indexes constraints
    row_id new_value id_1 id_2 param_1 version version_1 limit offset order select and_ or_ not_ in_ is_ eq like any
    all primary_key count sum self cls type request session object str int property format position fields unique
    label default insert update delete set_ excluded returning tables inherit init update_1 row rows created
    updated nulls_distinct
""".split()
ODD = [
    *NASTY,
    "ñandú",
    "Ωmega",
    "変数",
    "переменная",
    "שדה",
    "حقل",
    "ı",
    "ſharp",
    "ª",
    "x·y",
    "ﬁ",
    "a" * 63,
    "é" * 31 + "x",
    "ⅷ",
    "𝒳y",
]
WORDS = [word for word in [*RESERVED, *CLASHING, *keyword.kwlist] if word.isidentifier()]


def unique_by_casefold(words):
    return list({word.casefold(): word for word in words if field_name_fault(word) is None}.values())


def test_all_words_as_fields(fresh):
    """One table that has them all, through everything that is done with fields."""
    words = unique_by_casefold([*WORDS, *ODD])
    assert len(words) > 200
    path = fresh.table(
        {word: {"type": "integer", "index": number % 9 == 0} for number, word in enumerate(words)}, "All"
    )
    values = {word: number for number, word in enumerate(words)}
    assert fresh.row(path, values) == {"id": 1, **values}
    changed = {word: -number for word, number in values.items()}
    assert fresh.send("PUT", f"{path}rows/1", changed, status=200, if_match='"1-1"').json == {"id": 1, **changed}
    assert fresh.send("PATCH", f"{path}rows/1", values, status=200).json == {"id": 1, **values}
    asked = [*words[::20], *NASTY]
    names = [quote(quoted(word), safe="") for word in asked]
    query = "&".join(f"{name}=eq.{values[word]}" for name, word in zip(names, asked, strict=True))
    answer = fresh.get(f"{path}rows/?{query}&select={','.join(names)}&order={','.join(names[:20])}")
    assert answer == [{word: values[word] for word in asked}]
    assert list(csv.DictReader(io.StringIO(fresh.send("GET", f"{path}rows/", accept="text/csv").text))) == [
        {"id": "1", **{word: str(value) for word, value in values.items()}}
    ]
    document = fresh.get(path)
    assert fresh.send("PUT", path, document, status=200).json == document
    # Rebuilt, renamed in a circle, dropped.
    required = {word: {"required": True, "default": 0} for word in words[:3]}
    fresh.send("PATCH", path, {"fields": required}, status=200)
    circle = dict(zip(words, [*words[1:], words[0]], strict=True))
    identities = {word: document["fields"][word]["id"] for word in words}
    patch = {"fields": {new: {"id": identities[old]} for old, new in circle.items()}}
    fresh.send("PATCH", path, patch, status=200)
    assert fresh.get(f"{path}rows/1") == {"id": 1, **{circle[word]: value for word, value in values.items()}}
    fresh.send("PUT", path, {"fields": {}}, status=200)
    assert fresh.get(f"{path}rows/1") == {"id": 1}


def test_each_word_as_a_model(fresh):
    fresh.looks_after = False  # at the end all of them are looked after, by the fixture
    words = [word for word in unique_by_casefold([*RESERVED[::8], *CLASHING[:20], *ODD]) if not model_name_fault(word)]
    paths = {word: fresh.table({"a": "string"}, word) for word in words}
    for word, path in paths.items():
        assert fresh.row(path, {"a": word}) == {"id": 1, "a": word}
    listed = {document["model_name"]: document["id"] for document in fresh.get("/table/")}
    assert listed == {word: int(path.split("/")[2]) for word, path in paths.items()}
    for word in words:
        assert fresh.app.get(f"/rest/{quote(word, safe='')}?select=a").json == [{"a": word}]
        if word in NASTY[::4] and not word.isdigit() and "/" not in word:
            assert fresh.get(f"/table/{quote(word)}/rows/1/") == {"id": 1, "a": word}
    for word in ["select", "order", "変数", "a b", "100%"]:
        fresh.send("PATCH", paths[word], {"fields": {"a": {"required": True}}}, status=200)
        assert fresh.get(f"/table/{quote(word)}/rows/1/") == {"id": 1, "a": word}
        fresh.send("DELETE", paths[word], status=204)


def test_attributes_of_the_class(fresh):
    """Where the class has the name itself, its attribute gets a trailing underscore; the field keeps its name."""
    path = fresh.table(dict.fromkeys(("metadata", "metadata_", "registry", "query", "keys"), "integer"))
    values = {"metadata": 1, "metadata_": 2, "registry": 3, "query": 4, "keys": 5}
    assert fresh.row(path, values) == {"id": 1, **values}
    (cls,) = fresh.catalogue.models.values()
    with fresh.catalogue.session() as session:
        row = session.scalars(sa.select(cls)).one()
        assert (row.metadata__, row.metadata_, row.registry_, row.query, row.keys) == (1, 2, 3, 4, 5)
        assert isinstance(cls.metadata, sa.MetaData)


BAD_NAMES = [
    "",
    " ",
    " a",
    "a ",
    "a\0b",
    "a\nb",
    "a\x7f",
    "a\u200bb",
    "\U0001f468\u200d\U0001f469",  # a family: the joiner is a format character
    "\u200fabc",
    "a\u2028b",
    "\ue000",
    "\ud800",
    "_",
    "__table__",
    "_trash_1",
    "a __[POSTCOMPILE_a]",
    "a" * 64,
    "é" * 32,
    "a" * 100_000,
    "e\u0301",
    "\u212bngstr\u00f6m",  # the sign Angstrom, not NFC
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_bad_name(client, things, name):
    fields = {"a": "string"}
    wanted = {"status": 422, "code": "/model_name invalid_name"}
    client.refused("POST", "/table/", {"model_name": name, "fields": fields}, **wanted)
    client.refused("PATCH", things, {"model_name": name}, **wanted)
    wanted["code"] = f"/fields/{escape(name)} invalid_name"
    client.refused("POST", "/table/", {"model_name": "Bad", "fields": {name: "string"}}, **wanted)
    client.refused("PATCH", things, {"fields": {name: "string"}}, **wanted)
    client.refused("PATCH", things, {"fields": {name: {"renamed_from": "name"}}}, **wanted)
    listed = {"model_name": "Bad", "fields": [{"name": name, "type": "string"}]}
    client.refused("POST", "/table/", listed, status=422, code="/fields/0 invalid_name")
    # As a key of a row it is a field that the table doesn't have.
    client.refused("POST", f"{things}rows/", {name: 1}, status=422, code=f"/{escape(name)} unknown_field")


@pytest.mark.parametrize("name", [None, 1, True, 1.5, [], {}, ["a"], {"a": 1}])
def test_name_that_is_no_string(client, things, name):
    wanted = {"status": 422, "code": "/model_name required" if name is None else "/model_name invalid_name"}
    client.refused("POST", "/table/", {"model_name": name, "fields": {}}, **wanted)
    if name is not None:
        client.refused("PATCH", things, {"model_name": name}, **wanted)
    listed = {"model_name": "Bad", "fields": [{"name": name, "type": "string"}]}
    client.refused("POST", "/table/", listed, status=422, code="/fields/0 invalid_name")


@pytest.mark.parametrize(
    "name", ["rpc", "RPC", "sqlite_", "SQLite_x", "rpc/x", "v1/x", "*", ".", "..", "/", "a/", "/a", "a//b", "a/../b"]
)
def test_model_names_that_are_refused(client, name):
    document = {"model_name": name, "fields": {name: "string"}}
    client.refused("POST", "/table/", document, status=422, code="/model_name invalid_name")
    client.row(client.table({name: "string"}), {name: "x"})


@pytest.mark.parametrize(
    "name", ["id", "ID", "Id", "ctid", "CTID", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid", "rowid"]
)
def test_field_names_that_are_refused(client, name):
    document = {"model_name": f"M{name}", "fields": {name: "string"}}
    client.refused("POST", "/table/", document, status=422, code=f"/fields/{name} invalid_name")


@pytest.mark.parametrize(
    ("one", "other"), [("Name", "name"), ("straße", "STRASSE"), ("ΣΑΣ", "σας"), ("ſ", "s"), ("ﬁ", "fi"), ("Ǆ", "ǆ")]
)
def test_names_that_clash(client, one, other):
    fields = {one: "string", other: "string"}
    answer = client.refused("POST", "/table/", {"model_name": "C", "fields": fields}, status=422, code="duplicate_name")
    assert answer.json["errors"][0]["pointer"] == f"/fields/{other}"
    path = client.table({one: "string"})
    client.refused("PATCH", path, {"fields": {other: "string"}}, status=422, code="duplicate_name")
    client.row(path, {one: "x"})
    # A change of case alone is a rename.
    client.send("PATCH", path, {"fields": {other: {"id": 1}}}, status=200)
    assert client.get(f"{path}rows/") == [{"id": 1, other: "x"}]


@pytest.mark.parametrize("names", [("i", "ı"), ("I", "ı"), ("i", "İ"), ("a", "ａ"), ("o", "ο"), ("x", "х")])
def test_names_that_only_look_alike(client, names):
    """Turkish dotless i, full width, Greek omicron, Cyrillic ha: other letters, so other names."""
    path = client.table(dict.fromkeys(names, "string"))
    assert client.row(path, {name: name for name in names}) == {"id": 1, **{name: name for name in names}}
    client.send("PATCH", path, {"fields": {names[0]: {"required": True}}}, status=200)
    assert client.get(f"{path}rows/1") == {"id": 1, **{name: name for name in names}}


def test_a_name_of_a_table_of_somebody_else(fresh):
    """Whatever stands in the database already is left alone."""
    database = fresh.catalogue.database
    with database.changing() as connection:
        schema = database.dialect.schema
        sa.Table("Foreign", sa.MetaData(schema=schema), sa.Column("x", sa.Integer)).create(connection)
    document = {"model_name": "Foreign", "fields": {"a": "string"}}
    fresh.refused("POST", "/table/", document, status=409, code="name_taken")
    path = fresh.table({"a": "string"}, "Mine")
    fresh.refused("PATCH", path, {"model_name": "Foreign"}, status=409, code="name_taken")


def test_prefix_and_length(make_app):
    client = Client(make_app(**{"dynmodel.table_prefix": "app_"}))
    path = client.table({"a" * 63: "string"}, "b" * 59)
    client.row(path, {})
    document = {"model_name": "b" * 60, "fields": {}}
    answer = client.refused("POST", "/table/", document, status=422, code="/model_name invalid_name")
    assert "59 bytes" in answer.json["detail"]
    with client.catalogue.database.reading() as connection:
        schema = client.catalogue.database.dialect.schema
        assert sa.inspect(connection).has_table("app_" + "b" * 59, schema=schema)
    short = client.table({"a": "string"}, "x")
    client.refused("PATCH", short, {"model_name": "b" * 60}, status=422, code="/model_name invalid_name")
