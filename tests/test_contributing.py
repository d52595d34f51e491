"""CONTRIBUTING.md names files and commands that are there, and a hook that checks what CI checks."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
#: Paths among the words of code; those of the package may leave its name out.
PATHS = sorted({word for code in re.findall(r"`([^`\n]+)`", PAGE) for word in re.split(r'[\s"]', code) if "/" in word})
#: Made by commands that the page tells.
MADE = {"dist/"}
#: Its recipes must be there.
RECIPES = ("type", "operator", "format", "databases", "setting", "resource", "error code", "system table")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    lines = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][2:]


@pytest.mark.parametrize("path", [path for path in PATHS if path not in MADE])
def test_a_path_is_there(path):
    assert (ROOT / path).exists() or (ROOT / "dynmodel_pyramid" / path).exists()


def test_there_is_a_recipe_for_what_people_change():
    recipes = rows("Where do I change ...?")
    whats = [what for what, *_ in recipes]
    assert all(any(recipe in what for what in whats) for recipe in RECIPES), whats
    assert all("dynmodel_pyramid/" in where or "errors.py" in where or "operators" in where for _, where, _ in recipes)


def test_commands_are_targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)", PAGE + (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named >= {"check", "test", "test-all", "coverage", "versions"}
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_the_hook_checks_what_ci_checks():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    [[hook]] = [repository["hooks"] for repository in config["repos"]]
    assert hook["entry"] in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
