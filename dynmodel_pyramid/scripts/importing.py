"""``dynmodel-import``: rows of a file into a table, or a backup, on the database of an INI file.

    dynmodel-import production.ini backup.zip
    dynmodel-import production.ini products.csv --table Product
    dynmodel-import production.ini products.csv.gz --table Product --create
    dynmodel-import production.ini - --format ndjson --table Product --on-conflict code

It ends with 0 when all rows are written, with 1 when some were refused (``--on-error skip``), with 2 for wrong
arguments, with 3 when it failed: then nothing is written, unless ``--part-rows`` was given, where it tells what
is; with 130 after Ctrl-C, for which the same holds. Such an import goes on by ``--resume``, also after a crash.
"""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.access.scopes import console_scopes
from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.catalogue.catalogue import Catalogue
from dynmodel_pyramid.errors import DynmodelError
from dynmodel_pyramid.exchange.backup.archives import is_archive, reading
from dynmodel_pyramid.exchange.backup.restoring import restore
from dynmodel_pyramid.exchange.contents import Reading
from dynmodel_pyramid.exchange.importing import Done, Wanted, import_file, import_parts, mark_of
from dynmodel_pyramid.exchange.inference.tables import Corrections, guessing
from dynmodel_pyramid.exchange.local_files import LocalFile, format_of, refuse_parameters
from dynmodel_pyramid.exchange.new_tables import FileTable
from dynmodel_pyramid.nesting import loads
from dynmodel_pyramid.rows.imports import Merging
from dynmodel_pyramid.scripts.application import registry_of
from dynmodel_pyramid.scripts.progress import Progress
from dynmodel_pyramid.scripts.refused_rows import PRINTED, RefusedRows
from dynmodel_pyramid.scripts.schema_output import coloured, error_lines, wants_colour

WRITTEN, SOME_REFUSED, FAILED, INTERRUPTED = 0, 1, 3, 130
#: Options of the command -> parameters of media types.
_PARAMETERS = ("delimiter", "charset", "header", "quote", "decimal", "dialect", "sheet")


def parser_of(name: str, description: str) -> argparse.ArgumentParser:
    """A parser with the options that import and export share."""
    parser = argparse.ArgumentParser(prog=name, description=description)
    parser.add_argument("ini", help="the INI file; file.ini#name for [app:name]")
    parser.add_argument("--format", default="", help="csv, ndjson, ...; by default what the file's name tells")
    for option in _PARAMETERS:
        shown = "--encoding" if option == "charset" else f"--{option}"
        parser.add_argument(shown, dest=option, help=f"the parameter {option} of the format, if it has one")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    return parser


def parameters_of(args: argparse.Namespace) -> dict[str, str]:
    return {name: value for name in _PARAMETERS if (value := getattr(args, name)) is not None}


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("dynmodel-import", "Write the rows of a file, or restore a backup.")
    parser.add_argument(
        "file", help="the file; - for standard input; .gz, .zst, .br are unpacked; or a backup: a folder, zip, tar"
    )
    parser.add_argument("--table", help="the table's model name or number; without it the file is a backup")
    parser.add_argument("--beside-others", action="store_true", help="a backup: also if the database has tables")
    made = parser.add_argument_group("a new table")
    made.add_argument("--create", action="store_true", help="make the table, with types found in all rows")
    made.add_argument("--plan", action="store_true", help="with --create: print the definition, and make nothing")
    made.add_argument("--fields", type=_object, default={}, metavar="JSON", help="columns and their types, or null")
    made.add_argument("--null", default="", metavar="WORDS", help="texts that stand for null, with commas between them")
    made.add_argument("--timezone", metavar="ZONE", help="whose local time times without an offset are")
    there = parser.add_argument_group("a table that is there")
    there.add_argument("--columns", type=_names, metavar="NAMES", help="the fields that are read, with commas between")
    there.add_argument(
        "--on-conflict",
        type=_names,
        metavar="NAMES",
        help="merge rows that are there, by these unique fields",
    )
    there.add_argument("--upsert", action="store_true", help="merge rows that are there, by their ids")
    there.add_argument("--ignore", action="store_true", help="leave rows that are there as they are")
    there.add_argument(
        "--on-error", choices=("stop", "skip"), default="stop", help="skip: write the good rows, and refuse the others"
    )
    there.add_argument("--refused", metavar="FILE", help="with --on-error skip: where refused rows go, as NDJSON")
    there.add_argument(
        "--part-rows", type=_positive, metavar="N", help="commit after each N rows; without it all or nothing"
    )
    there.add_argument("--resume", action="store_true", help="with --part-rows: go on where an import ended")
    there.add_argument("--skip-rows", type=_positive, default=0, metavar="N", help="with --part-rows: leave N rows out")
    return parser


