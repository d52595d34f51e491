"""The four notations of queries of words (PostgreSQL manual, 12.3.2) -> :mod:`~.word_queries`.

The words are still those that were written; :func:`~.word_queries.resolved` makes words of texts of them.
"""

import re

from dynmodel_pyramid.database.texts.folding import fold
from dynmodel_pyramid.database.texts.word_queries import BINDING, Both, Not, Query, Word, joined
from dynmodel_pyramid.database.texts.words import words

#: The most characters of a query, words in it, and parentheses and ``!`` in one another. PostgreSQL's reader keeps 32
#: operators (``STACKDEPTH`` in ``tsquery.c``).
LONGEST, MOST_WORDS, DEPTH = 10_000, 200, 25
_WANTED = "want words with & | ! <-> between them, such as red & !blue; plfts and wfts take any text"
_TOKEN = re.compile(
    r"""\s*+(?: (?P<word> (?: '(?:[^'\\]|''|\\.)++' | (?:[^\s&|!()<>:'\\*])++ ) (?> (?: :[*abcdABCD]++ )? ) )
              | (?P<not>!) | (?P<open>\() | (?P<close>\)) | (?P<operator>[&|]|<(?:-|\d{1,4})>) )""",
    re.VERBOSE | re.DOTALL,
)


def read_query(text: str) -> Query:
    """The notation of ``to_tsquery``: words with ``&``, ``|``, ``!``, ``<->``, ``<2>`` and parentheses.

    :raises ValueError: saying what is wanted
    """
    return _bounded(_Reader(_checked(text.rstrip())).query(0, 0))


def _checked(text: str) -> str:
    if len(text) > LONGEST:
        raise ValueError(f"want at most {LONGEST} characters")
    return text


def _bounded(query: Query) -> Query:
    count, waiting = 0, [query]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Word):
            # One that has no words, such as a hyphen, is a place in a phrase.
            count += max(1, sum(1 for _ in words(fold(part.text))))
        else:
            waiting += [part.part] if isinstance(part, Not) else [part.left, part.right]
    if count > MOST_WORDS:
        raise ValueError(f"want at most {MOST_WORDS} words, not {count}")
    return query


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0
        self.token = self._next()

    def _next(self) -> re.Match[str] | None:
        if self.place >= len(self.text):
            return None
        token = _TOKEN.match(self.text, self.place)
        if token is None:
            raise ValueError(_WANTED)
        self.place = token.end()
        return token

    def _take(self) -> re.Match[str]:
        token = self.token
        if token is None:
            raise ValueError(_WANTED)
        self.token = self._next()
        return token

    def query(self, binding: int, depth: int) -> Query:
        """A query whose operators bind more tightly than ``binding``."""
        left = self._operand(depth)
        while self.token is not None and self.token.lastgroup == "operator":
            sign = self.token["operator"]
            mine = BINDING[sign[0]]
            if mine <= binding:
                break
            self._take()
            distance = 0 if sign[0] != "<" else 1 if sign == "<->" else int(sign[1:-1])
            left = Both(sign[0], left, self.query(mine, depth), distance)
        if binding == 0 and self.token is not None and (depth == 0 or self.token.lastgroup != "close"):
            raise ValueError(_WANTED)
        return left

    def _operand(self, depth: int) -> Query:
        if depth > DEPTH:
            raise ValueError(f"want at most {DEPTH} parentheses and ! in one another")
        token = self._take()
        if token.lastgroup == "not":
            return Not(self._operand(depth + 1))
        if token.lastgroup == "open":
            inner = self.query(0, depth + 1)
            if self._take().lastgroup != "close":
                raise ValueError(_WANTED)
            return inner
        if token.lastgroup != "word":
            raise ValueError(_WANTED)
        return _word(token["word"])


def _word(text: str) -> Word:
    if text[0] == "'":
        end = re.match(r"'(?:[^'\\]|''|\\.)++'", text, re.DOTALL)
        assert end is not None  # the token has it
        inner, flags = end[0][1:-1], text[end.end() + 1 :]
        inner = re.sub(r"''|\\(.)", lambda match: match[1] or "'", inner, flags=re.DOTALL)
    else:
        inner, _, flags = text.partition(":")
    return Word(inner, "*" in flags, "".join(sorted(set(flags.lower()) - {"*"})))


# Any text: its words are found later (``resolved``)


def read_text(text: str) -> Query:
    """The words of a text: all of them (``plainto_tsquery``), or one after another (``phraseto_tsquery``)."""
    return _bounded(Word(_checked(text)))


#: Of the character behind it PostgreSQL only asks that it is of no word.
_OR = re.compile(r"or(?![-_]|\w).\s*+\S", re.IGNORECASE | re.DOTALL)
#: These are as good as a blank.
_BETWEEN = re.compile(r"[\s!&|()]*+")
_UNQUOTED = re.compile(r"[^\s!&|()\"][^\s!&|()\":]*+")


def read_web(text: str) -> Query:
    """What people write to search engines, as ``websearch_to_tsquery``: ``"a phrase" or -word``.

    :raises ValueError: it is too long
    """
    text, place = _checked(text), 0
    choices: list[list[Query]] = [[]]
    while True:
        part, place = _web_operand(text, place)
        choices[-1].append(part)
        place = _skipped(text, place)
        if place == len(text):
            return _bounded(joined("|", [joined("&", parts) for parts in choices]))
        if _OR.match(text, place) is not None:
            choices.append([])
            place += 2


def _web_operand(text: str, place: int) -> tuple[Query, int]:
    """A word or a quoted phrase, with ``-`` or without, and the place behind it. At the end it has no words."""
    place, nots = _skipped(text, place), 0
    while text.startswith("-", place):
        place, nots = _skipped(text, place + 1), nots + 1
    if nots > DEPTH:
        raise ValueError(f"want at most {DEPTH} times - before a word")
    if text.startswith('"', place):
        inner, quote, _ = text[place + 1 :].partition('"')
        place += 1 + len(inner) + len(quote)
    else:
        match = _UNQUOTED.match(text, place)
        inner = "" if match is None else match[0]
        place += len(inner)
    query: Query = Word(inner)
    for _ in range(nots):
        query = Not(query)
    return query, place


def _skipped(text: str, place: int) -> int:
    match = _BETWEEN.match(text, place)
    assert match is not None  # it may be empty
    return match.end()
