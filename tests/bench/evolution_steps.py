"""The steps that ``tests.bench.evolution`` measures, each beside what an administrator would write for the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]
Edit = Callable[[Document], None]

#: Of 100 codes one is no number.
FIELDS = {
    "title": "string",
    "body": "text",
    "count": "integer",
    "price": "number",
    "active": "boolean",
    "born": "date",
    "seen": "datetime",
    "code": "string",
    "amount": "string",
    "sku": "string",
}
#: The values of row ``n``.
VALUES = {
    "sqlite": (
        "'Title of row ' || n",
        "'A somewhat longer text of the row with the number ' || n",
        "n % 1000",
        "n / 4.0",
        "n % 2",
        "date('2000-01-01', (n % 9000) || ' days')",
        "datetime('2000-01-01', (n % 900000) || ' minutes') || '.000000'",
        "CASE WHEN n % 100 = 0 THEN 'c' || n ELSE '' || n END",
        "n || '.5'",
        "'sku-' || n",
    ),
    "postgresql": (
        "'Title of row ' || n",
        "'A somewhat longer text of the row with the number ' || n",
        "n % 1000",
        "n / 4.0",
        "n % 2 = 1",
        "date '2000-01-01' + (n % 9000)::integer",
        "timestamptz '2000-01-01 00:00Z' + (n % 900000) * interval '1 minute'",
        "CASE WHEN n % 100 = 0 THEN 'c' || n ELSE '' || n END",
        "n || '.5'",
        "'sku-' || n",
    ),
}


@dataclass(frozen=True)
class Copy:
    """The copy of SQLite's page ALTER TABLE into a table as the service leaves it, with these expressions by column."""

    values: Mapping[str, str] = field(default_factory=dict)


Statements = Sequence[str | Copy]


@dataclass(frozen=True)
class Step:
    """A change of a definition.

    :param cost: ``metadata``, ``scan`` or ``rewrite``, by database: what the administrator's statements do
    :param sqlite, postgresql: these statements, of the table ``{t}``; by database
    :param undo_sqlite, undo_postgresql: what undoes them, if anything: such steps are repeated, and share a table. The
        service undoes by the former document.
    :param first: what the definition needs to have before; the undoing statements do the same
    """

    name: str
    edit: Edit
    cost: tuple[str, str]
    sqlite: Statements
    postgresql: Statements
    undo_sqlite: Statements = ()
    undo_postgresql: Statements = ()
    first: Edit | None = None
    on_error: str = "fail"

    def on(self, database: str) -> tuple[str, Statements, Statements]:
        """Its cost, the statements and those that undo them."""
        if database == "sqlite":
            return self.cost[0], self.sqlite, self.undo_sqlite
        return self.cost[1], self.postgresql, self.undo_postgresql


def put(name: str, **what: Any) -> Edit:
    """Give a field other options, or add it."""

    def edit(document: Document) -> None:
        document["fields"][name] = {**document["fields"].get(name, {}), **what}

    return edit


def retype(name: str, kind: str, **options: Any) -> Edit:
    def edit(document: Document) -> None:
        document["fields"][name] = {"id": document["fields"][name]["id"], "type": kind, **options}

    return edit


def rename(old: str, new: str) -> Edit:
    def edit(document: Document) -> None:
        document["fields"] = {new if name == old else name: entry for name, entry in document["fields"].items()}

    return edit


def top(**what: Any) -> Edit:
    return lambda document: document.update(what)


def drop(name: str) -> Edit:
    def edit(document: Document) -> None:
        del document["fields"][name]

    return edit


def reorder(document: Document) -> None:
    document["fields"] = dict(reversed(document["fields"].items()))


NOTHING = ("SELECT 1",)
ALTER = "ALTER TABLE {t} "
METADATA, SCAN, REWRITE = ("metadata",) * 2, ("scan",) * 2, ("rewrite",) * 2
LENGTH = "CONSTRAINT added CHECK (length({}) <= {})"
NUMBERS = {
    "sqlite": "CASE WHEN ltrim(code, '0123456789') = '' THEN CAST(code AS INTEGER) END",
    "postgresql": "CASE WHEN code ~ '^[0-9]{1,18}$' THEN code::bigint END",
}
KEEP = "INSERT INTO kept SELECT id, code, CURRENT_TIMESTAMP FROM {t} WHERE code IS NOT NULL AND (%s) IS NULL"
#: As the service does it: the old values stay in a column of another name.
CODE_TO_INTEGER = (
    ALTER + "ADD COLUMN made bigint",
    "UPDATE {t} SET made = " + NUMBERS["postgresql"],
    ALTER + 'RENAME COLUMN code TO "_trash_1"',
    ALTER + "RENAME COLUMN made TO code",
    ALTER + 'DROP CONSTRAINT "_ck_1_8_max_length"',
)
CODE_COPIED = Copy({"code": NUMBERS["sqlite"], "_trash_1": "code"})
INDEXES = [{"fields": [{"field": "count"}, {"field": "born", "descending": True}]}]
TITLE = ALTER + 'ADD CONSTRAINT "_ck_1_1_max_length" CHECK (length(title) <= 255)'


