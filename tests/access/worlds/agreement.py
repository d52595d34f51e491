"""A service whose answers must be those of the evaluator: random roles, rows and requests."""

from collections import Counter
from random import Random
from typing import Any
from urllib.parse import quote

import orjson

from tests.access.worlds.conditions import Condition, random_condition, writable_names
from tests.access.worlds.grants import Roles, View, random_roles
from tests.access.worlds.service import Service
from tests.access.worlds.tables import (
    RELATIONS,
    TYPES,
    UNIQUE,
    State,
    as_json,
    linked,
    random_state,
    value,
)
from tests.access.worlds.writing import Outcome, Writer, beyond, plain
from tests.soak.fuzzing.wire import Answer, Request

#: The tables that requests are for; no grant names the last one.
ASKED = ("Team", "Person", "Person", "Project", "Project", "Hidden")
JSON = {"Content-Type": "application/json"}


class Disagreement(AssertionError):
    pass


def agree(service: Service, draw: Random, counts: Counter[str], requests: int = 20) -> None:
    """One random world, and some requests, each of them on the same rows.

    :raises Disagreement: the service does something else than the evaluator
    """
    state, roles = random_state(draw), random_roles(draw)
    service.load(state)
    service.set_roles(roles)
    # The first attempt after a change of roles fails, and draws ids.
    service.send(Request("GET", "/me/"))
    for _ in range(requests):
        table = draw.choice(ASKED)
        way = draw.choice(
            [
                _list,
                _embedded,
                _embedded,
                _filtered,
                _filtered,
                _filtered,
                _patch,
                _patch,
                _put,
                _post,
                _post,
                _delete,
                _patch_found,
                _delete_found,
            ]
        )
        request, outcome = way(draw, Writer(roles, state, table))
        answer = service.send(request)
        counts[f"{way.__name__[1:]} {answer.status}"] += 1
        after = service.rows()
        fault = _fault(request, answer, outcome, roles, state, after, table)
        fault = fault or next(beyond(roles, state, after), None)
        if fault:
            raise Disagreement(
                f"{fault}\n{request.method} {request.target} {request.body}\n{answer.status} {answer.body[:3000]!r}\n"
                f"wanted: {getattr(outcome, 'statuses', 200)}\nroles: {roles.document}\nbefore: {state}\nafter: {after}"
            )
        if after != state or request.method == "POST":
            service.load(state)


def _fault(
    request: Request, answer: Answer, outcome: Any, roles: Roles, before: State, after: State, table: str
) -> str | None:
    if isinstance(outcome, list):
        if answer.status != 200 or orjson.loads(answer.body) != outcome:
            return f"wanted {outcome}"
        return None if after == before else "a list changes rows"
    if answer.status not in outcome.statuses:
        return "another status"
    if outcome.doubtful:
        return None
    wanted = before if outcome.state is None else outcome.state
    if plain(after) != plain(wanted):
        return f"other rows than wanted (stored, wanted): {_differences(after, wanted)}"
    if outcome.state is None and after != before:
        return "a refused write changes something"
    if outcome.state is None or request.method == "DELETE":
        return None
    view = View(roles, after)
    seen = [view.document(table, row_id) for row_id in outcome.rows if view.shown(table, row_id)]
    told = orjson.loads(answer.body) if answer.body else []
    told = told if isinstance(told, list) else [told]
    if told != seen:
        return f"the answer shows {told}, not {seen}"
    if not seen and answer.get("ETag"):
        return "an ETag of a row that may not be read"
    return None


def _differences(one: State, other: State) -> list[Any]:
    """The values in which two states differ."""
    found: list[Any] = []
    for table, rows in plain(one).items():
        others = plain(other)[table]
        for row_id in sorted(rows.keys() | others.keys()):
            row, wanted = rows.get(row_id), others.get(row_id)
            if row is None or wanted is None:
                found += [(table, row_id, row, wanted)] if row != wanted else []
                continue
            found += [(table, row_id, name, row[name], wanted[name]) for name in row if row[name] != wanted[name]]
    return found


def document(draw: Random, writer: Writer, row: dict[str, Any] | None, count: int) -> dict[str, Any]:
    """Values to write; some of them are those of the row."""
    table = writer.table
    ids = {name: sorted(rows) for name, rows in writer.state.items()}
    names = writable_names(table)
    wished = [name for name in names if name in writer.view.fields[table]] or names
    grants = [grant for action in ("create", "update") for grant in writer.held(action)]
    if grants and draw.random() < 0.6:
        grant = draw.choice(grants)
        wished = [name for name in names if name in grant.names(writes=True)] or names
    found: dict[str, Any] = {}
    for _ in range(count):
        name = draw.choice(wished if draw.random() < 0.93 else names)
        if row is not None and draw.random() < 0.25:
            found[name] = row[name]
        elif name in UNIQUE[table]:
            found[name] = draw.choice(["u1", "u2", f"{table[0].lower()}{draw.choice([1, 2])}"])
        else:
            found[name] = value(draw, table, name, ids)
    for grant in grants:
        for name, preset in grant.presets.items():
            if draw.random() < 0.1:
                found[name] = preset
    if table == "Team" and row is None and draw.random() < 0.8:
        found.setdefault("name", "u3")
    return found


