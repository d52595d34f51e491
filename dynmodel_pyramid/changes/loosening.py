"""One word of ``on_error`` for a whole change is for one field: it never loosens another one that nobody thought of.

Nulls of fields that become required are no values, and nothing of them is lost: ``default`` alone fills as many fields
as the change gives defaults. Where it is also for lost values, it is for those of one field and nothing else.
"""

from dataclasses import dataclass, field

from dynmodel_pyramid.changes.comparison import field_key
from dynmodel_pyramid.changes.on_error import FieldWord, Words
from dynmodel_pyramid.changes.values.column_values import Carried
from dynmodel_pyramid.changes.values.violations import SAMPLES, Finding
from dynmodel_pyramid.definitions import FieldDefinition, TableDefinition


@dataclass(slots=True)
class Loosening:
    """The fields that one transaction has loosened so far by one word for all.

    :param names_tables: whether the change is of several tables, so that fields are told with their tables' names
    """

    names_tables: bool = False
    fields: list[tuple[TableDefinition, str]] = field(default_factory=list)
    loses: bool = False
    count: int = 0
    samples: list[dict] = field(default_factory=list)

    def of_values(self, table: TableDefinition, made: Carried, words: Words) -> Finding | None:
        """Note what became of a field's values; -> what is wrong if it is not the first that was loosened."""
        number = made.lost.count + made.filled
        if not number or not _is_for_all(words):
            return None
        self.loses |= made.lost.count > 0
        self._note(table, made.after.name, number, made.lost.told)
        aspect = field_key(made.before, made.after)[0] if made.lost.count else "required"
        return self._finding(aspect, made.after.id, words.plain)

    def of_left(self, table: TableDefinition, left: FieldDefinition, words: Words) -> Finding | None:
        """As :meth:`of_values` for a field that stays in the trash when its table comes back."""
        if not _is_for_all(words):
            return None
        self.loses = True
        self._note(table, left.name, 0, [])
        return self._finding("field", left.id, words.plain)

    def form(self, table: TableDefinition, name: str, word: str) -> str:
        """How the parameter says a word for one field."""
        return str(FieldWord(table.model_name if self.names_tables else None, name, word))

    def _note(self, table: TableDefinition, name: str, count: int, samples: list[dict]) -> None:
        self.fields.append((table, name))
        self.count += count
        told = [{"field": self._name(table, name), **sample} for sample in samples]
        self.samples += told[: SAMPLES - len(self.samples)]

    def _name(self, table: TableDefinition, name: str) -> str:
        return f"{table.model_name}.{name}" if self.names_tables else name

    def _finding(self, aspect: str, number: int, word: str) -> Finding | None:
        if len(self.fields) < 2 or not self.loses:
            return None
        names = [self._name(*each) for each in self.fields]
        form = ",".join(self.form(table, name, word) for table, name in self.fields)
        return Finding(
            aspect,
            number,
            f"on_error={word} is for one field, and values of several would be replaced: {', '.join(names)}",
            f"say what becomes of each: on_error={form}",
            self.count,
            list(self.samples),
            {"fields": names, "on_error": form},
            code="on_error_by_field",
        )


def _is_for_all(words: Words) -> bool:
    return not words.is_fail and not words.by_id
