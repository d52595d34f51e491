"""The document of a batch -> its operations, and faults of their form. Values are judged later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.errors import Invalid, Problem, TooLarge
from dynmodel_pyramid.fields.numerals import whole
from dynmodel_pyramid.fields.schema import json_type
from dynmodel_pyramid.hints import hint
from dynmodel_pyramid.rows.batch.references import REFERENCE, Reference, has_marks, references_in
from dynmodel_pyramid.rows.nested import WRITE

CREATE_TABLE = "create_table"
#: The most references of one batch: each takes about a kilobyte.
MOST_REFERENCES = 100_000
MERGE, IGNORE = RESOLUTIONS = ("merge-duplicates", "ignore-duplicates")
#: Kind of operation -> the keys that its document needs, one of each tuple, and those that it may have.
KINDS: Mapping[str, tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]] = {
    "insert": ((("table",), ("row", "rows")), ("nested", "select")),
    "upsert": ((("table",), ("row", "rows")), ("on_conflict", "resolution", "nested", "select")),
    "update": ((("table",), ("id", "where"), ("row",)), ("version", "nested", "select")),
    "replace": ((("table",), ("id",), ("row",)), ("version", "nested", "select")),
    "delete": ((("table",), ("id", "where")), ("version",)),
    CREATE_TABLE: ((("definition",),), ()),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a batch.

    :param kind: a key of :data:`KINDS`
    :param document: as it was sent
    :param references: those in the document
    :param is_marked: whether it has references or literals
    """

    number: int
    kind: str
    document: dict[str, Any]
    references: tuple[Reference, ...]
    is_marked: bool

    @property
    def pointer(self) -> str:
        return f"/{self.number}"

    @property
    def table(self) -> int | str | None:
        """The number or the name of its table; None if it refers to a new one."""
        table = self.document["table"]
        return table if type(table) is str else whole(table)

    @property
    def made_by(self) -> int | None:
        """The number of the operation that makes its table, if it refers to one."""
        place = f"{self.pointer}/table"
        return next((reference.operation for reference in self.references if reference.pointer == place), None)

    @property
    def made_name(self) -> str | None:
        """The model name of the table that it makes, if it can be known."""
        definition = self.document.get("definition")
        name = definition.get("model_name") if type(definition) is dict else None
        return name if type(name) is str else None


def read_operations(document: Any, most: int) -> list[Operation]:
    """
    :param most: how many operations there may be
    :raises Invalid: with every fault of form
    :raises TooLarge: there are more
    """
    if type(document) is not list:
        raise Invalid([Problem("", "wrong_type", f"want an array of operations, not {json_type(document)}")])
    if len(document) > most:
        raise TooLarge(
            f"the batch has {len(document)} operations, and at most {most} are taken (dynmodel.max_batch_operations)",
            hint="one operation takes many rows: rows, or where",
        )
    problems = Problems()
    kinds = [item.get("operation") if type(item) is dict else None for item in document]
    operations: list[Operation] = []
    left = MOST_REFERENCES
    for number, item in enumerate(document):
        operation = _read(item, number, kinds, problems)
        if operation is not None:
            operations.append(operation)
            left -= len(operation.references)
        if left < 0:
            raise TooLarge(f"the batch has more than {MOST_REFERENCES} references", hint="send several batches")
    problems.raise_if_any()
    return operations


def _read(item: Any, number: int, kinds: Sequence[Any], problems: Problems) -> Operation | None:
    pointer, before = f"/{number}", problems.total
    if type(item) is not dict:
        problems.add(pointer, "wrong_type", f"want an object, not {json_type(item)}")
        return None
    kind = item.get("operation")
    if type(kind) is not str or kind not in KINDS:
        detail = f"want one of {', '.join(KINDS)}"
        code = "required" if "operation" not in item else "unknown_operation"
        problems.add(f"{pointer}/operation", code, detail, hint(kind, lambda: KINDS))
        return None
    needed, further = KINDS[kind]
    known = ("operation", *[name for names in needed for name in names], *further)
    problems.unknown_keys(item, known, pointer)
    for names in needed:
        given = [name for name in names if name in item]
        if len(given) != 1:
            place = f"{pointer}/{names[0]}" if len(names) == 1 else pointer
            detail = "is required" if len(names) == 1 else f"want either {' or '.join(names)}"
            problems.add(place, "required" if not given else "conflicting_key", detail)
    if "version" in item and "where" in item:
        problems.add(f"{pointer}/version", "conflicting_key", "version is of one row: _version can be in where")
    if "nested" in item:
        if item["nested"] != WRITE:
            problems.add(f"{pointer}/nested", "not_a_choice", f"want {WRITE!r}")
        if "where" in item or item.get("resolution") == IGNORE:
            problems.add(f"{pointer}/nested", "conflicting_key", "rows are nested in single rows that are written")
    references = tuple(islice(references_in(item, pointer, number, problems), MOST_REFERENCES + 1))
    if kind == CREATE_TABLE:
        _check_definition(references, kinds, problems)
    elif "table" in item:
        _check_table(item["table"], f"{pointer}/table", references, kinds, problems)
    if problems.total > before:
        return None
    return Operation(number, kind, item, references, bool(references) or has_marks(item))


# Which tables a batch makes and uses must be known before it begins, so that they can be locked.


def _check_table(
    table: Any, pointer: str, references: Sequence[Reference], kinds: Sequence[Any], problems: Problems
) -> None:
    if type(table) is dict:
        if not any(each.pointer == pointer and _is_new_table(each, kinds) for each in references):
            detail = f'want the id of a table that an earlier operation makes: {{"{REFERENCE}": "/0/id"}}'
            problems.add(pointer, "unknown_reference", detail)
    elif type(table) is not str and whole(table) is None:
        detail = f"want the number or the model name of a table, not {json_type(table)}"
        problems.add(pointer, "wrong_type", detail)


def _check_definition(references: Sequence[Reference], kinds: Sequence[Any], problems: Problems) -> None:
    for reference in references:
        if not _is_new_table(reference, kinds):
            detail = "a definition may refer to tables that earlier operations make, such as /0/id, and to no rows"
            problems.add(reference.pointer, "unknown_reference", detail)


def _is_new_table(reference: Reference, kinds: Sequence[Any]) -> bool:
    return kinds[reference.operation] == CREATE_TABLE and reference.below == ("id",)
