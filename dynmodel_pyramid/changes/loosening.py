"""A word of ``on_error`` for a whole change is for one field: it never loosens another field by accident.

Filling nulls of fields that become required loses nothing, so ``default`` may fill any number of fields. If it is also
used for lost values, it is for those of one field and nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from dynmodel_pyramid.changes.on_error import FieldWord, Words
from dynmodel_pyramid.changes.values.column_values import ColumnValues
from dynmodel_pyramid.changes.values.violations import SAMPLES, Violation
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition
from dynmodel_pyramid.definitions.compare import Key, field_key


@dataclass(frozen=True, slots=True)
class Loosening:
    """The fields that a transaction has loosened so far by one word for all.

    :param names_tables: whether the change is of several tables, so that fields are named with their tables
    :param latest: the key of the operation that loosened the last of the fields
    """

    names_tables: bool = False
    fields: tuple[tuple[TableDefinition, str], ...] = ()
    loses: bool = False
    count: int = 0
    samples: tuple[dict[str, Any], ...] = ()
    latest: Key = ("table", 0)

    def with_values(self, table: TableDefinition, values: ColumnValues, words: Words) -> "Loosening":
        """A new object that includes the effects on a field's values."""
        replaced = values.lost.count + values.repaired.count
        number, field = replaced + values.filled, values.after
        if not number or not _is_for_all(words):
            return self
        aspect = field_key(values.before, field)[0] if replaced else "required"
        loses = self.loses or replaced > 0
        rows = (*values.lost.rows, *values.repaired.rows)
        return self._with_field(table, field, number, rows, latest=(aspect, field.id), loses=loses)

    def with_left(self, table: TableDefinition, field: FieldDefinition, words: Words) -> "Loosening":
        """A new object that includes a field that stays in the trash when its table is restored."""
        if not _is_for_all(words):
            return self
        return self._with_field(table, field, 0, (), latest=("field", field.id), loses=True)

    def form(self, table: TableDefinition, name: str, word: str) -> str:
        """The parameter's form of a word for one field."""
        return str(FieldWord(table.model_name if self.names_tables else None, name, word))

    def violation(self, word: str) -> Violation | None:
        """The violation, if more than one field was loosened."""
        if len(self.fields) < 2 or not self.loses:
            return None
        names = [self._name(*field) for field in self.fields]
        form = ",".join(self.form(table, name, word) for table, name in self.fields)
        return Violation(
            *self.latest,
            f"on_error={word} is for one field, and values of several would be replaced: {', '.join(names)}",
            f"say what becomes of each: on_error={form}",
            self.count,
            self.samples,
            {"fields": names, "on_error": form},
            code="on_error_by_field",
        )

    def _with_field(
        self,
        table: TableDefinition,
        field: FieldDefinition,
        count: int,
        rows: Iterable[dict[str, Any]],
        *,
        latest: Key,
        loses: bool,
    ) -> "Loosening":
        samples = [*self.samples, *({"field": self._name(table, field.name), **row} for row in rows)]
        return replace(
            self,
            fields=(*self.fields, (table, field.name)),
            loses=loses,
            count=self.count + count,
            samples=tuple(samples[:SAMPLES]),
            latest=latest,
        )

    def _name(self, table: TableDefinition, name: str) -> str:
        return f"{table.model_name}.{name}" if self.names_tables else name


def _is_for_all(words: Words) -> bool:
    return not words.is_fail and not words.by_id
