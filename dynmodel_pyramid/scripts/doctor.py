"""``dynmodel-doctor``: examines a deployment beside the running service. It changes nothing.

    dynmodel-doctor production.ini
    dynmodel-doctor production.ini --json | jq '.findings[] | select(.severity == "error")'
    dynmodel-doctor production.ini --without-tables

It compares every table with its definition, as ``GET /table/{id}/health/`` does, looks for what was left over, for what
grows, and for settings that fit neither the machine nor one another; ``GET /health/`` shows the same. Each finding
tells what is wrong, where, and the command that mends it. The exit status is 0 if nothing is worse than a note, 1 with
warnings, and 2 with errors, or if the database can't be examined. Run it once a day, and after a restore.
"""

import argparse
import json
import sys
import textwrap
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.changes.doctor.examination import STATUS, Doctor
from dynmodel_pyramid.changes.doctor.machine import load_of
from dynmodel_pyramid.database import Database
from dynmodel_pyramid.database.findings import SEVERITIES, Finding, Load, severest
from dynmodel_pyramid.definitions import upgrade
from dynmodel_pyramid.errors import ConfigurationProblem, DynmodelError
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.scripts.application import field_types_of
from dynmodel_pyramid.scripts.ini import read_ini
from dynmodel_pyramid.scripts.listing import WIDTH
from dynmodel_pyramid.scripts.progress import Progress
from dynmodel_pyramid.scripts.serve_file import IniFile
from dynmodel_pyramid.settings import Settings

#: The exit status for a database that can't be examined.
FAILED = 2
_STATUSES = {"healthy": 0, "warnings": 1, "damaged": 2}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dynmodel-doctor", description="Tell what is wrong, where, and its mend.")
    parser.add_argument("ini", help="the INI file; file.ini#name for [app:name]")
    parser.add_argument("--json", action="store_true", help="a JSON document, as that of GET /health/")
    parser.add_argument("--without-tables", action="store_true", help="compare no table with its definition")
    parser.add_argument("--quiet", action="store_true", help="tell no progress")
    args = parser.parse_args(arguments)
    try:
        database = Database(Settings(read_ini(args.ini)))
        try:
            upgrade.check(database)
            doctor = Doctor(Catalogue(database, field_types_of(args.ini)), _load(args.ini, database))
            findings, tables = doctor.whole(), 0
            if not args.without_tables:
                further, tables = _of_tables(doctor, is_quiet=args.quiet)
                findings += further
        finally:
            database.close()
    except (DynmodelError, sa.exc.SQLAlchemyError, OSError) as error:
        print(f"dynmodel-doctor: {error}", file=sys.stderr)
        return FAILED
    status = STATUS[severest(findings)]
    ordered = sorted(findings, key=lambda finding: -SEVERITIES.index(finding.severity))
    if args.json:
        document: dict[str, Any] = {
            "status": status,
            "tables": tables,
            "findings": [each.document() for each in ordered],
        }
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        _print(ordered, tables)
    return _STATUSES[status]


def compare(database: Database, types: FieldTypes) -> int:
    """Compare all tables with their definitions, and print what differs; -> the exit status."""
    upgrade.check(database)
    findings, tables = _of_tables(Doctor(Catalogue(database, types), Load()), is_quiet=False)
    broken = [finding for finding in findings if finding.severity == "error"]
    for finding in broken:
        print(f"{finding.where}: {finding.detail}", file=sys.stderr)
    damaged = len({finding.table for finding in broken})
    print(f"{tables} tables were compared, {damaged} are damaged.")
    return 1 if damaged else 0


def _load(ini: str, database: Database) -> Load:
    """By ``[server:main]`` and ``[dynmodel-serve]``; another server says nothing of its threads."""
    try:
        plan = IniFile(ini, []).plan()
    except ConfigurationProblem:
        return load_of(database, 1)
    return load_of(database, plan.processes, plan.limits.adjustments.threads)


def _of_tables(doctor: Doctor, *, is_quiet: bool) -> tuple[list[Finding], int]:
    findings: list[Finding] = []
    tables, progress = 0, Progress("examining", unit="tables", is_quiet=is_quiet)
    try:
        for part in doctor.each():
            findings += part.findings
            tables += part.tables
            progress(tables)
    finally:
        progress.end()
    return findings, tables


def _print(findings: Iterable[Finding], tables: int) -> None:
    counts = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        counts[finding.severity] += 1
        print(f"{finding.severity.upper()}: {finding.where} ({finding.code})")
        for begin, text in (("  ", finding.detail), ("  mend: ", finding.mend)):
            if text:
                lines = textwrap.wrap(text, WIDTH - 8, break_long_words=False, break_on_hyphens=False)
                print(begin + ("\n" + " " * len(begin)).join(lines))
    told = ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in reversed(counts.items()))
    print(f"{tables} tables were examined: {told}.")


if __name__ == "__main__":
    sys.exit(main())
