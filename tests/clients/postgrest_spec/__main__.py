"""PostgREST's own specification, asked of this service.

python -m tests.clients.postgrest_spec FOLDER [--database postgresql] [--show KIND] [--only WORD]

FOLDER is a checkout of https://github.com/PostgREST/postgrest. Requests and wanted answers are read from its
``test/spec/**/*Spec.hs``, tables and rows from ``test/spec/fixtures``. What can't be asked is counted by its reason.
It exits with 1 if a request fails whose difference docs/rest.md doesn't list.
"""

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.clients.postgrest_spec import comparing, haskell
from tests.clients.postgrest_spec.documented import documented
from tests.clients.postgrest_spec.fixtures import load
from tests.clients.postgrest_spec.mapping import Mapping
from tests.clients.postgrest_spec.service import Service
from tests.soak.fuzzing.wire import Request, send

#: As the specification's configuration has it: one schema, and plans of nobody.
SETTINGS = {"dynmodel.rest_schema": "test"}


def run(folder: Path, database: str, options: argparse.Namespace) -> bool:
    reading = haskell.Reading()
    for path in sorted((folder / "test/spec/Feature").rglob("*Spec.hs")):
        made = haskell.read(path.read_text(), path.name)
        reading.pairs += made.pairs
        reading.unread += made.unread
    fixtures = load(folder / "test/spec/fixtures")
    with tempfile.TemporaryDirectory() as temporary, database_settings(database, Path(temporary)) as settings:
        app = dynmodel_pyramid.main({}, **settings, **SETTINGS)
        service = Service(app)
        service.make(fixtures)
        with app.registry.dynmodel_catalogue.database.engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")  # counts that are planned
        if options.show == "tables":
            for name, reason in service.refused.items():
                print(f"{name}: {reason}")
            print(service.lacking)
        left = judge(reading, service, Mapping(service, fixtures), database, options)
        app.registry.dynmodel_catalogue.database.close()
    return not left


def judge(reading: haskell.Reading, service: Service, mapping: Mapping, database: str, options) -> int:
    unasked: Counter = Counter()
    kinds: dict[str, list[str]] = defaultdict(list)
    told: Counter = Counter()
    passed, place, changed = 0, "", set()
    for pair in reading.pairs:
        if pair.place != place:
            for name in changed:
                service.refill(name)
            place, changed = pair.place, set()
        try:
            reason = mapping.why_not(pair)
            wanted = pair if reason else mapping.wanted(pair)
        except haskell.Unread as unread:
            reason = str(unread)
        if reason is not None:
            unasked[reason.partition(":")[0]] += 1
            if options.show == "unasked":
                print(f"unasked: {pair.file}:{pair.line} {pair.method} {pair.target}: {reason}")
            continue
        if options.only and options.only not in f"{pair.file}:{pair.line} {pair.target}":
            continue
        request = Request(*mapping.request(pair))
        answer = send(service.app, request)
        name = comparing.name_of(pair)
        found = comparing.differences(wanted, answer, mapping.own_id(pair))
        if "tx=commit" in request.headers.get("Prefer", "") and name in service.made:
            changed.add(name)
        if not found:
            passed += 1
        elif (row := documented(wanted, answer, found, database)) is not None:
            told[row] += 1
        else:
            kinds[found[0].partition(":")[0]].append(
                f"{pair.file}:{pair.line} {pair.place}\n    {request.curl()}\n    " + "\n    ".join(found)
            )
    for kind, cases in sorted(kinds.items(), key=lambda each: -len(each[1])):
        print(f"--- {kind}: {len(cases)}")
        for case in cases:
            print(case)
    left = sum(map(len, kinds.values()))
    asked = passed + sum(told.values()) + left
    print(f"not read: {len(reading.unread)}; not asked: {unasked.total()}")
    for reason, count in unasked.most_common():
        print(f"  {count:4} {reason}")
    print("differences that docs/rest.md lists:")
    for row, count in told.most_common():
        print(f"  {count:4} {row}")
    print(
        f"{database}: {asked} asked, {passed} passed ({passed / asked:.1%}), {told.total()} documented "
        f"({(passed + told.total()) / asked:.1%} with them), {left} failed"
    )
    return left


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--database", choices=DATABASES, default="postgresql")
    parser.add_argument("--show", choices=["tables", "unasked"])
    parser.add_argument("--only", help="ask only requests whose file, line or target have this word")
    options = parser.parse_args()
    return 0 if run(options.folder, options.database, options) else 1


if __name__ == "__main__":
    sys.exit(main())
