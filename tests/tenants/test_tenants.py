"""The tenants that a process has in memory, and their ends."""

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.database import Database
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import ConfigurationProblem, Conflict, NotFound
from dynmodel_pyramid.scripts import tenant as script
from dynmodel_pyramid.settings import Settings
from dynmodel_pyramid.tenants import tenants as module
from dynmodel_pyramid.tenants.administration import administration
from tests.tenants.conftest import TABLE, World, make_from_template, settings_with_tenants

#: The ends of the files of an open database.
BESIDE = ("", "-wal", "-shm", "-next", "-writer")


@pytest.fixture
def small(database, tmp_path):
    """A world of four tenants, of which a process keeps three."""
    names = [f"tenant{number}" for number in range(4)]
    room = {"sqlite": "200", "postgresql": "350"}[database]
    with settings_with_tenants(database, tmp_path, **{"dynmodel.class_cache_columns": room}) as settings:
        world = World(settings, names)
        yield world
        world.close()


def test_memory_is_bounded_by_least_use(small):
    names = list(small.tokens)
    tenants = small.tenants
    assert len(tenants) == 3
    for name in names:
        small.send("POST", f"/{name}/table/", TABLE, token=name, status=201)
        small.send("POST", f"/{name}/table/1/rows/", {"name": name}, token=name, status=201)
        assert len(tenants) <= 3
    # Whoever is used again and again stays; the others come and go, and answer as before.
    kept = tenants.get(names[0])
    for name in names[1:]:
        assert small.send("GET", f"/{name}/table/1/rows/1/", token=name, status=200).json["name"] == name
        assert tenants.get(names[0]) is kept
    # A tenant whose tables take all the room has it alone.
    wide = {"model_name": "Wide", "fields": {f"f{number}": "string" for number in range(300)}}
    small.send("POST", f"/{names[0]}/table/", wide, token=names[0], status=201)
    small.send("GET", f"/{names[0]}/table/2/rows/", token=names[0], status=200)
    small.send("GET", f"/{names[0]}/table/2/rows/", token=names[0], status=200)
    assert len(tenants) == 1
    if tenants.places.share_engine:
        assert all(tenants.get(name).database.engine is tenants.home.engine for name in names)
    else:
        del kept
        for _ in range(2):  # the first one finds the databases, whose ends let go of what the second one finds
            gc.collect()
        files = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.exists()]
        assert {Path(file).name for file in files if str(tenants.places.folder) in file} <= {
            f"{names[0]}.sqlite{end}" for end in BESIDE
        }


def test_a_tenant_is_opened_once_and_holds_nobody_up(small, monkeypatch):
    one, other = list(small.tokens)[:2]
    tenants, opened, go_on = small.tenants, [], threading.Event()
    original = module.Tenants._opened_now

    def slowly(self, name):
        opened.append(name)
        if name == one:
            assert go_on.wait(10)
        return original(self, name)

    monkeypatch.setattr(module.Tenants, "_opened_now", slowly)
    with tenants._lock:
        for known in tenants._known.values():
            known.tenant.database.close()
        tenants._known.clear()
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(tenants.get, one) for _ in range(3)]
        while not opened:
            time.sleep(0.001)
        begun = time.monotonic()
        assert small.send("GET", f"/{other}/me/", token=other, status=200)
        assert time.monotonic() - begun < 5 and not any(future.done() for future in waiting)
        go_on.set()
        assert len({id(future.result(10)) for future in waiting}) == 1
    # Nor does a request that found none, just before the first one was done.
    assert tenants._open(one) is tenants.get(one)
    assert opened == [one, other]


def test_a_tenant_that_is_dropped_while_requests_run(small):
    name, other = list(small.tokens)[:2]
    for each in (name, other):
        small.send("POST", f"/{each}/table/", TABLE, token=each, status=201)
    statuses, ends = [], threading.Event()

    def ask(number):
        while not ends.is_set():
            if number % 2:
                answer = small.send("GET", f"/{name}/table/1/rows/", token=name)
            else:
                answer = small.send("POST", f"/{name}/table/1/rows/", {"name": None}, token=name)
            statuses.append(answer.status_int)
            assert small.send("GET", f"/{other}/table/1/", token=other).status_int == 200

    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(ask, number) for number in range(4)]
        time.sleep(0.3)
        with administration(Settings(small.settings)) as tenants:
            tenants.drop(name)
        time.sleep(0.3)
        ends.set()
        for future in running:
            future.result(20)
    assert set(statuses) <= {200, 201, 404, 503}, set(statuses)
    assert statuses[-1] == 404 and {200, 201} & set(statuses)
    small.send("GET", f"/{name}/", token=name, status=404)
    # A new tenant of the name has nothing of the old one: no table, and no token.
    with administration(Settings(small.settings)) as tenants:
        tenants.create(name)
    small.send("GET", f"/{name}/table/", token=name, status=401)
    assert small.send("GET", f"/{name}/table/", token=small.token(name, "admin"), status=200).json == []


