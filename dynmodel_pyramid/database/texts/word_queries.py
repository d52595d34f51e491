"""Queries of words, as trees: written for PostgreSQL, and evaluated for SQLite as PostgreSQL does.

The meaning of each part is that of ``TS_execute`` in PostgreSQL's ``tsvector_op.c``: outside of a phrase a part is true
or false; within a phrase it is a set of positions, or of all positions but these.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from dynmodel_pyramid.database.texts.words import INDEXED, words

#: PostgreSQL's limits of a vector (manual, 12.11): positions, and how many of them a word keeps.
_LAST_POSITION, _POSITIONS = 16383, 255


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or the beginning of words; ``weights`` are letters such as ``ab``, empty for any."""

    text: str
    is_prefix: bool = False
    weights: str = ""


@dataclass(frozen=True, slots=True)
class Not:
    part: "Query"


@dataclass(frozen=True, slots=True)
class Both:
    """Two parts: ``sign`` is ``&``, ``|``, or ``<`` for a phrase, where the second part follows at a distance."""

    sign: str
    left: "Query"
    right: "Query"
    distance: int = 0


Query = Word | Not | Both
#: How closely an operator binds; ``!`` binds more closely (PostgreSQL manual, 12.3.2).
BINDING = {"|": 1, "&": 2, "<": 3}


def written(query: Query, binding: int = 0) -> str:
    """The text that ``to_tsquery`` reads; :func:`~.word_query_reading.read_query` reads it, too.

    :param binding: of the operator that the query is a part of
    """
    if isinstance(query, Word):
        flags = ("*" if query.is_prefix else "") + query.weights
        return f"'{query.text}'" + (f":{flags}" if flags else "")
    if isinstance(query, Not):
        return f"!{written(query.part, max(BINDING.values()) + 1)}"
    mine, sign = BINDING[query.sign], f"<{query.distance}>" if query.sign == "<" else query.sign
    text = f"{written(query.left, mine)} {sign} {written(query.right, mine + 1)}"
    return f"({text})" if mine < binding else text


def joined(sign: str, parts: Sequence[Query], distance: int = 0) -> Query:
    """The parts from left to right; there is at least one."""
    query = parts[0]
    for part in parts[1:]:
        query = Both(sign, query, part, distance)
    return query


# Words of a query that are no words of texts


def resolved(query: Query, words: Callable[[str], Iterable[str]], sign: str = "<") -> Query | None:
    """The query with the words that texts have; None if none are left, which finds nothing.

    Where a phrase has something without words, it gets wider by one (``clean_stopword`` in PostgreSQL's
    ``tsquery_cleanup.c``).

    :param words: the words of a text
    :param sign: joins several words
    """

    def of_word(word: Word) -> Query | None:
        parts: list[Query] = [replace(word, text=text) for text in words(word.text)]
        return joined(sign, parts, int(sign == "<")) if parts else None

    return _resolve(query, of_word).query


class _Resolved(NamedTuple):
    query: Query | None
    #: What the distances to the left and the right have to grow by.
    left: int = 0
    right: int = 0


def _resolve(query: Query, of_word: Callable[[Word], Query | None]) -> _Resolved:
    if isinstance(query, Word):
        return _Resolved(of_word(query))
    if isinstance(query, Not):
        inner = _resolve(query.part, of_word)
        return inner if inner.query is None else _Resolved(Not(inner.query), inner.left, inner.right)
    left, right = _resolve(query.left, of_word), _resolve(query.right, of_word)
    is_phrase = query.sign == "<"
    if left.query is None and right.query is None:
        width = left.left + query.distance + right.left if is_phrase else max(left.left, right.left)
        return _Resolved(None, width, width)
    if left.query is None:
        before = left.left + query.distance + right.left if is_phrase else right.left
        return _Resolved(right.query, before, right.right)
    if right.query is None:
        after = left.right + query.distance + right.right if is_phrase else left.right
        return _Resolved(left.query, left.left, after)
    if not is_phrase:
        return _Resolved(replace(query, left=left.query, right=right.query))
    distance = query.distance + left.right + right.left
    return _Resolved(Both("<", left.query, right.query, distance), left.left, right.right)


def parts_of(query: Query) -> frozenset[str]:
    """Parts of each text that a query finds: a cheap look at texts that it does not find."""
    if isinstance(query, Word):
        return frozenset([query.text])
    if isinstance(query, Not) or query.sign == "|":
        return frozenset()
    return parts_of(query.left) | parts_of(query.right)


# Evaluation

#: Word -> its positions in a text, counted from 1.
Document = Mapping[str, Sequence[int]]


def document(words: Iterable[str]) -> Document:
    found: dict[str, list[int]] = {}
    for number, word in enumerate(words, 1):
        position = min(number, _LAST_POSITION)
        positions = found.setdefault(word, [])
        if len(positions) < _POSITIONS and (not positions or positions[-1] < _LAST_POSITION):
            positions.append(position)
    return found


