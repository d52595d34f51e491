"""Conditions of grants: text -> :class:`~.conditions.Condition`; :mod:`~.condition_printing` is the way back.

The text is a query string that has filters only, and ``select`` where a relation needs an alias or a hint:
``select=boss:Person!boss()&boss.name=eq.Ada``.
"""

import datetime
import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import colander

from dynmodel_pyramid.access.conditions import (
    Condition,
    Placeholder,
    Step,
    field_column,
    is_existence,
    mapped,
    query,
    reverse_column,
)
from dynmodel_pyramid.access.operands import moment_value
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.definitions.model import Referrer
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields.contract import FieldType, Options
from dynmodel_pyramid.fields.operators import EQ, GT, GTE, IN, IS, IS_DISTINCT, LT, LTE, NEQ
from dynmodel_pyramid.fields.relative_times import relative_form
from dynmodel_pyramid.fields.types.decimal_operators import DECIMALS
from dynmodel_pyramid.queries.errors import QueryError, clip
from dynmodel_pyramid.queries.grammar.parameters import split
from dynmodel_pyramid.queries.grammar.parsing import parse
from dynmodel_pyramid.queries.grammar.rules import Rules
from dynmodel_pyramid.queries.grammar.syntax import Column, Embed, Filter, Level, Path, Query, SelectItem, Star
from dynmodel_pyramid.queries.grammar.syntax import Condition as Leaf
from dynmodel_pyramid.queries.sql.comparisons import condition as compared
from dynmodel_pyramid.queries.sql.comparisons import operator_of
from dynmodel_pyramid.queries.sql.names import Names
from dynmodel_pyramid.queries.sql.relation_names import link_of
from dynmodel_pyramid.queries.sql.selection import Selection, Surroundings
from dynmodel_pyramid.queries.sql.subjects import Subject
from dynmodel_pyramid.queries.sql.views import Models, WholeTables

#: The operators that a placeholder may follow: their SQL is known to be right for any value of the field.
WITH_PLACEHOLDER = (EQ, NEQ, GT, GTE, LT, LTE, IN, IS_DISTINCT)
_WITH_PLACEHOLDER = (*WITH_PLACEHOLDER, *(known for known in DECIMALS if known is not IS))
#: The most characters of a condition.
LONGEST = 10_000
PLACEHOLDERS = "{user.id}, {user.name}, {user.email}, {user.claims.NAME}, {now}, {today}, and times as {now-7d}"
#: At which relative times are tried.
_SOME_MOMENT = datetime.datetime(2026, 1, 31, 12, 0, 0, 1, tzinfo=datetime.UTC)
_PLACEHOLDER = re.compile(r"user\.(?:id|name|email|claims(?:\.[^\s{}.,()\"&]+)+)")
_LIKE_ONE = re.compile(r"\{[A-Za-z][\w.]*\}")


def is_placeholder(name: str, field_type: FieldType, options: Options) -> bool:
    """Whether there is a placeholder of these words for a field."""
    if len(name) > 200:
        return False
    return _PLACEHOLDER.fullmatch(name) is not None or _moment_value(name, field_type, options) is not None


def _moment_value(name: str, field_type: FieldType, options: Options) -> Any:
    """A value of a relative time for a field; None if it is none."""
    form = relative_form(name)
    try:
        return None if form is None else moment_value(form, field_type, options, _SOME_MOMENT)
    except ValueError:
        return None


def read_condition(text: str, model: Model, models: Models, rules: Rules) -> Condition:
    """The condition of a text, for the rows of a table; names, operators and operands are checked.

    :raises Malformed: the grammar is broken, a name is unknown, an operator or operand is wrong
    :raises Conflict: this database can't run it
    """
    if len(text) > LONGEST:
        raise Malformed(f"a condition has at most {LONGEST} characters", code="too_long")
    try:
        pairs = split(text.encode().decode("latin-1"))
    except UnicodeEncodeError:
        raise Malformed("a condition is text without lone surrogates", code="unstorable_text") from None
    if not pairs:
        raise Malformed("a condition has at least one filter", code="invalid_query", hint="leave it out for all rows")
    parsed = parse(pairs, replace(rules, placeholders=True))
    _refuse_other_parts(parsed)
    root = _Node(model)
    levels = _Reader(parsed, root, models).levels()
    found = Condition(model.definition.id, levels)
    _compile(found, model, models)
    return found


