"""The recipes of docs/clients.md, as they stand, against a real server; what they print is compared.

python -m tests.clients.recipes [--packages FOLDER] [--database sqlite]

Those in Python and curl run with the tests, too. Those in JavaScript need Node.js; npm brings the packages that some of
them import into the folder, a temporary one by default. They run in the order of the page, for they change rows.
"""

import argparse
import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dynmodel_pyramid.scripts import token
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.documents import ADDRESS, ROOT, check, examples_of
from tests.server_process import Server

PAGE = ROOT / "docs" / "clients.md"
_BLOCK = re.compile(r"^```(console|python|js)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
PACKAGES = ("@supabase/postgrest-js@2", "@supabase/supabase-js@2", "ws@8")
#: Blocks of one page share their names, as they do for readers.
DRIVER = """\
import contextlib, io, json, sys
names, printed = {}, []
for block in json.load(sys.stdin):
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(compile(block, block, "exec"), names)
    printed.append(told.getvalue())
print(json.dumps(printed))
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    language: str
    code: str
    printed: str

    @property
    def has_packages(self) -> bool:
        return self.language == "js" and "import " in self.code

    def compare(self, printed: str) -> None:
        assert printed == self.printed, f"{self.code}\nprinted:\n{printed}\nand not:\n{self.printed}"


def recipes() -> Iterator[Recipe]:
    for language, code, printed in _BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        yield Recipe(language, code.replace(ADDRESS, "{url}") if language != "console" else code, printed)


def run(found: list[Recipe], server: Server, packages: Path) -> None:
    """Run recipes against a server, whose database is empty.

    :param packages: where scripts for Node.js may lie and find what they import
    """
    url = server.url
    environment = {**os.environ, "TOKEN": token_of(server)} if any(each.has_packages for each in found) else None
    python: list[Recipe] = []
    for recipe in found:
        if recipe.language == "python":
            python.append(recipe)
        elif recipe.language == "console":
            for example in examples_of(recipe.code, ("curl",)):
                check(example, url)
        else:
            run_python(python, url)
            python = []
            script = packages / "recipe.mjs"
            script.write_text(recipe.code.replace("{url}", url), encoding="utf-8")
            recipe.compare(_output(["node", "--no-warnings", str(script)], environment=environment))
    run_python(python, url)


def run_python(found: list[Recipe], url: str) -> None:
    """In one process, so that libraries are imported once."""
    if not found:
        return
    blocks = json.dumps([recipe.code.replace("{url}", url) for recipe in found])
    printed = json.loads(_output([sys.executable, "-W", "error::ResourceWarning", "-c", DRIVER], blocks))
    for recipe, told in zip(found, printed, strict=True):
        recipe.compare(told)


def token_of(server: Server) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        assert token.main(["create", "--role", "admin", str(server.ini)]) == 0
    return printed.getvalue().strip()


def _output(command: list[str], given: str = "", environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=Path, help="where the packages of npm go, and stay")
    parser.add_argument("--database", choices=DATABASES, help="both by default")
    options = parser.parse_args()
    if shutil.which("npm") is None:
        parser.error("npm is not here; install Node.js")
    found = list(recipes())
    with tempfile.TemporaryDirectory() as temporary:
        packages = options.packages or Path(temporary) / "packages"
        packages.mkdir(parents=True, exist_ok=True)
        words = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(packages), *PACKAGES]
        subprocess.run(words, check=True)
        for database in [options.database] if options.database else DATABASES:
            folder = Path(temporary) / database
            folder.mkdir()
            with database_settings(database, folder) as settings:
                server = Server(settings, folder)
                server.start()
                try:
                    run(found, server, packages)
                finally:
                    server.stop()
            print(f"{database}: {len(found)} recipes are well", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