def _object(text: str) -> dict[str, Any]:
    try:
        document = loads(text)
    except ValueError:
        document = None
    if type(document) is not dict:
        raise argparse.ArgumentTypeError("want a JSON object")
    return document


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= sys.maxsize:
        raise argparse.ArgumentTypeError("want a positive integer")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    args = parser.parse_args(arguments)
    if args.table is None and not (is_archive(args.file) or Path(args.file).is_dir()):
        parser.error("--table is missing, and the file is no folder and no archive")
    if args.table is None and _given(args):
        parser.error(f"--{_given(args)[0].replace('_', '-')} is for --table: all tables of a backup are restored")
    if args.refused and args.on_error != "skip":
        parser.error("--refused is for --on-error skip")
    if args.on_error == "skip" and (args.part_rows or args.create or args.table is None):
        parser.error("--on-error skip is for a table that is there, in one transaction")
    if args.table is not None and args.beside_others:
        parser.error("--beside-others is for backups, without --table")
    if args.create and (args.columns or args.on_conflict or args.upsert or args.ignore or args.part_rows):
        parser.error("--create takes no options of a table that is there")
    if args.part_rows is None and (args.resume or args.skip_rows):
        parser.error("--resume and --skip-rows are for --part-rows: without it nothing is written by a run that fails")
    if args.resume and args.skip_rows:
        parser.error("--resume knows how many rows are written; --skip-rows says it")
    if args.table is None:
        return run_with(args.ini, lambda registry: _restore(registry.dynmodel_catalogue, args))
    return run_with(args.ini, lambda registry: _run(registry, args))


def _given(args: argparse.Namespace) -> list[str]:
    """The options of a single table that are given."""
    names = ("format", "create", "plan", "fields", "null", "timezone", "columns", "on_conflict", "upsert", "ignore")
    return [name for name in (*names, "part_rows", "resume", "skip_rows", *_PARAMETERS) if getattr(args, name)]


def _restore(catalogue: Catalogue, args: argparse.Namespace) -> int:
    with tables_progress(args) as watch, reading(args.file) as source:
        done = restore(catalogue, source, beside_others=args.beside_others, watch=watch)
    print(f"{done.tables} tables with {done.rows} rows restored.")
    return WRITTEN


@contextmanager
def tables_progress(args: argparse.Namespace) -> Iterator[Callable[[str, int], None]]:
    """What tells how far a backup is, table by table."""
    told: dict[str, Progress] = {}

    def watch(table: str, rows: int) -> None:
        if table not in told:
            for progress in told.values():
                progress.end()
            told[table] = Progress(table, is_quiet=args.quiet)
        told[table](rows)

    try:
        yield watch
    finally:
        for progress in told.values():
            progress.end()