def _refuse_other_parts(parsed: Query) -> None:
    others: dict[str, Any] = {"columns": parsed.columns, "on_conflict": parsed.on_conflict, **parsed.reading_only}
    for level in parsed.levels:
        others |= {"order": level.order or None, "limit": level.limit, "offset": level.offset or None}
        others["having"] = level.having or None
        for name, value in others.items():
            if value is not None:
                raise QueryError("a condition has filters only", parameter=name, part="name")
    if not parsed.levels and parsed.select == (Star(),):
        raise QueryError("a condition has at least one filter", parameter="select")


def _compile(condition: Condition, model: Model, models: Models) -> None:
    """Refuse a condition whose SQL is too large."""
    asked = query(condition, model, models)
    levels = tuple(replace(level, filters=mapped(level.filters, _without_placeholder)) for level in asked.levels)
    around = Surroundings(replace(asked, levels=levels), models, WholeTables())
    Selection(around, around.names(model), asked.select).conditions()


def _without_placeholder(leaf: Leaf) -> Leaf:
    return Leaf(Column("id"), "eq", "1") if isinstance(leaf.value, Placeholder) else leaf


def _names(model: Model, models: Models) -> Names:
    """All names of a table."""
    return Surroundings(Query(), models, WholeTables()).names(model)


@dataclass
class _Node:
    """A table of the condition, and the relations that it follows from there, by their names in the text."""

    model: Model
    below: dict[str, "tuple[Step, _Node]"] = field(default_factory=dict)


class _Reader:
    def __init__(self, parsed: Query, root: _Node, models: Models) -> None:
        self.parsed, self.root, self.models = parsed, root, models
        #: Paths of steps that must be levels, though they have no filters.
        self.bare: list[Path] = []
        self._embed(root, parsed.select, ())
        for level in parsed.levels:
            self._follow(level.path)

    def levels(self) -> tuple[Level, ...]:
        found: dict[Path, list[Filter]] = {}
        for level in self.parsed.levels:
            node, path = self._follow(level.path)
            found.setdefault(path, []).extend(mapped(level.filters, partial(self._leaf, node, path, level.path)))
        for path in self.bare:
            if not any(other[: len(path)] == path for other in found):
                found[path] = []
        # In one order, so that conditions that mean the same are equal: all levels must hold.
        return tuple(Level(path, tuple(found[path])) for path in sorted(found))

    def _embed(self, node: _Node, items: tuple[SelectItem, ...], path: Path) -> None:
        for item in items:
            if isinstance(item, Star) and not path:
                continue
            if not isinstance(item, Embed) or item.spread or item.join == "left":
                raise QueryError(
                    "a condition selects nothing but relations", parameter="select", hint="select=alias:relation()"
                )
            if item.key in node.below:
                raise QueryError(f"{clip(item.key)} is there twice", parameter="select", hint="give it another alias")
            step, far = self._add(node, item.key, item.relation, item.hint, "select")
            self.bare.append((*path, str(step)))
            self._embed(far, item.items, (*path, str(step)))

    def _follow(self, names: Path) -> tuple[_Node, Path]:
        node, path = self.root, []
        for name in names:
            step, node = node.below.get(name) or self._add(node, name, name, None, ".".join(names))
            path.append(str(step))
        return node, tuple(path)

    def _add(self, node: _Node, key: str, name: str, hint: str | None, parameter: str) -> tuple[Step, _Node]:
        names = _names(node.model, self.models)
        relation = link_of(names, name, hint, self.models, WholeTables(), clip(parameter))
        same = [step for step, _ in node.below.values() if step.link == relation.id]
        far = self.models(relation.far)
        assert far is not None  # a relation leads to a table that is there
        step = Step(relation.id, relation.far, len(same) + 1)
        node.below[key] = step, _Node(far)
        return node.below[key]

    def _leaf(self, node: _Node, path: Path, names: Path, leaf: Leaf) -> Leaf:
        name = leaf.column.name
        parameter = clip(".".join((*names, name)))
        known = node.below.get(name)
        table = _names(node.model, self.models)
        if is_existence(leaf):
            side = None if known else table.find(name, parameter)
            if isinstance(side, Referrer):
                known = self._add(node, name, name, None, parameter)
            if known is not None:
                self.bare.append((*path, str(known[0])))
                return replace(leaf, column=Column(str(known[0])))
        leaf = _with_moment(leaf, table.subject(leaf.column, parameter))
        _check(leaf, table, parameter)
        member = table.find(name, parameter)
        if isinstance(member, str):
            return leaf
        column = (
            reverse_column(member.table_id, member.field_id)
            if isinstance(member, Referrer)
            else field_column(member.id)
        )
        return replace(leaf, column=replace(leaf.column, name=column))


