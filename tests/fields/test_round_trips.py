"""Hundreds of generated values of every built-in type come back equal, to the last digit and microsecond."""

import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.testing import strategies
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from dynmodel_pyramid.testing.driver import TableDriver
from dynmodel_pyramid.testing.values import same_json
from tests.every_type import written_types

NUMBER, BATCH = 300, 100


@pytest.fixture(scope="module")
def drawn():
    """Name -> (options, pairs); each row of the table has a value of every type."""
    return {
        name: (options, strategies.drawn(strategy, NUMBER)) for name, (options, strategy) in written_types().items()
    }


@pytest.mark.parametrize("database", DATABASES)
def test_generated_values_come_back(database, drawn, tmp_path):
    with database_settings(database, tmp_path) as settings:
        app = webtest.TestApp(dynmodel_pyramid.main({}, **settings))
        fields = {name: {"type": name, **options} for name, (options, _) in drawn.items()}
        table = TableDriver(app, None)
        table.define(fields)
        bad = []
        for start in range(0, NUMBER, BATCH):
            numbers = range(start, start + BATCH)
            added = table.add([{name: pairs[number][0] for name, (_, pairs) in drawn.items()} for number in numbers])
            for answer in (added, table.rows(f"?order=id&offset={start}&limit={BATCH}")):
                for number, row in zip(numbers, answer, strict=True):
                    wanted = {name: pairs[number][1] for name, (_, pairs) in drawn.items()}
                    bad += [
                        (name, drawn[name][1][number], row[name])
                        for name in drawn
                        if not same_json(row[name], wanted[name])
                    ]
        app.app.registry.dynmodel_catalogue.database.close()
    assert bad == []


def test_every_strategy_is_of_an_installed_type():
    types = FieldTypes()
    types.load_entry_points()
    assert set(strategies.known()) <= set(types.names())


def test_a_type_without_a_strategy_is_told():
    with pytest.raises(LookupError, match="no strategy gives values of the type 'colander'.*STRATEGIES"):
        strategies.values("colander")
