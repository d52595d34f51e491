"""The tests of field types with system values: ``fill`` makes them, or the database computes them.

Derive a class as for :class:`~dynmodel_pyramid.testing.conformance.FieldTypeConformance`. Its cases need options only;
``valid`` may hold values that a client might try to write: all are refused. Conditions use them where no row has a
value.
"""

import json

import jsonschema

from dynmodel_pyramid.fields import is_sortable
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.testing.asking import AskingConformance
from dynmodel_pyramid.testing.driver import TableDriver
from dynmodel_pyramid.testing.suite import is_system_value
from dynmodel_pyramid.testing.values import same_json


class GivenFieldTypeConformance(AskingConformance):
    """The suite for types whose values no client writes: the field is added, read and dropped."""

    is_written = False

    def filled(self, app, the_type, case):
        table = self.table(app, case)
        for number in range(4):
            table.add({"key": number})
        return table

    def texts(self, the_type, case, table):
        values = [row["value"] for row in table.rows() if row["value"] is not None]
        known = [value if isinstance(value, str) else json.dumps(value) for value in values]
        known += [value if isinstance(value, str) else json.dumps(value) for value, _ in case.pairs]
        return [*known, "x", "y"][:2]

    def test_the_system_gives_the_values(self, the_type, case):
        assert is_system_value(the_type, read_options(the_type, dict(case.options))), (
            "clients write values of this type: derive from FieldTypeConformance"
        )

    def test_field_is_added_shown_renamed_and_dropped(self, app, the_type, case):
        table = TableDriver(app, None)
        old = table.add({"key": 1})["id"]
        table.define({"key": "integer", "value": self.document(case)})
        new = table.add({"key": 2})
        rows = [table.row(old), table.row(new["id"])]
        assert same_json(rows[1], new) and same_json(table.rows(), rows)
        assert "value" in table.change(new["id"], {"key": 3})
        assert "value" in table.replace(new["id"], {"key": 4})
        values = [row["value"] for row in table.rows()]
        table.define({"key": "integer", "renamed": self.document(case, renamed_from="value")})
        assert same_json([row["renamed"] for row in table.rows()], values)
        table.define({"key": "integer"})
        assert "renamed" not in table.row(old)

    def test_a_value_that_a_client_writes_is_refused(self, app, case):
        table = self.table(app, case)
        row = table.add({"key": 1})
        for value in (1, "x", True, [], {}, *[value for value, _ in case.pairs]):
            table.refuse({"value": value})
            # A client may send back the row's own value.
            status = 200 if same_json(value, row["value"]) else 422
            table.app.patch_json(f"{table.path}rows/{row['id']}/", {"value": value}, status=status)

    def test_answers_satisfy_the_json_schema(self, app, the_type, case):
        options = read_options(the_type, dict(case.options))
        schema = the_type.json_schema(options)
        jsonschema.Draft202012Validator.check_schema(schema)
        table = self.table(app, case)
        value = table.add({"key": 1})["value"]
        if value is not None:
            jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(value)

    def test_order_is_taken_or_refused(self, app, the_type, case):
        table = self.table(app, case)
        for number in range(3):
            table.add({"key": number})
        if is_sortable(the_type):
            assert len(table.rows("?order=value.desc")) == 3
        else:
            app.get(f"{table.path}rows/?order=value", status=400)
