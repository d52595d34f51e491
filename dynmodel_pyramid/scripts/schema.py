"""``dynmodel-schema``: all definitions of a database as one document, for version control and promotion.

    dynmodel-schema production.ini export schema.yaml
    dynmodel-schema production.ini plan schema.yaml
    dynmodel-schema production.ini apply schema.yaml
    dynmodel-schema production.ini diff schema.yaml
    dynmodel-schema production.ini diff old.yaml new.yaml

``plan`` and ``diff`` end with 0 where there is no difference, with 2 where there is one; ``apply`` ends with 0 when the
database is as the document says, with 2 when the user said no. 1 is an error.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, NoReturn, TextIO

import sqlalchemy as sa

from dynmodel_pyramid.changes.on_error import FAIL
from dynmodel_pyramid.changes.whole_schema import DROP, KEEP, SchemaPlan, WholeSchema
from dynmodel_pyramid.database import State
from dynmodel_pyramid.errors import DynmodelError, Malformed, PreconditionFailed
from dynmodel_pyramid.scripts.application import registry_of
from dynmodel_pyramid.scripts.schema_files import FORMATS, format_of, read_text, write_text
from dynmodel_pyramid.scripts.schema_output import (
    access_lines,
    coloured,
    diff_lines,
    error_lines,
    plan_lines,
    wants_colour,
)

SAME, FAILED, DIFFERENT = 0, 1, 2


class _Parser(argparse.ArgumentParser):
    """Ends with 1 for wrong arguments, because 2 means that there are differences."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(FAILED, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="dynmodel-schema", description="All definitions of a database as one document.")
    parser.add_argument("ini", help="the INI file; file.ini#name for [app:name]")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    export = commands.add_parser("export", help="write the document of the database")
    export.add_argument("file", nargs="?", default="-", help="where to; standard output if it isn't given")
    export.add_argument("--full", action="store_true", help="with the options that have their defaults")
    plan = commands.add_parser("plan", help="tell what apply would do")
    apply = commands.add_parser("apply", help="bring the database to what the document says, all or nothing")
    for command in (plan, apply):
        command.add_argument("file", help="the document; - for standard input")
        command.add_argument("--keep-others", action="store_true", help="keep tables that are not in the document")
        command.add_argument(
            "--on-error",
            metavar="WORD",
            default=FAIL,
            help="values that can't be carried over: fail, null, default, quarantine, or what the type offers (round, "
            "truncate), or Table.field:WORD,...",
        )
    apply.add_argument("--yes", action="store_true", help="don't ask")
    diff = commands.add_parser("diff", help="compare two documents, or the database with one")
    diff.add_argument("file", help="a document; - for standard input")
    diff.add_argument("other", nargs="?", help="another one; the first is the older then")
    for command in (export, plan, apply, diff):
        command.add_argument(
            "--format", choices=FORMATS, help="where a file's name doesn't tell; YAML by default, JSON without PyYAML"
        )
    return parser


def main(arguments: list[str] | None = None) -> int:
    args = _parser().parse_args(arguments)
    try:
        with registry_of(args.ini) as registry:
            return COMMANDS[args.command](WholeSchema(registry.dynmodel_catalogue), args)
    except (DynmodelError, sa.exc.SQLAlchemyError, OSError) as error:
        for line in error_lines(error):
            _print(line, stream=sys.stderr)
        return FAILED


def _print(line: str, sign: str | None = None, stream: TextIO | None = None) -> None:
    """:param sign: by default, the character that the line begins with"""
    stream = sys.stdout if stream is None else stream
    sign = line.lstrip()[:1] if sign is None else sign
    print(coloured(line, sign, colour=wants_colour(stream)), file=stream)


def _read(path: str, args: argparse.Namespace) -> Any:
    kind = format_of(path, args.format)
    text = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    return read_text(text, kind, "standard input" if path == "-" else path)


def export(schema: WholeSchema, args: argparse.Namespace) -> int:
    kind = format_of(args.file, args.format)
    _, definitions, access = schema.current()
    text = write_text(schema.document(definitions, full=args.full, access=access), kind)
    if args.file == "-":
        sys.stdout.write(text)
    else:
        Path(args.file).write_text(text, encoding="utf-8")
    return SAME


def _planned(schema: WholeSchema, args: argparse.Namespace, document: Any) -> SchemaPlan:
    planned = schema.plan(document, KEEP if args.keep_others else DROP, on_error=args.on_error)
    _, current, _ = schema.current()
    for line in plan_lines(planned.changes, current, schema.catalogue.field_types):
        _print(line)
    for line in access_lines(planned.access or []):
        _print(line)
    if not _differs(planned):
        print("No differences.")
    return planned


def _differs(planned: SchemaPlan) -> bool:
    return bool(planned.changes or planned.access)


def plan(schema: WholeSchema, args: argparse.Namespace) -> int:
    return DIFFERENT if _differs(_planned(schema, args, _read(args.file, args))) else SAME


def apply(schema: WholeSchema, args: argparse.Namespace) -> int:
    document = _read(args.file, args)
    planned = _planned(schema, args, document)
    if not _differs(planned):
        return SAME
    if any(plan.violations for plan in planned.changes):
        _print("! Not applied: the rows don't allow it. Mend them, or say --on-error.", stream=sys.stderr)
        return FAILED
    if not args.yes and not _agreed():
        print("Not applied.")
        return DIFFERENT

    def as_planned(state: State) -> None:
        if state != planned.state:
            raise PreconditionFailed("the definitions have changed since the plan was made")

    others = KEEP if args.keep_others else DROP
    done = schema.apply(document, others, precondition=as_planned, on_error=args.on_error)
    print(f"Applied: revision {done.state.definitions}.")
    return SAME


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise Malformed("nobody can be asked", hint="say --yes")
    return input("Apply this? [y/N] ").strip().lower() in ("y", "yes")


def diff(schema: WholeSchema, args: argparse.Namespace) -> int:
    """Both in their short form, so that neither order nor defaults make a difference."""
    texts = [schema.canonical(_read(args.file, args))]
    names = [args.file]
    if args.other is None:
        _, definitions, access = schema.current()
        # A document without roles leaves those of the database alone.
        texts.insert(0, schema.document(definitions, access=access if "access" in texts[0] else None))
        names.insert(0, "database")
    else:
        texts.append(schema.canonical(_read(args.other, args)))
        names.append(args.other)
    kind = format_of(args.file, args.format)
    one, other = (write_text(text, kind) for text in texts)
    lines = list(diff_lines(one, other, (names[0], names[1])))
    for line in lines:
        _print(line, line[:1])
    return DIFFERENT if lines else SAME


COMMANDS = {"export": export, "plan": plan, "apply": apply, "diff": diff}

if __name__ == "__main__":
    sys.exit(main())
