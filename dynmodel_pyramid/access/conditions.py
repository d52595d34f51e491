"""Conditions of grants, in the query grammar, with the ids of fields and relations in the place of names.

A condition is written like the filters of a query string: ``team=in.{user.claims.teams}&status=neq.closed``, or with
relations: ``team.members.name=eq.x`` asks whether the row has such a row over there. A placeholder stands for a whole
operand, and gets its value from the identity when a statement runs.

:mod:`~.condition_texts` reads them, and :mod:`~.condition_printing` prints them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.errors import Conflict
from dynmodel_pyramid.fields.relative_times import relative_form
from dynmodel_pyramid.queries.grammar.syntax import (
    LOGIC,
    QUANTIFIERS,
    Column,
    Embed,
    Filter,
    Group,
    Join,
    Level,
    Link,
    Path,
    Placeholder,
    Query,
)
from dynmodel_pyramid.queries.grammar.syntax import Condition as Leaf
from dynmodel_pyramid.queries.sql.views import Models

__all__ = ["Condition", "ConditionBroken", "Placeholder", "Step", "query"]

#: Begins the text of a step. No field's name has a private character, so no field is taken for a step.
_MARK = "\ue000"
_STEP = re.compile(_MARK + r"([<>])(\d+)\.(\d+)\.(\d+)(?:#(\d+))?")
_FIELD = re.compile(r"#(\d+)")
_REVERSE = re.compile(r"~(\d+)\.(\d+)")


class ConditionBroken(Conflict):
    """A condition of a grant names something that is gone. A grant with such a condition does not hold."""

    code = "condition_broken"


@dataclass(frozen=True, slots=True)
class Step:
    """One relation of a path.

    :param link: the field that links
    :param far: the id of the table that the relation leads to
    :param number: from 1 on: a condition may ask twice for rows of one relation
    """

    link: Link
    far: int
    number: int = 1

    def __str__(self) -> str:
        arrow = "<" if self.link.reverse else ">"
        last = f"#{self.number}" if self.number > 1 else ""
        return f"{_MARK}{arrow}{self.link.table_id}.{self.link.field_id}.{self.far}{last}"

    @classmethod
    def read(cls, text: str) -> "Step | None":
        match = _STEP.fullmatch(text)
        if match is None:
            return None
        arrow, table_id, field_id, far, number = match.groups()
        return cls(Link(int(table_id), int(field_id), arrow == "<"), int(far), int(number or 1))


def field_column(field_id: int) -> str:
    """The name of a field in the columns of a condition."""
    return f"#{field_id}"


def reverse_column(table_id: int, field_id: int) -> str:
    """The name of a reverse side, whose value is a list of ids."""
    return f"~{table_id}.{field_id}"


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition for the rows of one table.

    :param table_id: the table
    :param levels: values of the grammar. The names of columns are ``#field``, ``~table.field`` for a reverse side, the
        text of a :class:`Step` for the existence of related rows, or system columns; those of a path are steps
    """

    table_id: int
    levels: tuple[Level, ...]

    def to_stored(self) -> dict[str, Any]:
        """As JSON."""
        levels = [
            {
                "path": [text.removeprefix(_MARK) for text in level.path],
                "filters": [_filter_to_stored(item) for item in level.filters],
            }
            for level in self.levels
        ]
        return {"table": self.table_id, "levels": levels}

    @classmethod
    def from_stored(cls, document: dict[str, Any]) -> "Condition":
        levels = tuple(
            Level(tuple(map(_marked, level["path"])), tuple(_filter_from_stored(item) for item in level["filters"]))
            for level in document["levels"]
        )
        return cls(document["table"], levels)

    def names(self) -> frozenset[tuple[int, int]]:
        """(table, field) of all fields that it names, links and fields of far tables included."""
        found: set[tuple[int, int]] = set()
        for level in self.levels:
            steps = [step for step in map(Step.read, level.path) if step is not None]
            table_id = steps[-1].far if steps else self.table_id
            found.update((step.link.table_id, step.link.field_id) for step in steps)
            for leaf in leaves(level.filters):
                if match := _FIELD.fullmatch(leaf.column.name):
                    found.add((table_id, int(match[1])))
                elif match := _REVERSE.fullmatch(leaf.column.name):
                    found.add((int(match[1]), int(match[2])))
                elif (step := Step.read(leaf.column.name)) is not None:
                    found.add((step.link.table_id, step.link.field_id))
        return frozenset(found)

    def tables(self) -> frozenset[int]:
        """The ids of all tables that it reads."""
        far = {step.far for level in self.levels for step in map(Step.read, level.path) if step is not None}
        return frozenset({self.table_id, *far, *(table_id for table_id, _ in self.names())})

    @property
    def is_timeless(self) -> bool:
        """Whether it does not depend on the moment."""
        return all(relative_form(placeholder.name) is None for placeholder in self.placeholders())

    def placeholders(self) -> frozenset[Placeholder]:
        every = (leaf.value for level in self.levels for leaf in leaves(level.filters))
        return frozenset(value for value in every if isinstance(value, Placeholder))


