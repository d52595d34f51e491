"""Scripts know the field types that the application of their INI file adds itself."""

import json

import webtest

import dynmodel_pyramid
from dynmodel_pyramid.scripts import compact, doctor, field_types, move, purge, upgrade
from dynmodel_pyramid.testing.databases import OPEN
from tests.server_process import write_ini


def test_types_of_an_application(tmp_path, capsys):
    def place(name, **further):
        settings = {"sqlalchemy.url": f"sqlite:///{tmp_path}/{name}.sqlite", **OPEN, **further}
        return settings, str(write_ini(tmp_path, settings, port=1))

    def told(script, *arguments, status=0):
        assert script.main([*arguments]) == status, capsys.readouterr()
        return "".join(capsys.readouterr())

    with_lamp = {"pyramid.includes": "tests.included"}
    settings, ini = place("source", **with_lamp)
    _, target = place("target", **with_lamp)
    assert "'lamp'" not in told(upgrade, ini)
    # The scripts asked the database by themselves: what is only looked at makes nothing.
    _, empty = place("empty", **with_lamp)
    listed = json.loads(told(field_types, empty, "--json"))["installed"]
    assert "lamp" in [each["name"] for each in listed]
    assert not (tmp_path / "empty.sqlite").exists()
    app = webtest.TestApp(dynmodel_pyramid.main({}, **settings))
    app.post_json("/table/", {"model_name": "Room", "fields": {"light": "lamp", "other": {"type": "lamp"}}})
    app.post_json("/table/Room/rows/", [{"light": True, "other": False}, {"light": False}])
    app.patch_json("/table/Room/", {"fields": {"other": None}})
    app.app.registry.dynmodel_database.close()
    assert "Room" not in told(doctor, ini, "--quiet")
    assert "1 tables were compared, 0 are damaged" in told(move, "--quiet", ini, target)
    assert "had" in told(compact, target, "--quiet")
    assert "1 were purged" in told(purge, target, "--days", "0")
    # Without the application that has it.
    _, without = place("source")
    assert "the field type 'lamp' is not installed" in told(doctor, without, "--quiet", status=2)
    assert "Room (table 1): the field type 'lamp' is not installed" in told(move, without, place("z")[1], status=1)
