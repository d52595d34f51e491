"""The recipes of docs/clients.md that need no packages from npm. The others: ``python -m tests.clients.recipes``."""

import shutil

from dynmodel_pyramid.testing.databases import database_settings
from tests.clients.recipes import recipes, run
from tests.server_process import Server


def test_recipes(tmp_path):
    """On one database: each needs what tests of HTTP show on both."""
    found = [recipe for recipe in recipes() if not recipe.has_packages]
    assert {recipe.language for recipe in found} == {"console", "python", "js"}
    if shutil.which("node") is None:
        found = [recipe for recipe in found if recipe.language != "js"]
    with database_settings("sqlite", tmp_path) as settings:
        server = Server(settings, tmp_path)
        server.start()
        try:
            run(found, server, tmp_path)
        finally:
            server.stop()