def _body(found: dict[str, Any]) -> bytes:
    return orjson.dumps({name: as_json(each) for name, each in found.items()})


def _row_id(draw: Random, writer: Writer) -> int:
    known = sorted(writer.view.rows[writer.table])
    if known and draw.random() < 0.85:
        return draw.choice(known)
    return draw.choice([*sorted(writer.state[writer.table]), 77])


def _path(writer: Writer, row_id: int | None = None) -> str:
    return f"/table/{writer.table}/rows/" + ("" if row_id is None else f"{row_id}/")


def _list(draw: Random, writer: Writer) -> tuple[Request, Any]:
    return Request("GET", _path(writer)), _read(writer, writer.view.documents(writer.table))


def _read(writer: Writer, rows: list[dict[str, Any]]) -> Any:
    if not writer.roles.knows(writer.table):
        return Outcome(frozenset({404}))
    return rows if writer.roles.of(writer.table, "read") else Outcome(frozenset({403}))


def _filter(draw: Random, writer: Writer) -> tuple[Condition, str]:
    view, table = writer.view, writer.table
    known = [name for name in TYPES[table] if name in view.fields[table]]
    masked = [name for name in known if any(name not in fields for fields in view.rows[table].values())]
    known = masked if masked and draw.random() < 0.5 else known
    names = known if known and draw.random() < 0.9 else [name for name in TYPES[writer.table] if name != "secret"]
    condition = random_condition(draw, writer.table, names)
    return condition, quote(condition.text, safe="=&(),.*:!")


def _filtered(draw: Random, writer: Writer) -> tuple[Request, Any]:
    condition, text = _filter(draw, writer)
    outcome = _read(writer, [writer.view.document(writer.table, number) for number in writer.found(condition)])
    if isinstance(outcome, list) and not writer.knows(condition):
        outcome = Outcome(frozenset({400}))
    return Request("GET", f"{_path(writer)}?{text}"), outcome


def _embedded(draw: Random, writer: Writer) -> tuple[Request, Any]:
    view, table = writer.view, writer.table
    known = [
        (name, far, link, own, many)
        for name, (far, link, own, many) in RELATIONS[table].items()
        if link in view.fields[table if own else far] and view.rows[far]
    ]
    if not known:
        return _list(draw, writer)
    name, far, link, own, many = draw.choice(known)
    rows: list[dict[str, Any]] = []
    for row_id in sorted(view.rows[table]):
        is_shown = not own or link in view.rows[table][row_id]
        found = linked(writer.state, table, writer.state[table][row_id], row_id, name) if is_shown else []
        seen = [
            {"id": number} for number in found if number in view.rows[far] and (own or link in view.rows[far][number])
        ]
        is_one = own and not many
        rows.append({"id": row_id, name: (seen[0] if seen else None) if is_one else seen})
    return Request("GET", f"{_path(writer)}?select=id,{name}(id)"), _read(writer, rows)


def _patch(draw: Random, writer: Writer) -> tuple[Request, Outcome]:
    row_id = _row_id(draw, writer)
    found = document(draw, writer, writer.state[writer.table].get(row_id), draw.choice([1, 1, 2, 3]))
    return Request("PATCH", _path(writer, row_id), JSON, _body(found)), writer.change(row_id, found, replaces=False)


def _put(draw: Random, writer: Writer) -> tuple[Request, Outcome]:
    row_id = _row_id(draw, writer)
    row = writer.state[writer.table].get(row_id)
    found = document(draw, writer, row, draw.choice([1, 2, 3]))
    shown = writer.view.shown(writer.table, row_id)
    if shown and row and draw.random() < 0.7:
        # As a client does: what it read, with some changes.
        read = {name: row[name] for name in writable_names(writer.table) if name in shown and name != "secret"}
        found = {**read, **found}
    return Request("PUT", _path(writer, row_id), JSON, _body(found)), writer.change(row_id, found, replaces=True)


def _post(draw: Random, writer: Writer) -> tuple[Request, Outcome]:
    found = document(draw, writer, None, draw.choice([0, 1, 2, 3]))
    return Request("POST", _path(writer), JSON, _body(found)), writer.add(found)


def _delete(draw: Random, writer: Writer) -> tuple[Request, Outcome]:
    row_id = _row_id(draw, writer)
    return Request("DELETE", _path(writer, row_id)), writer.delete(row_id)


def _looks_elsewhere(writer: Writer) -> bool:
    checks = [grant.checked("update") for grant in writer.held("update")]
    return any(check is not None and (check.relations or check.tested()) for check in checks)


def _patch_found(draw: Random, writer: Writer) -> tuple[Request, Outcome]:
    if _looks_elsewhere(writer):
        return _patch(draw, writer)
    condition, text = _filter(draw, writer)
    found = document(draw, writer, None, draw.choice([1, 1, 2]))
    for name in UNIQUE[writer.table]:
        found.pop(name, None)
    if not found:
        return _delete(draw, writer)
    return Request("PATCH", f"{_path(writer)}?{text}", JSON, _body(found)), writer.change_found(condition, found)


def _delete_found(draw: Random, writer: Writer) -> tuple[Request, Outcome]:
    condition, text = _filter(draw, writer)
    return Request("DELETE", f"{_path(writer)}?{text}"), writer.delete_found(condition)
