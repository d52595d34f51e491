"""The words of a text: runs of letters, marks and digits, as ``to_tsvector('simple', ...)`` has them on PostgreSQL.

There the function ``dynmodel_words`` puts blanks for all other characters first, so that no e-mail addresses, paths,
signs or decimal points are left for PostgreSQL's parser (manual, 12.5).
"""

import re
from collections.abc import Iterator

from dynmodel_pyramid.database.texts import folding_table

#: Only so many characters of a text are searched. PostgreSQL's vector of words has a limit of 1 MiB.
SEARCHED = 100_000
#: Longer words are left out (PostgreSQL manual, 12.11, in bytes).
LONGEST_WORD = 2046
#: An index of words keeps so many characters of a word, which only narrows the rows that are looked at.
INDEXED = 64
#: PostgreSQL's parser reads ``1e5`` as a number, and goes on behind it.
_NUMBER = re.compile(r"([0-9]+e[0-9]+)(?=[^0-9])")


def ranges() -> Iterator[tuple[int, int]]:
    """The characters of words beyond ASCII, as ranges of code points."""
    for text in folding_table.WORDS.split():
        low, _, high = text.partition("-")
        yield int(low, 16), int(high or low, 16)


_ASCII = re.compile("[a-z0-9]+")
_ANY = re.compile(
    f"[a-z0-9{''.join(chr(low) if low == high else f'{chr(low)}-{chr(high)}' for low, high in ranges())}]+"
)


def words(folded: str, longest: int = LONGEST_WORD) -> Iterator[str]:
    """The words of a folded text, in their order, without those that are longer."""
    pattern = _ASCII if folded.isascii() else _ANY
    for match in pattern.finditer(folded):
        word = match[0]
        while word[0] <= "9" and (number := _NUMBER.match(word)) is not None:
            yield number[1]
            word = word[number.end() :]
        if len(word) <= longest and len(word.encode()) <= longest:
            yield word