def _with_moment(leaf: Leaf, subject: Subject) -> Leaf:
    """A relative time becomes a placeholder, because it is evaluated when a statement runs."""
    text = leaf.value.name if isinstance(leaf.value, Placeholder) else leaf.value
    form = relative_form(text) if isinstance(text, str) and leaf.quantifier is None else None
    if form is None:
        return leaf
    is_time = subject.field_type.relative_value("now", subject.options, _SOME_MOMENT) is not None
    return replace(leaf, value=Placeholder(form)) if is_time or isinstance(leaf.value, Placeholder) else leaf


def _check(leaf: Leaf, names: Names, parameter: str) -> None:
    """Refuse an operator or operand that the field does not have."""
    subject = names.subject(leaf.column, parameter)
    if not isinstance(leaf.value, Placeholder):
        texts = (leaf.value,) if isinstance(leaf.value, str) else leaf.value
        for text in texts:
            if _is_meant_as_one(text, leaf):
                raise Malformed(
                    f"{parameter}: {clip(text)} is no whole operand that is a placeholder",
                    code="invalid_operand",
                    hint=f"placeholders are {PLACEHOLDERS}; one is the whole operand, also of a list: in.{{user.id}}",
                )
        compared(
            subject,
            leaf.operator,
            leaf.value,
            negated=leaf.negated,
            quantifier=leaf.quantifier,
            language=leaf.language,
        )
        return
    if not is_placeholder(leaf.value.name, subject.field_type, subject.options):
        raise Malformed(
            f"{parameter}: there is no placeholder {{{clip(leaf.value.name)}}}",
            code="invalid_operand",
            hint=f"there are {PLACEHOLDERS}",
        )
    value = _moment_value(leaf.value.name, subject.field_type, subject.options)
    if value is not None:
        # Those of identities are judged when they are known.
        try:
            subject.field_type.operand_node(subject.options).deserialize(value)
        except colander.Invalid:
            raise Malformed(
                f"{parameter}: {{{leaf.value.name}}} is no value of this field", code="invalid_operand"
            ) from None
    known = operator_of(subject, leaf.operator)
    if leaf.quantifier or leaf.language or not any(known is one for one in _WITH_PLACEHOLDER):
        modifier = f"({leaf.quantifier or leaf.language})" if leaf.quantifier or leaf.language else ""
        raise Malformed(
            f"{parameter}: no placeholder follows {leaf.operator}{modifier} of this field",
            code="invalid_operand",
            hint=f"it may follow {' '.join(operator.name for operator in WITH_PLACEHOLDER)}",
        )


def _is_meant_as_one(text: str, leaf: Leaf) -> bool:
    if leaf.quantifier is not None:  # eq(any).{user.id} is an array of one text
        return _PLACEHOLDER.fullmatch(text) is not None
    return _LIKE_ONE.fullmatch(text) is not None and leaf.operator in {known.name for known in WITH_PLACEHOLDER}
