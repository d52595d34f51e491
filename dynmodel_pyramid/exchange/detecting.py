"""Guesses at the dialect of a CSV file, from a bounded part of it; what is read with a wrong guess is refused later.

UTF-8 is proven on the whole file. Other charsets are told apart by charset-normalizer, of the extra ``detect``.
"""

import csv
import io
import re
from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import BinaryIO

from dynmodel_pyramid.exchange.dialects import Dialect, marked
from dynmodel_pyramid.exchange.text import CHUNK
from dynmodel_pyramid.fields.extras import require

#: Bytes from which delimiter, quote and numbers are guessed.
SAMPLE = 65_536
#: Bytes of lines with letters beyond ASCII from which a charset is guessed.
_EVIDENCE = 16_384
#: So few bytes beyond ASCII tell nothing.
_FEW = 4
_DELIMITERS = ",;\t|"
#: A record is one of many alike if so many have its number of values.
_MOSTLY, _HALF = 0.9, 0.5
#: Not those of DOS and of old Macs, which short texts of all languages look like.
_TOLD_APART = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("koi8_r", "cp932", "euc_jp", "gb18030", "big5", "euc_kr"),
)
#: Letters with hacek, in both Windows-1250 and Windows-1252: nearly every Czech, Slovak or Croatian text has them, and
#: hardly any of Western Europe.
_HACEKS = re.compile(rb"[\x8a\x8e\x9a\x9e]")
#: Hungarian has o and u with two strokes, and acute letters; Portuguese has a with tilde, and c with cedilla.
_HUNGARIAN, _PORTUGUESE = re.compile(rb"[\xd5\xdb\xf5\xfb]"), re.compile(rb"[\xc3\xc7\xe3\xe7]")
_ACUTE = re.compile(rb"[\xc1\xc9\xcd\xd3\xda\xe1\xe9\xed\xf3\xfa]")
_IN_APOSTROPHES = re.compile(r"(?:^|[,;\t|\r\n])'[^'\r\n]*'(?:[,;\t|\r\n]|\Z)")
#: Characters of a number.
_LONGEST = 40
_DIGITS = re.compile(r"[+-]?[.,' \u00a0\u2009\u202f]*\d[\d.,' \u00a0\u2009\u202f]*", re.ASCII)
#: For each decimal mark: numbers that it alone explains, and the groups that may stand before it.
_NUMBERS = {
    mark: (
        re.compile(rf"[+-]?(?:\d*{re.escape(mark)}(?:\d{{1,2}}|\d{{4,}})|\d{{1,3}}(?:[{groups}]\d{{3}})+{re.escape(mark)}\d+|\d{{1,3}}(?:[{groups}]\d{{3}}){{2,}})"),
        re.compile(rf"[+-]?\d{{1,3}}([{groups}])\d{{3}}(?:[{groups}]\d{{3}})*(?:{re.escape(mark)}\d*)?"),
    )
    for mark, groups in ((",", ".' \u00a0\u2009\u202f"), (".", ",' \u00a0\u2009\u202f"))
}  # fmt: skip


def detected(file: BinaryIO, dialect: Dialect) -> dict[str, str]:
    """What is to be guessed of a file, by the names of a :class:`Dialect`'s members; the file is at its beginning
    again.

    Only a byte order mark of UTF-16 or UTF-32, which no text begins with, is heeded without being asked.

    :raises ExtraMissing: the file is not UTF-8, and charset-normalizer is not installed
    """
    guesses: dict[str, str] = {}
    mark = marked(file.read(4))
    if "charset" not in dialect.given:
        charset = mark or (_charset_of(file) if dialect.detects else "utf-8")
        if charset != "utf-8":
            guesses["charset"] = charset
    if dialect.detects:
        file.seek(0)
        _guess_the_rest(_sample(file, guesses.get("charset", dialect.charset)), dialect, guesses)
    file.seek(0)
    return guesses


