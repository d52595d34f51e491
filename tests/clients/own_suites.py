"""The own tests of postgrest-py and of postgrest-js, from their repositories, against this service.

python -m tests.clients.own_suites FOLDER [--database sqlite] [--full]

FOLDER is a checkout of https://github.com/supabase/postgrest-py or of https://github.com/supabase/postgrest-js. The
tables and rows of their SQL are made as for PostgREST's specification; the tests run unchanged but for the address.
Those of postgrest-js have tables with keys of their own, which ``tests.clients.keyed`` shows. ``--full`` prints what
failed tests said; tests of stored functions in JavaScript are left out, and count as known.

postgrest-py needs ``pip install pytest-asyncio`` for the tests that are asynchronous, which are left out without it.
(Take it out again: our own tests, where warnings are errors, do not start beside it.) postgrest-js needs Node.js; npm
brings its packages.
"""

import argparse
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import waitress.server

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.clients.keyed import AsKeyed, by_id
from tests.clients.postgrest_spec import fixtures
from tests.clients.postgrest_spec.service import Service

#: name of a test -> what it said when it failed, None if it passed
Results = dict[str, str | None]
#: (name of a test, what it said) -> whether a reason is the test's
Judge = Callable[[str, str], bool]
#: Tests of stored functions in JavaScript are left out, because they clean up only if they succeed.
WITHOUT_FUNCTIONS = r"^(?!.*\b(rpc|RPC)\b)"
LEFT_OUT = "left out"


@dataclass
class Suite:
    """
    :param sql: folder of the scripts in a checkout, and their names
    :param run: runs the tests of a checkout: (the checkout, a folder of its own, the service's address) -> results
    :param known: a reason why tests fail -> whether it is that of a test: (its name, what it said) -> bool
    """

    sql: tuple[str, tuple[str, ...]]
    run: Callable[[Path, Path, str], Results]
    known: dict[str, Judge]

    def reason(self, name: str, said: str) -> str | None:
        return next((reason for reason, judge in self.known.items() if judge(name, said)), None)


def named(pattern: str) -> Judge:
    return lambda name, said: bool(re.search(pattern, name))


def saying(pattern: str) -> Judge:
    return lambda name, said: bool(re.search(pattern, said))


def differing(*patterns: str) -> Judge:
    """All lines that jest's snapshots did not have are of these kinds."""
    return lambda name, said: (
        bool(lines := _lines(said, "+"))
        and all(any(re.search(pattern, line) for pattern in patterns) for line in lines)
    )


def reordered(name: str, said: str) -> bool:
    """jest's snapshots have the same lines in another order."""
    return bool(lines := _lines(said, "+")) and sorted(lines) == sorted(_lines(said, "-"))


def _lines(said: str, mark: str) -> list[str]:
    """Lines of jest's differences, without what is the same but for a comma and for their depth."""
    return [line[1:].strip().removesuffix(",") for line in said.splitlines() if re.match(rf"\{mark}  ", line)]


def run_python(folder: Path, temporary: Path, url: str) -> Results:
    tests = temporary / "tests"
    shutil.copytree(folder / "tests", tests)
    if importlib.util.find_spec("pytest_asyncio") is None:
        shutil.rmtree(tests / "_async")
    for path in tests.rglob("*.py"):
        path.write_text(path.read_text().replace("http://127.0.0.1:3000", url))
    told = temporary / "told.xml"
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "-o", "asyncio_mode=auto"]
    words += [f"--junitxml={told}", str(tests), "--rootdir", str(temporary)]
    # The client is that of the checkout, whose tests these are.
    environment = {**os.environ, "PYTHONPATH": str(folder.resolve())}
    subprocess.run(words, cwd=temporary, env=environment, check=False, stdout=subprocess.DEVNULL)
    results: Results = {}
    for case in ElementTree.parse(told).iter("testcase"):
        fault = next((case.find(kind) for kind in ("failure", "error") if case.find(kind) is not None), None)
        name = f"{case.get('name')} in {case.get('classname')}"
        results[name] = None if fault is None else fault.text or ""
    return results