def run_with(ini: str, run: Callable[[Any], int]) -> int:
    """Run a command with the registry of an application; -> its exit status."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with registry_of(ini) as registry:
            return run(registry)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except (DynmodelError, sa.exc.SQLAlchemyError, OSError) as error:
        print_error(error)
        return FAILED
    finally:
        signal.signal(signal.SIGTERM, before)


def print_error(error: Exception) -> None:
    for line in error_lines(error):
        print(coloured(line, "!", colour=wants_colour(sys.stderr)), file=sys.stderr)


def _run(registry: Any, args: argparse.Namespace) -> int:
    settings = registry.dynmodel_settings
    format = format_of(registry.dynmodel_formats, args.format, args.file)
    parameters = parameters_of(args)
    refuse_parameters(format, parameters)
    how = Reading(longest=settings.max_document_size, parameters=parameters)
    catalogue: Catalogue = registry.dynmodel_catalogue
    with LocalFile(args.file, format, how) as file:
        if args.create:
            return _create(catalogue, file, args)
        progress = Progress(args.table, file.size, file.place, is_quiet=args.quiet)
        try:
            done = _import(catalogue, file, args, progress)
        finally:
            progress.end()
    changed = done.count - done.inserted
    merged = f", {changed} of them were there" if changed else ""
    refused = f" {done.refused} refused." if done.refused else ""
    print(f"{done.count} rows written{merged}.{refused}")
    return SOME_REFUSED if done.refused else WRITTEN


def _import(catalogue: Catalogue, file: LocalFile, args: argparse.Namespace, progress: Progress) -> Done:
    merges = args.upsert or args.ignore or args.on_conflict
    wanted = Wanted(args.table, args.columns, Merging(args.on_conflict, args.ignore) if merges else None)
    if args.on_error == "skip":
        return _import_good(catalogue, file, args, wanted, progress)
    if args.part_rows is not None:
        return _import_parts(catalogue, file, args, wanted, progress)
    return import_file(catalogue, wanted, file.contents, watch=progress, position=file.position)


def _import_parts(
    catalogue: Catalogue, file: LocalFile, args: argparse.Namespace, wanted: Wanted, progress: Progress
) -> Done:
    mark = mark_of(catalogue, wanted, (file.digest(), args.format, sorted(parameters_of(args).items())))
    skip: int = args.skip_rows
    if args.resume:
        skip = mark.resume()
        print(f"Going on after {skip} rows.", file=sys.stderr)
    else:
        mark.begin(skip)
    done = Done()
    try:
        parts = import_parts(
            catalogue, wanted, file.contents, size=args.part_rows, mark=mark, skip=skip, watch=progress
        )
        for so_far in parts:
            done = so_far
    except (Exception, KeyboardInterrupt):
        progress.end()
        first = skip + done.count
        ways = f"--resume, or with --skip-rows {first} if you change the file"
        print(f"{done.count} rows are written. Go on with {ways}.", file=sys.stderr)
        raise
    return done


def _import_good(
    catalogue: Catalogue, file: LocalFile, args: argparse.Namespace, wanted: Wanted, progress: Progress
) -> Done:
    refused = RefusedRows()
    wanted = replace(wanted, refused=refused.sink)
    try:
        return import_file(catalogue, wanted, file.contents, watch=progress, position=file.position)
    finally:
        progress.end()
        if args.refused:
            refused.write(args.refused)
        else:
            for text in refused.lines(PRINTED):
                print(text.decode().rstrip(), file=sys.stderr)
        refused.close()


def _create(catalogue: Catalogue, file: LocalFile, args: argparse.Namespace) -> int:
    words = frozenset(word for word in args.null.split(",") if word)
    made = FileTable(
        catalogue,
        console_scopes(Attempt(catalogue).model),
        file.contents,
        args.table,
        guessing(catalogue.field_types, args.timezone),
        Corrections(args.fields, words),
    )
    told = sys.stdout if args.plan else sys.stderr
    for column in made.proposal.columns:
        name, field = column["name"] or "(no name)", column["field"]
        line = f"{name} -> {field}" if field not in (None, name) else name
        notes = [part for part in (column["type"], column.get("note")) if part]
        print(coloured(f"  {line}: {', '.join(notes)}", " ", colour=False), file=told)
    for name, value in made.proposal.told.items():
        print(f"  guessed: {name} {value}", file=told)
    if args.plan:
        made.plan()
        print(json.dumps(made.document, indent=2, ensure_ascii=False))
        return WRITTEN
    done = made.make(file.position)
    print(f"Table {done.outcome.definition.model_name} made, {done.count} rows written.")
    return WRITTEN


if __name__ == "__main__":
    sys.exit(main())
