"""Runs schemathesis on the descriptions of a server, in all its phases and with all its checks.

    python -m tests.clients.schemathesis_run [--database sqlite postgresql] [--group rows tables] [--seed 1]

For each database a server with a table of every type is started. Resources are tried in groups, so that one may be run
alone; at last all of them with a token, by the check that no credential can be left out. The caller of the others is an
administrator by a JWT, which no request can revoke. A run is the same for the same seed, but for times and ids.

What departs from the defaults of schemathesis stands with its reason in ``schemathesis.toml``; what it can't find in a
description in ``schemathesis_hooks.py``, and what depends on stored data in ``schemathesis_state.py``.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jwt
import requests

from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.clients.schemathesis_state import KEPT
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
ALL = "/openapi.json"
#: What ``schemathesis_counts`` writes; of a run that never began.
NOTHING: dict[str, Any] = {
    "cases": {},
    "checks": 0,
    "failed": 0,
    "excused": {},
    "succeeded": [],
    "untried": [],
    "errors": [],
}


@dataclass(frozen=True, slots=True)
class Group:
    """
    :param description: its address
    :param paths: a pattern of those that are tried by it
    :param phases: those that are run
    :param options: further ones of schemathesis
    """

    description: str
    paths: str
    phases: str = "coverage,fuzzing"
    options: tuple[str, ...] = ()


#: In this order: the last ones drop tables.
GROUPS = {
    "rows": Group("/table/Every/openapi.json", "^/table/Every/(rows|query|view)/"),
    "access": Group(ALL, "^/(access|token|user|session|me|audit)/"),
    "tables": Group(ALL, r"^/table/\{table\}/"),
    "service": Group(
        ALL, "^/$|^/(openapi.json|live|ready|(field-type|schema|batch|trash|table)/)(?!.*table|Every/|Maker/)"
    ),
    "sequences": Group(ALL, "^/(?!rest/|ui/|docs/)", "stateful"),
    "credentials": Group(
        ALL, "^/(?!rest/|ui/|docs/)", "fuzzing", ("--checks", "ignored_auth", "--mode", "positive", "-n", "5")
    ),
}


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


def token(url: str) -> str:
    """-> a new one of an administrator, as a header."""
    document = {"name": KEPT, "roles": ["admin"]}
    answer = requests.post(f"{url}/token/", json=document, headers={"Authorization": bearer()}, timeout=60)
    assert answer.status_code == 201, answer.text
    return f"Bearer {answer.json()['secret']}"


def run(
    url: str, group: Group, folder: Path, *options: str, credential: str | None = None
) -> tuple[int, str, dict[str, Any]]:
    """-> the exit status, what it said, and what was counted."""
    credential, counted = credential or bearer(), folder / "counted.json"
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "schemathesis.cli",
        "--config-file",
        str(HERE / "schemathesis.toml"),
    ]
    command += ["run", url + group.description, "--include-path-regex", group.paths, "--phases", group.phases]
    command += ["-H", f"Authorization: {credential}", *options, *group.options]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.clients.schemathesis_hooks",
        "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]),
        "TRIED_AS": credential,
        "COUNTED_TO": str(counted),
    }
    counted.unlink(missing_ok=True)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    told = json.loads(counted.read_text()) if counted.exists() else NOTHING
    return done.returncode, done.stdout + done.stderr, told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--group", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--examples", default="20", help="of each operation, in the phases that draw them")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--phases", help="instead of those of the groups")
    parser.add_argument("--operations", help="a pattern of the paths that are tried, instead of those of the groups")
    parser.add_argument("--follow", type=Path, help="a file; each operation's failures are appended when it ends")
    parser.add_argument("--shrink", action="store_true", help="make the examples of failures small")
    options = parser.parse_args()
    drawn = ["--continue-on-failure", "--seed", options.seed, "-n", options.examples]
    drawn += [] if options.shrink else ["--no-shrink"]
    if options.follow:
        os.environ["FOLLOWED_BY"] = str(options.follow.resolve())
    failed = 0
    for name in options.database:
        with tempfile.TemporaryDirectory() as folder, database_settings(name, Path(folder)) as settings:
            server = Server({**settings, **SETTINGS}, Path(folder))
            server.start(wait=False)
            try:
                server.wait(300)
                prepare(server.url)
                for label in options.group:
                    group, began = GROUPS[label], time.monotonic()
                    credential = token(server.url) if label == "credentials" else bearer()
                    if options.phases:
                        group = replace(group, phases=options.phases)
                    if options.operations:
                        group = replace(group, paths=options.operations)
                    status, said, told = run(server.url, group, Path(folder), *drawn, credential=credential)
                    took = time.monotonic() - began
                    cases = ", ".join(f"{phase} {number}" for phase, number in told["cases"].items())
                    print(
                        f"{name} {label}: cases {cases or 'none'}; {told['checks']} checks, {told['failed']} failed;"
                        f" {len(told['succeeded'])} operations with success; {took:.0f} s",
                        flush=True,
                    )
                    if told["excused"]:
                        print("  refused for what is stored:", told["excused"])
                    for kind in ("untried", "errors"):
                        print(*(f"  {kind}: {item}\n" for item in told[kind]), sep="", end="", flush=True)
                    if status or any(told[kind] for kind in ("failed", "untried", "errors")) or not told["checks"]:
                        failed += 1
                        print(said, server.log.read_text(errors="replace")[-20_000:], sep="\n", flush=True)
            finally:
                server.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
