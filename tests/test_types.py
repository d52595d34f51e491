"""The contract's types: mypy over what authors of plugins write, with its strict flags."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dynmodel_pyramid.scripts.new_field_type import main
from tests.documents import ROOT
from tests.test_tutorial import apply, steps

#: A plugin whose author has misread the contract, and what he is told of each member.
WRONG = '''
"""A field type that breaks the contract."""

from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.fields import Checks, Context, FieldType, Options


class Wrong(FieldType):
    operators = ("eq", "lt")

    def column(self, options: Options) -> sa.Column[str]:
        return sa.Column(sa.Text())

    def checks(self, column: sa.ColumnElement[Any], options: Options, context: Context) -> Checks:
        return {"max": context.database}

    def text_form(self, options: Options) -> str:
        return options.max_length
'''
TOLD = (
    'Incompatible types in assignment (expression has type "tuple[str, str]", base class "FieldType" defined the type',
    'Signature of "column" incompatible with supertype',
    '"Context" has no attribute "database"',
    'Return type "str" of "text_form" incompatible with return type "TextForm"',
    '"Mapping[str, Any]" has no attribute "max_length"',
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared by the runs, as SQLAlchemy and this package take the most time."""
    return tmp_path_factory.mktemp("mypy")


def mypy(cache: Path, config: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Over other people's code; what this package itself is told of stays away, as where it is installed."""
    command = ["--config-file", str(config), "--cache-dir", str(cache), "--follow-imports=silent", "--no-error-summary"]
    return subprocess.run(
        [sys.executable, "-m", "mypy", *command, *arguments],
        env={**os.environ, "MYPYPATH": str(ROOT)},
        cwd=config.parent,
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_the_skeleton_and_the_tutorial(cache, tmp_path, monkeypatch):
    """As the command writes it, and as the tutorial edits it: one run, for two distributions."""
    monkeypatch.chdir(tmp_path)
    assert main(["part_number", "--folder", "parts"]) == 0
    assert main(["airport_code", "--folder", "airports"]) == 0
    for language, text in steps():
        if language == "diff":
            apply(text, tmp_path)
    paths = ["dynmodel_part_number", "tests", "../airports/dynmodel_airport_code"]
    checked = mypy(cache, tmp_path / "parts" / "pyproject.toml", *paths)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_plugin_that_breaks_the_contract(cache, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["wrong", "--folder", "wrong"]) == 0
    module = tmp_path / "wrong" / "dynmodel_wrong" / "__init__.py"
    module.write_text(textwrap.dedent(WRONG), encoding="utf-8")
    checked = mypy(cache, tmp_path / "wrong" / "pyproject.toml", "dynmodel_wrong")
    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert [told for told in TOLD if told not in checked.stdout] == [], checked.stdout
