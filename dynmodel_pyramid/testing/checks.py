"""The tests of :meth:`FieldType.checks`: the database and the validator must judge alike."""

from typing import Any

import colander
import pytest
import sqlalchemy as sa
import webtest

from dynmodel_pyramid.fields.contract import FieldType
from dynmodel_pyramid.fields.registry import read_options
from dynmodel_pyramid.testing.cases import Case
from dynmodel_pyramid.testing.strategies import drawn
from dynmodel_pyramid.testing.suite import Suite


class CheckTests(Suite):
    """A part of :class:`FieldTypeConformance`."""

    #: How many values are drawn from each case's strategy.
    generated: int

    def test_checks_agree_with_the_validator(self, app: webtest.TestApp, the_type: FieldType, case: Case) -> None:
        options = read_options(the_type, dict(case.options))
        driver = self.table(app, case)
        database, model = driver.catalogue.database, driver.catalogue.models[driver.model_name]
        table: sa.Table = sa.inspect(model).local_table
        if "value" not in table.c:
            return
        checks = the_type.checks(table.c.value, options, SQLContext(database.dialect.name))
        assert all(key in options or key.isidentifier() for key in checks)
        assert all(len(key) <= 20 for key in checks), "a key is a part of a constraint's name"
        node = the_type.schema_node(options)
        pairs = [*case.pairs, *(drawn(case.strategy, self.generated) if case.strategy is not None else ())]
        with database.writer.begin() as connection:
            rows = [{"value": node.deserialize(value)} for value, _ in pairs]
            connection.execute(sa.insert(table), [*rows, {"value": None}])
        for value in refused_by(the_type, case, set(checks)):
            with pytest.raises(sa.exc.IntegrityError), database.writer.begin() as connection:
                connection.execute(sa.insert(table), [{"value": value}])


class SQLContext:
    """The context passed to a field type."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect


def refused_by(the_type: FieldType, case: Case, checked: set[str]) -> list[Any]:
    """The stored form of invalid values that would be valid without the options that are checked."""
    values = []
    try:
        without = {name: value for name, value in case.options.items() if name not in checked}
        node = the_type.schema_node(read_options(the_type, without))
    except colander.Invalid:
        return []  # a required option
    for value, _ in case.invalid:
        try:
            values.append(node.deserialize(value))
        except colander.Invalid:
            continue
    return values
