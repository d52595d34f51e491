"""Texts without case, and without accents: the one meaning of both on all databases.

Folding puts one character in the place of one, so that ``_`` in a pattern stands for the same as before. Without
accents a text may be shorter, or longer (``ß`` is ``ss``).
"""

from collections.abc import Iterator

from dynmodel_pyramid.database.texts import folding_table


def _case() -> Iterator[tuple[int, int]]:
    for run in folding_table.CASE.split():
        pair, _, count = run.partition("*")
        first, to = (int(code, 16) for code in pair.split("-"))
        many, _, step = count.partition("/")
        for place in range(int(many or 1)):
            distance = place * int(step or 1)
            yield first + distance, to + distance


def _accents() -> Iterator[tuple[int, str]]:
    for pair in folding_table.ACCENTS.split():
        letter, _, base = pair.partition("-")
        yield int(letter, 16), "".join(chr(int(code, 16)) for code in base.split("+") if code)


#: Code point -> its folding, beyond ASCII.
CASE: dict[int, int] = dict(_case())
#: Code point of a folded character -> the letters without an accent; empty for a combining mark.
ACCENTS: dict[int, str] = dict(_accents())
_BOTH: dict[int, str] = {
    **ACCENTS,
    **{letter: ACCENTS.get(to, chr(to)) for letter, to in CASE.items()},
}


def fold(text: str) -> str:
    """The text without case."""
    return text.lower() if text.isascii() else text.translate(CASE_OF_ALL)


def fold_accents(text: str) -> str:
    """The text without case and accents."""
    return text.lower() if text.isascii() else text.translate(_ACCENTS_OF_ALL)


_CAPITALS = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
#: Code point -> its folding, ASCII too.
CASE_OF_ALL: dict[int, int] = {**_CAPITALS, **CASE}
_ACCENTS_OF_ALL: dict[int, int | str] = {**_CAPITALS, **_BOTH}


def _variants() -> dict[int, tuple[int, ...]]:
    classes: dict[int, list[int]] = {}
    for letter, to in CASE_OF_ALL.items():
        classes.setdefault(to, [to]).append(letter)
    return {letter: tuple(letters) for letters in classes.values() for letter in letters}


#: Code point of a letter with case -> all letters that fold alike, itself among them.
VARIANTS: dict[int, tuple[int, ...]] = _variants()
