"""``dynmodel-settings``."""

import re

import pytest

from dynmodel_pyramid.scripts.settings import main
from dynmodel_pyramid.settings.known import SETTINGS
from tests.server_process import write_ini


def test_every_setting_is_listed_with_default_and_help(capsys):
    assert main([]) == 0
    told = capsys.readouterr().out
    for setting in SETTINGS:
        assert f"\ndynmodel.{setting.name} =" in f"\n{told}"
        assert setting.help in re.sub(r"\s+", " ", told)
    assert "dynmodel.auto_upgrade = true\n" in told and "dynmodel.cors_origins =\n" in told
    assert "now" not in told.split()
    assert max(map(len, told.splitlines())) <= 100


def test_an_ini_file_shows_its_values(capsys, tmp_path):
    settings = {"sqlalchemy.url": "sqlite:///a", "dynmodel.lock_timeout": "7.5", "dynmodel.lamps": "3"}
    ini = write_ini(tmp_path, settings, port=1)
    assert main([str(ini)]) == 0
    told = capsys.readouterr().out
    assert "dynmodel.lock_timeout = 10.0\n    now 7.5\n" in told
    assert "Not known here" in told and "    dynmodel.lamps = 3" in told


def test_bad_values_are_told(capsys, tmp_path):
    ini = write_ini(tmp_path, {"dynmodel.lock_timeout": "soon", "dynmodel.schema": "a b"}, port=1)
    assert main([str(ini)]) == 1
    told = capsys.readouterr()
    assert "not set" in told.out
    assert "dynmodel.lock_timeout = soon: want a number of seconds" in told.err
    assert "dynmodel.schema = a b: want letters" in told.err


@pytest.mark.parametrize("name", ("missing.ini", "server.ini#nothing"))
def test_a_file_or_section_that_is_not_there_is_told(capsys, tmp_path, name):
    write_ini(tmp_path, {}, port=1).rename(tmp_path / "server.ini")
    assert main([str(tmp_path / name)]) == 1
    assert "dynmodel-settings: " in capsys.readouterr().err