def test_one_that_was_replaced_while_it_was_in_memory(small):
    name = list(small.tokens)[0]
    small.send("POST", f"/{name}/table/", TABLE, token=name, status=201)
    small.send("GET", f"/{name}/table/1/rows/", token=name, status=200)
    with administration(Settings(small.settings)) as tenants:
        tenants.drop(name)
        tenants.create(name)
        with pytest.raises(Conflict):
            tenants.create(name)
    small.send("GET", f"/{name}/table/1/rows/", token=name, status=401)
    token = small.token(name, "admin")
    small.send("GET", f"/{name}/table/1/rows/", token=token, status=404)


def test_a_dropped_tenant_leaves_nothing(small):
    database = small.tenants.home
    with administration(Settings(small.settings)) as tenants:
        tenants.create("a-name_with-2")
        for name in list(tenants.names()):
            tenants.drop(name)
        assert list(tenants.names()) == []
        if database.places.share_engine:
            with database.reading() as connection:
                left = connection.scalars(sa.text("SELECT nspname FROM pg_namespace")).all()
            prefix = small.settings["dynmodel.tenant_schemas"]
            assert not [name for name in left if name.startswith((prefix, "_dropped_"))]
        else:
            assert list(database.places.folder.iterdir()) == []


def test_old_system_tables_are_upgraded_at_first_use_or_by_command(small, monkeypatch):
    name = list(small.tokens)[-1]
    database = Database(small.tenants.places.settings_of(name), home=small.tenants.home)
    version = sa.table(upgrade.VERSION_TABLE, sa.column("version_num"), schema=database.dialect.schema)
    asked = []
    monkeypatch.setattr(upgrade, "migrate", lambda *_: asked.append(name))

    def set_back():
        with database.changing() as connection:
            connection.execute(sa.update(version).values(version_num="0007"))
        with small.tenants._lock:
            known = small.tenants._known.pop(name, None)
            small.tenants._columns -= known.columns if known else 0

    set_back()
    small.send("GET", f"/{name}/me/", token=name)
    assert asked == [name]
    small.tenants.home.settings.auto_upgrade = False
    set_back()
    answer = small.send("GET", f"/{name}/me/", token=name, status=503)
    assert answer.json["code"] in ("busy", "unavailable", "database_unavailable") and "0007" not in answer.text
    with administration(Settings(small.settings)) as tenants:
        assert tenants.upgrade(name) == ("0007", upgrade.HEAD)
    assert asked == [name, name]
    database.close()


@pytest.fixture
def ini(small, tmp_path):
    path = tmp_path / "production.ini"
    lines = "\n".join(f"{key} = {value}" for key, value in small.settings.items())
    path.write_text(f"[app:main]\nuse = egg:dynmodel_pyramid\n{lines}\n".replace("%", "%%"), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_console_script(small, ini, capsys, tmp_path):
    first, *others = list(small.tokens)
    assert script.main(["create", ini, "new"]) == 0
    assert f"dynmodel-token create --role admin {ini}" in capsys.readouterr().out
    for name in ("new", "a b", "live", "x" * 49, "pg_", "x'; --"):
        assert script.main(["create", ini, name]) == 1
    assert script.main(["list", ini]) == 0
    assert capsys.readouterr().out.split() == ["new", first, *others]
    # Its name once is not enough, and another one is wrong.
    for words in (["new"], ["new", first], ["nobody", "nobody"], ["nobody", "--yes"]):
        assert script.main(["drop", ini, *words]) == 1
    assert "name it twice" in capsys.readouterr().err
    assert script.main(["drop", ini, "new", "new"]) == 0
    assert script.main(["upgrade", ini]) == 0
    assert script.main(["run", ini, first, "sh", "-c", "test $DYNMODEL_TENANT = {tenant}"]) == 0
    assert script.main(["run", ini, first, "false"]) == 1
    command = f"touch {tmp_path}/{{tenant}}.seen; test $DYNMODEL_TENANT != {others[0]}"
    assert script.main(["each", ini, "sh", "-c", command]) == 1
    assert f"failed for 1 tenants: {others[0]}" in capsys.readouterr().err
    assert len(list(Path(tmp_path).glob("*.seen"))) == 4
    assert script.main(["run", ini, first]) == 1
    assert script.main(["each", ini, "no-such-command"]) == 1


def test_a_command_must_say_which_tenant(small, monkeypatch):
    with pytest.raises(ConfigurationProblem, match="say which tenant"):
        Database(Settings(small.settings))
    name = list(small.tokens)[0]
    monkeypatch.setenv("DYNMODEL_TENANT", name)
    # Not even a variable for the schema leads to another place.
    monkeypatch.setenv("DYNMODEL_SCHEMA", "public")
    database = Database(Settings(small.settings))
    with database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(database.system.access.token)) == 1
    database.close()
    monkeypatch.setenv("DYNMODEL_TENANT", "nobody")
    database = Database(Settings(small.settings))
    with pytest.raises(ConfigurationProblem, match="there is no tenant nobody"):
        upgrade.upgrade(database)
    database.close()
    with administration(Settings(small.settings)) as tenants:
        assert "nobody" not in tenants.names()


