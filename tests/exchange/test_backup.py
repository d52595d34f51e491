"""Backups: what is saved from one database comes back in the other, value by value."""

import json
import shutil
import tarfile

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.errors import Conflict, DynmodelError, Malformed
from dynmodel_pyramid.exchange.backup import manifest as manifests
from dynmodel_pyramid.exchange.backup.archives import reading, writing
from dynmodel_pyramid.exchange.backup.restoring import restore
from dynmodel_pyramid.exchange.backup.saving import Saved, save
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from dynmodel_pyramid.testing.strategies import drawn
from tests.every_type import written_types
from tests.promises import assert_promises
from tests.system_tables import make_system_tables

EVERY_TYPE = {name: {"type": name, **options} for name, (options, _) in written_types().items()}
TARGETS = ("folder", "backup.zip", "backup.tar", "backup.tar.gz")


@pytest.fixture(scope="module")
def apps(tmp_path_factory):
    """An application on each database."""
    made = {}
    settings = {name: database_settings(name, tmp_path_factory.mktemp(name)) for name in DATABASES}
    try:
        for name, context in settings.items():
            chosen = context.__enter__()
            make_system_tables(chosen)
            made[name] = webtest.TestApp(dynmodel_pyramid.main({}, **chosen))
        yield made
    finally:
        for app in made.values():
            app.app.registry.dynmodel_catalogue.database.close()
        for context in settings.values():
            context.__exit__(None, None, None)


def catalogue_of(app):
    return app.app.registry.dynmodel_catalogue


def rows_of(table):
    return f"/table/{table}/rows/?select=*,_version,_created,_updated&order=id"


def drop_all(app):
    app.put_json("/schema/", {"tables": {}, "access": {"roles": {}}})


@pytest.fixture(scope="module")
def values():
    """Rows with values of every type."""
    found = {name: drawn(strategy, 5) for name, (_, strategy) in written_types().items()}
    return [{name: values[number][0] for name, values in found.items()} for number in range(5)] + [{}]


@pytest.fixture(scope="module")
def filled(apps, values):
    """The first database with tables that link to one another in a circle, and a row of every type."""
    one = apps[DATABASES[0]]
    author = {"name": {"type": "string", "unique": True}, "secret": {"type": "string", "write_only": True}}
    book = {
        "title": {"type": "string", "required": True},
        "author": {"type": "link", "table": "Author", "reverse": "books"},
        "tags": {"type": "links", "table": "Book"},
        "n": "autonumber",
        "made": "created_time",
        "changed": "updated_time",
        "by": "created_by",
        "moment": {"type": "datetime", "default_expression": "now"},
    }
    favourite = {"best": {"type": "link", "table": "Book"}}
    tables = {"Author": {"fields": {**author, **favourite}}, "Book": {"fields": book}, "Every": {"fields": EVERY_TYPE}}
    roles = {"reader": {"tables": {"Book": {"read": {"fields": ["title"]}}}}}
    one.put_json("/schema/", {"tables": tables, "access": {"roles": roles}})
    one.post_json("/table/Author/rows/", [{"id": 7, "name": 'Ä\n"q"', "secret": "s3"}, {"name": "b", "secret": None}])
    one.post_json("/table/Book/rows/", [{"title": f"T{n}", "author": 7, "moment": None} for n in range(2100)])
    one.patch_json("/table/Book/rows/3/", {"title": "changed", "tags": [5, 1]})
    one.delete("/table/Book/rows/2/")
    one.patch_json("/table/Author/rows/7/", {"best": 3})
    for row in values:
        one.post_json("/table/Every/rows/", row)
    return one


@pytest.fixture
def other(apps):
    """The second database, empty."""
    drop_all(apps[DATABASES[1]])
    return apps[DATABASES[1]]


@pytest.fixture(scope="module")
def shown(filled):
    """What the first database answers."""
    return {path: filled.get(path).json for path in ("/schema/", *map(rows_of, ("Author", "Book", "Every")))}