def _charset_of(file: BinaryIO) -> str:
    file.seek(0)
    head = file.read(4096)
    zeros = [head[place::2].count(0) for place in (0, 1)]
    if sum(zeros) > len(head) // 4 and (not zeros[0] or not zeros[1]):
        return "utf-16-le" if zeros[1] else "utf-16-be"
    decoder, data = getincrementaldecoder("utf-8")(), head
    try:
        while data:
            decoder.decode(data)
            data = file.read(CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _legacy(_evidence(file))
    return "utf-8"


def _evidence(file: BinaryIO) -> bytes:
    """Lines with bytes beyond ASCII."""
    file.seek(0)
    lines, size = [], 0
    while size < _EVIDENCE and (data := file.read(CHUNK)):
        for line in data.splitlines():
            if not line.isascii():
                lines.append(line[:1000])
                size += len(lines[-1])
                if size >= _EVIDENCE:
                    break
    return b"\n".join(lines)


def _legacy(text: bytes) -> str:
    """The charset of a text that is not UTF-8; Windows-1252, which Latin-1 is a part of, where several fit alike."""
    if sum(byte > 0x7F for byte in text) < _FEW:
        return "cp1252"
    found = require("charset_normalizer", "detect").from_bytes(text, cp_isolation=list(_TOLD_APART))
    best = found.best()
    if best is None:
        return "cp1252"
    alike = {match.encoding for match in found if (match.chaos, match.coherence) == (best.chaos, best.coherence)}
    if "cp1252" not in alike | set(best.could_be_from_charset):
        return str(best.encoding)
    hungarian = _HUNGARIAN.search(text) and _ACUTE.search(text) and not _PORTUGUESE.search(text)
    return "cp1250" if _HACEKS.search(text) or hungarian else "cp1252"


def _sample(file: BinaryIO, charset: str) -> str:
    data = file.read(SAMPLE + 1)
    text = data[:SAMPLE].decode("utf-8-sig" if charset == "utf-8" else charset, errors="replace")
    if len(data) <= SAMPLE:
        return text
    return text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text


def _guess_the_rest(text: str, dialect: Dialect, guesses: dict[str, str]) -> None:
    quote = dialect.quote
    if "quote" not in dialect.given and '"' not in text and _IN_APOSTROPHES.search(text):
        quote = guesses["quote"] = "'"
    delimiter = dialect.delimiter
    if "delimiter" not in dialect.given:
        rows = {each: list(_rows(text, each, quote)) for each in _DELIMITERS}
        scores = {each: _alike(found) for each, found in rows.items()}
        if not any(share for share, *_ in scores.values()):
            scores = {each: _like_the_first(found) for each, found in rows.items()}
        best = max(_DELIMITERS, key=lambda each: scores[each])
        if best != delimiter and scores[best] > scores[delimiter]:
            delimiter = guesses["delimiter"] = best
    if "decimal" not in dialect.given and "thousands" not in dialect.given:
        guesses |= _numbers(list(_rows(text, delimiter, quote))[1:], dialect.nulls)


def _rows(text: str, delimiter: str, quote: str | None) -> Iterator[list[str]]:
    how = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    try:
        yield from filter(None, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, **how))
    except csv.Error:
        return


def _alike(rows: list[list[str]]) -> tuple[float, bool, int]:
    """How well rows are explained by a delimiter: the share of those with the same number of values, whether the first
    is one of them, and that number.
    """
    widths = Counter(map(len, rows))
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
    share = count / len(rows) if rows else 0
    if width == 1 or share < _MOSTLY:
        return 0, False, 0
    return round(share, 2), len(rows[0]) == width, width


def _like_the_first(rows: list[list[str]]) -> tuple[float, bool, int]:
    """The same where many rows are faulty: most of them have the number of values that the first one has."""
    width = len(rows[0]) if rows else 1
    share = sum(len(row) == width for row in rows) / len(rows) if rows else 0
    return (share, True, width) if width > 1 and share > _HALF else (0, False, 0)


def _numbers(rows: Sequence[Sequence[str]], nulls: frozenset[str]) -> dict[str, str]:
    """The decimal mark, if a column of numbers has values that only a comma explains and none that only a point does;
    and the mark of thousands.
    """
    seen: Counter[str] = Counter()
    groups: dict[str, Counter[str]] = {mark: Counter() for mark in _NUMBERS}
    for column in zip_longest(*rows, fillvalue=""):
        cells = [text for cell in column if cell not in nulls and (text := cell.strip())]
        if not cells or max(map(len, cells)) > _LONGEST or not all(map(_DIGITS.fullmatch, cells)):
            continue
        for mark, (only, grouped) in _NUMBERS.items():
            number = sum(only.fullmatch(cell) is not None for cell in cells)
            # Lists of codes, such as 840,997, are mostly of one code.
            if 2 * number >= len(cells):
                seen[mark] += number
            groups[mark].update(match[1] for cell in cells if (match := grouped.fullmatch(cell)))
    mark = "," if seen[","] and not seen["."] else "."
    if not seen[mark] or seen["," if mark == "." else "."]:
        return {}
    guesses = {"decimal": mark} if mark == "," else {}
    if groups[mark]:
        [(group, _)] = groups[mark].most_common(1)
        guesses["thousands"] = group if group in ".,'" else " "
    return guesses