def run_javascript(folder: Path, temporary: Path, url: str) -> Results:
    copy = temporary / "postgrest-js"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("node_modules", ".git", "docs"))
    words = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    subprocess.run(words, cwd=copy, check=True)
    for path in (copy / "test").glob("*.ts"):
        text = path.read_text()
        for port in (3000, 3001):  # of PostgREST 12 and 13, with the same tables
            text = text.replace(f"http://localhost:{port}'", f"{url}'")
        path.write_text(text)
    told = temporary / "told.json"
    words = ["npx", "jest", "--runInBand", "--ci", "--silent", "--json", f"--outputFile={told}"]
    words.append(f"--testNamePattern={WITHOUT_FUNCTIONS}")
    subprocess.run(words, cwd=copy, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    results: Results = {}
    for file in json.loads(told.read_text())["testResults"]:
        where = Path(file["name"]).name
        if not file["assertionResults"]:
            results[f"{where} as a whole"] = file["message"]
        for case in file["assertionResults"]:
            said = {"passed": None, "failed": "\n".join(case["failureMessages"])}.get(case["status"], LEFT_OUT)
            results[f"{where}: {case['fullName']}"] = said
    return results


PYTHON = Suite(
    sql=("infra", ("init.sql",)),
    run=run_python,
    known={
        "docs/rest.md: `/rest/rpc/` is always 404": named("^test_rpc_"),
        "the text of a plan, whose statements are this service's own": named("^test_explain_"),
        "asks a server of the internet": named("^test_params_purged_after_execute"),
    },
)
JAVASCRIPT = Suite(
    sql=("test/db", ("00-schema.sql", "01-dummy-data.sql")),
    run=run_javascript,
    known={
        "docs/rest.md: `/rest/rpc/` is always 404": saying(f"^{LEFT_OUT}$"),
        "docs/rest.md: other schemas are PGRST106": saying("PGRST106"),
        "docs/rest.md: rows without an order come by `id`": lambda name, said: (
            reordered(name, said) or bool(re.search("^transforms.test.ts: range$", name))
        ),
        "words of PostgREST 13 and 14, where the tests have those of 12": saying(
            r"\+ .*Cannot coerce the result|Received: .*Could not find the table|- .*PGRST119"
        ),
        "docs/rest.md: messages name fields, `details` and `hint` say more": differing("^.(message|details|hint).: "),
        "every table is keyed by `id`": differing(r"using .*users\(id\)"),
        "docs/rest.md: two items with one name are refused (42712 there)": saying("42712"),
        "docs/rest.md: `count=planned` may be the true one": named("count:(planned|estimated)"),
        "docs/rest.md: a new id is greater than all ids before": named("with column defaults"),
        "docs/rest.md: CSV has values as JSON shows them": named("transforms.test.ts: csv"),
        "docs/rest.md: there is no GeoJSON": named("transforms.test.ts: geojson"),
        "plans are in the form of the database": named("transforms.test.ts: explain"),
        "docs/rest.md: languages of searches need PostgreSQL": saying("PGRST127"),
        "there are no views": saying("updatable_view"),
        "there are no computed columns": saying("blurb_message"),
        "conditions on links by key are not translated": named("embedded filters embedded or with and"),
    },
)


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


def run(folder: Path, database: str, full: bool) -> int:
    suite = JAVASCRIPT if (folder / "package.json").exists() else PYTHON
    scripts, names = suite.sql
    tables = fixtures.load(folder / scripts, names, ("public",))
    with tempfile.TemporaryDirectory() as temporary, database_settings(database, Path(temporary)) as settings:
        app = dynmodel_pyramid.main({}, **settings, **{"dynmodel.plan_enabled": "true"})
        service = Service(app)
        service.make(by_id(tables))
        for name, reason in service.refused.items():
            print(f"not made: {name}: {reason}")
        with serving(AsKeyed(app, tables, set(service.made))) as url:
            results = suite.run(folder, Path(temporary), url)
        app.registry.dynmodel_catalogue.database.close()
    failed = {name: said for name, said in results.items() if said is not None}
    reasons = {name: suite.reason(name, said) for name, said in failed.items()}
    known = Counter(reason for reason in reasons.values() if reason is not None)
    for reason, count in known.items():
        print(f"{count} known: {reason}")
    for name, said in failed.items():
        if full or reasons[name] is None:
            print(f"failed: {name}" + (f"\n{said}" if full else ""))
    left = len(failed) - known.total()
    passed = len(results) - len(failed)
    print(f"{database}: {len(results)} tests, {passed} passed, {known.total()} known, {left} others failed")
    return 1 if left else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--database", choices=DATABASES, default="postgresql")
    parser.add_argument("--full", action="store_true", help="print what failed tests said")
    chosen = parser.parse_args()
    return run(chosen.folder, chosen.database, chosen.full)


if __name__ == "__main__":
    sys.exit(main())
