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
#: How many different values of a column are shown, and how many characters of each.
SAMPLES, SAMPLE_LENGTH = 5, 100
#: So many different values are all told, for a choice of them.
MOST_DISTINCT = 50
#: A column is almost of a type if so many of its values are. The values that are not are looked for among so many.
_ALMOST, _LOOKED_AT = 0.8, 5000


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
        #: The first values that differ.
        self.samples: list[Any] = []
        self._sampled = 0
        #: All values that differ; None: there are too many, or they are no short texts.
        self.distinct: set[str] | None = set() if is_text else None
        #: The narrower type that most values have, and some of the others.
        self.almost: tuple[str, list[str]] | None = None
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
        if len(self.samples) < SAMPLES and self._sampled < _LOOKED_AT:
            self._keep_samples(cells)
        if self._is_text:
            self._look_at_texts(set(cells))
        else:
            self._look_at_values(cells)

    def _look_at_texts(self, texts: set[str | None]) -> None:
        # The empty text is null for all types but texts, as it is where rows are added.
        given = [text for text in texts if text]
        if not given:
            return
        if self.distinct is not None:
            self.distinct.update(given)
            if len(self.distinct) > MOST_DISTINCT or max(map(len, given)) > SAMPLE_LENGTH:
                self.distinct = None
        self._measure(given)
        kinds, self._kinds = self._kinds, [kind for kind in self._kinds if kind.takes_all(given)]
        if len(self._kinds) < len(kinds):
            self._look_for_others([kind for kind in kinds if kind not in self._kinds], given)
        self.has_values = True

    def _look_for_others(self, refusing: Sequence[Kind], given: Sequence[str]) -> None:
        """Note the values that keep a column from being of a type that the rest of it has."""
        for kind in refusing:
            if kind.name is None or self.almost is not None:
                continue
            others = [text for text in given[:_LOOKED_AT] if not kind.is_one(text)]
            # What went before was of this type as a whole.
            if self.has_values or len(others) <= (1 - _ALMOST) * min(len(given), _LOOKED_AT):
                self.almost = kind.name, [text[:SAMPLE_LENGTH] for text in sorted(others)[:SAMPLES]]

    def _keep_samples(self, cells: Sequence[Any]) -> None:
        self._sampled += len(cells)
        for cell in cells:
            sample = cell[:SAMPLE_LENGTH] if type(cell) is str else cell
            if cell is not None and cell != "" and sample not in self.samples:
                self.samples.append(sample)
                if len(self.samples) == SAMPLES:
                    return

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
