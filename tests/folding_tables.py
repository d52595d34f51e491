"""Writes ``dynmodel_pyramid/database/texts/folding_table.py`` from the Unicode database of the running Python.

``python -m tests.folding_tables`` writes it. A table of another version of Unicode needs another ``VERSION``, because
indexes hold what the old one made.

* Case: simple folding, one character for one (Unicode, CaseFolding.txt, status C and S, which ``str.casefold`` and
  ``str.lower`` give), and ``İ`` -> ``i`` (UnicodeData.txt, Simple_Lowercase_Mapping).
* Accents: the base of a letter (normal form D) without the combining diacritical marks, letters with a stroke, and the
  letters that are written with two in their stead.
* Words: letters, marks, digits and letter numbers (General_Category L, M, Nd, Nl); without the marks that PostgreSQL
  takes for separators.
"""

import sys
import unicodedata
from pathlib import Path

import dynmodel_pyramid

TABLE = Path(dynmodel_pyramid.__file__).parent / "database" / "texts" / "folding_table.py"
#: The blocks of combining diacritical marks: accents of Latin, Greek and Cyrillic letters. Marks of other scripts are
#: vowels and the like.
MARKS = ((0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0x20D0, 0x20FF), (0xFE20, 0xFE2F))
#: Letters that normal form D does not take apart.
STROKES = dict(zip("đħıłŧøƀǥɨʉȼɇɉɍɏⱥ", "dhiltobgiucejrya", strict=True))
#: Letters for which two are written.
PAIRS = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
#: Marks that PostgreSQL 18 takes for separators (as the C library does).
SEPARATORS = set(
    "\u1715\u1734\u1bf2\u1bf3\u1ce1\u1cf7\u302e\u302f\ua9c0\uabec\U000111c0\U00011235\U0001134d\U000116b6\U0001193d"
    "\U0001d165\U0001d166\U0001d16d\U0001d16e\U0001d16f\U0001d170\U0001d171\U0001d172"
)
_CHARACTERS = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]


def case() -> dict[str, str]:
    """Character -> its folding, without ASCII, which both databases fold by themselves."""
    folded = {character: _simple(character) for character in _CHARACTERS if not character.isascii()}
    return {character: to for character, to in folded.items() if to != character}


def _simple(character: str) -> str:
    full, lower = character.casefold(), character.lower()
    if character == "İ":
        return "i"
    return full if len(full) == 1 else lower if len(lower) == 1 else character


def accents() -> dict[str, str]:
    """Folded character -> its base, empty for a combining mark."""
    folding, bases = case(), {}
    for character in _CHARACTERS:
        if character.isascii() or character in folding or "가" <= character <= "힣":
            continue
        parts = [part for part in unicodedata.normalize("NFD", character) if not is_mark(part)]
        base = "".join(PAIRS.get(folding.get(part, part), STROKES.get(part, folding.get(part, part))) for part in parts)
        if base != character and (
            any(map(is_mark, unicodedata.normalize("NFD", character))) or character in PAIRS or character in STROKES
        ):
            bases[character] = base
    return bases


def is_mark(character: str) -> bool:
    return any(low <= ord(character) <= high for low, high in MARKS) and unicodedata.category(character) == "Mn"


def word_ranges() -> list[tuple[int, int]]:
    """The characters of words beyond ASCII as ranges of code points."""
    ranges: list[tuple[int, int]] = []
    for character in _CHARACTERS:
        if character.isascii() or not _is_of_words(character):
            continue
        code = ord(character)
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1] = (ranges[-1][0], code)
        else:
            ranges.append((code, code))
    return ranges


def _is_of_words(character: str) -> bool:
    category = unicodedata.category(character)
    return (category[0] in "LM" or category in ("Nd", "Nl")) and character not in SEPARATORS


def text() -> str:
    lines = [
        '"""Unicode\'s case folding, accents and letters; ``python -m tests.folding_tables`` writes it.',
        "",
        ":mod:`~.folding` reads it.",
        '"""',
        "",
        "#: The version of this table, which is part of the names of the functions that use it: indexes hold their",
        "#: results.",
        "VERSION = 1",
        "#: The version of Unicode.",
        f'UNICODE = "{unicodedata.unidata_version}"',
        "",
        "#: Pairs of a character and its folding, beyond ASCII, as code points: ``from-to``, or ``from-to*count`` for",
        "#: that many characters, each with the next one, or ``from-to*count/2`` for each second one.",
        *_constant("CASE", _pairs(case())),
        "",
        "#: Pairs of a folded character and the letters without an accent, as hexadecimal code points: ``from-to+to``.",
        *_constant(
            "ACCENTS",
            [f"{ord(one):x}-{'+'.join(f'{ord(each):x}' for each in to)}" for one, to in sorted(accents().items())],
        ),
        "",
        "#: The characters of words beyond ASCII: ranges of hexadecimal code points.",
        *_constant("WORDS", [f"{low:x}-{high:x}" if high > low else f"{low:x}" for low, high in word_ranges()]),
        "",
    ]
    return "\n".join(lines)


def _pairs(folding: dict[str, str]) -> list[str]:
    """Runs of pairs in which both characters go up by one or by two."""
    codes = {ord(one): ord(to) for one, to in folding.items()}
    pairs, done = [], set()
    for code in sorted(codes):
        if code in done:
            continue
        runs = {}
        for step in (1, 2):
            count = 1
            while codes.get(code + step * count) == codes[code] + step * count and code + step * count not in done:
                count += 1
            runs[step] = count
        step = 1 if runs[1] >= runs[2] else 2
        done |= {code + step * place for place in range(runs[step])}
        text = f"{code:x}-{codes[code]:x}"
        pairs.append(text if runs[step] == 1 else f"{text}*{runs[step]}" + ("/2" if step == 2 else ""))
    return pairs


def _constant(name: str, words: list[str]) -> list[str]:
    lines, line = [f'{name} = """\\'], ""
    for word in words:
        if len(line) + len(word) > 118:
            lines.append(line)
            line = ""
        line += f" {word}" if line else word
    return [*lines, line, '"""']


if __name__ == "__main__":
    TABLE.write_text(text(), encoding="utf-8")
    print(f"{TABLE}: Unicode {unicodedata.unidata_version}, {len(case())} letters, {len(accents())} accents")