@pytest.mark.parametrize("name", TARGETS)
def test_there_and_back(filled, other, shown, values, tmp_path, name):
    with writing(str(tmp_path / name)) as target:
        saved = save(catalogue_of(filled), target)
    assert saved == Saved(3, 2101 + len(values))
    with reading(str(tmp_path / name)) as source:
        assert restore(catalogue_of(other), source) == saved
    assert {path: other.get(path).json for path in shown} == shown
    if name == TARGETS[0]:
        assert_promises(catalogue_of(other))
    with catalogue_of(other).session() as session:
        authors = session.query(catalogue_of(other).models["Author"]).order_by("id").all()
        assert [author.secret for author in authors] == ["s3", None]
    # New ids and numbers go on above the restored ones.
    made = other.post_json("/table/Book/rows/", {"title": "new"}).json
    assert (made["id"], made["n"]) == (2101, 2101)
    # Into a database with tables only where it is said, and not over tables of the same names.
    with reading(str(tmp_path / name)) as source:
        for beside in (False, True):
            with pytest.raises(Conflict):
                restore(catalogue_of(other), source, beside_others=beside)


def test_beside_others(filled, other, tmp_path):
    other.put_json("/schema/", {"tables": {"Own": {"fields": {"a": "string"}}}, "access": {"roles": {"own": {}}}})
    with writing(str(tmp_path / "backup")) as target:
        save(catalogue_of(filled), target)
    with reading(str(tmp_path / "backup")) as source:
        restore(catalogue_of(other), source, beside_others=True)
    schema = other.get("/schema/").json
    assert set(schema["tables"]) == {"Author", "Book", "Every", "Own"} and list(schema["access"]["roles"]) == ["own"]


def test_damaged_backups_change_nothing(filled, other, tmp_path):
    whole = tmp_path / "whole"
    with writing(str(whole)) as target:
        save(catalogue_of(filled), target)
    with pytest.raises(Malformed), writing(str(whole)):
        pass
    manifest = json.loads((whole / "manifest.json").read_text())
    authors = next(table for table in manifest["tables"] if table["table"] == "Author")
    text = (whole / authors["file"]).read_text()
    changes = [
        text.replace('"best":3', '"best":2'),  # a row that is gone
        text.replace('"_version":2', '"_version":"x"'),
        text.replace('"_version":2', f'"_version":{2**63}'),
        text.replace('"id":7', '"id":0'),
        text.replace('"name"', '"nmae"', 1),
        text.replace("{", "[", 1),
        text.replace('"name":"b"', '"name":"Ä\\n\\"q\\""'),
        text + text.splitlines()[0] + "\n",
        text.splitlines()[0] + "\n",
        "5\n5\n",
    ]
    for number, changed in enumerate(changes):
        folder = tmp_path / str(number)
        shutil.copytree(whole, folder)
        (folder / authors["file"]).write_text(changed)
        # Without the seal it is the checksum that is wrong, whatever has changed.
        for sealed in (False, True) if number == 0 else (True,):
            if sealed:
                _seal(folder, authors["file"])
            with reading(str(folder)) as source, pytest.raises(DynmodelError):
                restore(catalogue_of(other), source)
        assert other.get("/schema/").json["tables"] == {}
    for name in ("manifest.json", "schema.json", authors["file"]):
        folder = tmp_path / name.replace("/", "-")
        shutil.copytree(whole, folder)
        (folder / name).unlink()
        with reading(str(folder)) as source, pytest.raises(Malformed):
            restore(catalogue_of(other), source)
    (tmp_path / "no.zip").write_bytes(b"PK")
    with pytest.raises(Malformed), reading(str(tmp_path / "no.zip")):
        pass


def test_damaged_archives(tmp_path):
    text = b'{"kind": "other"}' + bytes(range(256)) * 400
    for name in ("a.tar.gz", "a.tar.xz", "a.zip"):
        with writing(str(tmp_path / name)) as target, target.file("manifest.json") as file:
            file.write(text)
    for name in ("a.tar.gz", "a.tar.xz"):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    whole = bytearray((tmp_path / "a.zip").read_bytes())
    whole[6] |= 1
    whole[whole.find(b"PK\x01\x02") + 8] |= 1  # both say that the file is encrypted
    (tmp_path / "a.zip").write_bytes(whole)
    with tarfile.open(tmp_path / "circle.tar", "w") as tar:
        member = tarfile.TarInfo("manifest.json")
        member.type, member.linkname = tarfile.SYMTYPE, "manifest.json"
        tar.addfile(member)
    for name in ("a.tar.gz", "a.tar.xz", "a.zip", "circle.tar"):
        with pytest.raises(Malformed), reading(str(tmp_path / name)) as source:
            manifests.read(source)


def _seal(folder, name):
    """Write the manifest anew for a changed file of rows."""
    import hashlib

    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    content = (folder / name).read_bytes()
    table = next(table for table in manifest["tables"] if table["file"] == name)
    table.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    path.write_text(json.dumps(manifest))
