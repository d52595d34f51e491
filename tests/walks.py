"""Walks through the code: which modules of the service a running request enters, in order.

``python -m tests.walks`` prints three walks on both databases:

``definition``  from the view of ``PUT /table/{id}/`` to the first statement that changes the table. The document adds a
                field, and lets another one have longer values.
``row``         from the view of ``POST /table/{id}/rows/`` to the end of the request
``filter``      the same of ``GET /table/{id}/rows/?price=gt.1.50``

The calls are recorded with ``sys.setprofile`` while the request runs. A module is a stage of the walk once any code of
its own runs, the making of an object included. Some modules are only passed by, and are listed apart:

* ``VALUES``: the vocabulary that all layers read. Properties of definitions, settings, what a name may be, errors and
  the list of a document's faults, the contract of field types and their registry.
* ``TYPES``: the field types behind the contract, of which there are as many as the table has, and the SQL that they are
  made of.

A climb is a call up: the module that is called imports the module that calls it, be it by way of others. These calls
are no climbs, because the lower module declares what it calls:

* a method that a subclass fills in: a schema editor and a dialect for each database, field types
* a function of ``PROTOCOLS``, which a caller hands down under a documented name

Returns, and generators that go on, are no calls.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from inspect import CO_GENERATOR
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import sqlalchemy as sa
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.test_layers import NAME, PACKAGE, arrows, module_name

VALUES = frozenset(
    {
        "definitions.model",
        "definitions.names",
        "definitions.problems",
        "settings",
        "errors",
        "fields",
        "fields.contract",
        "fields.registry",
    }
)
TYPES = ("fields.types", "fields.sql", "database.expressions")
#: Functions that are handed down, with the name under which the receiver documents them.
PROTOCOLS = {
    "_change.<locals>.<lambda>": "changes.service.MakeDocument",
    "put_table.<locals>.<lambda>": "changes.service.MakeDocument",
    "Attempt.held.<locals>.check": "changes.service.Precondition",
    "refuse_other_version.<locals>.check": "changes.service.Precondition",
    "Rows.insert.<locals>.store": "rows.violations.Writer",
    "RowList.deprecation": "web.http.errors.with_definition_version",
    "ReadersHeldOff.__call__": "changes.ddl.runner.EditorContext.hold_off_readers",
}
#: The views at which walks begin.
VIEWS = ("put_table", "create_rows", "list_rows")

BEFORE = {
    "model_name": "Part",
    "fields": {"name": {"type": "string", "max_length": 20}, "size": "integer", "price": "decimal"},
}
AFTER = {
    "model_name": "Part",
    "fields": {**BEFORE["fields"], "name": {"type": "string", "max_length": 40}, "note": "text"},
}


@dataclass
class Walk:
    """The modules that were entered, in order; those that were only passed by; and the climbs."""

    modules: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    climbs: list[str] = field(default_factory=list)

    def within(self, *layers: str) -> list[str]:
        """The modules of some layers."""
        return [module for module in self.modules if module.split(".")[0] in layers]


@cache
def module_of(code: CodeType) -> str | None:
    """``changes.service`` of code in that module; None for code that is not the service's."""
    path = Path(code.co_filename)
    return module_name(path).removeprefix(f"{NAME}.") if path.is_relative_to(PACKAGE) else None


@cache
def imported() -> dict[str, set[str]]:
    """Module -> the modules that it imports."""
    begin = f"{NAME}."
    return {
        name.removeprefix(begin): {other.removeprefix(begin) for other in others} for name, others in arrows().items()
    }


@cache
def above(module: str) -> frozenset[str]:
    """The modules that import this one, be it by way of others."""
    found: set[str] = set()
    new = {module}
    while new:
        new = {name for name, others in imported().items() if others & new} - found
        found |= new
    return frozenset(found - {module})


