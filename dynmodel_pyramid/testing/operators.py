"""The tests of the operators that a field type declares."""

from typing import Any

import sqlalchemy as sa
import webtest

from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.fields.operators import Operator
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.queries.sql.comparisons import condition
from dynmodel_pyramid.queries.sql.subjects import of_field
from dynmodel_pyramid.testing.cases import Case
from dynmodel_pyramid.testing.driver import TableDriver
from dynmodel_pyramid.testing.suite import Suite


class OperatorConformance(Suite):
    """Part of the suite for types whose values clients write."""

    def test_operators_find_the_same_rows_on_both_databases(
        self, apps: dict[str, webtest.TestApp], the_type: FieldType, case: Case
    ) -> None:
        tables = {database: self.table(app, case) for database, app in apps.items()}
        ids = {
            database: [table.add_value(value)["id"] for value, _ in case.pairs] for database, table in tables.items()
        }
        null = {table.add_value(None)["id"] for table in tables.values()}
        if the_type.reference(read_options(the_type, dict(case.options))) is not None:
            null = set()  # an empty list takes its place
        for operator in the_type.operators:
            if set(operator.dialects) >= set(tables):
                self._compare(tables, ids["sqlite"], null, operator, self._texts(the_type, case, operator))

    def stored(self, the_type: FieldType, case: Case, value: Any) -> Any:
        return the_type.schema_node(read_options(the_type, dict(case.options))).deserialize(value)

    def _texts(self, the_type: FieldType, case: Case, operator: Operator) -> list[str]:
        if operator.name == "is":
            return ["null", "not_null"]
        to_text = the_type.text_form(read_options(the_type, dict(case.options))).to_text
        return [to_text(self.stored(the_type, case, value)) for value, _ in case.pairs]

    def _compare(
        self,
        tables: dict[str, TableDriver],
        ids: list[int],
        null: set[int],
        operator: Operator,
        texts: list[str],
    ) -> None:
        for number, text in enumerate(texts):
            value = [text] if operator.many else text
            try:
                matches = {database: self._found(table, operator.name, value) for database, table in tables.items()}
            except Malformed as error:
                # The texts of a type's own values are valid here. Not every text is a valid pattern or word.
                assert operator.name not in ("eq", "neq", "in", "isdistinct"), error
                continue
            assert matches["sqlite"] == matches["postgresql"], f"{operator.name}.{text}"
            if operator.name not in ("is", "isdistinct"):
                for table in tables.values():
                    either = [*matches["sqlite"], *self._found(table, operator.name, value, negated=True)]
                    assert null.isdisjoint(either), f"{operator.name}.{text} is true or false of null"
            if operator.name in ("eq", "in"):
                assert ids[number] in matches["sqlite"], f"{operator.name}.{text} doesn't find the value's own row"
            if operator.name in ("neq", "isdistinct"):
                assert ids[number] not in matches["sqlite"], f"{operator.name}.{text} finds the value's own row"

    @staticmethod
    def _found(table: TableDriver, operator: str, value: Any, **modifiers: Any) -> list[int]:
        model = Attempt(table.catalogue).model(table.definition["id"])
        assert model is not None
        clause = condition(
            of_field(model, model.definition.by_name["value"], model.table), operator, value, **modifiers
        )
        query = sa.select(model.table.c.id).where(clause).order_by(model.table.c.id)
        with table.catalogue.database.reading() as connection:
            return list(connection.scalars(query, execution_options={"compiled_cache": None}))
