"""A state machine of one table: random changes of its definition with rows in it, and a model kept beside it.

After each step the database's columns, the system tables, the generated class, the definition and all rows must agree
with the model, and all that the definition promises must be in the database. What becomes of values the model knows
from the Python conversion alone, so that conversions inside the database are held against it. What comes back from the
trash or by a revert the model takes over as it is. :func:`machine` makes the class for one database.
"""

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa
import webtest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dynmodel_pyramid.changes.values.conversion import converter
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.fields.registry import read_options
from tests.promises import assert_promises

NAMES = [f"f{number}" for number in range(1, 9)]
WORDS = st.sampled_from(["", "a", "b", "1", "2", "1.0", "-3", "true", "2026-01-31", "19.99", "x" * 30, "[1]", '["a"]'])
VALUES = {
    "string": WORDS,
    "text": WORDS,
    "integer": st.sampled_from([0, 1, -3, 2, 10, 2**53 + 1]),
    "number": st.sampled_from([0.0, 1.0, 1.5, -3.25, 1e6, 0.1]),
    "decimal": st.sampled_from(["0.00", "1.00", "19.99", "-3.50"]),
    "boolean": st.booleans(),
    "date": st.sampled_from(["2026-01-31", "1999-12-31", "2024-02-29"]),
    "datetime": st.sampled_from(["2026-01-31T12:00:00Z", "1999-12-31T23:59:59.500000Z"]),
    "json": st.sampled_from([1, "a", [1], {"a": [True]}, 1.5, "2026-01-31"]),
    "tags": st.sampled_from([[], ["a"], ["a", "b"], ["1"]]),
}
OPTIONS = {
    "string": [{}, {"max_length": 4}, {"max_length": 40}, {"pattern": "[a-z0-9.-]*"}, {"min_length": 1}],
    "text": [{}, {"max_length": 1}],
    "integer": [{}, {"min": 0}, {"max": 5}],
    "number": [{}, {"min": 0.0}, {"max": 1.0}],
    "decimal": [{}, {"max": "2.00"}],
}
SORTABLE = ("string", "text", "integer", "number", "decimal", "boolean", "date", "datetime")
DEFAULTS = {"string": "a", "text": "1", "integer": 2, "number": 1.5, "boolean": True, "date": "2026-01-31"}
ON_ERROR = ("fail", "null", "default", "quarantine")
#: Of the tables; several machines may run against one application.
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Field:
    """A field as the model has it; ``number`` is None until the service has given it an id."""

    name: str
    kind: str
    options: dict[str, Any] = field(default_factory=dict)
    number: int | None = None
    required: bool = False
    unique: bool = False
    index: bool | str = False
    default: Any = None
    folds: bool = False

    @property
    def is_unique(self) -> bool:
        return self.unique or self.folds

    def document(self) -> dict[str, Any]:
        document = {"type": self.kind, "required": self.required, "unique": self.unique, "index": self.index}
        if self.number is not None:
            document["id"] = self.number
        return {**document, "default": self.default, "unique_ignore_case": self.folds, **self.options}


@dataclass(frozen=True)
class Several:
    """An index over some fields, or a rule that they are unique together; ``fields`` are (name, descending)."""

    unique: bool
    fields: tuple[tuple[str, bool], ...]

    def document(self) -> dict[str, Any]:
        if self.unique:
            return {"fields": [name for name, _ in self.fields]}
        return {"fields": [{"field": name, "descending": descending} for name, descending in self.fields]}


@dataclass
class Outcome:
    """What the model expects of a change: the rows afterwards, and what is wrong with it."""

    rows: dict[int, dict[int, Any]]
    lost: int = 0
    kept: int = 0
    refused: bool = False


