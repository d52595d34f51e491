"""Views that are imported at their first call."""

import subprocess
import sys
from importlib import import_module

from dynmodel_pyramid.web.views import MODULES


def test_each_view_in_the_list_is_there():
    for module, registered in MODULES.items():
        found = import_module(f"dynmodel_pyramid.web.{module}")
        for _, views, _ in registered:
            assert [name for name in views.values() if not callable(getattr(found, name, None))] == [], module


def test_the_application_imports_nothing_that_only_changes_need():
    code = "import sys, dynmodel_pyramid.application, dynmodel_pyramid.web.views, dynmodel_pyramid.web.rest.views\n"
    code += "print(*sys.modules)"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=60)
    names = done.stdout.split()
    unwanted = (
        "alembic",
        "mako",
        "psycopg",
        "pyarrow",
        "dynmodel_pyramid.changes",
        "dynmodel_pyramid.web.openapi.views",
    )
    assert [name for name in names if name.startswith(unwanted)] == [], done.stderr
