"""Many values of the quarantine, corrected or discarded in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.catalogue.constraint_violations import KINDS, violation
from dynmodel_pyramid.changes.quarantine import OLD_TEXT, Quarantine
from dynmodel_pyramid.definitions.problems import Problems
from dynmodel_pyramid.errors import Conflict, Invalid, NotFound

#: The most corrections of one request, as many as a part of the list has.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Correction:
    """What becomes of one value.

    :param pointer: its place in the client's document
    :param value: see :meth:`Quarantine.restore`
    :param discards: destroy the value instead
    """

    number: int
    pointer: str
    value: Any = OLD_TEXT
    discards: bool = False


@dataclass(slots=True)
class Corrected:
    """
    :param restored: numbers of values, with the ids and versions of their rows
    :param discarded: numbers of values
    :param problems: why the others are left
    """

    restored: list[tuple[int, int, int]] = field(default_factory=list)
    discarded: list[int] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)

    def document(self) -> dict[str, Any]:
        return {
            "restored": [{"id": number, "row": row, "version": version} for number, row, version in self.restored],
            "discarded": self.discarded,
            "errors": [
                {"pointer": problem.pointer, "code": problem.code, "detail": problem.detail}
                for problem in self.problems.found
            ],
            "error_count": self.problems.total,
        }


def correct(
    quarantine: Quarantine,
    connection: sa.Connection,
    corrections: Sequence[Correction],
    *,
    overwrite: bool,
    partial: bool,
) -> Corrected:
    """Correct values one after another, each as :meth:`Quarantine.restore` does.

    :param partial: leave those that are refused, and correct the others
    :raises Invalid: with every fault, unless ``partial``
    """
    done = Corrected()
    seen: set[int] = set()
    for correction in corrections:
        if correction.number in seen:
            done.problems.add(f"{correction.pointer}/id", "duplicate_item", "stands in the list before")
            continue
        seen.add(correction.number)
        savepoint = connection.begin_nested()
        try:
            _correct(quarantine, connection, correction, overwrite, done)
        except (Invalid, NotFound, Conflict) as error:
            savepoint.rollback()
            _note(error, correction, done.problems)
        except sa.exc.DBAPIError as error:
            failure = quarantine.rows.catalogue.database.failure(error)
            if failure.kind not in KINDS:
                raise
            savepoint.rollback()
            _note(violation(failure, quarantine.definition), correction, done.problems)
        else:
            savepoint.commit()
    if not partial and done.problems.total:
        raise Invalid(done.problems.found, done.problems.total)
    return done


def _correct(
    quarantine: Quarantine, connection: sa.Connection, correction: Correction, overwrite: bool, done: Corrected
) -> None:
    if correction.discards:
        quarantine.purge_one(connection, correction.number)
        done.discarded.append(correction.number)
        return
    row_id, version = quarantine.restore(connection, correction.number, correction.value, overwrite=overwrite)
    done.restored.append((correction.number, row_id, version))


def _note(error: Invalid | NotFound | Conflict, correction: Correction, problems: Problems) -> None:
    if isinstance(error, Invalid):
        problems.include(error.below(correction.pointer))
    else:
        name = "id" if isinstance(error, NotFound) else "value"
        problems.add(f"{correction.pointer}/{name}", error.code, error.detail)
