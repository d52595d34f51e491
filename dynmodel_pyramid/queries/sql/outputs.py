"""The values that a query selects, with their names: for the encoder, and as JSON text in embedded rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.column_expressions import is_list, json_expression, reverse_expression
from dynmodel_pyramid.database.expressions import OfDialect, expressions_of
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.queries.grammar.syntax import Column
from dynmodel_pyramid.queries.sql.json_text import fragment, json_text, or_null
from dynmodel_pyramid.queries.sql.names import Names
from dynmodel_pyramid.queries.sql.subjects import Subject, of_field, of_system

Fields = frozenset[tuple[str, Column]]


@dataclass(frozen=True, slots=True)
class Output:
    """One value of an answer.

    :param shown: the selected expression; its Python value goes to the encoder
    :param text: makes its JSON text in SQL, for embedded rows and for groups
    :param fields: the columns that it shows as they are, by which groups may be ordered: the relation they are of (""
        if they are of the level itself), and the column
    :param subject: the value, if groups may be ordered by it
    :param digits: for an exact number, whose JSON is a string: makes its JSON text as a number
    """

    name: str
    shown: sa.ColumnElement[Any]
    text: Callable[[], sa.ColumnElement[Any]]
    fields: Fields = frozenset()
    digits: Callable[[], sa.ColumnElement[Any]] | None = None
    subject: Subject | None = None

    def named(self, name: str) -> "Output":
        return replace(self, name=name)

    def as_number(self) -> "Output":
        """An exact number as a JSON number, with all its digits."""
        if self.digits is None:
            return self
        digits = self.digits
        return replace(self, shown=fragment(digits()), text=lambda: or_null(digits()))


def own(column: str) -> Fields:
    """A field of the level itself, or a system column."""
    return frozenset({("", Column(column))})


def under(relation: str, outputs: Sequence[Output]) -> Fields:
    """The columns of outputs of a relation, for the level that embeds it."""
    every = (field for output in outputs for field in output.fields)
    return frozenset((relation, column) for deeper, column in every if not deeper)


def of_subject(name: str, subject: Subject, fields: Fields = frozenset()) -> Output:
    """The output of a value made of others, or of a system column."""
    field_type, options, source = subject.field_type, subject.options, subject.expression
    shown = field_type.json_expression(source, options)
    return Output(
        name,
        shown,
        lambda: json_text(shown, source, field_type, options, subject.dialect, subject.name),
        fields,
        digits_of(subject),
        subject,
    )


def digits_of(subject: Subject) -> Callable[[], sa.ColumnElement[Any]] | None:
    """A function that makes the digits of an exact number; None for other values."""
    to_text = subject.field_type.text_form(subject.options).sql_to_text
    if not subject.field_type.exact_numbers or to_text is None:
        return None
    return lambda: sa.type_coerce(to_text(subject.expression, subject.dialect), sa.Text())


def of_text(
    name: str,
    text: sa.ColumnElement[Any],
    fields: Fields = frozenset(),
    embedded: sa.ColumnElement[Any] | None = None,
    digits: Callable[[], sa.ColumnElement[Any]] | None = None,
) -> Output:
    """The output of JSON text that the database makes, or null; ``embedded``: the same, but never null."""
    return Output(name, fragment(text), lambda: or_null(text) if embedded is None else embedded, fields, digits)


def every_output(names: Names) -> list[Output]:
    """The outputs of ``*``: the members of a row, as in :class:`dynmodel_pyramid.rows.encoding.RowEncoder`."""
    readable = names.readable
    outputs = [output_of(names, "id", "id"), *[output_of(names, field.name, field.name) for field in readable]]
    outputs += [output_of(names, name, name, whole=False) for name in names.sides]
    # Former names come after all current ones.
    return outputs + [output_of(names, field.name, alias.name) for field in readable for alias in field.aliases]


def output_of(names: Names, column: str, name: str, *, whole: bool = True) -> Output:
    """A field, system column or reverse side, under a name.

    :param whole: show all ids of a reverse side
    """
    member = names.find(column, "select")
    model, table = names.model, names.table
    if isinstance(member, str):
        return of_subject(name, of_system(model, member, table), own(column))
    if not isinstance(member, FieldDefinition):
        rows = names.reverse_sides.rows(member)
        text = sa.type_coerce(reverse_expression(model, member, table, rows, whole=whole), sa.Text())
        return of_text(name, text, own(column), text)
    shown = json_expression(model, member, table)
    if is_list(model, member):
        text = sa.type_coerce(shown, sa.Text())
        there = names.view.shown(table, member)
        if there is not None:
            hidden = sa.case((there, text))
            return of_text(name, hidden, own(column))
        return of_text(name, text, own(column), text)
    subject = of_field(model, member, table)
    return Output(
        name,
        shown,
        lambda: json_text(
            shown, subject.expression, subject.field_type, subject.options, subject.dialect, subject.name
        ),
        own(column),
        digits_of(subject),
        subject,
    )


def put_off(outputs: Sequence[Output], dialect: str) -> list[Output]:
    """The outputs, with texts that the database makes of values made after the sort."""
    after_sort = expressions_of(dialect).after_sort
    return [
        replace(output, shown=after_sort(output.shown, output.subject.expression))
        if isinstance(output.shown, OfDialect) and output.subject is not None
        else output
        for output in outputs
    ]


def selected(outputs: Sequence[Output]) -> list[sa.ColumnElement[Any]]:
    """What a statement selects for outputs."""
    return labelled([output.shown for output in outputs])


def labelled(values: Sequence[sa.ColumnElement[Any]]) -> list[sa.ColumnElement[Any]]:
    """Values with generated labels: users' names could equal those of other columns in the statement."""
    return [value.label(f"_{number}") for number, value in enumerate(values)]
