"""One condition of the grammar (PostgREST, "Operators") -> SQL.

An operator makes its condition (:class:`~dynmodel_pyramid.fields.operators.Operator`), and the field type reads values;
this module joins the two. Values go into SQL as their field stores them, never as texts that the database would
convert.
"""

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.database.expressions import expressions_of
from dynmodel_pyramid.definitions.problems import faults
from dynmodel_pyramid.errors import Conflict, Malformed
from dynmodel_pyramid.fields import operators
from dynmodel_pyramid.fields.operators import Operator
from dynmodel_pyramid.fields.schema import UNSTORABLE
from dynmodel_pyramid.fields.types.decimal_operators import DECIMALS
from dynmodel_pyramid.hints import asked, meant
from dynmodel_pyramid.queries.grammar.syntax import Placeholder
from dynmodel_pyramid.queries.sql.subjects import Subject

#: The most characters of a value in messages.
_SHOWN = 100
#: The most values of one condition. SQLite allows 1,000 nested expressions and 32,766 parameters (Implementation
#: Limits).
MOST_VALUES, MOST_QUANTIFIED = 10_000, 500
QUANTIFIERS = {"any": (sa.or_, sa.false), "all": (sa.and_, sa.true)}


class Clock:
    """The moment at which the relative times of a query are evaluated: one for all of them.

    ``is_asked``: whether there are any, so that the statement is not for another moment.
    """

    def __init__(self, moment: datetime.datetime) -> None:
        self.moment = moment
        self.is_asked = False

    def value(self, subject: Subject, text: str) -> Any:
        """The JSON value of a relative time; None: the text is none, or the type knows none."""
        value = subject.field_type.relative_value(text, subject.options, self.moment)
        self.is_asked = self.is_asked or value is not None
        return value


#: Makes the values of a placeholder: the subject, the operator, the placeholder -> parameters, one or a list.
Operands = Callable[[Subject, Operator, Placeholder], Any]
#: The operators that never fail and take as long for every value, with the SQL that all types share.
PLAIN = frozenset(
    operator.condition for operator in (operators.EQ, operators.NEQ, operators.GT, operators.GTE, operators.LT)
) | {operators.LTE.condition, operators.IN.condition, operators.IS.condition, operators.IS_DISTINCT.condition}
PLAIN |= {operator.condition for operator in DECIMALS}


def condition(
    subject: Subject,
    operator: str,
    value: str | Sequence[str] | Placeholder,
    *,
    negated: bool = False,
    quantifier: str | None = None,
    language: str | None = None,
    clock: Clock | None = None,
    operands: Operands | None = None,
    guard: sa.ColumnElement[bool] | None = None,
    may_narrow: bool = False,
) -> sa.ColumnElement[bool]:
    """The SQL of ``subject operator value``; it is null where SQL's comparison is null, so that ``not`` leaves nulls
    out.

    :param value: the text in the query; a tuple of texts with a quantifier, or for an operator with a list
    :param quantifier: ``any`` or ``all`` of the values
    :param language: of the operators of text search
    :param clock: evaluates relative times; None: there are none
    :param operands: makes the values of placeholders, which only conditions of grants have
    :param guard: must hold before a condition is looked at that may fail or be slow; else the condition is null
    :param may_narrow: whether it may be false where it is null, so that an index may narrow the rows
    :raises Malformed: the type has no such operator, the operator has no such modifier, or the value is wrong
    :raises Conflict: this database does not have the operator
    """
    known = operator_of(subject, operator)
    if isinstance(value, Placeholder):
        assert operands is not None  # the grammar of queries has no placeholders
        clause = _made(subject, known, operands(subject, known, value))
        return sa.not_(clause) if negated else clause
    _check_modifiers(subject, known, value, quantifier, language)
    if quantifier is not None:
        join, of_nothing = QUANTIFIERS[quantifier]
        parts = [_made(subject, known, _read(subject, known, text, clock)) for text in value]
        clause = join(of_nothing(), *parts)
        right = None
    else:
        texts = [value] if isinstance(value, str) else value
        read = [_read(subject, known, text, clock) for text in texts]
        right = read if known.many else read[0]
        clause = _made(subject, known, (language, right) if known.searches else right)
    clause = sa.not_(clause) if negated else clause
    narrows = may_narrow and not negated and quantifier is None
    return _guarded(subject, known, clause, guard, _near(subject, known, language, right) if narrows else None)


def holds(
    subject: Subject, known: Operator, right: Any, guard: sa.ColumnElement[bool] | None
) -> sa.ColumnElement[bool]:
    """The condition of an operator of text by what its ``read`` gives; an index may narrow the rows."""
    clause = _made(subject, known, (None, right) if known.searches else right)
    return _guarded(subject, known, clause, guard, _near(subject, known, None, right))


