"""``dynmodel-formats``: which formats of rows are installed, what each can do, and which failed and why.

    dynmodel-formats
    dynmodel-formats --json

It needs no database and ends with 1 if a format failed. Formats that an application adds with
``config.add_row_format`` are known to the running application only.
"""

import argparse
import json
import logging
import textwrap
from collections.abc import Iterator
from typing import Any

from dynmodel_pyramid.exchange.formats import Formats, missing_extra
from dynmodel_pyramid.scripts.listing import WIDTH, table

HEADINGS = ("name", "suffix", "does", "face", "missing", "distribution", "media type and parameters")


def document(formats: Formats) -> dict[str, Any]:
    """The whole report, as JSON."""
    return {
        "installed": [
            {
                "name": name,
                "distribution": distribution,
                "version": version,
                "media_type": format.media_type,
                "suffix": format.suffix,
                "parameters": list(format.parameters),
                "reads": format.read is not None,
                "writes": format.write is not None,
                "streams": format.streams and format.write is not None,
                "is_text": format.is_text,
                "face": format.face or None,
                "missing_extra": missing_extra(format),
            }
            for name, format, distribution, version in formats
        ],
        "failed": [{"name": name, "cause": cause} for name, cause in formats.failures],
    }


def report(formats: Formats) -> Iterator[str]:
    """The lines of the table, and those about failed formats."""
    lines = [HEADINGS]
    for known in document(formats)["installed"]:
        extra = known["missing_extra"]
        lines.append(
            (
                known["name"],
                known["suffix"],
                " ".join(key for key in ("reads", "writes", "streams") if known[key]),
                known["face"] or "",
                "" if extra is None else f"extra {extra}",
                f"{known['distribution']} {known['version']}",
                " ".join([known["media_type"], *known["parameters"]]),
            )
        )
    yield from table(lines, least=66)
    if formats.failures:
        yield ""
        yield "Failed:"
    for name, cause in formats.failures:
        yield from textwrap.wrap(f"{name} = {cause}", WIDTH, initial_indent="    ", subsequent_indent="        ")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="dynmodel-formats", description="List the installed formats of rows.")
    parser.add_argument("--json", action="store_true", help="print JSON")
    args = parser.parse_args(arguments)
    logging.getLogger("dynmodel_pyramid").addHandler(logging.NullHandler())  # the table says what the log would
    formats = Formats()
    formats.load_entry_points()
    print(json.dumps(document(formats), indent=2) if args.json else "\n".join(report(formats)))
    return 1 if formats.failures else 0