def test_settings_of_a_tenant(tmp_path):
    file = tmp_path / "tenants.ini"
    settings = {"sqlalchemy.url": f"sqlite:///{tmp_path}/data.sqlite", "dynmodel.tenants": "path",
                "dynmodel.tenant_settings": str(file)}  # fmt: skip
    file.write_text("[acme]\nmax_tables = 2\ndynmodel.trash_days = 7\n", encoding="utf-8")
    parsed = Settings(settings)
    assert (parsed.of_tenant("acme").max_tables, parsed.of_tenant("acme").trash_days) == (2, 7)
    assert parsed.of_tenant("beta").max_tables == 10_000
    for text, cause in (
        ("[acme]\nmax_table = 2", "did you mean max_tables"),
        ("[acme]\nmax_tables = none", "at least 1"),
        ("[ACME]\nmax_tables = 2", "want at most 48"),
        ("[acme]\nschema = public", "no such setting of their own"),
        ("[acme]\n[acme]", "already exists"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationProblem, match=cause):
            Settings(settings).tenant_values()


@pytest.mark.parametrize("database", ["postgresql"])
def test_services_with_overlapping_prefixes_have_tenants_of_their_own(small, tmp_path, capsys):
    short = Settings(small.settings)
    long = Settings({**small.settings, "dynmodel.tenant_schemas": f"{short.tenant_schemas}a_"})
    with administration(short) as own, administration(long) as others:
        before = list(own.names())
        others.create("x")
        own.create("a_y")
        try:
            assert list(own.names()) == sorted([*before, "a_y"]) and list(others.names()) == ["x"]
            assert not own.exists("a_x") and not others.exists("y")
            for refused in (own.create, own.drop):
                with pytest.raises(Conflict, match=f"tenant of another service, .*{long.tenant_schemas}$|service$"):
                    refused("a_x")
            assert others.exists("x")
            assert [text.split()[0] for text in (*own.of_others(), *others.of_others())] == ["1", "1"]
            # A schema that was renamed by hand, or made by an earlier release, is whose prefix it has.
            with own.home.changing() as connection:
                connection.exec_driver_sql(
                    f'ALTER SCHEMA "{others.places.schema("x")}" RENAME TO {short.tenant_schemas}z'
                )
            assert own.exists("z") and not others.exists("x")
        finally:
            for tenants in (own, others):
                for name in tenants.names():
                    tenants.drop(name)


def test_a_tenant_is_found_once_it_is_made_though_an_earlier_request_finds_none(small, monkeypatch):
    tenants, looked, go_on = small.tenants, threading.Event(), threading.Event()
    exists = tenants.places.exists

    def slow(reading, name):
        found = exists(reading, name)
        if not looked.is_set():
            looked.set()
            assert go_on.wait(20)
        return found

    monkeypatch.setattr(tenants.places, "exists", slow)
    with ThreadPoolExecutor(2) as threads:
        earlier = threads.submit(tenants.get, "new")
        assert looked.wait(20)
        with administration(Settings(small.settings)) as administrating:
            make_from_template(administrating, "new")
        later = threads.submit(tenants.get, "new")
        time.sleep(0.1)  # it waits for the earlier one
        go_on.set()
        with pytest.raises(NotFound):
            earlier.result(20)
        assert later.result(20).name == "new"
