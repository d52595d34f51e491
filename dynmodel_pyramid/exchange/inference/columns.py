"""One column of a file: the types that are possible after all values so far."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dynmodel_pyramid.exchange.inference.ids import Ids
from dynmodel_pyramid.exchange.inference.kinds import (
    Clocks,
    Days,
    Found,
    Kind,
    Moments,
    Numerals,
    Structures,
    Uuids,
    Words,
)
from dynmodel_pyramid.exchange.inference.values import Values
from dynmodel_pyramid.fields.contract import FieldType, Options
from dynmodel_pyramid.fields.types.temporal import zone_of

#: A text is short, of type ``string``, up to so many characters in one line.
SHORT = 255


@dataclass(frozen=True, slots=True)
class Guessing:
    """How types are found.

    :param structures: the types that JSON's objects and arrays may have, from the narrowest to ``json``
    :param zone: the IANA name of the zone of times without an offset
    """

    structures: Mapping[str, tuple[FieldType, Options]]
    zone: str | None = None


class Column:
    """
    :param name: as the file has it; None: it has none
    :param is_text: whether the cells are texts
    :param is_json: whether they are values of JSON
    :param declared: the type that the file declares; then the values are only counted
    :param numbers: see :class:`~dynmodel_pyramid.exchange.contents.RecordContents`
    """

    def __init__(
        self,
        name: str | None,
        guessing: Guessing,
        *,
        is_text: bool = False,
        is_json: bool = False,
        declared: Found | None = None,
        numbers: Callable[[str], str] | None = None,
    ) -> None:
        self.name = name
        self.declared = declared
        self.nulls = self.longest = 0
        self.has_lines = self.has_values = False
        self.note: str | None = None
        self.ids: Ids | None = None
        self._is_text = is_text
        self._values = Values(guessing.structures, guessing.zone, become_texts=not is_json)
        zone = zone_of({"timezone": guessing.zone})
        self._kinds: list[Kind] = [
            Words(),
            Numerals(numbers),
            Days(),
            Moments(zone, guessing.zone),
            Clocks(),
            Uuids(),
            Structures(guessing.structures),
        ]

    def look(self, cells: Sequence[Any], missing: int = 0) -> None:
        """Look at some cells, in their order; None is null.

        :param missing: how many further cells are null
        """
        if self.ids is not None:
            self.ids.look(cells if not missing else (*cells, None))
        self.nulls += cells.count(None) + missing
        if self._is_text:
            self._look_at_texts(set(cells))
        else:
            self._look_at_values(cells)

    def _look_at_texts(self, texts: set[str | None]) -> None:
        # The empty text is null for all types but texts, as it is where rows are added.
        given = [text for text in texts if text]
        if not given:
            return
        self.has_values = True
        self._measure(given)
        self._kinds = [kind for kind in self._kinds if kind.takes_all(given)]

    def _look_at_values(self, cells: Iterable[Any]) -> None:
        values = [cell for cell in cells if cell is not None]
        self.has_values = self.has_values or bool(values)
        self._measure([value for value in values if type(value) is str])
        if self.declared is None:
            self._values.look(values)

    def _measure(self, texts: Sequence[str]) -> None:
        if texts:
            self.longest = max(self.longest, max(map(len, texts)))
            self.has_lines = self.has_lines or "\n" in "".join(texts)

    def found(self) -> Found:
        """The type and its options, when all cells were seen."""
        found = self.declared
        if found is None:
            found = self._found_in_texts() if self._is_text else self._values.found()
            self.note = self.note or self._values.note
        if found is None or found == {"type": "string"}:
            found = {"type": "text" if self.longest > SHORT or self.has_lines else "string"}
        if not self.has_values:
            self.note = "no values"
        return found

    def _found_in_texts(self) -> Found | None:
        if not self.has_values:
            return None
        for kind in self._kinds:
            found = kind.found()
            if found is not None:
                return found
            self.note = kind.note
        return None
