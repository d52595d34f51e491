"""``dynmodel-export``: rows of a table into a file, or all tables into a backup, from the database of an INI file.

    dynmodel-export production.ini backup.zip
    dynmodel-export production.ini products.csv --table Product
    dynmodel-export production.ini - --format ndjson --table Product --query 'price=gt.10&order=name'

It ends with 0 when the file is written, with 2 for wrong arguments, with 3 when it failed, with 130 after Ctrl-C. The
file gets its name when it is whole: one that is there is replaced then, and stays as it is otherwise.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.exchange.backup.archives import writing
from dynmodel_pyramid.exchange.backup.saving import save
from dynmodel_pyramid.exchange.exporting import export_rows
from dynmodel_pyramid.exchange.local_files import STANDARD, PackedFile, coding_of, format_of, refuse_parameters
from dynmodel_pyramid.scripts.importing import WRITTEN, parameters_of, parser_of, run_with, tables_progress
from dynmodel_pyramid.scripts.progress import Progress


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("dynmodel-export", "Write the rows of a table into a file, or make a backup.")
    parser.add_argument(
        "file", help="the file; - for standard output; .gz, .zst and .br are packed; or a new folder, zip or tar"
    )
    parser.add_argument("--table", help="the table's model name or number; without it a backup of all tables is made")
    parser.add_argument("--query", default="", help="which rows and values, as in an address: price=gt.10&order=name")
    return parser


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    args = parser.parse_args(arguments)
    if args.table is None:
        if args.file == STANDARD or args.format or args.query or parameters_of(args):
            parser.error("without --table a backup is made: say a folder or an archive, and no format or query")
        return run_with(args.ini, lambda registry: _save(registry.dynmodel_catalogue, args))
    return run_with(args.ini, lambda registry: _export(registry, args))


def _save(catalogue: Catalogue, args: argparse.Namespace) -> int:
    with tables_progress(args) as watch, writing(args.file) as target:
        done = save(catalogue, target, watch)
    print(f"{done.tables} tables with {done.rows} rows saved.")
    return WRITTEN


def _export(registry: Any, args: argparse.Namespace) -> int:
    format = format_of(registry.dynmodel_formats, args.format, args.file)
    parameters = parameters_of(args)
    refuse_parameters(format, parameters)
    progress = Progress(args.table, is_quiet=args.quiet)
    try:
        with written(args.file) as file:
            count = export_rows(
                registry.dynmodel_catalogue,
                args.table,
                args.query,
                format,
                file,
                parameters=parameters,
                watch=progress,
            )
    finally:
        progress.end()
    print(f"{count} rows written.", file=sys.stderr if args.file == STANDARD else sys.stdout)
    return WRITTEN


@contextmanager
def written(path: str) -> Iterator[BinaryIO]:
    """A file that gets its name when the block ends well; or standard output."""
    if path == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    unfinished = Path(f"{path}.{os.getpid()}.unfinished")
    try:
        with unfinished.open("xb") as file:
            coding = coding_of(path)
            if coding is None:
                yield file
            else:
                with PackedFile(file, coding) as packed:
                    yield cast(BinaryIO, packed)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


if __name__ == "__main__":
    sys.exit(main())
