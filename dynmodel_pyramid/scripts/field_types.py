"""``dynmodel-field-types``: which field types are installed, where they come from, and which failed and why.

    dynmodel-field-types
    dynmodel-field-types --json
    dynmodel-field-types production.ini

It needs no database and ends with 1 if a type failed: run it before a deployment. With an INI file it also knows types
that the file's application adds with ``config.add_field_type``.
"""

import argparse
import json
import logging
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

from dynmodel_pyramid.errors import ConfigurationProblem
from dynmodel_pyramid.fields import FieldTypes, is_sortable
from dynmodel_pyramid.scripts.application import field_types_of
from dynmodel_pyramid.scripts.ini import read_ini
from dynmodel_pyramid.scripts.listing import WIDTH, table

HEADINGS = ("name", "distribution", "version", "sortable", "operators")


def document(types: FieldTypes) -> dict[str, Any]:
    """The whole report, as JSON."""
    return {
        "installed": [
            {
                "name": known.name,
                "distribution": known.distribution,
                "version": known.version,
                "sortable": is_sortable(known.field_type),
                "operators": [operator.name for operator in known.field_type.operators],
            }
            for known in types
        ],
        "failed": [
            {
                "name": failure.name,
                "distribution": failure.distribution,
                "version": failure.version,
                "entry_point": failure.entry_point,
                "cause": failure.cause,
            }
            for failure in types.failures
        ],
    }


def report(types: FieldTypes) -> Iterator[str]:
    """The lines of the table, and those about failed types."""
    lines = [HEADINGS]
    for known in document(types)["installed"]:
        sortable, operators = "yes" if known["sortable"] else "no", " ".join(known["operators"])
        lines.append((known["name"], known["distribution"], known["version"], sortable, operators))
    yield from table(lines)
    if types.failures:
        yield ""
        yield "Failed:"
    for failure in types.failures:
        yield from textwrap.wrap(str(failure), WIDTH, initial_indent="    ", subsequent_indent="        ")


def _types(ini: str | None) -> FieldTypes:
    # An application can't be made without the name of a database, though this one is not asked.
    if ini is not None and "sqlalchemy.url" in read_ini(ini):
        return field_types_of(ini)
    types = FieldTypes()
    types.load_entry_points()
    return types


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dynmodel-field-types", description="List the installed field types.")
    parser.add_argument("ini", nargs="?", help="an INI file, whose application may add types")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args(arguments)
    logging.getLogger("dynmodel_pyramid").addHandler(logging.NullHandler())  # the table says what the log would
    try:
        types = _types(args.ini)
    except ConfigurationProblem as problem:
        print(f"dynmodel-field-types: {problem}", file=sys.stderr)
        return 1
    print(json.dumps(document(types), indent=2) if args.json else "\n".join(report(types)))
    return 1 if types.failures else 0
