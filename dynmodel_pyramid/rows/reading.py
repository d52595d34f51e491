"""JSON documents -> the values that columns store; every fault is collected with its pointer (RFC 6901).

Most values pass the field type's fast path; all others go through the colander validator.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import colander

from dynmodel_pyramid.catalogue.column_expressions import is_list, is_system_value, reverse_sides
from dynmodel_pyramid.catalogue.table_builder import Model
from dynmodel_pyramid.database.dialect import LARGEST_GIVEN_ID, LARGEST_ID
from dynmodel_pyramid.definitions.expressions import evaluate
from dynmodel_pyramid.definitions.model import FieldDefinition
from dynmodel_pyramid.definitions.problems import Problems, ProblemSink, escape, faults
from dynmodel_pyramid.errors import Invalid, OptionUnsupported
from dynmodel_pyramid.fields import schema
from dynmodel_pyramid.fields.contract import stored_default
from dynmodel_pyramid.fields.schema import json_type
from dynmodel_pyramid.hints import Hint, hint
from dynmodel_pyramid.rows.aliases import aliases_of
from dynmodel_pyramid.rows.keys import RowKey, RowKeys

#: In the place of a value that a document leaves out.
MISSING = object()
#: The most characters of a text that is looked at for a hint.
_HINTED = 100
_ID = schema.Integer()
_ID_NODE = schema.Place("id")


@dataclass(frozen=True, slots=True)
class WritableField:
    name: str
    accepts: Callable[[Any], bool]
    node: colander.SchemaNode
    required: bool
    #: Stands for the value of an expression until :meth:`RowReader._evaluate`.
    default: Any
    expression: str | None
    message: str | None
    #: The stored value for null.
    empty: Any
    #: The validator to use after many faults.
    brief: colander.SchemaNode
    #: The mend of a text that is no value (:meth:`FieldType.text_hint`).
    text_hint: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Rights:
    """What a caller knows of a table's fields, when documents are read. Whether it may write them is decided later.

    :param knows: whether a field, or a reverse side, exists for the caller; None: all do
    :param presets: fields that a grant may set, so that they may be missing
    :param kept: fields of an existing row that keep their values if they are missing
    """

    knows: Callable[[str], bool] | None = None
    presets: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()

    def hides(self, name: str) -> bool:
        return self.knows is not None and not self.knows(name)


#: The rights of whoever may do everything.
ALL_RIGHTS = Rights()


def parse_id(text: str) -> int | None:
    """The id in a path segment, or None."""
    if text.isascii() and text.isdigit() and len(text) <= 16 and (text == "0" or text[0] != "0"):
        return int(text)
    return None


class RowReader:
    """Reads documents for one version of one table; shared by all threads."""

    def __init__(self, model: Model) -> None:
        system_values = {field.name for field in model.definition.fields if is_system_value(model, field)}
        self.fields = [
            self._prepare(model, field) for field in model.definition.fields if field.name not in system_values
        ]
        #: Members that clients don't write: system values, and the reverse sides of links.
        self.given = frozenset(system_values) | reverse_sides(model).keys()
        self.by_name = {entry.name: entry for entry in self.fields}
        self.aliases = aliases_of(model)
        #: Fields that PUT and PATCH may only repeat (``repeating``).
        self.repeatable = self.given | {field.name for field in model.definition.fields if field.read_only}
        #: Fields that keep their values if a PUT leaves them out.
        self.kept = frozenset(field.name for field in model.definition.fields if field.read_only or field.write_only)
        self.required = frozenset(entry.name for entry in self.fields if entry.required)
        self._evaluated = [(entry, entry.expression) for entry in self.fields if entry.expression is not None]

    @staticmethod
    def _prepare(model: Model, definition: FieldDefinition) -> WritableField:
        field_type = model.field_types[definition.type]
        node = field_type.schema_node(definition.options)
        default = None
        if definition.default is not None:
            default = stored_default(field_type, definition.options, definition.default)
        default = definition.default_expression if default is None else default
        empty: list[int] | None = [] if is_list(model, definition) else None
        default = empty if default is None else default
        fast = getattr(node, "fast_path", None) or (lambda value: False)
        return WritableField(
            definition.name,
            fast,
            node,
            definition.required,
            default,
            definition.default_expression,
            definition.message,
            empty,
            getattr(node, "brief", node),
            field_type.text_hint,
        )

    def writable(self, rights: Rights = ALL_RIGHTS) -> list[str]:
        """The names that a document may have, as far as they exist for the caller."""
        return [name for name in ("id", *self.by_name) if not rights.hides(name)]

    def is_writable(self, name: str) -> bool:
        """Whether a document of a new row may have a value of that name, under its present name."""
        return name in self.by_name or name == "id"

    def add_fault(
        self,
        problems: ProblemSink,
        pointer: str,
        name: str,
        code: str,
        detail: str,
        below: str = "",
        hint: Hint | None = None,
    ) -> None:
        """Note a fault of a field's value, with the field's own message if it has one."""
        entry = self.by_name.get(name)
        own = None if entry is None else entry.message
        problems.add(f"{pointer}/{escape(name)}{below}", code, own or detail, hint)

    def text_hint(self, name: str, text: str) -> str | None:
        """The mend of a text that is no value of a field."""
        entry = self.by_name.get(self.aliases.names.get(name, name))
        return None if entry is None else entry.text_hint(text[:_HINTED])

    def whole(
        self,
        document: Any,
        pointer: str,
        problems: ProblemSink,
        rights: Rights,
        moment: datetime.datetime | None = None,
        *,
        replaces: bool = False,
    ) -> dict[str, Any]:
        """The values of a new or replaced row: missing keys take their defaults. The key ``id`` is not among them.

        :param moment: the moment of the request; None for now
        :param replaces: whether the row exists: then some fields (``kept``) keep their values if they are left out
        """
        if type(document) is not dict:
            problems.add(pointer, "wrong_type", f"want an object, not {json_type(document)}")
            return {}
        values: dict[str, Any] = {}
        get, seen, fields = document.get, 0, self.fields
        if replaces and (self.kept or rights.kept):
            kept = self.kept | rights.kept
            fields = [entry for entry in fields if entry.name in document or entry.name not in kept]
        for entry in fields:
            value = get(entry.name, MISSING)
            if value is MISSING:
                if entry.required and entry.default is None and entry.name not in rights.presets:
                    self._miss(entry, pointer, problems, rights)
                values[entry.name] = entry.default
                continue
            seen += 1
            if rights.knows is not None and not rights.knows(entry.name):
                values[entry.name] = None  # a fault, as an unknown field is
            elif value is not None and entry.accepts(value):
                values[entry.name] = value
            else:
                values[entry.name] = self._value(entry, value, pointer, problems)
        if seen + ("id" in document) != len(document) or rights.knows is not None:
            self._unknown(document, pointer, problems, rights, is_new=not replaces)
        if self._evaluated:
            self._evaluate(values, document, pointer, problems, moment, rights)
        return values

    def _evaluate(
        self,
        values: dict[str, Any],
        document: dict[str, Any],
        pointer: str,
        problems: ProblemSink,
        moment: datetime.datetime | None,
        rights: Rights,
    ) -> None:
        """Put in the values of expressions where the document has no value."""
        for entry, expression in self._evaluated:
            if entry.name in values and entry.name not in document:
                try:
                    values[entry.name] = evaluate(expression, entry.node, moment)
                except colander.Invalid as error:
                    if rights.hides(entry.name):
                        problems.add(pointer, "required", "the table has a default that is refused")
                        continue
                    for _, code, message in faults(error):
                        detail = f"the default is refused: {message}"
                        self.add_fault(problems, pointer, entry.name, code, detail)

    def _miss(self, entry: WritableField, pointer: str, problems: ProblemSink, rights: Rights) -> None:
        if rights.hides(entry.name):
            problems.add(pointer, "required", "the table requires a value that this identity can't give")
        else:
            self.add_fault(problems, pointer, entry.name, "required", "is required")

    def refuse_missing(self, rows: Sequence[Mapping[str, Any]], pointers: Sequence[str]) -> None:
        """:raises Invalid: a new row has no value for a required field"""
        problems = Problems()
        for values, pointer in zip(rows, pointers, strict=True):
            for name in self.required:
                if values.get(name) is None:
                    self.add_fault(problems, pointer, name, "required", "is required")
        problems.raise_if_any()

    def refuse_emptied(self, values: Mapping[str, Any]) -> None:
        """
        :param values: what an existing row gets
        :raises Invalid: null for a required field
        """
        problems = Problems()
        for name in self.required & values.keys():
            if values[name] is None:
                self.add_fault(problems, "", name, "required", "is required")
        problems.raise_if_any()

    def part(self, document: Any, pointer: str, problems: ProblemSink, rights: Rights) -> dict[str, Any]:
        """The values of the fields that the document names."""
        if type(document) is not dict:
            problems.add(pointer, "wrong_type", f"want an object, not {json_type(document)}")
            return {}
        values = {}
        for name, value in document.items():
            entry = self.by_name.get(name)
            if entry is not None and not rights.hides(name):
                values[name] = self._value(entry, value, pointer, problems)
        if len(values) + ("id" in document) != len(document):
            self._unknown(document, pointer, problems, rights, is_new=False)
        return values

    def _value(self, entry: WritableField, value: Any, pointer: str, problems: ProblemSink) -> Any:
        if type(value) is RowKey:
            return value
        if type(value) is RowKeys:
            ids = [item for item in value.items if type(item) is not RowKey]
            self._value(entry, ids, pointer, problems)
            return value
        if value is None:
            if entry.required:
                self.add_fault(problems, pointer, entry.name, "required", "is required, so it can't be null")
            return entry.empty
        try:
            node = entry.node if problems.total < Invalid.MAX_PROBLEMS else entry.brief
            return node.deserialize(value)
        except colander.Invalid as error:
            for below, code, message in faults(error):
                near = partial(entry.text_hint, value[:_HINTED]) if type(value) is str and not below else None
                self.add_fault(problems, pointer, entry.name, code, message, below, near)
            return None
        except OptionUnsupported as error:
            raise error.of(entry.name) from None

    def _unknown(
        self, document: dict[str, Any], pointer: str, problems: ProblemSink, rights: Rights, *, is_new: bool
    ) -> None:
        for name in document:
            if name != "id" and ((name not in self.given and name not in self.by_name) or rights.hides(name)):
                near = hint(name, lambda: self.writable(rights))
                problems.add(f"{pointer}/{escape(name)}", "unknown_field", "the table has no such field", near)
            elif name in self.given and is_new:
                problems.add(f"{pointer}/{escape(name)}", "read_only", "the system gives this value: leave it out")

    @staticmethod
    def given_id(document: Any, pointer: str, problems: ProblemSink, if_new: Any = None) -> int | None:
        """The id that a client gives a row, or None.

        :param if_new: collects faults that only a new row can have; by default ``problems``
        """
        if type(document) is not dict or document.get("id") is None:
            return None
        try:
            value = _ID.deserialize(_ID_NODE, document["id"])
        except colander.Invalid as error:
            for _, code, message in faults(error):
                problems.add(f"{pointer}/id", code, message)
            return None
        if not 1 <= value <= LARGEST_ID:
            problems.add(f"{pointer}/id", "out_of_range", f"want a whole number from 1 to {LARGEST_GIVEN_ID}")
            return None
        if value > LARGEST_GIVEN_ID:
            sink = problems if if_new is None else if_new
            sink.add(f"{pointer}/id", "out_of_range", f"want an id of at most {LARGEST_GIVEN_ID} for a new row")
        return value
