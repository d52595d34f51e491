"""Runs schemathesis on the descriptions of a server, in all its phases and with all its checks.

    python -m tests.clients.schemathesis_run [--database sqlite postgresql] [--examples 50]

For each database a server with a table of every type is started, twice: its rows are tried by
``/table/Every/openapi.json``,
all else by ``/openapi.json``. The caller is an administrator by a JWT, which no request can revoke. What departs from
the defaults of schemathesis stands with its reason in ``schemathesis.toml``, and what it can't find in a description in
``schemathesis_hooks.py``.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import jwt
import requests

from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.server_process import Server
from tests.web.openapi.every import every_type

HERE = Path(__file__).parent
SECRET = "a secret of forty characters, for tests only"
SETTINGS = {
    "dynmodel.access": "enforced",
    "dynmodel.jwt_secret": SECRET,
    "dynmodel.jwt_audience": "tests",
    "dynmodel.jwt_role_claim": "role",
    "dynmodel.jwt_roles": "admin",
}
#: Description, and the paths that are tried by it.
ROWS = ("/table/Every/openapi.json", "^/table/Every/(rows|row|query|view)/")
ALL = ("/openapi.json", "^/(?!table/(Every|Maker)/|rest/|ui/|docs/)")


def bearer() -> str:
    claims = {"sub": "tester", "aud": "tests", "role": "admin", "exp": int(time.time()) + 86_400}
    return f"Bearer {jwt.encode(claims, SECRET, 'HS256')}"


def prepare(url: str, fields: Sequence[str] | None = None) -> None:
    """Make the tables, and a user.

    :param fields: of the table with every type; None: all
    """
    every = every_type("Every", table="Maker")
    if fields is not None:
        every["fields"] = {name: every["fields"][name] for name in fields}
    with requests.Session() as session:
        session.headers["Authorization"] = bearer()
        for path, document in (
            ("/table/", {"model_name": "Maker", "fields": {"name": "string"}}),
            ("/table/Maker/rows/", [{"name": name} for name in "abc"]),
            ("/user/", {"name": "ada"}),
            ("/table/", every),
        ):
            answer = session.post(url + path, json=document, timeout=60)
            assert answer.status_code == 201, answer.text


def run(url: str, description: str, paths: str, folder: Path, *options: str) -> tuple[int, str]:
    """-> the exit status, and what it said."""
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "schemathesis.cli",
        "--config-file",
        str(HERE / "schemathesis.toml"),
    ]
    command += ["run", url + description, "--include-path-regex", paths, "-H", f"Authorization: {bearer()}"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.clients.schemathesis_hooks"}
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE.parents[1]), environment.get("PYTHONPATH", "")])
    done = subprocess.run([*command, *options], cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--examples", default="50", help="of each operation, in the phases that draw them")
    options = parser.parse_args()
    failed = 0
    for name in options.database:
        for description, paths in (ROWS, ALL):
            with tempfile.TemporaryDirectory() as folder, database_settings(name, Path(folder)) as settings:
                server = Server({**settings, **SETTINGS}, Path(folder))
                server.start()
                try:
                    prepare(server.url)
                    status, said = run(
                        server.url, description, paths, Path(folder), "--continue-on-failure", "-n", options.examples
                    )
                finally:
                    server.stop()
            found = re.search(r"Test cases:\s*\n\s*(.*)", said)
            print(f"{name} {description}: {found[1] if found else 'no cases'}; exit status {status}", flush=True)
            if status:
                failed += 1
                print(said)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
