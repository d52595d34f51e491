"""The tests that every field type must pass whose values clients write, on SQLite and on PostgreSQL.

Derive a class whose name begins with ``Test``, and give it the type's name and cases::

    class TestChessSquare(FieldTypeConformance):
        type_name = "chess_square"
        cases = [
            Case(valid=["e4", ("A1", "a1")], invalid=[("e9", "invalid_format")], texts={" e4 ": "e4"}),
            Case(options={"size": 9}, valid=["e4", "i9"]),
        ]

The suite tries round trips of valid and generated values; null, missing and required values; invalid values; edge
values of every JSON type; the declared operators; conversion to text and back and to every installed type; and changes
of the definition that add, rename, constrain and drop the field.
"""

import datetime
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import colander
import jsonschema
import sqlalchemy as sa
import webtest

from dynmodel_pyramid.fields import byte_order, is_sortable
from dynmodel_pyramid.fields.columns import Fast, Reader
from dynmodel_pyramid.fields.contract import FieldType, SqlForm
from dynmodel_pyramid.fields.pages import editor_file, help_line
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.fields.schema import UNSTORABLE
from dynmodel_pyramid.testing.asking import AskingConformance
from dynmodel_pyramid.testing.cases import Case, outcome
from dynmodel_pyramid.testing.checks import CheckTests
from dynmodel_pyramid.testing.driver import TableDriver
from dynmodel_pyramid.testing.operators import OperatorConformance
from dynmodel_pyramid.testing.strategies import drawn
from dynmodel_pyramid.testing.suite import is_system_value
from dynmodel_pyramid.testing.values import HOSTILE, identical, nested, same_json