def _guarded(
    subject: Subject,
    known: Operator,
    clause: sa.ColumnElement[bool],
    guard: sa.ColumnElement[bool] | None,
    near: sa.ColumnElement[bool] | None,
) -> sa.ColumnElement[bool]:
    if subject.shown is not None:
        # Of a value that is not shown nothing is known, not even whether it is null.
        return sa.case((subject.shown, clause))
    is_plain = known.condition in PLAIN and isinstance(subject.expression, sa.ColumnClause)
    clause = clause if guard is None or is_plain else sa.case((guard, clause))
    return clause if near is None else sa.and_(near, clause)


def _near(subject: Subject, known: Operator, language: str | None, right: Any) -> sa.ColumnElement[bool] | None:
    """What an index of words says of the rows; None: nothing."""
    index, row = subject.manner.index, subject.row
    if index is None or row is None or known.near is None:
        return None
    query = known.near((language, right) if known.searches else right, subject.manner)
    return None if query is None else expressions_of(subject.dialect).candidates(index, row, query)


def _made(subject: Subject, known: Operator, right: Any) -> sa.ColumnElement[bool]:
    further = (subject.manner,) if known.folds else ()
    return known.condition(subject.expression, right, subject.dialect, *further)


def operators_of(subject: Subject) -> dict[str, Operator]:
    return {known.name: known for known in subject.field_type.operators}


def operator_of(subject: Subject, name: str) -> Operator:
    """
    :raises Malformed: the subject's type has no such operator
    :raises Conflict: this database does not have it
    """
    every = operators_of(subject)
    known = every.get(name)
    if known is None:
        raise Malformed(
            f"{_short(subject.name)} takes no operator {_short(name)}",
            code="unknown_operator",
            hint=_takes(subject, name),
        )
    if subject.dialect not in known.dialects:
        raise Conflict(
            f"{_short(subject.name)}: the operator {name} needs another database: {', '.join(known.dialects)}",
            code="unsupported_by_database",
        )
    return known


def _takes(subject: Subject, name: str) -> str:
    here = [known for known, operator in operators_of(subject).items() if subject.dialect in operator.dialects]
    return " ".join(part for part in (meant(name, here), f"it takes {' '.join(here)}") if part)


def _check_modifiers(
    subject: Subject, known: Operator, value: str | Sequence[str], quantifier: str | None, language: str | None
) -> None:
    if quantifier is not None and (quantifier not in QUANTIFIERS or not known.quantified):
        takes = " ".join(name for name, other in operators_of(subject).items() if other.quantified)
        problem = f"it takes no {_short(quantifier)}"
        raise _refused(subject, known, problem, hint=f"{takes} take any and all" if takes else None)
    if language is not None and not known.searches:
        raise _refused(subject, known, "it takes no language")
    if language is not None and language not in known.languages:
        hint = f"known are {' '.join(sorted(known.languages))}"
        raise _refused(subject, known, f"there is no language {_short(language)}", hint=hint)
    if language in known.stems and not expressions_of(subject.dialect).has_stems:
        raise Conflict(
            f"{_short(subject.name)}, {known.name}: this database has no stems of words in the language {language}",
            code="unsupported_by_database",
            hint=f"leave the language out, or say {' or '.join(sorted(known.languages - known.stems))}",
        )
    wants_list, most = known.many or quantifier is not None, MOST_VALUES if known.many else MOST_QUANTIFIED
    if wants_list == isinstance(value, str):
        raise _refused(subject, known, "want a list of values" if wants_list else "want one value")
    if wants_list and len(value) > most:
        raise _refused(subject, known, f"want at most {most} values, not {len(value)}")


def _read(subject: Subject, known: Operator, text: str, clock: Clock | None) -> Any:
    """The operator's value for a text of the query."""

    def read(text: str) -> Any:
        value = None if clock is None else clock.value(subject, text)
        if value is None:
            value = subject.field_type.text_form(subject.options).from_text(text)
        return subject.field_type.operand_node(subject.options).deserialize(value)

    try:
        bad = UNSTORABLE.search(text)
        if bad:
            raise ValueError(f"no value has the character U+{ord(bad.group()):04X}")
        return known.read(text, read)
    except colander.Invalid as error:
        problem = "; ".join(message for _, _, message in faults(error))
    except ValueError as error:
        problem = str(error)
    instead = known.instead.get(text.lower())
    hint = subject.field_type.text_hint(text[:_SHOWN]) if instead is None else asked([instead])
    wanted = subject.field_type.json_schema(subject.options).get("format")
    raise _refused(subject, known, f"{problem}, not {_short(text)!r}", format=wanted, hint=hint) from None


def _refused(
    subject: Subject, known: Operator, problem: str, *, hint: str | None = None, format: str | None = None
) -> Malformed:
    """
    :param format: the format of the field's values, as JSON Schema names it
    """
    members = {} if format is None else {"format": format}
    return Malformed(f"{_short(subject.name)}, {known.name}: {problem}", code="invalid_operand", hint=hint, **members)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
