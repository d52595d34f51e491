"""A type of a plugin declares operators of its own by the same door as the built-in ones."""

import dataclasses

import pytest
import sqlalchemy as sa

from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields import operators
from dynmodel_pyramid.fields.types.text import Text
from dynmodel_pyramid.queries.sql.comparisons import condition


def _begins_with(left, right, dialect):
    return sa.func.substr(left, 1, len(right)) == operators.bound(left, right)


def _a_letter(text, read):
    if len(text) != 1:
        raise ValueError("want one letter")
    return read(text)


class Initials(Text):
    """Text that can be asked for its first letter; it has no order."""

    operators = (
        *operators.IDENTITY,
        operators.Operator("bw", "begins with", _begins_with, _a_letter, quantified=True),
    )


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_an_operator_of_a_type_of_its_own(table, database):
    subject = dataclasses.replace(table.subject(database, "text_"), field_type=Initials())
    texts = [row["text_"] for row in table.rows]

    def found(*arguments, **options):
        return [texts[number - 1] for number in table.ids(database, condition(subject, *arguments, **options))]

    assert found("bw", "A") == [text for text in texts if text is not None and text[:1] == "A"]
    begun = [text for text in texts if text is not None and text[:1] in ("ä", "🙂")]
    assert found("bw", ["ä", "🙂"], quantifier="any") == begun
    assert found("bw", "ä", negated=True) == [text for text in texts if text is not None and text[:1] != "ä"]
    with pytest.raises(Malformed, match="text_, bw: want one letter, not 'AB'"):
        condition(subject, "bw", "AB")
    with pytest.raises(Malformed) as caught:
        condition(subject, "gt", "AB")
    assert caught.value.hint == "it takes eq neq in is isdistinct bw"
