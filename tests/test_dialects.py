"""What differs between the databases stands in classes, one a database: names of dialects are compared nowhere else.

``python -m tests.test_dialects`` prints where the package names or compares them.
"""

import ast
import inspect
from collections.abc import Iterable

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from dynmodel_pyramid.database import DIALECTS
from dynmodel_pyramid.database.expressions import EXPRESSIONS, Expressions, OfDialect, expressions_of
from dynmodel_pyramid.database.expressions.sqlite import SQLiteExpressions
from dynmodel_pyramid.fields.contract import ANY_DATABASE
from dynmodel_pyramid.testing.checks import SQLContext
from tests.document_types import built_in, samples
from tests.test_layers import MODULES, PACKAGE

#: Where the classes are.
CLASSES = ("database/", "changes/ddl/")
#: Why else a module names a database.
REASONS = {
    "changes/executor.py": "chooses the schema editor",
    "definitions/migrations/": "what was migrated stays as it was written",
    "fields/contract.py": "a context for those who ask no database",
    "fields/json_schemas.py": "means dialects of JSON Schema",
    "queries/sql/comparisons.py": "asks an operator for the databases that have it",
    "web/openapi/filters.py": "asks an operator for the databases that have it",
    "web/rest/openapi_columns.py": "names PostgreSQL's types for clients of PostgREST, whatever the database",
    "testing/": "runs a test on each database, and compares their answers",
}


def names_one(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(names_one, node.elts))
    return isinstance(node, ast.Constant) and node.value in DIALECTS


def is_a_name(node: ast.expr) -> bool:
    """Whether it is ``....dialect`` or ``dialect.name``."""
    if isinstance(node, ast.Attribute):
        return node.attr == "dialect" or (node.attr == "name" and is_a_name(node.value))
    return isinstance(node, ast.Name) and node.id == "dialect"


def tells_apart(node: ast.AST) -> bool:
    """Whether a name tells one database from another: it is compared, is a key, or stands there as a constant."""
    if isinstance(node, ast.Compare):
        parts = [node.left, *node.comparators]
        return any(map(is_a_name, parts)) and not any(
            isinstance(each, ast.Constant) and each.value is None for each in parts
        )
    if isinstance(node, ast.Subscript):
        return is_a_name(node.slice)
    return isinstance(node, ast.Constant) and names_one(node)


def places() -> Iterable[tuple[str, str]]:
    """(module, line and source) of all names of databases outside of their classes."""
    for path in MODULES:
        module = path.relative_to(PACKAGE).as_posix()
        if not module.startswith(CLASSES):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if tells_apart(node):
                    yield module, f"{module}:{node.lineno}: {ast.unparse(node)}"


def reason_for(module: str) -> str | None:
    return next((reason for known, reason in REASONS.items() if module.startswith(known)), None)


def test_names_of_dialects_are_compared_in_their_classes_alone():
    assert [place for module, place in places() if reason_for(module) is None] == []


def test_each_exception_is_needed():
    modules = {module for module, _ in places()}
    assert [known for known in REASONS if not any(module.startswith(known) for module in modules)] == []


@pytest.mark.parametrize(
    "source",
    [
        "dialect == 'sqlite'",
        "context.dialect != name",
        "dialect.name in ('sqlite', 'postgresql')",
        "FORMS[dialect.name]",
        "FORMS[subject.dialect]",
        "{'postgresql': 1}",
        "kind.with_variant(other, 'sqlite')",
    ],
)
def test_comparisons_are_found(source):
    assert any(map(tells_apart, ast.walk(ast.parse(source))))


@pytest.mark.parametrize("source", ["dialect is None", "'a text about sqlite'", "known(dialect)", "made['a']"])
def test_other_things_are_not(source):
    assert not any(map(tells_apart, ast.walk(ast.parse(source))))


def test_each_database_has_its_classes():
    assert set(EXPRESSIONS) == set(DIALECTS)


def wanted_of_a_database() -> list[str]:
    return [
        name
        for name, method in inspect.getmembers(Expressions, inspect.isfunction)
        if "raise NotImplementedError" in inspect.getsource(method)
    ]


@pytest.mark.parametrize("dialect", EXPRESSIONS)
def test_each_database_has_all_expressions(dialect):
    expressions = type(expressions_of(dialect))
    wanted = wanted_of_a_database()
    assert len(wanted) > 30
    assert [name for name in wanted if getattr(expressions, name) is getattr(Expressions, name)] == []
    public = {name for name, _ in inspect.getmembers(expressions, inspect.isfunction) if not name.startswith("_")}
    known = {name for name, _ in inspect.getmembers(Expressions, inspect.isfunction)}
    assert public <= known, "the base says what all databases are asked for"
    for name in public:
        own, base = (inspect.signature(getattr(each, name)) for each in (expressions, Expressions))
        assert list(own.parameters) == list(base.parameters), name


def test_a_statement_can_be_printed():
    """By a dialect that is no database's."""
    source = sa.literal_column("source")
    made = sa.select(OfDialect(lambda source, dialect: sa.literal_column(f"of_{dialect}"), source, sa.Text()))
    assert "of_sqlite" in str(made)
    for sample in samples(built_in()):
        column = sample.field_type.column(sample.options, ANY_DATABASE)
        if column is not None:
            column.name = "value"
            assert "value" in str(sa.schema.CreateTable(sa.Table("t", sa.MetaData(), column)))


def test_an_unknown_database_is_an_error():
    with pytest.raises(KeyError):
        expressions_of("oracle")


class _Further(SQLiteExpressions):
    """The expressions of a further database, which has no types of its own either."""

    name = "mysql"


@pytest.mark.parametrize("sample", samples(built_in()), ids=lambda sample: sample.name)
def test_a_further_database_is_its_classes(sample, monkeypatch):
    """All that a built-in type says in SQL, a further database says once it has expressions."""
    monkeypatch.setitem(EXPRESSIONS, _Further.name, _Further())
    dialect, context = mysql.dialect(), SQLContext(_Further.name)
    column = sample.field_type.column(sample.options, context)
    if column is None:
        return
    column.name = "value"
    source = sa.Table("t", sa.MetaData(), column).c.value
    made = [
        sample.field_type.json_expression(source, sample.options),
        *sample.field_type.checks(source, sample.options, context).values(),
    ]
    form, text = sample.field_type.text_form(sample.options), sa.column("value", sa.Text())
    for each, of in ((form.sql_to_text, source), (form.sql_from_text, text)):
        if each is not None:
            made.append(each(of, _Further.name))
    if sample.is_written:
        made += [
            known.condition(source, sample.values[0], _Further.name)
            for known in sample.field_type.operators
            if known.name in ("eq", "gt", "cs", "cd", "ov")
        ]
    assert sa.schema.CreateTable(source.table).compile(dialect=dialect).string
    for each in made:
        assert "value" in each.compile(dialect=dialect).string


if __name__ == "__main__":
    for module, place in places():
        print(f"{place:70}  {reason_for(module) or '!'}")
