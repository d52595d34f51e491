"""The parameter ``on_error``: what becomes of values that a change can't convert.

It is one word for the change, or a word for each named field: ``price:null,code:quarantine``, and for a change of
several tables ``Product.price:null``. Other fields keep ``fail``. One word alone never loosens more than one field
(:mod:`~.loosening`).

Besides the words for all fields there are those that the field's new type offers (:attr:`FieldType.repairs`): ``round``
and ``truncate``, and a plugin's own. They make the nearest value that the type takes.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.errors import Malformed
from dynmodel_pyramid.fields import FieldTypes
from dynmodel_pyramid.fields.registry import ON_ERROR
from dynmodel_pyramid.queries.grammar.cursor import unquoted
from dynmodel_pyramid.queries.grammar.printing import print_name

FAIL, *_ = ON_ERROR

#: The most fields that may be named: as many as a table of SQLite can have.
MOST = 2000
_NAME = r'"(?:[^"\\]|\\.)+"|[^"\\.,:]+'
#: One field with its word; special names are in double quotes, as in queries.
_ITEM = re.compile(rf"(?:(?P<table>{_NAME})\.)?(?P<field>{_NAME}):(?P<word>[^,]*)(?:,(?=.)|$)", re.DOTALL)
#: The repairs that a field's type offers.
Offers = Callable[[FieldDefinition], Collection[str]]


def offers_of(field_types: FieldTypes) -> Offers:
    def offers(field: FieldDefinition) -> Collection[str]:
        known = field_types.registered(field.type)
        return () if known is None else known.field_type.repairs

    return offers


@dataclass(frozen=True, slots=True)
class FieldWord:
    """The word of one field, as it was sent; ``table`` is None where it names none."""

    table: str | None
    field: str
    word: str

    def __str__(self) -> str:
        table = "" if self.table is None else f"{print_name(self.table)}."
        return f"{table}{print_name(self.field)}:{self.word}"


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one table's fields, by their ids; ``plain`` is the word of all others.

    ``offered`` are the ids of the fields whose types offer the plain word; None: all do. The others keep ``fail``.
    """

    plain: str = FAIL
    by_id: Mapping[int, str] = field(default_factory=dict)
    offered: frozenset[int] | None = None

    def of(self, known: FieldDefinition) -> str:
        if known.id in self.by_id:
            return self.by_id[known.id]
        return self.plain if self.offered is None or known.id in self.offered else FAIL

    @property
    def is_fail(self) -> bool:
        """Whether no value may be lost."""
        return {self.plain, *self.by_id.values()} == {FAIL}


class Change(Protocol):
    """The part of a :class:`~.table_change.TableChange` that :meth:`OnError.resolved` needs."""

    @property
    def before(self) -> TableDefinition | None: ...

    @property
    def after(self) -> TableDefinition | None: ...

    @property
    def id(self) -> int: ...


AnyChange = TypeVar("AnyChange", bound=Change)