def _marked(stored: str) -> str:
    """The text of a step, of its stored form, which has no mark; other names of columns stay."""
    return _MARK + stored if stored[:1] in ("<", ">") else stored


def leaves(filters: tuple[Filter, ...]) -> Iterator[Leaf]:
    """The conditions in groups of them."""
    for item in filters:
        if isinstance(item, Group):
            yield from leaves(item.items)
        else:
            yield item


def mapped(filters: tuple[Filter, ...], change: Callable[[Leaf], Leaf]) -> tuple[Filter, ...]:
    """Conditions and groups, with every condition in them changed."""
    return tuple(
        replace(item, items=mapped(item.items, change)) if isinstance(item, Group) else change(item) for item in filters
    )


def is_existence(leaf: Leaf) -> bool:
    """Whether it asks, or could ask, for the existence of related rows."""
    return leaf.operator == "is" and leaf.value in ("null", "not_null") and not leaf.column.path


def _filter_to_stored(item: Filter) -> dict[str, Any]:
    stored: dict[str, Any]
    if isinstance(item, Group):
        stored = {item.operator: [_filter_to_stored(member) for member in item.items]}
    else:
        value: Any = item.value
        if isinstance(value, Placeholder):
            value = {"placeholder": value.name}
        elif isinstance(value, tuple):
            value = list(value)
        stored = {"column": item.column.name.removeprefix(_MARK), "operator": item.operator, "value": value}
        if item.column.path:
            stored |= {"path": list(item.column.path), "as_text": item.column.as_text}
        if item.quantifier is not None:
            stored["quantifier"] = item.quantifier
        if item.language is not None:
            stored["language"] = item.language
    return {**stored, "negated": True} if item.negated else stored


def _filter_from_stored(stored: dict[str, Any]) -> Filter:
    negated = stored.get("negated", False)
    for word, logic in LOGIC.items():
        if word in stored:
            return Group(logic, tuple(_filter_from_stored(item) for item in stored[word]), negated)
    value = stored["value"]
    if type(value) is dict:
        value = Placeholder(value["placeholder"])
    elif type(value) is list:
        value = tuple(value)
    column = Column(_marked(stored["column"]), tuple(stored.get("path", ())), stored.get("as_text", False))
    quantifier = QUANTIFIERS[stored["quantifier"]] if "quantifier" in stored else None
    return Leaf(column, stored["operator"], value, negated, quantifier, stored.get("language"))


# As a query


def query(condition: Condition, model: Model, models: Models) -> Query:
    """The query whose conditions (``Selection.conditions``) are this condition, with today's names of fields.

    Each relation is embedded under the text of its step. A row must have such related rows (``!inner``), unless the
    condition itself asks whether it has: ``or=(members.is.null,...)``.

    :raises ConditionBroken: it names something that is gone
    """
    far: dict[Path, Model] = {(): model}
    for path in paths(condition):
        if path:
            step = Step.read(path[-1])
            found = None if step is None else models(step.far)
            if found is None:
                raise ConditionBroken("a condition leads to a table that is gone")
            far[path] = found
    levels = tuple(
        replace(level, filters=mapped(level.filters, partial(_named, far[level.path]))) for level in condition.levels
    )
    return Query(select=_embeds(condition, ()), levels=levels)


def paths(condition: Condition) -> list[Path]:
    """All paths to tables that it reads, each after those that lead to it."""
    every = {level.path[:depth]: None for level in condition.levels for depth in range(len(level.path) + 1)}
    return sorted({(): None, **every}, key=len)


def _embeds(condition: Condition, path: Path) -> tuple[Embed, ...]:
    asked = {
        leaf.column.name for level in condition.levels if level.path == path for leaf in leaves(level.filters)
    }  # columns of existence are the texts of steps
    embeds = []
    for below in paths(condition):
        if len(below) == len(path) + 1 and below[:-1] == path:
            step = Step.read(below[-1])
            assert step is not None  # paths consist of steps
            join: Join | None = None if below[-1] in asked else "inner"
            embeds.append(Embed(below[-1], _embeds(condition, below), below[-1], None, join, link=step.link))
    return tuple(embeds)


def _named(model: Model, leaf: Leaf) -> Leaf:
    """With the name that a column has today."""
    name = leaf.column.name
    if match := _FIELD.fullmatch(name):
        field = model.definition.by_id.get(int(match[1]))
        today = None if field is None else field.name
    elif match := _REVERSE.fullmatch(name):
        sides = {(side.table_id, side.field_id): side.reverse for side in model.definition.referrers}
        today = sides.get((int(match[1]), int(match[2])))
    else:
        return leaf
    if today is None:
        raise ConditionBroken(f"a condition names a field of {model.definition.model_name} that is gone")
    return replace(leaf, column=replace(leaf.column, name=today))
