"""``dynmodel-field-types``."""

import json

import pytest

from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.scripts.field_types import main
from tests.plugins import plant, run
from tests.server_process import write_ini


def test_every_type_is_listed(capsys, tmp_path):
    assert main([str(write_ini(tmp_path, {}, port=1))]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split() == ["name", "distribution", "version", "sortable", "operators"]
    types = FieldTypes()
    types.load_entry_points()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == types.names()
    (shown,) = [line.split() for line in lines if line.startswith("json ")]
    assert shown[1] == "dynmodel_pyramid" and shown[3] == "no" and "isdistinct" in shown
    assert "Failed" not in "\n".join(lines)


@pytest.mark.parametrize("arguments", ((), ("--json",)))
def test_a_failure_is_told_and_ends_with_1(tmp_path, arguments):
    """In a process of its own, where nothing has set up a log."""
    value = plant(tmp_path, "raise RuntimeError('no palette')")
    code = f"import sys; from dynmodel_pyramid.scripts.field_types import main; sys.exit(main({list(arguments)!r}))"
    (tmp_path / "called.py").write_text(code, encoding="utf-8")
    done = run("called", path=tmp_path)
    assert done.returncode == 1 and "acme-shades" not in done.stderr, done.stderr
    cause = "can't be loaded: RuntimeError: no palette (mend or uninstall that package)"
    if arguments:
        told = json.loads(done.stdout)
        assert {"string", "json"} < {known["name"] for known in told["installed"]}
        assert told["failed"] == [
            {
                "name": "shade",
                "distribution": "acme-shades",
                "version": "4.5.6",
                "entry_point": value,
                "cause": cause,
            }
        ]
    else:
        told = " ".join(done.stdout.split("Failed:")[1].split())
        assert told == f"field type 'shade' of acme-shades 4.5.6 (entry point shade = {value}): {cause}"


def test_a_file_that_is_not_there_is_told(capsys, tmp_path):
    assert main([str(tmp_path / "missing.ini")]) == 1
    assert "dynmodel-field-types: " in capsys.readouterr().err
