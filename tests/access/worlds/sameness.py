"""Two services, whose rows differ only where the identity may not see it: their answers must be equal."""

import re
from collections import Counter
from random import Random
from typing import Any

from tests.access.worlds.grants import Roles, View, random_roles
from tests.access.worlds.requests import Requests
from tests.access.worlds.service import Service
from tests.access.worlds.tables import TYPES, State, random_state
from tests.access.worlds.twins import are_twins, look_alike, twin
from tests.access.worlds.writing import beyond
from tests.soak.fuzzing.wire import Answer, Request

#: A unique rule, or an id, that is taken (ACCESS.md, "Known tells").
_TAKEN = re.compile(rb'"code": ?"(?:unique_violation|23505|id_taken|conflict)"')
_CURSOR = re.compile(r"_(?:after|before)=([^&>]+)")
#: The moment at which an alias was made, which is that of the test.
_ALIAS_SINCE = re.compile(rb'"deprecated_at": ?"[^"]*"')
#: The tables that are read whole first.
READ = ("Person", "Project", "Team")


class Difference(AssertionError):
    pass


def compare(services: list[Service], draw: Random, counts: Counter[str], requests: int = 25) -> None:
    """Some random requests to two services.

    :raises Difference: the answers differ, or a write changes more than the grants allow
    """
    roles = random_roles(draw)
    one = random_state(draw)
    other, changes = twin(draw, roles, one)
    counts["worlds"] += 1
    counts["places that differ"] += changes
    states = [one, other]
    for service, state in zip(services, states, strict=True):
        service.load(state)
        service.set_roles(roles)
        # What is known of older roles is out of date now.
        service.send(Request("GET", "/me/"))
    cursors: list[str] = []
    fields = View(roles, one).fields
    known = {table: [name for name in names if name in fields[table]] for table, names in TYPES.items()}
    source = Requests(draw, known, cursors)
    now = states
    for number in range(requests):
        # First everything is read: what differs then needs no luck.
        request = source.whole(READ[number]) if number < len(READ) else source.request()
        answers = [service.send(request) for service in services]
        counts[f"{request.method} {answers[0].status}"] += 1
        if answers[0].status >= 500:
            raise Difference(_report("the service failed", request, answers, roles, *now))
        later = now
        if request.method not in ("GET", "HEAD"):
            later = [service.rows() for service in services]
            for before, after in zip(now, later, strict=True):
                for fault in beyond(roles, before, after):
                    raise Difference(_report(fault, request, answers, roles, before, after))
        shown = [_normal(answer) for answer in answers]
        is_tell = any(answer.status == 409 and _TAKEN.search(answer.body) for answer in answers)
        if is_tell:
            counts["known tells"] += 1
        elif later != now and not look_alike(roles, *later):
            # The write let the identity see more rows, or fewer.
            counts["writes that open or close rows"] += 1
        elif shown[0] != shown[1]:
            raise Difference(_report("the answers differ", request, answers, roles, *now))
        else:
            cursors += [cursor for answer in answers[:1] for cursor in _CURSOR.findall(answer.get("Link") or "")]
        if is_tell or (later != now and not are_twins(roles, *later)):
            for service, state in zip(services, states, strict=True):
                service.load(state)
            now = states
        else:
            now = later


def _normal(answer: Answer) -> Any:
    body, count = _ALIAS_SINCE.subn(b"", answer.body)
    # The tag of a definition is made of the body.
    left_out = ("Deprecation", "ETag") if count else ("Deprecation",)
    return answer.status, sorted(header for header in answer.headers if header[0] not in left_out), body


def _report(fault: str, request: Request, answers: list[Answer], roles: Roles, one: State, other: State) -> str:
    told = "\n".join(
        f"{answer.status} {[header for header in answer.headers if header not in answers[1 - number].headers]} "
        f"{answer.body[:3000]!r}"
        for number, answer in enumerate(answers)
    )
    differing = [
        (table, row_id, one[table].get(row_id), other[table].get(row_id))
        for table in one
        for row_id in sorted(one[table].keys() | other[table].keys())
        if one[table].get(row_id) != other[table].get(row_id)
    ]
    return (
        f"{fault}\n{request.curl()}\n{told}\nroles: {roles.document}\n"
        f"rows that differ (the first state, the second): {differing}\nthe first state: {one}"
    )
