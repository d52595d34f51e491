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
#: How many rows are read, and in memory, at a time.
READ = 100
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
        wholes: list[tuple[tuple[str, ...], dict[str, Any], tuple[str, ...]]] = []
        for tokens in sorted(self._wanted.get(number, ())):
            below = tokens[1:]
            if not is_one and not below:
                self._keep(tokens, self._all(connection, rows, written))
                continue
            row, names = (written[0], below) if is_one else (_at(written, below[:1]), below[1:])
            if type(row) is dict and not (len(names) == 1 and names[0] in row):
                wholes.append((tokens, row, names))
            else:
                self._keep(tokens, _at(row, names))
        for start in range(0, len(wholes), READ):
            part = wholes[start : start + READ]
            documents = _read(connection, rows, [row for _, row, _ in part])
            for tokens, row, names in part:
                self._keep(tokens, _at(documents[row["id"]], names))

    def _all(self, connection: sa.Connection, rows: Rows, written: Sequence[dict[str, Any] | None]) -> list[Any]:
        """All rows; each counts at once, so that no more are read than may be used."""
        found: list[Any] = []
        for start in range(0, len(written), READ):
            part = written[start : start + READ]
            documents = _read(connection, rows, [row for row in part if row is not None])
            for row in part:
                found.append(None if row is None else documents[row["id"]])
                self._count(len(json.dumps(found[-1])))
        return found

    def _keep(self, tokens: tuple[str, ...], value: Any) -> None:
        self._values[tokens] = value, 0 if value is _MISSING else len(json.dumps(value))

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


def _read(connection: sa.Connection, rows: Rows, written: Sequence[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """The rows as the caller may see them, by their ids."""
    documents = {row["id"]: row for row in written}
    for body in rows.encode(connection, list(documents)) if documents else ():
        document = json.loads(body, parse_float=parse_float)
        documents[document["id"]] = document | documents[document["id"]]
    return documents


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
