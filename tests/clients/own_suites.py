"""postgrest-py's own tests, from its repository, against this service.

python -m tests.clients.own_suites FOLDER [--database sqlite]

FOLDER is a checkout of https://github.com/supabase/postgrest-py. Its tables and rows (``infra/init.sql``) are made as
for PostgREST's specification; its tests run unchanged but for the address. It needs ``pip install pytest-asyncio``
for those that are asynchronous, which are left out without it. (Take it out again: our own tests, where warnings are
errors, do not start beside it.)
"""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import waitress.server

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.clients.postgrest_spec import fixtures
from tests.clients.postgrest_spec.service import Service

#: The beginnings of names of tests that fail for a reason that is known -> the reason.
KNOWN = {
    "test_rpc_": "docs/rest.md: `/rest/rpc/` is always 404",
    "test_explain_": "the text of a plan, whose statements are this service's own",
    "test_params_purged_after_execute": "asks a server of the internet",
}


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """The application's ``/rest/`` at the root of an address."""

    def at_root(environ: dict[str, Any], start_response: Any) -> Any:
        return app({**environ, "PATH_INFO": "/rest" + environ["PATH_INFO"]}, start_response)

    server = waitress.server.create_server(at_root, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()


def run(folder: Path, database: str) -> int:
    tables = fixtures.load(folder / "infra", ("init.sql",), ("public",))
    with tempfile.TemporaryDirectory() as temporary, database_settings(database, Path(temporary)) as settings:
        app = dynmodel_pyramid.main({}, **settings, **{"dynmodel.plan_enabled": "true"})
        service = Service(app)
        service.make(tables)
        for name, reason in service.refused.items():
            print(f"not made: {name}: {reason}")
        tests = Path(temporary) / "tests"
        shutil.copytree(folder / "tests", tests)
        if importlib.util.find_spec("pytest_asyncio") is None:
            shutil.rmtree(tests / "_async")
        with serving(app) as url:
            for path in tests.rglob("*.py"):
                path.write_text(path.read_text().replace("http://127.0.0.1:3000", url))
            words = [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "--tb=short",
                "-o",
                "asyncio_mode=auto",
            ]
            told = Path(temporary) / "told.xml"
            words += [f"--junitxml={told}", str(tests)]
            # The client is that of the checkout, whose tests these are.
            environment = {**os.environ, "PYTHONPATH": str(folder.resolve())}
            subprocess.run([*words, "--rootdir", temporary], cwd=temporary, env=environment, check=False)
            cases = list(ElementTree.parse(told).iter("testcase"))
        app.registry.dynmodel_catalogue.database.close()
    failed = [
        case.get("name", "") for case in cases if case.find("failure") is not None or case.find("error") is not None
    ]
    known = Counter(reason for name in failed for start, reason in KNOWN.items() if name.startswith(start))
    for reason, count in known.items():
        print(f"{count} failed: {reason}")
    left = len(failed) - known.total()
    passed = len(cases) - len(failed)
    print(f"{database}: {len(cases)} tests, {passed} passed, {known.total()} known, {left} others failed")
    return 1 if left else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--database", choices=DATABASES, default="postgresql")
    chosen = parser.parse_args()
    return run(chosen.folder, chosen.database)


if __name__ == "__main__":
    sys.exit(main())
