"""Walks through the code: which modules of the service a running request enters, in order.

``python -m tests.walks`` prints three walks on both databases:

``definition``  from the view of ``PUT /table/{id}/`` to the first statement that changes the table. The document adds a
                field and lets another one have longer values.
``row``         from the view of ``POST /table/{id}/rows/`` to the end of the view
``filter``      the same of ``GET /table/{id}/rows/?price=gt.1.50``

The calls are recorded with ``sys.setprofile`` while the request runs. A module counts once it runs any code of its own,
with three exceptions: it is no stage of the walk if all that was called in it are properties or methods of a value that
was handed over (``VALUES``), the making of errors, or a field type, which stands behind the contract and of
which there are as many as the table has (``fields.types``, ``fields.sql``). They are listed apart, as ``passed by``.

A climb is a call up: the module that is called imports, by whatever way, the one that calls it. Calls that a lower
module makes by a protocol which it declares itself are no climbs: a subclass fills in a method of its base class (a
schema editor for each database, dialects, field types), or a service calls what its caller gave it to call (the
functions in ``PROTOCOLS``, each with the name under which it is documented). Returns, and generators that go on, are no
calls. What is left is printed as ``caller -> callee`` and counted.
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

#: Modules that are values or vocabulary: what they hold is read everywhere, and no walk stops there.
VALUES = frozenset(
    {
        "definitions.model",
        "definitions.names",
        "settings",
        "errors",
        "fields",
        "fields.contract",
        "fields.registry",
    }
)
#: Rooms of field types, behind the contract.
TYPES = ("fields.types", "fields.sql")
#: Functions that are handed down to be called, by the name under which the receiver documents them.
PROTOCOLS = {
    "_change.<locals>.<lambda>": "changes.service.MakeDocument",
    "put_table.<locals>.<lambda>": "changes.service.MakeDocument",
    "Work.held.<locals>.check": "changes.service.Precondition",
    "Attempt.held.<locals>.check": "changes.service.Precondition",
    "refuse_other_version.<locals>.check": "changes.service.Precondition",
}


@dataclass
class Walk:
    """The modules that were entered, in order; those that were only passed by; and the climbs."""

    modules: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    climbs: list[str] = field(default_factory=list)


@cache
def module_of(code: CodeType) -> str | None:
    """``changes.service`` of code in that module; None for code that is not the service's."""
    path = Path(code.co_filename)
    if not path.is_relative_to(PACKAGE):
        return None
    return module_name(path).removeprefix(f"{NAME}.")


@cache
def imported() -> dict[str, set[str]]:
    """Module -> the modules that it imports."""
    begin = f"{NAME}."
    return {
        name.removeprefix(begin): {other.removeprefix(begin) for other in others} for name, others in arrows().items()
    }


@cache
def above(module: str) -> frozenset[str]:
    """The modules that import this one, by whatever way."""
    found: set[str] = set()
    new = {module}
    while new:
        new = {name for name, others in imported().items() if others & new} - found
        found |= new
    return frozenset(found)


class Recorder:
    """Records the calls between :meth:`begin` and :meth:`end`, of the thread that makes them."""

    def __init__(self) -> None:
        self.calls: list[tuple[str | None, str, str, bool]] = []
        self.is_on = False

    def begin(self) -> None:
        self.is_on = True
        sys.setprofile(self._profile)

    def end(self) -> None:
        sys.setprofile(None)
        self.is_on = False

    def _profile(self, frame: FrameType, event: str, argument: Any) -> None:
        if event != "call":
            return
        code = frame.f_code
        module = module_of(code)
        if module is not None:
            caller = _caller(frame)
            self.calls.append((caller, module, code.co_qualname, self._is_inherited(frame)))

    def _is_inherited(self, frame: FrameType) -> bool:
        """Whether it is a method that a class below declares, too: one that a subclass fills in."""
        names = frame.f_code.co_varnames[:1]
        me = frame.f_locals.get(names[0]) if names and frame.f_code.co_argcount else None
        name = frame.f_code.co_name
        kind = me if isinstance(me, type) else type(me)
        return sum(name in vars(base) for base in kind.__mro__ if base.__module__.startswith(NAME)) > 1

    def walk(self) -> Walk:
        walk = Walk()
        for caller, module, name, is_inherited in self.calls:
            if module in VALUES or module.startswith(TYPES):
                if module not in walk.passed:
                    walk.passed.append(module)
                continue
            if module not in walk.modules:
                walk.modules.append(module)
            is_up = caller is not None and module in above(caller) and not caller.startswith(TYPES)
            if is_up and not is_inherited and name not in PROTOCOLS:
                climb = f"{caller} -> {module}: {name}"
                if climb not in walk.climbs:
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


@contextmanager
def application(database: str, folder: Path) -> Iterator[webtest.TestApp]:
    """An application on an empty database."""
    with database_settings(database, folder) as settings:
        wsgi = dynmodel_pyramid.main({}, **settings)
        try:
            yield webtest.TestApp(wsgi)
        finally:
            wsgi.registry.dynmodel_catalogue.database.close()


BEFORE = {
    "model_name": "Part",
    "fields": {"name": {"type": "string", "max_length": 20}, "size": "integer", "price": "decimal"},
}
AFTER = {
    "model_name": "Part",
    "fields": {**BEFORE["fields"], "name": {"type": "string", "max_length": 40}, "note": "text"},
}


def walks(database: str, folder: Path) -> dict[str, Walk]:
    """The three walks on one database."""
    with application(database, folder) as app:
        path = app.post_json("/table/", BEFORE).headers["Location"]
        app.post_json(f"{path}rows/", {"name": "a", "size": 1, "price": "1.00"})
        # The second of each kind: what is made once for a table is made by then.
        app.get(f"{path}rows/", {"size": "gt.0"})
        return {
            "row": recorded(app, lambda: app.post_json(f"{path}rows/", {"name": "b", "size": 2, "price": "2.00"})),
            "filter": recorded(app, lambda: app.get(f"{path}rows/", {"price": "gt.1.50"})),
            "definition": recorded(app, lambda: app.put_json(path, AFTER), until=("ALTER", "CREATE")),
        }


def recorded(app: webtest.TestApp, send: Callable[[], Any], until: tuple[str, ...] = ()) -> Walk:
    """The walk of one request from its view on, till its end or till the first statement that begins so."""
    recorder = Recorder()
    engines = (app.app.registry.dynmodel_catalogue.database.engine, app.app.registry.dynmodel_catalogue.database.writer)

    def stop(connection, cursor, statement, parameters, context, many) -> None:
        if recorder.is_on and until and statement.lstrip().upper().startswith(until):
            recorder.end()

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        """Wait for the view."""
        module = module_of(frame.f_code) if event == "call" else None
        if module is not None and frame.f_code.co_name in VIEWS and module.startswith("web."):
            recorder.begin()
            recorder._profile(frame, event, argument)

    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", stop)
    sys.setprofile(watch)
    try:
        send()
    finally:
        sys.setprofile(None)
        for engine in engines:
            sa.event.remove(engine, "before_cursor_execute", stop)
    return recorder.walk()


#: The views at which walks begin.
VIEWS = ("put_table", "create_rows", "list_rows")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.walks", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args(arguments)
    found = {}
    for database in DATABASES:
        with tempfile.TemporaryDirectory() as folder:
            found[database] = walks(database, Path(folder))
    if options.json:
        print(json.dumps({name: {kind: vars(walk) for kind, walk in each.items()} for name, each in found.items()}))
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