class Expectation:
    """The Python conversion, and the rules."""

    def __init__(self, types):
        self.types = types

    def definition(self, made: Field) -> FieldDefinition:
        options = read_options(self.types[made.kind], made.options)
        return FieldDefinition(made.number or 0, made.name, made.kind, made.name, options)

    def stored(self, made: Field, value: Any) -> Any:
        definition = self.definition(made)
        return self.types[made.kind].schema_node(definition.options).deserialize(value)

    def text(self, made: Field, stored: Any) -> str | None:
        definition = self.definition(made)
        return None if stored is None else self.types[made.kind].text_form(definition.options).to_text(stored)

    def of(
        self, before: list[Field], after: list[Field], rows: dict[int, dict], words: str | dict, rules: list[Several]
    ) -> Outcome:
        """``rows``: by id, values by the place of the field in ``before``; afterwards by the place in ``after``.

        ``words`` is what on_error says: for the whole change, or by the names of fields.
        """
        outcome = Outcome({row_id: {} for row_id in rows})
        loosened = 0
        places = {made.number: place for place, made in enumerate(before)}
        for place, made in enumerate(after):
            old = before[places[made.number]] if made.number is not None else None
            default = None if made.default is None else self.stored(made, made.default)
            on_error = words if isinstance(words, str) else words.get(made.name, "fail")
            lost, filled = 0, 0
            for row_id, row in rows.items():
                value = default if old is None else row[places[made.number]]
                if old is not None and value is not None and (old.kind, old.options) != (made.kind, made.options):
                    value, reason = converter(self.types, self.definition(old), self.definition(made))(value)
                    if reason is not None:
                        lost += 1
                        outcome.kept += on_error == "quarantine"
                        outcome.refused |= on_error == "fail"
                        value = default if on_error == "default" else None
                if value is None and made.required and on_error == "default" and old is not None:
                    filled += default is not None
                    value = default
                outcome.rows[row_id][place] = value
            outcome.lost += lost
            loosened += bool(lost or filled) and on_error != "fail"
            self._judge(made, place, outcome)
        for several in rules:
            names = [name for name, _ in several.fields]
            if several.unique:
                self._judge_unique([(made, place) for place, made in enumerate(after) if made.name in names], outcome)
        outcome.refused |= isinstance(words, str) and loosened > 1 and outcome.lost > 0
        return outcome

    def _judge(self, made: Field, place: int, outcome: Outcome) -> None:
        values = [row[place] for row in outcome.rows.values()]
        if made.required and None in values:
            outcome.refused = True
        if made.is_unique:
            self._judge_unique([(made, place)], outcome, folds=made.folds)

    def _judge_unique(self, fields: list[tuple[Field, int]], outcome: Outcome, *, folds: bool = False) -> None:
        rows = ([self.text(made, row[place]) for made, place in fields] for row in outcome.rows.values())
        keys = [tuple(text.lower() if folds else text for text in row) for row in rows if None not in row]
        outcome.refused |= len(set(keys)) < len(keys)


def columns_of(connection: sa.Connection, table: str, schema: str | None) -> dict[str, bool]:
    """Name -> whether it takes nulls."""
    if schema is None:
        found = connection.exec_driver_sql(f'PRAGMA table_info("{table}")')
        return {row[1]: not row[3] and not row[5] for row in found}
    columns = sa.inspect(connection).get_columns(table, schema=schema)
    return {each["name"]: each["nullable"] for each in columns}


