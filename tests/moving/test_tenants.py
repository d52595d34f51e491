"""Moves of services with tenants: one at a time, each by one command, and gone on with."""

from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from dynmodel_pyramid.scripts import move, tenant
from dynmodel_pyramid.testing.databases import DATABASES
from tests.server_process import write_ini
from tests.tenants.conftest import NAMES, World, settings_with_tenants


def run_here(monkeypatch):
    """Let ``dynmodel-tenant`` run ``dynmodel-move`` in this process."""

    def run(words, env, check):
        with monkeypatch.context() as patched:
            patched.setenv("DYNMODEL_TENANT", env["DYNMODEL_TENANT"])
            return SimpleNamespace(returncode=move.main(words[1:]))

    monkeypatch.setattr(tenant, "subprocess", SimpleNamespace(run=run))


@pytest.mark.parametrize("database", DATABASES)
def test_each_tenant_is_moved_to_the_same_kind(database, tmp_path, monkeypatch, capsys):
    run_here(monkeypatch)
    with ExitStack() as stack:
        folders = [tmp_path / name for name in ("source", "target")]
        for folder in folders:
            folder.mkdir()
        source, target = (stack.enter_context(settings_with_tenants(database, folder)) for folder in folders)
        ini, there = (str(write_ini(tmp_path, settings, port=1)) for settings in (source, target))
        world = World(source)
        stack.callback(world.close)
        for name in NAMES:
            world.fill(name)
        each = ["each", ini, "dynmodel-move", "--quiet"]
        # While the service works; nothing is finished, though nobody wrote.
        assert tenant.main([*each, "--prepare", ini, there]) == 0
        assert "The target is prepared. Stop the service" in capsys.readouterr().out
        world.send("POST", "/beta/table/1/rows/", {"name": "later"}, token="beta", status=201)
        assert tenant.main(["run", ini, "acme", "dynmodel-move", ini, there]) == 0
        capsys.readouterr()
        # Those that are finished already are compared.
        assert tenant.main([*each, ini, there]) == 0
        assert capsys.readouterr().out.count("every value is equal") == 2
        moved = World(target, ())
        stack.callback(moved.close)
        moved.tokens = world.tokens
        for name in NAMES:
            for path in ("/schema/", "/table/1/rows/", "/table/1/history/", "/table/1/view/", "/user/"):
                answers = [each.send("GET", f"/{name}{path}", token=name, status=200).text for each in (world, moved)]
                assert answers[0] == answers[1]
        assert moved.send("GET", "/beta/table/1/rows/3/", token="beta").json["name"] == "later"
        moved.send("GET", "/acme/table/", token="beta", status=401)
        # One was written to since.
        world.send("POST", "/beta/table/1/rows/", {"name": "lost"}, token="beta", status=201)
        assert tenant.main([*each, ini, there]) == 1
        err = capsys.readouterr().err
        assert "not equal: Thing (table 1): the row 4 is missing" in err and "failed for 1 tenants: beta" in err
        assert move.main([ini, there]) == 1
        assert "say which tenant it is for" in capsys.readouterr().err
