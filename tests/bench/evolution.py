"""What changes of definitions cost, beside the bare SQL that an administrator would write for the same.

python -m tests.bench.evolution --database sqlite
python -m tests.bench.evolution --database postgresql --rows 100000 --only retype

Each step is made by the definition service, without HTTP, and by bare SQL on a copy of the table, in turns. Meanwhile
another process reads one row, and writes one (rolled back), every few milliseconds: their longest waits are told.
"""

import time
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field

from tests.bench.evolution_places import Place, Prober, place_with_table, plain_connection, twin
from tests.bench.evolution_steps import FIELDS, STEPS, Copy, Statements, Step
from tests.soak.meter import command

ROUNDS = 5
#: How many rows the table has that tells what SQLite's tables look like afterwards.
FEW = 200
KEPT = "CREATE TABLE kept (id BIGINT, value TEXT, kept_at TIMESTAMP)"


def copied(database: str, step: Step) -> list[str]:
    """SQLite's schema after the step, of a small table."""
    with place_with_table(database, FEW, None, step.first) as place:
        place.change(step.edit, step.on_error)()
        with place.connected() as connection:
            query = "SELECT sql FROM sqlite_master WHERE tbl_name = 'Item' AND sql IS NOT NULL ORDER BY type = 'index'"
            made = [sql for (sql,) in connection.execute(query)]
            columns = [row[1] for row in connection.execute("PRAGMA table_info('Item')")]
    copy = next(each for each in step.sqlite if isinstance(each, Copy))
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(copy.values.get(name, f'"{name}"') for name in columns)
    return [
        made[0].replace('"Item"', '"_new"', 1),
        f'INSERT INTO "_new" ({names}) SELECT {values} FROM {{t}}',
        "DROP TABLE {t}",
        'ALTER TABLE "_new" RENAME TO {t}',
        *made[1:],
    ]


# Measuring


@dataclass
class Measured:
    step: Step
    cost: str
    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    #: Processor time of this process, in which the service works, and SQLite.
    cpu: list[float] = field(default_factory=list)
    waits: dict[str, list[float]] = field(default_factory=dict)

    def line(self) -> str:
        ours, bare = (min(each, default=0.0) * 1000 for each in (self.ours, self.bare))
        waits = [f"{wait * 1000:,.0f}" for who in ("ours", "bare") for wait in self.waits.get(who, (0.0, 0.0))]
        ratio = f"{ours / bare:.2f}"
        times = f"{ours:,.1f} | {bare:,.1f} | {ratio} | {ours - bare:+,.1f} | {min(self.cpu) * 1000:,.1f}"
        reader, writer, bare_reader, bare_writer = waits
        return f"| {self.step.name} | {self.cost} | {times} | {reader} / {bare_reader} | {writer} / {bare_writer} |"


HEAD = """\
| step | bare SQL is | service, ms | bare SQL, ms | ratio | more, ms | CPU, ms | a reader waited | a writer waited |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


class Pair:
    """The table of the service and its copy for bare SQL, each with a prober."""

    def __init__(self, place: Place, rows: int, stack: ExitStack):
        self.place = place
        address = twin(place, rows)
        self.connection = plain_connection(address)
        stack.callback(self.connection.close)
        if place.schema is not None:
            self.connection.execute(f'SET search_path = "{place.schema}"')
        self.connection.execute(KEPT)
        self.bare = '"Item"' if place.schema is None else "bare"
        self.probers = {"ours": Prober(place.address), "bare": Prober(address)}
        for prober in self.probers.values():
            stack.callback(prober.close)

    def watching(self, who: str) -> AbstractContextManager[list[float]]:
        name = "bare" if who == "bare" and self.place.schema is not None else "Item"
        return self.probers[who].watching(self.place.quoted(name))

    def run(self, statements: Statements) -> None:
        self.connection.execute("BEGIN" if self.place.schema else "BEGIN IMMEDIATE")
        for statement in statements:
            self.connection.execute(statement.replace("{t}", self.bare))
        self.connection.execute("COMMIT")

    def both(self, made: Measured, statements: Statements, turn: int, *, watched: bool, timed: bool) -> None:
        """Make the step once, by the service and by bare SQL."""
        change = self.place.change(made.step.edit, made.step.on_error)
        works = {"ours": change, "bare": lambda: self.run(statements)}
        for who in ("ours", "bare")[:: 1 if turn % 2 else -1]:
            with self.watching(who) if watched else nullcontext([]) as waits:
                cpu, begun = time.process_time(), time.perf_counter()
                works[who]()
                seconds = time.perf_counter() - begun
                if who == "ours":
                    made.cpu.append(time.process_time() - cpu)
            if watched:
                made.waits[who] = waits
            if timed:
                getattr(made, who).append(seconds)


def is_repeated(step: Step, database: str) -> bool:
    """Whether it can be undone, and is over soon."""
    cost, _, undo = step.on(database)
    return bool(undo) and (cost == "metadata" or database != "sqlite")


def measure_once(step: Step, database: str, rows: int, source: str, turn: int) -> Measured:
    """With tables of its own."""
    cost, statements, _ = step.on(database)
    made = Measured(step, cost)
    parts = [copied(database, step) if isinstance(part, Copy) else [part] for part in statements]
    with place_with_table(database, rows, source, step.first) as place, ExitStack() as stack:
        Pair(place, rows, stack).both(made, [each for part in parts for each in part], turn, watched=True, timed=True)
    return made


def measure_repeated(step: Step, pair: Pair, database: str) -> Measured:
    cost, statements, undo = step.on(database)
    made, former = Measured(step, cost), pair.place.document()
    if step.first is not None:
        pair.place.change(step.first)()
        pair.run(undo)
    begin = pair.place.document()
    # The times of short steps are taken without probes, their waits in a last round.
    for number in range(ROUNDS + 1):
        last = number == ROUNDS
        pair.both(made, statements, number, watched=last, timed=not last)
        if not last:
            pair.place.restore(begin)
            pair.run(undo)
    pair.place.restore(former)
    if step.first is None:
        pair.run(undo)
    return made


def main() -> None:
    parser = command("Measure what changes of definitions cost, beside bare SQL.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", default="", help="only the steps whose names hold this")
    options = parser.parse_args()
    print(f"{options.database}, {options.rows:,} rows of {len(FIELDS)} fields\n\n{HEAD}", flush=True)
    with place_with_table(options.database, options.rows) as place:
        source = place.quoted("Item")
        if options.database == "sqlite":
            source = twin(place, options.rows)
        steps = [step for step in STEPS if options.only in step.name]
        repeated = [step for step in steps if is_repeated(step, options.database)]
        with place_with_table(options.database, options.rows, source) as shared, ExitStack() as stack:
            pair = Pair(shared, options.rows, stack) if repeated else None
            for step in repeated:
                print(measure_repeated(step, pair, options.database).line(), flush=True)
        for turn, step in enumerate(step for step in steps if step not in repeated):
            print(measure_once(step, options.database, options.rows, source, turn).line(), flush=True)


if __name__ == "__main__":
    main()