class FieldTypeConformance(CheckTests, OperatorConformance, AskingConformance):
    """The suite for types whose values clients write; see the module."""

    #: How many values are drawn from each case's strategy.
    generated = 100

    def filled(self, app: webtest.TestApp, the_type: FieldType, case: Case) -> TableDriver:
        table = self.table(app, case)
        for value, _ in case.distinct[:4]:
            table.add_value(value)
        table.add_value(None)
        return table

    def texts(self, the_type: FieldType, case: Case, table: TableDriver) -> list[str]:
        to_text = the_type.text_form(read_options(the_type, dict(case.options))).to_text
        return [to_text(self.stored(the_type, case, value)) for value, _ in case.distinct[:2]]

    def test_cases_are_told(self, the_type: FieldType, case: Case) -> None:
        assert not is_system_value(the_type, read_options(the_type, dict(case.options))), (
            "the system gives the values of this type: derive from GivenFieldTypeConformance"
        )
        assert len(case.distinct) > 1, "every case needs two valid values of different answers"

    def test_what_the_page_shows(self, the_type: FieldType, case: Case) -> None:
        line = help_line(the_type)
        assert line and len(line) <= 200 and "\n" not in line, "want help in one line"
        file = editor_file(the_type)
        if file is not None:
            assert "export default" in file.read_text(encoding="utf-8"), f"{file} has no default export"

    def test_fast_path_agrees_with_the_validator(self, the_type: FieldType, case: Case) -> None:
        options = read_options(the_type, dict(case.options))
        node = the_type.schema_node(options)
        fast = getattr(node, "fast_path", None)
        for value in (*[sent for sent, _ in case.pairs], *[sent for sent, _ in case.invalid], *HOSTILE):
            if fast is not None and fast(value):
                assert identical(node.deserialize(value), value), f"fast_path vouches for {value!r:.80}"
        if not isinstance(fast, Fast):
            return
        valid = [sent for sent, _ in case.pairs[:3]]
        for odd in (*[sent for sent, _ in case.pairs], *[sent for sent, _ in case.invalid], *HOSTILE):
            values = [*valid, odd]
            stored = fast.many(values)
            if stored is not None:
                assert list(map(repr, stored)) == [outcome(node, value) for value in values], f"many took {odd!r:.80}"

    def test_text_form(self, the_type: FieldType, case: Case) -> None:
        options = read_options(the_type, dict(case.options))
        node, form = the_type.schema_node(options), the_type.text_form(options)
        for value, _ in case.pairs:
            stored = node.deserialize(value)
            text = form.to_text(stored)
            assert isinstance(text, str)
            assert node.deserialize(form.from_text(text)) == stored, f"text form {text!r:.80}"
        for text in (*[item for item in HOSTILE if isinstance(item, str)], "1_0", "٣", "nan", "[" * 2000, "1" * 5000):
            if isinstance(form.from_text, Reader) and (read := form.from_text.many([text])) is not None:
                assert identical(read, [form.from_text(text)]), f"many reads {text!r:.80}"
            try:
                node.deserialize(form.from_text(text))
            except (ValueError, colander.Invalid):
                continue

    def test_relative_times_are_values(self, the_type: FieldType, case: Case) -> None:
        """``now`` is a value of the type to compare with, or no text that it knows."""
        options = read_options(the_type, dict(case.options))
        value = the_type.relative_value("now", options, datetime.datetime.now(datetime.UTC))
        if value is not None:
            the_type.operand_node(options).deserialize(value)

    def test_repairs_give_values_or_refuse(self, the_type: FieldType, case: Case) -> None:
        """A repair gives a value for the validator to check, or a ``ValueError``, whatever text it gets."""
        options = read_options(the_type, dict(case.options))
        node, to_text = the_type.schema_node(options), the_type.text_form(options).to_text
        texts = [to_text(node.deserialize(value)) for value, _ in case.pairs]
        texts += [text for text in HOSTILE if isinstance(text, str)]
        texts += ["1.5", "-2.5e0", "1e999", "-1e-999", "9" * 5000, "2026-01-31T12:00:00.1234567Z", "nan"]
        for repair in the_type.repairs.values():
            for text in texts:
                try:
                    node.deserialize(repair(text, options))
                except (ValueError, colander.Invalid):
                    continue

    def test_validator_is_shared_by_threads(self, the_type: FieldType, case: Case) -> None:
        node = the_type.schema_node(read_options(the_type, dict(case.options)))
        values = [sent for sent, _ in (*case.pairs, *case.invalid)] * 20

        def run(_: int) -> list[Any]:
            return [outcome(node, value) for value in values]

        with ThreadPoolExecutor(4) as pool:
            first, *others = pool.map(run, range(4))
        assert all(other == first for other in others)

    # Values over HTTP

    def test_values_come_back(self, app: webtest.TestApp, case: Case) -> None:
        table = self.table(app, case)
        rows = [table.add_value(value) for value, _ in case.pairs]
        for row, (value, answer) in zip(rows, case.pairs, strict=True):
            assert same_json(row["value"], answer), f"{value!r:.80} was answered {row['value']!r:.80}"
            assert same_json(table.row(row["id"]), row)
        assert same_json(table.rows(), rows)
        assert same_json(table.rows("?limit=1000"), rows)
        # The database itself writes the JSON of groups and of embedded rows.
        written = table.rows("?select=id,value,count()&order=id")
        assert same_json([row["value"] for row in written], [row["value"] for row in rows])
        # An answer is itself a valid value, and is answered unchanged; also by PUT and PATCH.
        target = table.add_value(None)["id"]
        for row in rows:
            assert same_json(table.change(target, {"value": row["value"]})["value"], row["value"])
            assert same_json(table.replace(target, {"value": row["value"]})["value"], row["value"])
        many = app.post_json(f"{table.path}rows/", [{"value": value} for value, _ in case.pairs], status=201).json
        assert same_json([row["value"] for row in many], [answer for _, answer in case.pairs])

    def test_generated_values_come_back(self, app: webtest.TestApp, case: Case) -> None:
        if case.strategy is None:
            return
        table = self.table(app, case)
        pairs = drawn(case.strategy, self.generated)
        for start in range(0, len(pairs), 100):
            table.round_trip(pairs[start : start + 100])

    def test_null_missing_and_required(self, app: webtest.TestApp, case: Case) -> None:
        optional, required = self.table(app, case), self.table(app, case, required=True)
        assert optional.add({"key": 1})["value"] is None
        assert optional.add({"value": None})["value"] is None
        assert required.refuse({"key": 1})[0]["code"] == "required"
        assert required.refuse({"value": None})[0]["code"] == "required"
        value, answer = case.pairs[0]
        assert same_json(required.add_value(value)["value"], answer)

    def test_invalid_values_are_refused(self, app: webtest.TestApp, case: Case) -> None:
        table = self.table(app, case)
        for value, code in case.invalid:
            problems = table.refuse({"value": value})
            assert code in [problem["code"] for problem in problems], f"{value!r:.80}: {problems}"
        assert table.rows() == []

    def test_any_json_value_is_taken_or_refused(self, app: webtest.TestApp, case: Case) -> None:
        table = self.table(app, case)
        for value in (*HOSTILE, nested(150)):
            row = table.try_value(value)
            if row is not None:
                assert same_json(table.row(row["id"]), row)
                assert same_json(table.add_value(row["value"])["value"], row["value"]), "an answer is a valid value"

    def test_defaults_fill_old_and_new_rows(self, app: webtest.TestApp, case: Case) -> None:
        table = TableDriver(app, None)
        old = table.add({"key": 1})["id"]
        fields: dict[str, Any] = {
            f"optional{n}": self.document(case, default=value) for n, (value, _) in enumerate(case.pairs)
        }
        fields |= {name.replace("optional", "required"): {**field, "required": True} for name, field in fields.items()}
        expected = {name: answer for kind in ("optional", "required")
                    for name, answer in ((f"{kind}{n}", pair[1]) for n, pair in enumerate(case.pairs))}  # fmt: skip
        table.define({"key": "integer", **fields})
        for row in (table.row(old), table.add({"key": 2})):
            for name, answer in expected.items():
                assert same_json(row[name], answer), f"{name}: {row[name]!r:.80} is not the default {answer!r:.80}"
        assert table.add({"optional0": None})["optional0"] is None
        # Defaults of existing columns.
        moved = [*case.pairs[1:], case.pairs[0]]
        table.define(
            {"key": "integer"} | {f"optional{n}": self.document(case, default=pair[0]) for n, pair in enumerate(moved)}
        )
        row = table.add({"key": 3})
        assert all(same_json(row[f"optional{n}"], answer) for n, (_, answer) in enumerate(moved))
        assert same_json(table.row(old)["optional0"], case.pairs[0][1])
        for value, _ in case.invalid[:1]:
            fields = {"key": "integer", "value": self.document(case, default=value)}
            problems = table.define(fields, status=422)["errors"]
            assert problems[0]["pointer"].startswith("/fields/value/default")

    # The table under it

    def test_field_is_added_renamed_constrained_and_dropped(
        self, app: webtest.TestApp, the_type: FieldType, case: Case
    ) -> None:
        table = TableDriver(app, None)
        first = table.add({"key": 0})["id"]
        table.define({"key": "integer", "value": self.document(case)})
        assert table.row(first)["value"] is None
        rows = [table.change(first, {"value": case.distinct[0][0]})]
        rows += [table.add({"key": n, "value": pair[0]}) for n, pair in enumerate(case.distinct) if n]

        def unchanged(name: str) -> bool:
            return same_json([row[name] for row in table.rows()], [row["value"] for row in rows])

        table.define({"key": "integer", "renamed": self.document(case, renamed_from="value")})
        assert unchanged("renamed")
        table.define({"key": "integer", "renamed": self.document(case, required=True)})
        assert unchanged("renamed")
        assert table.refuse({"key": 1}, "/renamed")[0]["code"] == "required"
        if is_sortable(the_type):
            table.define({"key": "integer", "renamed": self.document(case, unique=True)})
            assert unchanged("renamed")
            assert table.add({"renamed": rows[0]["value"]}, status=409)["fields"] == ["renamed"]
            table.define({"key": "integer", "renamed": self.document(case, index=True)})
            assert same_json(table.add({"renamed": rows[0]["value"]})["renamed"], rows[0]["value"])
        else:
            table.define({"key": "integer", "renamed": self.document(case, unique=True)}, status=422)
        table.define({"key": "integer"})
        assert "renamed" not in table.rows()[0]
        table.define({"key": "integer", "renamed": self.document(case)})
        assert {row["renamed"] for row in table.rows()} == {None}, "a dropped field's values stay dropped"

    def test_order_is_the_same_on_both_databases(
        self, apps: dict[str, webtest.TestApp], the_type: FieldType, case: Case
    ) -> None:
        orders = []
        for app in apps.values():
            table = self.table(app, case)
            for value in (None, *[value for value, _ in case.pairs], *[value for value, _ in reversed(case.pairs)]):
                table.add_value(value)
            if not is_sortable(the_type):
                assert app.get(f"{table.path}rows/?order=value", status=400).json["code"] == "not_sortable"
                continue
            words = ("value", "value.desc", "value.asc.nullsfirst", "value.desc.nullslast")
            orders.append([[row["id"] for row in table.rows(f"?order={word}")] for word in words])
        assert orders == [] or orders[0] == orders[1]

    def test_generated_class_gives_and_takes_stored_values(
        self, app: webtest.TestApp, the_type: FieldType, case: Case
    ) -> None:
        table = self.table(app, case)
        sent = [(table.add_value(value)["id"], value) for value, _ in case.pairs]
        cls = table.catalogue.models[table.model_name]
        with table.catalogue.session() as session:
            for row_id, value in sent:
                assert same_json(session.get(cls, row_id).value, self.stored(the_type, case, value))
            added = [cls(value=self.stored(the_type, case, value)) for value, _ in case.pairs]
            session.add_all(added)
            session.flush()
            ids = [row.id for row in added]
        for row_id, (_, answer) in zip(ids, case.pairs, strict=True):
            assert same_json(table.row(row_id)["value"], answer)

    def test_conversion_to_text_and_back(self, app: webtest.TestApp, the_type: FieldType, case: Case) -> None:
        table = self.table(app, case)
        rows = [table.add_value(value) for value, _ in case.pairs]
        form = the_type.text_form(read_options(the_type, dict(case.options)))
        table.define({"key": "integer", "value": "text"})
        for row, (value, _) in zip(table.rows(), case.pairs, strict=True):
            stored = self.stored(the_type, case, form.from_text(row["value"]))
            assert same_json(stored, self.stored(the_type, case, value)), f"{value!r:.80} became {row['value']!r:.80}"
        table.define({"key": "integer", "value": self.document(case)})
        assert same_json(table.rows(), rows)

    def test_sql_text_forms_agree_with_python(self, app: webtest.TestApp, the_type: FieldType, case: Case) -> None:
        options = read_options(the_type, dict(case.options))
        node, form = the_type.schema_node(options), the_type.text_form(options)
        database = TableDriver(app, None).catalogue.database
        dialect = database.dialect.name
        column = the_type.column(options, SimpleNamespace(dialect=dialect))
        assert column is not None
        kind = column.type
        stored = [node.deserialize(value) for value, _ in case.pairs]
        texts = [*map(form.to_text, stored), *case.texts, *[f" {text}\n" for text in case.texts]]
        texts += [text for text in HOSTILE if isinstance(text, str) and not UNSTORABLE.search(text)]

        def in_sql(twin: SqlForm, value: Any, before: sa.types.TypeEngine[Any], after: sa.types.TypeEngine[Any]) -> Any:
            source = sa.select(sa.literal(value, before).label("value")).subquery().c.value
            expression = sa.type_coerce(twin(source, dialect), after)
            with database.reading() as connection:
                return connection.scalar(sa.select(expression), execution_options={"compiled_cache": None})

        to_text, from_text = form.sql_to_text, form.sql_from_text
        for value in stored if to_text is not None else ():
            assert to_text is not None
            assert in_sql(to_text, value, kind, sa.Text()) in (None, form.to_text(value))
        for text in texts if from_text is not None else ():
            assert from_text is not None
            value = in_sql(from_text, text, byte_order(), kind)
            assert value is None or identical(value, node.deserialize(form.from_text(text))), f"{text!r:.80}"

    def test_conversion_to_every_type_is_the_same_on_both_databases(
        self, apps: dict[str, webtest.TestApp], case: Case
    ) -> None:
        """A value that cannot be converted becomes null; all others are values of the new type."""
        answers = []
        for app in apps.values():
            names = [name for name in convertible(app) if name != self.type_name]
            # How a value is read from another type's text does not depend on the options of that: the first case is
            # converted to all types, and each of the others to every third.
            place = self.cases.index(case)
            targets = {f"to_{name}": {"type": name} for name in (names[place % 3 :: 3] if place else names)}
            table = TableDriver(app, None)
            table.define({name: self.document(case) for name in targets})
            for value, _ in case.pairs:
                table.add(dict.fromkeys(targets, value))
            table.define(targets, query="?on_error=" + ",".join(f"{name}:null" for name in targets))
            answers.append(table.rows())
            for row in answers[-1]:
                row_id = row.pop("id")
                assert same_json(table.replace(row_id, row), {"id": row_id, **row}), "an answer is a valid value"
        for one, other in zip(*answers, strict=True):
            for name in one:
                assert same_json(one[name], other[name]), f"{name}: {one[name]!r:.80} is not {other[name]!r:.80}"

    def test_texts_become_values(self, app: webtest.TestApp, case: Case) -> None:
        table = TableDriver(app, "text")
        for text in case.texts:
            table.add_value(text)
        table.define({"key": "integer", "value": self.document(case)})
        for row, (text, answer) in zip(table.rows(), case.texts.items(), strict=True):
            assert same_json(row["value"], answer), f"{text!r:.80} became {row['value']!r:.80}"

    def test_answers_satisfy_the_json_schema(self, app: webtest.TestApp, the_type: FieldType, case: Case) -> None:
        schema = the_type.json_schema(read_options(the_type, dict(case.options)))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        requests = jsonschema.Draft202012Validator(the_type.request_schema(read_options(the_type, dict(case.options))))
        asks = "request_schema() must admit each value that is accepted"
        table = self.table(app, case)
        for value, _ in case.pairs:
            assert requests.is_valid(value), f"{value!r:.80}: {asks}"
            validator.validate(table.add_value(value)["value"])


def convertible(app: webtest.TestApp) -> list[str]:
    """The installed types that need no option and whose values clients write."""
    names = []
    for known in app.app.registry.dynmodel_catalogue.field_types:
        try:
            options = read_options(known.field_type, {})
        except colander.Invalid:
            continue
        if not is_system_value(known.field_type, options) and known.field_type.reference(options) is None:
            names.append(known.name)
    return names
