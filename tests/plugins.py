"""Distributions made for a test: a module and the metadata that make an installed field type."""

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

from dynmodel_pyramid.testing.databases import postgresql_url

_numbers = itertools.count(1)

#: A good type, to be spoilt by what follows it in the same module.
GOOD = """\
import colander
import sqlalchemy as sa
from dynmodel_pyramid.fields import FieldType, schema

class Good(FieldType):
    "Good."
    def column(self, options, context):
        return sa.Column(sa.Text())
    def schema_node(self, options):
        return colander.SchemaNode(schema.Text())

"""


def plant(
    folder: Path, source: str, *, name: str = "shade", cls: str = "Bad", distribution: str = "acme-shades"
) -> str:
    """Put a distribution into a folder that is, or will be, on the path; -> the entry point's value."""
    module = f"planted_{next(_numbers)}"
    (folder / f"{module}.py").write_text(GOOD + source, encoding="utf-8")
    metadata = folder / f"{distribution.replace('-', '_')}-4.5.6.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 4.5.6\n")
    (metadata / "entry_points.txt").write_text(f"[dynmodel_pyramid.field_types]\n{name} = {module}:{cls}\n")
    return f"{module}:{cls}"


def path_with(folder: Path) -> str:
    """A PYTHONPATH of the folder and of what stands in it already."""
    return os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))


def run(*command: str, path: Path | None = None, **options) -> subprocess.CompletedProcess:
    """Run a Python module in a process of its own, with ``path`` put before the module path."""
    # The server of this process serves the other, too.
    environment = {**os.environ, "DYNMODEL_TEST_POSTGRESQL": postgresql_url()}
    if path is not None:
        environment["PYTHONPATH"] = path_with(path)
    return subprocess.run(
        [sys.executable, "-m", *command], env=environment, capture_output=True, text=True, timeout=120, **options
    )


def install(source: Path, folder: Path) -> Path:
    """Build a distribution as a wheel and install it; -> the folder below ``folder`` that belongs on the path."""
    copy = shutil.copytree(source, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    built = run("build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist"), cwd=copy)
    assert built.returncode == 0, built.stderr
    (wheel,) = (folder / "dist").glob("*.whl")
    target = folder / "site"
    done = run("pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel))
    assert done.returncode == 0, done.stderr
    return target
