"""Sets of characters as in Python's ``re``: escapes, ranges, and characters that are equal when case is ignored.

A set is a sorted tuple of (first, last) code points which neither overlap nor touch.
"""

import _sre
import functools
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from re import _casefix  # type: ignore[attr-defined]

Ranges = tuple[tuple[int, int], ...]
LAST = 0x10FFFF
EVERYTHING: Ranges = ((0, LAST),)
#: All characters with upper and lower case are below the first bound; all digits, letters and spaces are below the
#: second.
_CASED_END, _KNOWN_END = 0x20000, 0x40000


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    disjoint: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if disjoint and low <= disjoint[-1][1] + 1:
            disjoint[-1] = (disjoint[-1][0], max(high, disjoint[-1][1]))
        else:
            disjoint.append((low, high))
    return tuple(disjoint)


def complement(ranges: Ranges) -> Ranges:
    edges = [-1, *(edge for low, high in ranges for edge in (low, high)), LAST + 1]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple((low + 1, high - 1) for low, high in pairs if low + 1 <= high - 1)


def _membership(ranges: Ranges) -> Callable[[int], bool]:
    starts = [low for low, _ in ranges]

    def contains(code: int) -> bool:
        place = bisect_right(starts, code) - 1
        return place >= 0 and code <= ranges[place][1]

    return contains


@functools.lru_cache(16)
def escape(letter: str, under_ascii: bool) -> Ranges:
    r"""The characters of ``\d``, ``\w`` or ``\s``, with ``re.ASCII`` or without."""
    every = "".join(map(chr, range(0x80 if under_ascii else _KNOWN_END)))
    flags = re.ASCII if under_ascii else re.NOFLAG
    return tuple((match.start(), match.end() - 1) for match in re.finditer(rf"\{letter}+", every, flags))


def ignoring_case(ranges: Ranges, escapes: Ranges, under_ascii: bool) -> Ranges:
    """The characters that match a set under ``re.IGNORECASE``.

    :param escapes: the part of the set that comes from escapes such as ``\\W``: for it only the lower letter counts
    """
    escaped, listed, folds = _membership(escapes), _membership(ranges), _folds(under_ascii)
    matching = [
        (code, code) for lower, takers, codes in folds if escaped(lower) or any(map(listed, takers)) for code in codes
    ]
    with_case = merged((code, code) for _, _, codes in folds for code in codes)
    without_case = complement(merged([*complement(merged([*ranges, *escapes])), *with_case]))
    return merged([*without_case, *matching])


@functools.cache
def _folds(under_ascii: bool) -> list[tuple[int, list[int], list[int]]]:
    """Characters with two cases: (the lower one, all that match it ignoring case, all whose lower case it is)."""
    lower = _sre.ascii_tolower if under_ascii else _sre.unicode_tolower
    is_cased = _sre.ascii_iscased if under_ascii else _sre.unicode_iscased
    cased = [code for code in range(0x80 if under_ascii else _CASED_END) if is_cased(code)]
    extra = {} if under_ascii else _casefix._EXTRA_CASES
    takers: dict[int, list[int]] = {}
    codes: dict[int, list[int]] = {}
    for code in cased:
        codes.setdefault(lower(code), []).append(code)
        for small in {lower(code), *extra.get(lower(code), ())}:
            takers.setdefault(small, []).append(code)
    return [(small, takers[small], codes[small]) for small in codes]
