"""The part that the conformance suites of written values and of system values share: applications, and the contract of
options.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import colander
import jsonschema
import pytest
import webtest

import dynmodel_pyramid
from dynmodel_pyramid.fields import FieldType
from dynmodel_pyramid.fields.registry import checked, read_options
from dynmodel_pyramid.fields.schema import mapping_json_schema
from dynmodel_pyramid.testing.cases import CONTEXT, Case
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from dynmodel_pyramid.testing.driver import TableDriver, make_application
from dynmodel_pyramid.testing.values import HOSTILE, nested


def is_system_value(field_type: FieldType, options: dict[str, Any]) -> bool:
    """Whether the values are system values: ``fill`` makes them, or the database computes them."""
    column = field_type.column(options, CONTEXT)
    return field_type.fill is not None or column is None or column.computed is not None


class Suite:
    """The part that the suites share. It needs no fixture of yours."""

    #: The name under which the type is registered.
    type_name: str
    cases: Sequence[Case] = ()
    #: The class, only where no installed distribution has an entry point for it.
    field_type: type[FieldType] | None = None

    # Fixtures

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", self.cases, ids=str)

    @pytest.fixture(scope="class")
    @classmethod
    def apps(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, webtest.TestApp]]:
        """An application on each database."""
        assert cls.cases, "a suite needs at least one case"
        apps = {}
        with ExitStack() as stack:
            for database in DATABASES:
                settings = stack.enter_context(database_settings(database, tmp_path_factory.mktemp("conformance")))
                if cls.field_type is None:
                    wsgi = dynmodel_pyramid.main({}, **settings)
                else:
                    wsgi = make_application(settings, {cls.type_name: cls.field_type})
                stack.callback(wsgi.registry.dynmodel_catalogue.database.close)
                apps[database] = webtest.TestApp(wsgi)
            yield apps

    @pytest.fixture(params=DATABASES)
    def app(self, request: pytest.FixtureRequest, apps: dict[str, webtest.TestApp]) -> webtest.TestApp:
        return apps[request.param]

    @pytest.fixture
    def the_type(self, apps: dict[str, webtest.TestApp]) -> FieldType:
        return apps["sqlite"].app.registry.dynmodel_catalogue.field_types[self.type_name]

    def table(self, app: webtest.TestApp, case: Case, **further: Any) -> TableDriver:
        return TableDriver(app, self.document(case, **further))

    def document(self, case: Case, **further: Any) -> dict[str, Any]:
        return {"type": self.type_name, **case.options, **further}

    # The contract, without a database

    def test_class_keeps_the_contract(self, the_type: FieldType) -> None:
        checked(type(the_type))
        assert type(the_type).__doc__, "the docstring is what clients read about the type"

    def test_options_have_a_full_form(self, the_type: FieldType, case: Case) -> None:
        full = read_options(the_type, dict(case.options))
        assert set(full) == {child.name for child in the_type.options_schema().children}
        assert read_options(the_type, dict(full)) == full, "the full form reads back as itself"
        assert json.loads(json.dumps(full)) == full, "options are stored as JSON"
        self.instances(the_type, full)
        schema = mapping_json_schema(the_type.options_schema())
        validator = jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)
        validator.check_schema(schema)
        validator(schema).validate(full)
        validator(schema).validate(dict(case.options))
        with pytest.raises(colander.Invalid):
            read_options(the_type, {**full, "no_such_option": 1})

    def test_any_option_value_is_taken_or_refused(self, the_type: FieldType, case: Case) -> None:
        for name in read_options(the_type, dict(case.options)):
            for value in (*HOSTILE, nested(150)):
                try:
                    options = read_options(the_type, {**case.options, name: value})
                except colander.Invalid:
                    continue
                self.instances(the_type, options)

    def instances(self, the_type: FieldType, options: dict[str, Any]) -> None:
        """Make everything that a type makes from options; none may raise an error."""
        json.dumps(options)
        one, other = the_type.column(options, CONTEXT), the_type.column(options, CONTEXT)
        assert one is None or (one is not other and one.name is None), "column() gives a new, unnamed column each time"
        assert isinstance(the_type.schema_node(options), colander.SchemaNode)
        json.dumps(the_type.json_schema(options))
        the_type.text_form(options)
        the_type.reference(options)

    def test_unknown_option_is_refused_by_name(self, app: webtest.TestApp, case: Case) -> None:
        document = {"model_name": "Refused", "fields": {"value": self.document(case, no_such_option=1)}}
        problems = app.post_json("/table/", document, status=422).json["errors"]
        assert [problem["pointer"] for problem in problems] == ["/fields/value/no_such_option"]
