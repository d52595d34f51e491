"""The values of ``default_expression``: the default of a missing value, made anew for each row."""

import datetime
import uuid
from collections.abc import Callable
from typing import Any

import colander


def moment_text(moment: datetime.datetime) -> str:
    """A moment as a date-time of RFC 3339, section 5.6, in UTC with all six digits of its fraction."""
    return moment.astimezone(datetime.UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


#: Name -> the value in JSON form at a moment.
EXPRESSIONS: dict[str, Callable[[datetime.datetime], str]] = {
    "now": moment_text,
    "today": lambda moment: moment.astimezone(datetime.UTC).date().isoformat(),
    "uuid": lambda moment: str(uuid.uuid4()),  # version 4 of RFC 9562
}


def evaluate(expression: str, node: colander.SchemaNode, moment: datetime.datetime | None = None) -> Any:
    """The value as the column stores it.

    :param moment: the moment of the request, which all its rows share; None for now
    :raises colander.Invalid: the field's validator refuses it
    """
    return node.deserialize(EXPRESSIONS[expression](moment or datetime.datetime.now(datetime.UTC)))
