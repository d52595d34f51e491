"""docs/access.md: its recipes, in their order, on one database in which access is enforced."""

import functools
import json
import re

import pytest

from dynmodel_pyramid.scripts import accounts
from dynmodel_pyramid.testing.databases import database_settings
from tests.documents import ROOT, SCRIPTS, Answer, Shell, examples_of
from tests.server_process import write_ini

PAGE = "docs/access.md"
#: Each has an administrator's document, and shows in at least two requests what it allows and what not.
RECIPES = (
    "Public read",
    "Own rows only",
    "Teams through a link",
    "Tenant by a claim",
    "A read-only token for a dashboard",
    "A hidden salary column",
    "An append-only log",
)


def recipes() -> dict[str, str]:
    """The text of each recipe by its heading."""
    text = (ROOT / PAGE).read_text(encoding="utf-8").split("\n## Recipes\n")[1].split("\n## ")[0]
    _, *parts = re.split(r"^### (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_recipe_is_whole():
    found = recipes()
    assert tuple(found) == RECIPES
    for name, text in found.items():
        assert "```json" in text, f"{name} has no document"
        assert text.count("$ curl ") >= 2, f"{name} does not show what it does"


@pytest.fixture
def settings(database, tmp_path):
    with database_settings(database, tmp_path, "enforced") as found:
        yield found


def blocks() -> list[tuple[str, str]]:
    """The blocks of the recipes, (language, text), in their order."""
    text = (ROOT / PAGE).read_text(encoding="utf-8").split("\n## Recipes\n")[1].split("\n## ")[0]
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_recipes(settings, make_app, tmp_path, monkeypatch):
    # To read an INI file takes 0.2 s, for the entry points; here it is the same one each time.
    monkeypatch.setattr(accounts, "read_ini", functools.cache(accounts.read_ini))
    app = make_app()

    def send(method, path, headers, body):
        answer = app.request(path, method=method, headers=headers, body=body or b"", expect_errors=True)
        status, _, reason = answer.status.partition(" ")
        return Answer(int(status), reason, answer.headers, answer.text)

    shell = Shell("", str(write_ini(tmp_path, settings, port=1)), send)
    for language, text in blocks():
        if language == "console":
            for example in examples_of(text, ("curl", *SCRIPTS)):
                shell.check(example)
            continue
        # As the page says: tables are sent to /schema/, roles to /access/.
        path = "/access/" if "roles" in json.loads(text) else "/schema/"
        headers = {
            "Authorization": f"Bearer {shell.variables['ADMIN']}",
            "Content-Type": "application/merge-patch+json",
        }
        answer = send("PATCH", path, headers, text.encode())
        assert answer.status_code == 200, answer.text