class Recorder:
    """Records the calls of one thread, from :meth:`begin` to :meth:`end`."""

    def __init__(self) -> None:
        #: Module of the caller, module and name of what is called, whether it is a method that a subclass fills in.
        self.calls: list[tuple[str | None, str, str, bool]] = []
        self.is_on = False

    def begin(self, view: FrameType) -> None:
        self.is_on = True
        self.calls.append((None, module_of(view.f_code), view.f_code.co_qualname, False))
        sys.setprofile(self._profile)

    def end(self) -> None:
        sys.setprofile(None)
        self.is_on = False

    def _profile(self, frame: FrameType, event: str, argument: Any) -> None:
        module = module_of(frame.f_code) if event == "call" else None
        if module is not None:
            self.calls.append((_caller(frame), module, frame.f_code.co_qualname, _is_filled_in(frame)))

    def walk(self) -> Walk:
        walk = Walk()
        for caller, module, name, is_filled_in in self.calls:
            is_passed = module in VALUES or module.startswith(TYPES)
            modules = walk.passed if is_passed else walk.modules
            if module not in modules:
                modules.append(module)
            is_up = caller is not None and module in above(caller) and not caller.startswith(TYPES)
            climb = f"{caller} -> {module}: {name}"
            if is_up and not is_passed and not is_filled_in and name not in PROTOCOLS and climb not in walk.climbs:
                walk.climbs.append(climb)
        return walk


def _caller(frame: FrameType) -> str | None:
    """The module of ours that made the call, maybe by way of a library; None where a generator goes on."""
    if frame.f_code.co_flags & CO_GENERATOR:
        return None
    outer = frame.f_back
    while outer is not None and module_of(outer.f_code) is None:
        outer = outer.f_back
    return None if outer is None else module_of(outer.f_code)


def _is_filled_in(frame: FrameType) -> bool:
    """Whether it is a method that a base class declares, too."""
    code = frame.f_code
    me = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
    bases = (me if isinstance(me, type) else type(me)).__mro__
    return sum(code.co_name in vars(base) for base in bases if base.__module__.startswith(NAME)) > 1


def recorded(app: webtest.TestApp, send: Callable[[], Any], until: tuple[str, ...] = ()) -> Walk:
    """The walk of one request from its view on, to its end or to the first statement that begins so."""
    recorder, database = Recorder(), app.app.registry.dynmodel_catalogue.database

    def stop(connection, cursor, statement, parameters, context, many) -> None:
        if recorder.is_on and until and statement.lstrip().upper().startswith(until):
            recorder.end()

    def wait(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code.co_name in VIEWS and (module_of(frame.f_code) or "").startswith("web."):
            recorder.begin(frame)

    for engine in (database.engine, database.writer):
        sa.event.listen(engine, "before_cursor_execute", stop)
    sys.setprofile(wait)
    try:
        send()
    finally:
        sys.setprofile(None)
        for engine in (database.engine, database.writer):
            sa.event.remove(engine, "before_cursor_execute", stop)
    return recorder.walk()


def walks(app: webtest.TestApp) -> dict[str, Walk]:
    """The three walks in an application whose database is empty."""
    path = app.post_json("/table/", BEFORE).headers["Location"]
    # The second request of each kind: what is made once for a table is made by then.
    app.post_json(f"{path}rows/", {"name": "a", "size": 1, "price": "1.00"})
    app.get(f"{path}rows/", {"size": "gt.0"})
    row = {"name": "b", "size": 2, "price": "2.00"}
    return {
        "row": recorded(app, lambda: app.post_json(f"{path}rows/", row)),
        "filter": recorded(app, lambda: app.get(f"{path}rows/", {"price": "gt.1.50"})),
        "definition": recorded(
            app, lambda: app.put_json(path, AFTER), until=("ALTER", "CREATE", "UPDATE SQLITE_SCHEMA")
        ),
    }


@contextmanager
def application(database: str) -> Iterator[webtest.TestApp]:
    """An application on an empty database."""
    with tempfile.TemporaryDirectory() as folder, database_settings(database, Path(folder)) as settings:
        wsgi = dynmodel_pyramid.main({}, **settings)
        try:
            yield webtest.TestApp(wsgi)
        finally:
            wsgi.registry.dynmodel_catalogue.database.close()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.walks", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(arguments)
    found = {}
    for database in DATABASES:
        with application(database) as app:
            found[database] = walks(app)
    if options.json:
        print(json.dumps({name: {kind: vars(walk) for kind, walk in kinds.items()} for name, kinds in found.items()}))
        return
    for database, kinds in found.items():
        for kind, walk in kinds.items():
            print(f"{kind} on {database}: {len(walk.modules)} modules, {len(walk.climbs)} climbs")
            for module in walk.modules:
                print(f"    {module}")
            print(f"  passed by: {', '.join(walk.passed)}")
            for climb in walk.climbs:
                print(f"  climb: {climb}")


if __name__ == "__main__":
    main()
