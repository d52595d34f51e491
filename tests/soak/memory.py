"""Bounded memory: one server process, 10,000 redefinitions of one table, or 10,000 tables each used once.

python -m tests.soak.memory --database sqlite --redefinitions 10000
python -m tests.soak.memory --database postgresql --tables 10000

It prints the server's resident memory as it goes, and exits with 1 if the second half of the run still grows.
"""

import sys
import time
from collections.abc import Callable, Iterator
from itertools import count, islice

from tests.soak.flights import Client
from tests.soak.meter import Meter, command, running_server, sqlite_schema_memory

#: Growth over the last half of a run up to which memory counts as flat.
PLATEAU = 0.05
_TYPES = ("string", "integer", "number", "boolean", "datetime")
_VALUES = ("text", 42, 1.5, True, "2026-01-31T12:00:00Z")


def wide_table(name: str, fields: int) -> tuple[dict, dict]:
    """A definition with that many fields, of all types in turn, and a row for it."""
    types = {f"f{number}": _TYPES[number % 5] for number in range(fields)}
    return {"model_name": name, "fields": types}, {name: _VALUES[int(name[1:]) % 5] for name in types}


# Redefinitions of one table


def redefinitions() -> Iterator[dict[str, dict]]:
    """Definitions without end, by field name; each differs from the one before, none drops a field.

    Kinds of change in turn: renames there and back, patterns, choices, labels, an index, ``required``, swapped names.
    """
    fields = [{"id": number, "name": f"f{number}", "type": _TYPES[(number - 1) % 5]} for number in range(1, 21)]
    changes: tuple[Callable[[int, bool], None], ...] = (
        lambda turn, back: fields[1].update(name="f2" if back else "renamed"),
        lambda turn, back: fields[0].update(pattern=f"[a-z]{{1,{turn % 100 + 20}}}"),
        lambda turn, back: fields[5].update(choices=["text", f"other {turn}"]),
        lambda turn, back: fields[2].update(label=f"Label {turn}"),
        lambda turn, back: fields[6].update(index=not back),
        lambda turn, back: fields[7].update(required=not back),
        lambda turn, back: _swap(fields[2], fields[3]),
    )
    for turn in count(1):
        for change in changes:
            change(turn, turn % 2 == 0)
            yield {field["name"]: {name: value for name, value in field.items() if name != "name"} for field in fields}


def _swap(one: dict, other: dict) -> None:
    one["name"], other["name"] = other["name"], one["name"]


def redefine(client: Client) -> Iterator[None]:
    """Change the definition, read a row and write it, without end."""
    definition = {"model_name": "Changing", "fields": next(redefinitions())}
    client("POST", "/table/", {**definition, "fields": {name: {"type": f["type"]} for name, f in _first().items()}})
    value = dict(zip(_TYPES, _VALUES, strict=True))
    client("POST", "/table/1/rows/", {name: value[field["type"]] for name, field in _first().items()})
    for fields in redefinitions():
        client("PUT", "/table/1/", {**definition, "fields": fields})
        row = client("GET", "/table/1/rows/1/")
        if list(row) != ["id", *fields]:
            raise AssertionError(f"read under an older definition: {list(row)}")
        name = next(name for name, field in fields.items() if field["type"] == "integer")
        client("PATCH", "/table/1/rows/1/", {name: row[name] + 1})
        yield


def _first() -> dict[str, dict]:
    return {f"f{number}": {"type": _TYPES[(number - 1) % 5]} for number in range(1, 21)}


# Many tables


def use_new_tables(client: Client) -> Iterator[None]:
    """Define a table, write a row and read it, without end."""
    for number in count(1):
        definition, row = wide_table(f"Table{number}", 20)
        client("POST", "/table/", definition)
        client("POST", f"/table/{number}/rows/", row, Prefer="return=minimal")
        if client("GET", f"/table/{number}/rows/1/") != {"id": 1, **row}:
            raise AssertionError(f"table {number} answers another row")
        yield


# Measuring


def soak(steps: Iterator[None], total: int, every: int, meter: Meter) -> list[tuple[int, float]]:
    """Run so many steps; -> (steps so far, resident MB), printed as they come."""
    samples: list[tuple[int, float]] = []
    done, began, cpu = 0, time.perf_counter(), meter.cpu()
    for _ in islice(steps, total):
        done += 1
        if done % every == 0:
            now, used = time.perf_counter(), meter.cpu()
            samples.append((done, meter.resident()))
            print(
                f"{done:7,}  {samples[-1][1]:7.1f} MB  {(now - began) / every * 1e3:6.1f} ms"
                f"  {(used - cpu) / every * 1e3:6.1f} ms CPU each",
                flush=True,
            )
            began, cpu = now, used
    return samples


def slope(samples: list[tuple[int, float]]) -> float:
    """KB per step, by least squares."""
    mean_x = sum(x for x, _ in samples) / len(samples)
    mean_y = sum(y for _, y in samples) / len(samples)
    below = sum((x - mean_x) ** 2 for x, _ in samples)
    return sum((x - mean_x) * (y - mean_y) for x, y in samples) / below * 1024


def verdict(samples: list[tuple[int, float]], database_own: float = 0.0) -> bool:
    """Print whether the last half is a plateau; -> whether it is.

    :param database_own: KB a step that are the database library's own, in the server's process
    """
    half = samples[len(samples) // 2 :]
    if len(half) < 2:
        raise SystemExit("too few samples for a verdict: let it run longer, or sample more often")
    rise = slope(half)
    if database_own:
        print(f"SQLite itself keeps {database_own:.2f} KB for each table and connection, of {rise:+.2f} KB in all")
        rise -= database_own
    growth = rise / 1024 * (half[-1][0] - half[0][0]) / half[0][1]
    flat = growth < PLATEAU
    print(f"last half: {rise:+.3f} KB a step, {growth:+.1%}: {'a plateau' if flat else 'IT GROWS'}")
    return flat


def main() -> None:
    parser = command("Watch a server's memory while definitions come and go.")
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--redefinitions", type=int, metavar="N", help="redefine one table of 20 fields N times")
    kind.add_argument("--tables", type=int, metavar="N", help="define N tables of 20 fields and use each once")
    parser.add_argument("--every", type=int, default=250, help="steps from sample to sample; default 250")
    parser.add_argument("--class-cache-columns", default="5000", help="the setting dynmodel.class_cache_columns")
    options = parser.parse_args()
    settings = {"dynmodel.class_cache_columns": options.class_cache_columns}
    with running_server(options.database, options.threads, **settings) as server, Client(server) as client:
        steps = use_new_tables(client) if options.tables else redefine(client)
        total = options.tables or options.redefinitions
        samples = soak(steps, total, options.every, Meter(server.process.pid))
        own = 0.0
        if options.tables and options.database == "sqlite":
            own = sqlite_schema_memory(server.settings["sqlalchemy.url"]) / total
        flat = verdict(samples, own)
    sys.exit(0 if flat else 1)


if __name__ == "__main__":
    main()
