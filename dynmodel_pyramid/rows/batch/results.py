"""The results of the operations of a batch, as far as later ones refer to them."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from dynmodel_pyramid.errors import Invalid, Problem, TooLarge
from dynmodel_pyramid.fields.numerals import parse_float
from dynmodel_pyramid.queries.errors import clip
from dynmodel_pyramid.rows.batch.reading import Operation
from dynmodel_pyramid.rows.batch.references import Reference
from dynmodel_pyramid.rows.service import Rows

_MISSING = object()
#: A place in an array (RFC 6901, section 4).
_NUMBER = re.compile("0|[1-9][0-9]{0,8}")


class Results:
    """Only what is referred to is read and kept. One value may be used many times, so its size counts each time.

    :param most: characters of all values together, as often as they are used
    """

    def __init__(self, operations: Iterable[Operation], most: int) -> None:
        self._wanted: dict[int, dict[tuple[str, ...], Reference]] = {}
        for operation in operations:
            for reference in operation.references:
                self._wanted.setdefault(reference.operation, {})[reference.tokens] = reference
        self._values: dict[tuple[str, ...], tuple[Any, int]] = {}
        self._most = self._left = most

    def keep(self, number: int, document: Any) -> None:
        """Keep what is referred to of an operation's result."""
        for tokens in self._wanted.get(number, ()):
            self._keep(tokens, _at(document, tokens[1:]))

    def keep_rows(
        self,
        number: int,
        connection: sa.Connection,
        rows: Rows,
        written: Sequence[dict[str, Any] | None],
        *,
        is_one: bool,
    ) -> None:
        """The same of rows, which are read now; a row that the caller may not read has only what ``written`` has.

        :param written: the id and the version of each; None of a row that does not exist for the caller
        """
        read: dict[int, Any] = {}

        def whole(row: Any) -> Any:
            if row is None or row is _MISSING:
                return row
            if row["id"] not in read:
                found = rows.get(connection, row["id"])
                shown = {} if found is None else json.loads(found.body, parse_float=parse_float)
                read[row["id"]] = shown | row
            return read[row["id"]]

        for tokens in self._wanted.get(number, ()):
            below = tokens[1:]
            if not is_one and not below:
                # Each counts at once, so that no more are read than may be used.
                self._keep(tokens, [self._counted(whole(row)) for row in written])
                continue
            row, names = (written[0], below) if is_one else (_at(written, below[:1]), below[1:])
            is_brief = type(row) is dict and len(names) == 1 and names[0] in row
            self._keep(tokens, _at(row if is_brief else whole(row), names))

    def _keep(self, tokens: tuple[str, ...], value: Any) -> None:
        self._values[tokens] = value, 0 if value is _MISSING else len(json.dumps(value))

    def _counted(self, value: Any) -> Any:
        self._count(len(json.dumps(value)))
        return value

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise TooLarge(
                f"references put more than {self._most} characters into the operations",
                hint="refer to single values, such as /0/id",
            )

    def find(self, tokens: tuple[str, ...], pointer: str) -> Any:
        """The value that a reference stands for.

        :raises Invalid: the result has no such value
        :raises TooLarge: the values are too large together
        """
        value, size = self._values.get(tokens, (_MISSING, 0))
        if value is _MISSING:
            text = clip("/".join(("", *tokens)))
            raise Invalid([Problem(pointer, "unknown_reference", f"the results have nothing at {text}")])
        self._count(size)
        return value


def _at(document: Any, tokens: Sequence[str]) -> Any:
    """The value at a place (RFC 6901, section 4)."""
    for token in tokens:
        if type(document) is dict and token in document:
            document = document[token]
        elif type(document) is list and _NUMBER.fullmatch(token) and int(token) < len(document):
            document = document[int(token)]
        else:
            return _MISSING
    return document
