"""``python -m tests.document_types`` writes docs/types/README.md: all built-in types, and which converts to which.

It asks what is installed. The values that it converts are the valid ones of the types' conformance runs, in Python
alone (``changes/values/conversion.py``): the database makes no difference, as the conformance suite proves.
"""

import contextlib
import importlib
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import colander
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dynmodel_pyramid.changes.values.conversion import converter
from dynmodel_pyramid.definitions import FieldDefinition
from dynmodel_pyramid.fields import FieldType, FieldTypes
from dynmodel_pyramid.fields.registry import Registered, read_options
from dynmodel_pyramid.plugins import OWN
from dynmodel_pyramid.testing.cases import Case
from dynmodel_pyramid.testing.suite import Suite, is_system_value
from tests.documents import ROOT

PAGE = ROOT / "docs" / "types" / "README.md"
DIALECTS = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}


def built_in() -> FieldTypes:
    """A registry of the built-in types alone, whatever else is installed here."""
    types = FieldTypes()
    for known in installed():
        types.register(known.name, type(known.field_type), known.distribution, known.version)
    return types


def installed() -> list[Registered]:
    types = FieldTypes()
    types.load_entry_points()
    return [known for known in types if known.distribution == OWN]


def conformance_runs() -> dict[str, type[Suite]]:
    """The built-in types' conformance runs by the type's name."""
    runs = {}
    for path in sorted(Path(__file__).parent.glob("fields/test_conformance*.py")):
        module = importlib.import_module(f"tests.fields.{path.stem}")
        for _, member in inspect.getmembers(module, inspect.isclass):
            if issubclass(member, Suite) and "type_name" in vars(member):
                runs[member.type_name] = member
    return runs


@dataclass(frozen=True)
class Sample:
    """A type with the options and the values of the first case of its conformance run."""

    name: str
    field_type: FieldType
    options: dict[str, Any]
    case: Case

    @property
    def is_written(self) -> bool:
        return not is_system_value(self.field_type, self.options) and self.field_type.reference(self.options) is None

    def field(self) -> FieldDefinition:
        return FieldDefinition(1, "value", self.name, "value", self.options)

    @property
    def values(self) -> list[Any]:
        """As they are stored."""
        node = self.field_type.schema_node(self.options)
        return [node.deserialize(value) for value, _ in self.case.pairs]

    @property
    def texts(self) -> list[str]:
        to_text = self.field_type.text_form(self.options).to_text
        return [to_text(value) for value in self.values]

    def read(self, texts: list[str]) -> list[Any]:
        """The values of those texts that this type takes."""
        node, from_text = self.field_type.schema_node(self.options), self.field_type.text_form(self.options).from_text
        taken = []
        for text in texts:
            with contextlib.suppress(ValueError, colander.Invalid):
                taken.append(node.deserialize(from_text(text)))
            with contextlib.suppress(colander.Invalid):
                taken.append(node.deserialize(text))
        return taken


def samples(types: FieldTypes) -> list[Sample]:
    runs = conformance_runs()
    found = []
    for known in types:
        case = runs[known.name].cases[0]
        found.append(Sample(known.name, known.field_type, read_options(known.field_type, dict(case.options)), case))
    return found


def index(every: list[Sample]) -> Iterator[str]:
    yield "| type | what it is | on SQLite | on PostgreSQL | operators |"
    yield "| --- | --- | --- | --- | --- |"
    for sample in every:
        first = (type(sample.field_type).__doc__ or "").strip().partition("\n\n")[0]
        cells = [
            f"[`{sample.name}`]({sample.name}.md)",
            " ".join(first.split()).replace("``", "`").replace("|", "\\|"),
            *[_stored_as(sample, dialect) for dialect in DIALECTS],
            " ".join(operator.name for operator in sample.field_type.operators),
        ]
        yield f"| {' | '.join(cells)} |"


def _stored_as(sample: Sample, dialect: str) -> str:
    column = sample.field_type.column(sample.options, SimpleNamespace(dialect=dialect))
    if column is None:
        return "computed"
    if isinstance(column.type, sa.types.NullType):  # a foreign key's, which takes the far column's type
        return "as the far key"
    return f"`{column.type.compile(dialect=DIALECTS[dialect])}`"


def conversions(types: FieldTypes, every: list[Sample]) -> Iterator[str]:
    written = [sample for sample in every if sample.is_written]
    yield "| from | yes | some |"
    yield "| --- | --- | --- |"
    for source in written:
        cells: dict[str, list[str]] = {"yes": [], "some": [], "no": []}
        for target in written:
            if target.name != source.name:
                convert = converter(types, source.field(), target.field())
                done = [convert(value)[1] is None for value in (*source.values, *source.read(target.texts))]
                cells["yes" if all(done) else "some" if any(done) else "no"].append(target.name)
        yield f"| `{source.name}` | {', '.join(cells['yes'])} | {', '.join(cells['some'])} |"


HEAD = """\
# The built-in field types

Every field takes `required`, `unique`, `index`, `default`, `label` and `description` besides its type's own options.
Operators are those of queries; with `lt` and without `cs` among them rows can be sorted by the field, and the field can
be unique or indexed. `python -m tests.document_types` writes this page from what is installed.

A text has one meaning for a type, whichever way it comes: in CSV and in filters, in JSON where the type's values are
strings, at `/rest/` anywhere, and where a text field gets the type. A form is read if it has one meaning and nothing is
lost, else it is refused: `01/02/2026` and `1,5` mean different things to different people. Blanks around are dropped,
except of `string`, `text`, `choice` and `user`, where they count. Each type's page has its grammar and examples.
"""
CONVERSIONS = """\
## Conversions

What becomes of values when a field's type is changed: yes means all of them, some only those that make sense there,
and of a type that is not named none. It was tried with the values of the types' tests, and with those texts of the new
type's values that the old type takes. What can't be carried over is refused, or follows `on_error`
([the HTTP contract](../api.md)). Options narrow it further. Types whose values nobody writes are left out.
"""


def page() -> str:
    types = built_in()
    every = samples(types)
    return "\n".join([HEAD, *index(every), "", CONVERSIONS, *conversions(types, every), ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE, file=sys.stderr)
