"""The values of placeholders: of the identity, or of the moment."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import colander
import sqlalchemy as sa

from dynmodel_pyramid.access.conditions import Placeholder
from dynmodel_pyramid.access.identity import Identity
from dynmodel_pyramid.errors import OptionUnsupported
from dynmodel_pyramid.fields.contract import FieldType, Options
from dynmodel_pyramid.fields.operators import Operator
from dynmodel_pyramid.fields.relative_times import relative_form
from dynmodel_pyramid.fields.schema import UNSTORABLE
from dynmodel_pyramid.fields.time_texts import write_datetime
from dynmodel_pyramid.queries.sql.subjects import Subject

#: The most values of a list; a longer one is as if it were absent.
MOST = 1000


def moment_value(name: str, field_type: FieldType, options: Options, moment: datetime.datetime) -> Any:
    """The value of a relative time for a field, as JSON; None if there is none.

    :raises ValueError: the field's type can't store it
    """
    value = field_type.relative_value(name, options, moment)
    if value is None and name in ("now", "today"):
        # Other types get a text of RFC 3339, in UTC.
        text = write_datetime(moment)
        return text if name == "now" else text[:10]
    return value


def value_of(
    placeholder: Placeholder, field_type: FieldType, options: Options, identity: Identity, moment: datetime.datetime
) -> Any:
    """The value for a field, as JSON; None if it is absent.

    :raises ValueError: the field's type can't store it
    """
    if relative_form(placeholder.name) is not None:
        return moment_value(placeholder.name, field_type, options, moment)
    words = placeholder.name.split(".")
    match words:
        case ["user", "id" | "name" | "email" as name]:
            return getattr(identity, name)
        case ["user", "claims", *path]:
            value: Any = identity.claims
            for step in path:
                value = value.get(step) if isinstance(value, Mapping) else None
            return value
    return None


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a placeholder in a condition.

    :param subject: what is compared with it
    :param many: whether it takes a list
    """

    placeholder: Placeholder
    subject: Subject
    many: bool

    def values(self, identity: Identity, moment: datetime.datetime) -> list[Any] | None:
        """Its values, as the field stores them; None if they are absent, null, empty, too many, or not of the field's
        type: then the grant does not hold.
        """
        subject = self.subject
        try:
            value = value_of(self.placeholder, subject.field_type, subject.options, identity, moment)
        except ValueError:
            return None
        values = value if self.many else [value]
        if not isinstance(values, list | tuple) or not 0 < len(values) <= MOST:
            return None
        read = subject.field_type.operand_node(subject.options).deserialize
        try:
            return None if any(map(_is_missing, values)) else [read(item) for item in values]
        except (colander.Invalid, OptionUnsupported):
            return None


def _is_missing(item: Any) -> bool:
    return item is None or item == "" or (isinstance(item, str) and UNSTORABLE.search(item) is not None)


class Recorder:
    """Makes operands only to learn the slots of a condition."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []

    def __call__(self, subject: Subject, operator: Operator, placeholder: Placeholder) -> Any:
        self.slots.append(Slot(placeholder, subject, operator.many))
        parameter = sa.bindparam(None, type_=subject.expression.type, unique=True)
        return [parameter] if operator.many else parameter


def padded(size: int) -> int:
    """The number of parameters for so many values: a power of two, so that few statements differ by it."""
    return 1 << (size - 1).bit_length()


class Parameters:
    """Makes parameters, to which each execution gives the values of an identity.

    :param prefix: of their names, which no other view has
    :param sizes: the number of parameters of each slot, in the order of the slots
    """

    def __init__(self, prefix: str, sizes: Sequence[int]) -> None:
        self._prefix = prefix
        self._sizes = iter(sizes)
        self._number = 0

    def __call__(self, subject: Subject, operator: Operator, placeholder: Placeholder) -> Any:
        kind = subject.expression.type
        names = parameter_names(f"{self._prefix}{self._number}", next(self._sizes))
        self._number += 1
        parameters = [sa.bindparam(name, type_=kind) for name in names]
        return parameters if operator.many else parameters[0]


def parameter_names(prefix: str, size: int) -> list[str]:
    return [f"{prefix}_{number}" for number in range(size)]


def parameter_values(prefix: str, slots: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """The values of the parameters of one condition; the last value of a list stands for the missing ones."""
    values = {}
    for number, slot in enumerate(slots):
        for place, name in enumerate(parameter_names(f"{prefix}{number}", padded(len(slot)))):
            values[name] = slot[min(place, len(slot) - 1)]
    return values


class Literals:
    """Makes operands that hold the values themselves, for statements that run once."""

    def __init__(self, slots: Sequence[Sequence[Any]]) -> None:
        self._slots = iter(slots)

    def __call__(self, subject: Subject, operator: Operator, placeholder: Placeholder) -> Any:
        values = [sa.literal(value, subject.expression.type) for value in next(self._slots)]
        return values if operator.many else values[0]