def _added(kind: str, more: str = "", kinds: str = "'integer', 'null'") -> str:
    return ALTER + f"ADD COLUMN extra {kind} {more} CONSTRAINT added CHECK (typeof(extra) IN ({kinds}))"


def _dropped(column: str) -> str:
    return ALTER + f"DROP COLUMN {column}"


STEPS = (
    Step("relabel", top(label="Another"), METADATA, NOTHING, NOTHING, NOTHING, NOTHING),
    Step("reorder", reorder, METADATA, NOTHING, NOTHING, NOTHING, NOTHING),
    Step(
        "add a field, nullable",
        put("extra", type="integer"),
        ("scan", "metadata"),
        (_added("BIGINT"),),
        (ALTER + "ADD COLUMN extra bigint",),
        (_dropped("extra"),),
        (_dropped("extra"),),
    ),
    Step(
        "add a field with a default",
        put("extra", type="integer", default=7),
        ("scan", "metadata"),
        (_added("BIGINT", "DEFAULT 7"),),
        (ALTER + "ADD COLUMN extra bigint DEFAULT 7",),
        (_dropped("extra"),),
        (_dropped("extra"),),
    ),
    Step(
        "add a required field with a default",
        put("extra", type="integer", default=7, required=True),
        ("scan", "metadata"),
        (_added("BIGINT", "DEFAULT 7 NOT NULL"),),
        (ALTER + "ADD COLUMN extra bigint DEFAULT 7 NOT NULL",),
        (_dropped("extra"),),
        (_dropped("extra"),),
    ),
    Step(
        "add a string with a default (max_length)",
        put("extra", type="string", default="x"),
        SCAN,
        (_added("TEXT", "DEFAULT 'x' CHECK (length(extra) <= 255)", "'text', 'null'"),),
        (ALTER + "ADD COLUMN extra text COLLATE \"C\" DEFAULT 'x', ADD " + LENGTH.format("extra", 255),),
        (_dropped("extra"),),
        (_dropped("extra"),),
    ),
    Step(
        "drop a field",
        drop("price"),
        METADATA,
        (ALTER + 'RENAME COLUMN price TO "_trash"',),
        (_dropped("price"),),
        (ALTER + 'RENAME COLUMN "_trash" TO price',),
        (ALTER + "ADD COLUMN price double precision",),
    ),
    Step(
        "drop a required field",
        drop("price"),
        ("rewrite", "metadata"),
        (Copy({"_trash_1": "price"}),),
        (_dropped("price"),),
        first=put("price", required=True),
    ),
    Step(
        "rename a field",
        rename("price", "cost"),
        METADATA,
        (ALTER + "RENAME COLUMN price TO cost",),
        (ALTER + "RENAME COLUMN price TO cost",),
        (ALTER + "RENAME COLUMN cost TO price",),
        (ALTER + "RENAME COLUMN cost TO price",),
    ),
    Step(
        "rename the table",
        top(model_name="Thing"),
        METADATA,
        (ALTER + "RENAME TO renamed",),
        (ALTER + "RENAME TO renamed",),
        ("ALTER TABLE renamed RENAME TO {t}",),
        ("ALTER TABLE renamed RENAME TO {t}",),
    ),
    Step(
        "retype integer to string",
        retype("count", "string"),
        REWRITE,
        (Copy({"count": "CAST(count AS TEXT)"}),),
        (ALTER + 'ALTER count TYPE text COLLATE "C" USING count::text, ADD ' + LENGTH.format("count", 255),),
    ),
    Step(
        "retype string to number",
        retype("amount", "number"),
        REWRITE,
        (Copy({"amount": "CAST(amount AS REAL)"}),),
        (
            ALTER + 'DROP CONSTRAINT "_ck_1_9_max_length", '
            "ALTER amount TYPE double precision USING amount::double precision",
        ),
    ),
    Step(
        "retype string to integer, 1 % lost, null",
        retype("code", "integer"),
        REWRITE,
        (CODE_COPIED,),
        CODE_TO_INTEGER,
        on_error="null",
    ),
    Step(
        "retype string to integer, 1 % lost, quarantine",
        retype("code", "integer"),
        REWRITE,
        (KEEP % NUMBERS["sqlite"], CODE_COPIED),
        (KEEP % NUMBERS["postgresql"], *CODE_TO_INTEGER),
        on_error="quarantine",
    ),
    Step(
        "retype string to text",
        retype("title", "text"),
        ("rewrite", "metadata"),
        (Copy(),),
        (ALTER + 'DROP CONSTRAINT "_ck_1_1_max_length"',),
        undo_postgresql=(TITLE,),
    ),
    Step(
        "set required",
        put("count", required=True),
        ("rewrite", "scan"),
        (Copy(),),
        (ALTER + "ALTER count SET NOT NULL",),
        undo_postgresql=(ALTER + "ALTER count DROP NOT NULL",),
    ),
    Step(
        "lift required",
        put("count", required=False),
        ("rewrite", "metadata"),
        (Copy(),),
        (ALTER + "ALTER count DROP NOT NULL",),
        undo_postgresql=(ALTER + "ALTER count SET NOT NULL",),
        first=put("count", required=True),
    ),
    Step(
        "set a default",
        put("count", default=5),
        ("rewrite", "metadata"),
        (Copy(),),
        (ALTER + "ALTER count SET DEFAULT 5",),
        undo_postgresql=(ALTER + "ALTER count DROP DEFAULT",),
    ),
    Step(
        "lift a default",
        put("count", default=None),
        ("rewrite", "metadata"),
        (Copy(),),
        (ALTER + "ALTER count DROP DEFAULT",),
        undo_postgresql=(ALTER + "ALTER count SET DEFAULT 5",),
        first=put("count", default=5),
    ),
    Step(
        "set unique",
        put("sku", unique=True),
        SCAN,
        ("CREATE UNIQUE INDEX added ON {t} (sku)",),
        ("CREATE UNIQUE INDEX added ON {t} (sku)",),
        ("DROP INDEX added",),
        ("DROP INDEX added",),
    ),
    Step(
        "lift unique",
        put("sku", unique=False),
        METADATA,
        ("DROP INDEX added",),
        ("DROP INDEX added",),
        ("CREATE UNIQUE INDEX added ON {t} (sku)",),
        ("CREATE UNIQUE INDEX added ON {t} (sku)",),
        first=put("sku", unique=True),
    ),
    Step(
        "set index",
        put("count", index=True),
        SCAN,
        ("CREATE INDEX added ON {t} (count)",),
        ("CREATE INDEX added ON {t} (count)",),
        ("DROP INDEX added",),
        ("DROP INDEX added",),
    ),
    Step(
        "index of two fields",
        top(indexes=INDEXES),
        SCAN,
        ("CREATE INDEX added ON {t} (count, born DESC)",),
        ("CREATE INDEX added ON {t} (count, born DESC)",),
        ("DROP INDEX added",),
        ("DROP INDEX added",),
    ),
    Step(
        "max tighter",
        put("count", max=5000),
        ("rewrite", "scan"),
        (Copy(),),
        (ALTER + "ADD CONSTRAINT added CHECK (count <= 5000)",),
        undo_postgresql=(ALTER + "DROP CONSTRAINT added",),
    ),
    Step(
        "max looser",
        put("count", max=9000),
        ("rewrite", "scan"),
        (Copy(),),
        (ALTER + "DROP CONSTRAINT narrow, ADD CONSTRAINT wide CHECK (count <= 9000)",),
        undo_postgresql=(ALTER + "DROP CONSTRAINT IF EXISTS wide, ADD CONSTRAINT narrow CHECK (count <= 5000)",),
        first=put("count", max=5000),
    ),
    Step(
        "max_length tighter",
        put("title", max_length=100),
        ("rewrite", "scan"),
        (Copy(),),
        (ALTER + 'DROP CONSTRAINT "_ck_1_1_max_length", ADD ' + LENGTH.format("title", 100),),
        undo_postgresql=(
            ALTER + 'DROP CONSTRAINT added, ADD CONSTRAINT "_ck_1_1_max_length" CHECK (length(title) <= 255)',
        ),
    ),
)