def machine(app: webtest.TestApp, counter: dict[str, int]) -> type[RuleBasedStateMachine]:
    """The machine against one application; ``counter`` counts the changes that were made and refused."""
    catalogue = app.app.registry.dynmodel_catalogue
    expect = Expectation(catalogue.field_types)

    class Changing(RuleBasedStateMachine):
        fields: list[Field]
        rules: list[Several]
        rows: dict[int, dict[int, Any]]

        @initialize()
        def begin(self):
            self.name = self.base = f"Machine{next(_NUMBERS)}"
            self.fields, self.rules, self.rows, self.kept, self.last = [], [], {}, 0, None
            answer = app.post_json("/table/", {"model_name": self.name, "fields": {}})
            self.path, self.version = answer.headers["Location"], 1

        # Rows

        @rule(data=st.data(), count=st.integers(1, 3))
        def insert(self, data, count):
            for _ in range(count):
                self.write(app.post_json, f"{self.path}rows/", None, data)

        @precondition(lambda self: self.rows)
        @rule(data=st.data())
        def update(self, data):
            row_id = data.draw(st.sampled_from(sorted(self.rows)))
            self.write(app.put_json, f"{self.path}rows/{row_id}/", row_id, data)

        def write(self, send, path, row_id, data):
            document = {}
            for made in self.fields:
                values = [value for value in [data.draw(VALUES[made.kind])] if self.fits(made, value)]
                if values and (made.required or data.draw(st.booleans())):
                    document[made.name] = values[0]
                elif made.required and made.default is None:
                    return
                elif not made.required:
                    document[made.name] = None
            answer = send(path, document, expect_errors=True)
            if answer.status_int == 409:
                assert answer.json["code"] in ("unique", "unique_violation"), answer.text
                return
            assert answer.status_int in (200, 201), answer.text
            values = {}
            for place, made in enumerate(self.fields):
                value = document.get(made.name, made.default)
                values[place] = None if value is None else expect.stored(made, value)
            self.rows[row_id or answer.json["id"]] = values

        def fits(self, made, value) -> bool:
            try:
                expect.stored(made, value)
            except Exception:
                return False
            return True

        @precondition(lambda self: self.rows)
        @rule(data=st.data())
        def delete(self, data):
            row_id = data.draw(st.sampled_from(sorted(self.rows)))
            app.delete(f"{self.path}rows/{row_id}/", status=204)
            del self.rows[row_id]

        # The definition

        @rule(data=st.data(), edits=st.integers(1, 3), words=st.sampled_from(ON_ERROR) | st.none())
        def change(self, data, edits, words):
            after = list(self.fields)
            for _ in range(edits):
                after = self.edited(after, data)
            if len({made.name for made in after}) < len(after):
                return
            if words is None:
                words = {made.name: data.draw(st.sampled_from(ON_ERROR)) for made in after}
            self.put(after, self.several(after, data), words)

        def several(self, after, data):
            """The rules over several fields: those that may stay as they are, and now and then others."""
            names = [made.name for made in after if made.kind in SORTABLE]
            rules = [each for each in self.rules if {name for name, _ in each.fields} <= set(names)]
            kind = data.draw(st.sampled_from(["keep"] * 4 + ["unique", "index", "none"]))
            if kind == "none":
                return []
            if kind == "keep" or len(names) < 2:
                return rules
            chosen = data.draw(st.lists(st.sampled_from(names), unique=True, min_size=2, max_size=3))
            downwards = [kind == "index" and data.draw(st.booleans()) for _ in chosen]
            made = Several(kind == "unique", tuple(zip(chosen, downwards, strict=True)))
            return [*(each for each in rules if each.fields != made.fields), made]

        def edited(self, fields, data):
            kinds = ["add", "swap", "order"] + ["drop", "rename", "retype", "flag", "flag", "default", "options"] * 2
            kind = data.draw(st.sampled_from(kinds))
            if kind == "add" or not fields:
                made = data.draw(st.sampled_from(sorted(VALUES)))
                free = [name for name in NAMES if name not in {each.name for each in fields}]
                return [*fields, Field(data.draw(st.sampled_from(free)), made)] if free else fields
            place = data.draw(st.integers(0, len(fields) - 1))
            made, others = fields[place], fields[:place] + fields[place + 1 :]
            if kind == "drop":
                return others
            if kind == "order":
                return [*others, made]
            if kind == "swap" and others:
                other = others[0]
                renamed = {made.number: other.name, other.number: made.name}
                return [replace(each, name=renamed.get(each.number, each.name)) for each in fields]
            changed = self.changed(kind, made, data)
            return fields[:place] + [changed] + fields[place + 1 :]

        def changed(self, kind, made, data):
            if kind == "rename":
                return replace(made, name=data.draw(st.sampled_from(NAMES)))
            if kind == "retype":
                to = data.draw(st.sampled_from(sorted(VALUES)))
                plain = {} if to in SORTABLE else {"unique": False, "index": False}
                if made.index == "search" and to not in ("string", "text"):
                    plain["index"] = False
                plain |= {} if to in ("string", "text") else {"folds": False}
                return replace(made, kind=to, options={}, default=None, **plain)
            if kind == "options" and made.kind in OPTIONS:
                options = data.draw(st.sampled_from(OPTIONS[made.kind]))
                return replace(made, options=options, default=None)
            if kind == "default":
                value = data.draw(st.sampled_from([None, DEFAULTS.get(made.kind)]))
                return replace(made, default=value if value is not None and self.fits(made, value) else None)
            name = data.draw(st.sampled_from(["required", "unique", "index", "folds"]))
            if name != "required" and made.kind not in SORTABLE:
                return made
            if name == "folds" and made.kind not in ("string", "text"):
                return made
            if name == "index" and made.kind in ("string", "text"):
                return replace(made, index={False: True, True: "search", "search": False}[made.index])
            return replace(made, **{name: not getattr(made, name)})

        def put(self, after, rules, words):
            # A new field that has the name of one which is dropped continues it: fields are matched by name.
            kept = {made.number for made in after}
            left = {made.name: made.number for made in self.fields if made.number not in kept}
            after = [replace(made, number=made.number or left.get(made.name)) for made in after]
            expected = expect.of(self.fields, after, self.rows, words, rules)
            self.last = self.fields, after, words, self.rows, expected.rows
            document = {"model_name": self.name, "fields": {made.name: made.document() for made in after}}
            document["unique"] = [each.document() for each in rules if each.unique]
            document["indexes"] = [each.document() for each in rules if not each.unique]
            query = words if isinstance(words, str) else ",".join(f"{name}:{word}" for name, word in words.items())
            answer = app.put_json(f"{self.path}?on_error={query or 'fail'}", document, expect_errors=True)
            if expected.refused:
                assert answer.status_int == 409, (self.fields, after, answer.text)
                counter["refused"] = counter.get("refused", 0) + 1
                return
            assert answer.status_int == 200, (self.fields, after, answer.text)
            counter["made"] = counter.get("made", 0) + (answer.json["version"] > self.version)
            self.version = answer.json["version"]
            self.rows = expected.rows
            self.kept += expected.kept
            self.fields = [replace(made, number=answer.json["fields"][made.name]["id"]) for made in after]
            self.rules = rules

        @rule(end=st.sampled_from(["", "Other"]))
        def rename(self, end):
            """The table."""
            name = f"{self.base}{end}"
            if name != self.name:
                answer = app.patch_json(self.path, {"model_name": name}, status=200)
                self.name, self.version = name, answer.json["version"]

        # The way back

        @rule(data=st.data(), on_error=st.sampled_from(ON_ERROR))
        def revert(self, data, on_error):
            if self.version > 1:
                version = data.draw(st.integers(max(1, self.version - 4), self.version - 1))
                self.back(f"{self.path}history/{version}/revert/?on_error={on_error}")

        @rule(data=st.data(), on_error=st.sampled_from(ON_ERROR))
        def restore(self, data, on_error):
            numbers = [kept["number"] for kept in app.get(f"{self.path}trash/").json]
            if numbers:
                number = data.draw(st.sampled_from(numbers))
                self.back(f"{self.path}trash/{number}/restore/?on_error={on_error}", {"name": f"r{number}"})

        def back(self, path, document=None):
            """Do it, and take over what comes of it, if it may be done."""
            if document is None:
                answer = app.post(path, expect_errors=True)
            else:
                answer = app.post_json(path, document, expect_errors=True)
            assert answer.status_int in (200, 409), answer.text
            counter["made"] = counter.get("made", 0) + (answer.status_int == 200)
            self.take_over()

        @rule()
        def purge(self):
            for kept in app.get(f"{self.path}trash/").json:
                app.delete(f"{self.path}trash/{kept['number']}/", status=204)
            self.take_over()

        def take_over(self):
            document = app.get(self.path).json
            self.name, self.version = document["model_name"], document["version"]
            self.fields = [
                Field(
                    name,
                    told["type"],
                    {key: told[key] for options in OPTIONS.get(told["type"], ()) for key in options},
                    told["id"],
                    told["required"],
                    told["unique"],
                    told["index"],
                    told["default"],
                    told["unique_ignore_case"],
                )
                for name, told in document["fields"].items()
            ]
            self.rules = [
                Several(
                    key == "unique",
                    tuple(
                        (each, False) if isinstance(each, str) else (each["field"], each["descending"])
                        for each in told["fields"]
                    ),
                )
                for key in ("unique", "indexes")
                for told in document[key]
            ]
            self.rows = {}
            for row in app.get(f"{self.path}rows/").json:
                values = {made.name: row[made.name] for made in self.fields}
                self.rows[row["id"]] = {
                    place: None if values[made.name] is None else expect.stored(made, values[made.name])
                    for place, made in enumerate(self.fields)
                }
            self.kept, self.last = app.get(f"{self.path}health/").json["quarantine"], None

        # What must be true

        @invariant()
        def definition_is_the_models(self):
            document = app.get(self.path).json
            assert list(document["fields"]) == [made.name for made in self.fields]
            assert document["version"] == self.version
            for made in self.fields:
                told = document["fields"][made.name]
                assert {**told, **made.document()} == told, (told, made)

        @invariant()
        def rows_are_the_models(self):
            found = {row.pop("id"): row for row in app.get(f"{self.path}rows/").json}
            assert sorted(found) == sorted(self.rows)
            for row_id, row in found.items():
                assert list(row) == [made.name for made in self.fields]
                for place, made in enumerate(self.fields):
                    got = None if row[made.name] is None else expect.stored(made, row[made.name])
                    wanted = self.rows[row_id][place]
                    told = (made, row_id, got, wanted, self.last)
                    assert expect.text(made, got) == expect.text(made, wanted), told

        @invariant()
        def database_is_the_models(self):
            table_id = int(self.path.split("/")[2])
            with catalogue.database.reading() as connection:
                schema = catalogue.database.dialect.schema
                columns = columns_of(connection, self.name, schema)
                trashed = catalogue.store.trashed_fields(connection, table_id)
                lines = connection.scalar(
                    sa.select(sa.func.count())
                    .select_from(catalogue.store.system.quarantine)
                    .where(catalogue.store.system.quarantine.c.table_id == table_id)
                )
                _, definition = catalogue.store.by_id(connection, table_id)
                # SQLAlchemy's inspector passes over indexes of expressions.
                things = catalogue.database.dialect.things(connection, self.name)
            own = {"id", "_version", "_created", "_updated"}
            assert set(columns) == own | {made.name for made in self.fields} | {each.column for each in trashed}
            for made in self.fields:
                assert columns[made.name] is not made.required
            assert all(columns[each.column] for each in trashed)
            wanted = {f"_ux_{table_id}_{made.number}" for made in self.fields if made.is_unique}
            wanted |= {
                f"_ix_{table_id}_{made.number}"
                for made in self.fields
                if made.index is True and (made.folds or not made.unique)
            }
            begins = catalogue.database.dialect.word_indexes
            searched = [made.number for made in self.fields if made.index == "search"]
            wanted |= {f"{begin}{table_id}_{number}" for begin in begins for number in searched}
            wanted |= {f"_{'ux' if each.unique else 'ix'}_{table_id}_{each.id}" for each in definition.indexes}
            triggers = ("_insert", "_update", "_delete")
            indexes = {thing.name for thing in things if thing.kind == "index" and not thing.name.endswith(triggers)}
            assert indexes == wanted
            assert lines == self.kept
            assert definition.version == self.version
            made = catalogue.models[self.name]
            assert {column.key for column in made.__table__.columns} == own | {each.name for each in self.fields}
            assert made.__definition__.version == self.version

        @invariant()
        def promises_are_kept(self):
            assert_promises(catalogue, int(self.path.split("/")[2]))

    return Changing