@dataclass(frozen=True, slots=True)
class OnError:
    """The parameter. Without ``fields``, the word ``plain`` is for every field."""

    plain: str = FAIL
    fields: tuple[FieldWord, ...] = ()

    def __str__(self) -> str:
        return ",".join(map(str, self.fields)) or self.plain

    @property
    def is_fail(self) -> bool:
        """Whether no value may be lost."""
        return {self.plain, *(item.word for item in self.fields)} == {FAIL}

    @classmethod
    def read(cls, text: str, field_types: FieldTypes) -> "OnError":
        """:raises Malformed: the text is malformed, has a word that no type knows, or a field twice"""
        known = (*ON_ERROR, *field_types.repairs())
        if text in known:
            return cls(text)
        hint = f"want one of {', '.join(known)}, or one for each field: price:null,code:quarantine"
        if ":" not in text:
            raise _malformed(f"on_error={text}: there is no {text!r}" if text else "on_error is empty", hint)
        words: list[FieldWord] = []
        place = 0
        while place < len(text):
            if len(words) == MOST:
                raise _malformed(f"on_error names more than {MOST} fields", "name those that may lose values")
            match = _ITEM.match(text, place)
            if match is None:
                raise _malformed(f"on_error={text}: no field with its word stands at {text[place:]!r}", hint)
            if match["word"] not in known:
                raise _malformed(f"on_error={text}: there is no {match['word']!r} for the field {match['field']}", hint)
            table = None if match["table"] is None else unquoted(match["table"])
            words.append(FieldWord(table, unquoted(match["field"]), match["word"]))
            place = match.end()
        names = [(word.table, word.field) for word in words]
        if len(set(names)) < len(names):
            twice = next(word for number, word in enumerate(words) if names[number] in names[:number])
            raise _malformed(f"on_error={text}: the field {twice.field} stands twice", hint)
        return cls(FAIL, tuple(words))

    def resolved(
        self, changes: Iterable[AnyChange], offers: Offers, others: Iterable[TableDefinition] | None = None
    ) -> list[tuple[AnyChange, Words]]:
        """The changes, each with the words of its fields.

        A name is the new name of a field or table, else its old one.

        :param others: the unchanged tables, in a change of several tables; None in a change of one
        :raises Malformed: a name belongs to no field, or to a dropped one; a field's type does not offer the word
        """
        changes = list(changes)
        if not self.fields:
            self._refuse_unless_offered(changes, offers)
            return [(change, Words(self.plain, offered=self._offered(change, offers))) for change in changes]
        pairs = [(change.before, change.after) for change in changes]
        own = {change.id for change in changes}
        pairs += [(definition, definition) for definition in others or () if definition.id not in own]
        by_name = {side.model_name: pair for place in (0, 1) for pair in pairs if (side := pair[place]) is not None}
        known: dict[int, dict[str, int]] = {}
        words: dict[int, dict[int, str]] = {}
        before: TableDefinition | None
        after: TableDefinition | None
        for item in self.fields:
            before, after = pairs[0] if item.table is None and others is None else self._table(item, by_name)
            table_id = next(side.id for side in (after, before) if side is not None)
            if table_id not in known:
                known[table_id] = _names(before, after)
            number = self._field(item, known[table_id])
            of_table = words.setdefault(table_id, {})
            if number in of_table:
                detail = f"on_error={self}: {item.field} is a field that stands there under another name, too"
                raise _malformed(detail, "name each field once")
            of_table[number] = item.word
            if after is not None:
                self._refuse_other(after.by_id[number], item.word, offers)
        return [(change, Words(FAIL, words.get(change.id, {}))) for change in changes]

    def _refuse_other(self, field: FieldDefinition, word: str, offers: Offers) -> None:
        """:raises Malformed: the field's type does not offer the word"""
        if word not in ON_ERROR and word not in offers(field):
            takes = ", ".join([*ON_ERROR, *offers(field)])
            raise _malformed(
                f"on_error={self}: the field {field.name} can't take {word!r}", f"the type {field.type} takes {takes}"
            )

    def _offered(self, change: Change, offers: Offers) -> frozenset[int] | None:
        if self.plain in ON_ERROR or change.after is None:
            return None
        return frozenset(known.id for known in change.after.fields if self.plain in offers(known))

    def _refuse_unless_offered(self, changes: Iterable[Change], offers: Offers) -> None:
        """:raises Malformed: of the fields that convert, none has a type that offers the word"""
        if self.plain in ON_ERROR:
            return
        converted = [
            new
            for change in changes
            if change.before is not None and change.after is not None
            for new in change.after.fields
            if (old := change.before.by_id.get(new.id)) and (old.type, old.options) != (new.type, new.options)
        ]
        if converted and not any(self.plain in offers(field) for field in converted):
            self._refuse_other(converted[0], self.plain, offers)

    def _table(self, item: FieldWord, by_name: Mapping[str, tuple[Any, ...]]) -> tuple[Any, ...]:
        if item.table is None:
            raise _malformed(
                f"on_error={self}: {item.field} says no table", "name it with the field: Product.price:null"
            )
        if item.table not in by_name:
            raise _malformed(f"on_error={self}: there is no table {item.table!r} in this change", "names match exactly")
        return by_name[item.table]

    def _field(self, item: FieldWord, names: Mapping[str, int]) -> int:
        if item.field not in names:
            raise Malformed(
                f"on_error={self}: the table has no field {item.field!r} that this change keeps",
                code="unknown_field",
                hint=f"its fields are {', '.join(names)}" if names else None,
                parameter="on_error",
            )
        return names[item.field]


def _names(before: TableDefinition | None, after: TableDefinition | None) -> dict[str, int]:
    """The ids of a table's fields by their names after the change, and by those before it."""
    if after is None:
        return {}
    earlier = {} if before is None else {known.name: known.id for known in before.fields if known.id in after.by_id}
    return {**earlier, **{known.name: known.id for known in after.fields}}


def _malformed(detail: str, hint: str) -> Malformed:
    return Malformed(detail, code="invalid_parameter", hint=hint)
