"""Links and what the system gives pass the suite as far as their values are a client's."""

import pytest

from dynmodel_pyramid.testing import Case, FieldTypeConformance
from dynmodel_pyramid.testing.given import GivenFieldTypeConformance


class _LinkConformance(FieldTypeConformance):
    """There is a table 1 with rows of the ids 1 to 9."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def far(cls, apps):
        for app in apps.values():
            app.post_json("/table/", {"model_name": "Far", "fields": {"name": "string"}}, status=201)
            app.post_json("/table/Far/rows/", [{"name": str(number)} for number in range(9)], status=201)

    def test_defaults_fill_old_and_new_rows(self, app, case):
        """A link has no default."""
        fields = {"value": self.document(case, default=case.pairs[0][0])}
        answer = app.post_json("/table/", {"model_name": "Defaulted", "fields": fields}, status=422)
        assert [problem["pointer"] for problem in answer.json["errors"]] == ["/fields/value/default"]


class TestLink(_LinkConformance):
    type_name = "link"
    cases = [
        Case(
            {"table": 1},
            [1, 2, 9, (3.0, 3)],
            [
                (10, "unknown_row"),
                (0, "out_of_range"),
                (2**53, "out_of_range"),
                ("1", "wrong_type"),
                (1.5, "wrong_type"),
            ],
            {" 4 ": 4},
        ),
        Case({"table": 1, "on_delete": "cascade"}, [1, 2], [(99, "unknown_row"), ([1], "wrong_type")]),
    ]


class TestLinks(_LinkConformance):
    type_name = "links"
    cases = [
        Case(
            {"table": 1},
            [[1], [], [3, 1, 2], [9]],
            [([10], "unknown_row"), ([1, 1], "duplicate_item"), (1, "wrong_type"), ([0], "out_of_range")],
            {"[4,5]": [4, 5], "6": [6]},
        )
    ]

    def test_null_missing_and_required(self, app, case):
        """A list may be empty, and is never null."""
        table = self.table(app, case)
        assert table.add({})["value"] == table.add_value(None)["value"] == []
        row = table.add_value([1])
        assert table.change(row["id"], {"value": None})["value"] == table.replace(row["id"], {})["value"] == []
        for option in ("required", "unique", "index"):
            answer = table.define({"value": self.document(case, **{option: True})}, status=422)
            assert {problem["pointer"] for problem in answer["errors"]} == {f"/fields/value/{option}"}

    def test_field_is_added_renamed_constrained_and_dropped(self, app, case):
        table = self.table(app, case)
        rows = [table.add_value(value) for value, _ in case.pairs]
        table.define({"key": "integer", "renamed": self.document(case, renamed_from="value")})
        assert [row["renamed"] for row in table.rows()] == [row["value"] for row in rows]
        table.define({"key": "integer"})
        assert "renamed" not in table.rows()[0]
        table.define({"key": "integer", "renamed": self.document(case)})
        assert [row["renamed"] for row in table.rows()] == [[] for row in rows]

    def test_generated_class_gives_and_takes_stored_values(self, app, case):
        table = self.table(app, case)
        given = {table.add_value(value)["id"]: answer for value, answer in case.pairs}
        cls = table.catalogue.models[table.model_name]
        with table.catalogue.session() as session:
            assert {row_id: list(session.get(cls, row_id).value) for row_id in given} == given
            added = cls(value=[2, 1])
            session.add(added)
            session.flush()
            row_id = added.id
        assert table.row(row_id)["value"] == [2, 1]


class TestUser(FieldTypeConformance):
    """There are users of the ids 1 to 9. That others are refused is shown in ``tests/rows/test_users_in_rows.py``."""

    type_name = "user"
    cases = [
        Case(
            {},
            ["user:1", "user:2", "user:9"],
            [
                (f"user:{2**53}", "invalid_format"),
                ("user:01", "invalid_format"),
                ("user:0", "invalid_format"),
                ("user:\u0661", "invalid_format"),
                ("user:1\n", "invalid_format"),
                ("token:1", "invalid_format"),
                ("", "invalid_format"),
                (1, "wrong_type"),
            ],
            {"user:4": "user:4"},
        )
    ]

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def users(cls, apps):
        for app in apps.values():
            accounts = app.app.registry.dynmodel_tenant.accounts
            with accounts.database.writer.begin() as connection:
                for number in range(9):
                    accounts.users.create(connection, name=f"User {number}")


class TestAutonumber(GivenFieldTypeConformance):
    type_name = "autonumber"
    cases = [Case()]


class TestCreatedTime(GivenFieldTypeConformance):
    type_name = "created_time"
    cases = [Case()]


class TestUpdatedTime(GivenFieldTypeConformance):
    type_name = "updated_time"
    cases = [Case()]

    def test_field_is_added_shown_renamed_and_dropped(self, app, case):
        """Its value changes with every write, so that of the suite doesn't apply."""
        table = self.table(app, case)
        row = table.add({"key": 1})
        changed = table.change(row["id"], {"key": 2})
        assert changed["value"] > row["value"]


class TestCreatedBy(GivenFieldTypeConformance):
    type_name = "created_by"
    cases = [Case()]


class TestUpdatedBy(GivenFieldTypeConformance):
    type_name = "updated_by"
    cases = [Case()]
