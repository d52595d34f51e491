"""``dynmodel-new-field-type``: what it writes can be installed and passes its own tests."""

import json
from importlib.metadata import distribution, packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dynmodel_pyramid.scripts.new_field_type import main
from tests.plugins import install, run

#: A plugin of pytest that hides modules, as if their distributions were not installed.
HIDING = """
import sys

HIDDEN = {hidden}

class Hiding:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hiding())
"""


def closure(name: str, extras: tuple[str, ...], found: dict[str, set[str]]) -> set[str]:
    """The distributions that an installation with these extras brings."""
    done = found.setdefault(canonicalize_name(name), set())
    wanted = {"", *extras} - done
    done |= wanted
    for text in (distribution(name).requires or ()) if wanted else ():
        needed = Requirement(text)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in wanted):
            closure(needed.name, tuple(needed.extras), found)
    return set(found)


def hidden_modules() -> list[str]:
    """Those that the project's own tests have, and ``dynmodel_pyramid[testing]`` doesn't bring."""
    hidden = closure("dynmodel_pyramid", ("test",), {}) - closure("dynmodel_pyramid", ("testing",), {})
    every = packages_distributions().items()
    return sorted(module for module, names in every if set(map(canonicalize_name, names)) <= hidden)


@pytest.mark.long
def test_a_skeleton_passes_its_tests(tmp_path, capsys, monkeypatch):
    folder = tmp_path / "airports"
    assert main(["airport_code", "--folder", str(folder)]) == 0
    written = capsys.readouterr().out.split()
    assert sorted(written) == sorted(str(path) for path in folder.rglob("*") if path.is_file())
    site = install(folder, tmp_path)
    hidden = hidden_modules()
    assert "jsonschema_rs" in hidden and "email_validator" not in hidden
    # A fresh environment has what the extra brings and nothing else.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # some of them are hidden
    (site / "hiding.py").write_text(HIDING.format(hidden=json.dumps(hidden)), encoding="utf-8")
    # The tutorial runs all tests of a skeleton; these need most libraries, and little time.
    chosen = ("-k", "not conversion_to_every and not every_cast and not every_operator")
    done = run("pytest", "-q", "-p", "hiding", "-p", "no:cacheprovider", *chosen, "tests", path=site, cwd=folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout and "skipped" not in done.stdout
    assert "class AirportCode(FieldType)" in (folder / "dynmodel_airport_code" / "__init__.py").read_text()
    assert 'name = "dynmodel-airport-code"' in (folder / "pyproject.toml").read_text()
    style = run("ruff", "check", "--isolated", "--line-length", "120", "--select", "E,F,I,B,W", str(folder))
    assert style.returncode == 0, style.stdout


def test_nothing_is_overwritten(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["airport_code"]) == 0
    path = tmp_path / "dynmodel-airport-code" / "dynmodel_airport_code" / "__init__.py"
    path.write_text("mine", encoding="utf-8")
    assert main(["airport_code"]) == 1
    assert path.read_text() == "mine"
    (tmp_path / "file").touch()
    assert main(["airport_code", "--folder", "file"]) == 1
    assert capsys.readouterr().err.count("is there already") == 2


@pytest.mark.parametrize(
    "name",
    ("", "Airport", "9lives", "_private", "a-b", "two words", "a__b", "a_", "é", "x" * 41, "../up", "string"),
)
def test_a_bad_name_is_refused(tmp_path, capsys, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    assert main([name]) == 1
    assert "dynmodel-new-field-type: " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