class _Matches(NamedTuple):
    """Where a part of a phrase ends, and how far before that it begins; ``negated``: everywhere else."""

    positions: frozenset[int]
    width: int = 0
    negated: bool = False


_NOWHERE = _Matches(frozenset())


def holds(query: Query, text: Document, check: Callable[[], None]) -> bool:
    """Whether a text has what a query asks for.

    :param check: called for each part; it may raise
    """
    check()
    if isinstance(query, Word):
        return any(True for _ in _positions(query, text))
    if isinstance(query, Not):
        return not holds(query.part, text, check)
    if query.sign == "<":
        found = _matches(query, text, check)
        return found.negated or bool(found.positions)
    if query.sign == "&":
        return holds(query.left, text, check) and holds(query.right, text, check)
    return holds(query.left, text, check) or holds(query.right, text, check)


def _positions(word: Word, text: Document) -> Iterable[Sequence[int]]:
    # No field's words have other weights than D.
    if word.weights and "d" not in word.weights.lower():
        return
    if not word.is_prefix:
        if word.text in text:
            yield text[word.text]
        return
    for other, positions in text.items():
        if other.startswith(word.text):
            yield positions


def _matches(query: Query, text: Document, check: Callable[[], None]) -> _Matches:
    check()
    if isinstance(query, Word):
        return _Matches(frozenset().union(*_positions(query, text)))
    if isinstance(query, Not):
        inner = _matches(query.part, text, check)
        return inner._replace(negated=not inner.negated)
    one, other = _matches(query.left, text, check), _matches(query.right, text, check)
    if query.sign == "|":
        return _either(one, other)
    if _is_nowhere(one) or _is_nowhere(other):
        return _NOWHERE
    if query.sign == "<":
        shifted, width = query.distance + other.width, query.distance + one.width + other.width
        one = _shifted(one, shifted)
    else:
        width = max(one.width, other.width)
        one, other = _shifted(one, width - one.width), _shifted(other, width - other.width)
    if one.negated and other.negated:
        return _Matches(one.positions | other.positions, width, True)
    if one.negated or other.negated:
        there, without = (other, one) if one.negated else (one, other)
        return _Matches(there.positions - without.positions, width)
    return _Matches(one.positions & other.positions, width)


def _either(one: _Matches, other: _Matches) -> _Matches:
    if _is_nowhere(one) and _is_nowhere(other):
        return _NOWHERE
    one, other = (_NOWHERE if _is_nowhere(part) else part for part in (one, other))
    width = max(one.width, other.width)
    one, other = _shifted(one, width - one.width), _shifted(other, width - other.width)
    if one.negated and other.negated:
        return _Matches(one.positions & other.positions, width, True)
    if one.negated or other.negated:
        there, without = (other, one) if one.negated else (one, other)
        return _Matches(without.positions - there.positions, width, True)
    return _Matches(one.positions | other.positions, width)


def _is_nowhere(part: _Matches) -> bool:
    return not part.positions and not part.negated


def _shifted(part: _Matches, by: int) -> _Matches:
    return part._replace(positions=frozenset(position + by for position in part.positions)) if by else part


# Queries of FTS5, which find all texts that a query finds, and maybe others


def needed(query: Query) -> str | None:
    """The words without which a query finds no text; None: there are none.

    The index has each word once, without its place.
    """
    if isinstance(query, Word):
        return _needed_word(query.text, query.is_prefix)
    if isinstance(query, Not):
        return None
    parts = [needed(part) for part in _flat(query)]
    there = [part for part in parts if part is not None]
    if query.sign == "|":
        return f"({' OR '.join(there)})" if len(there) == len(parts) else None
    return f"({' AND '.join(there)})" if there else None


def needed_at_beginning(text: str, is_whole: bool) -> str | None:
    """The words of all texts that begin with a folded text, or are it."""
    found = list(words(text))
    # The last word may go on.
    ends = [is_whole or not text.endswith(word) or place + 1 < len(found) for place, word in enumerate(found)]
    parts = [_needed_word(word, not is_end) for word, is_end in zip(found, ends, strict=True)]
    return " AND ".join(parts) if parts else None


def _needed_word(word: str, is_prefix: bool) -> str:
    return f'"{word[:INDEXED]}"' + (" *" if is_prefix and len(word) < INDEXED else "")


def _flat(query: Both) -> list[Query]:
    """The parts of a chain of one sign; a phrase is a chain of its parts and of ``&``."""
    parts: list[Query] = []
    waiting: list[Query] = [query]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Both) and (part.sign == "|") == (query.sign == "|"):
            waiting += [part.right, part.left]
        else:
            parts.append(part)
    return parts
