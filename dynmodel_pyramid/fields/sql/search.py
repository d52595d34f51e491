"""PostgreSQL's text search (manual, chapter 12): conditions on its words."""

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

#: The configurations that every PostgreSQL has; further ones of a server are not used.
LANGUAGES = frozenset(
    "arabic armenian basque catalan danish dutch english finnish french german greek hindi hungarian indonesian irish "
    "italian lithuanian nepali norwegian portuguese romanian russian serbian simple spanish swedish tamil turkish "
    "yiddish".split()
)
#: Deeper parentheses are refused.
_DEPTH = 50
_TOKEN = re.compile(
    r"""\s*+(?: (?P<word> (?: '(?:[^'\\]|''|\\.)++' | (?:[^\s&|!()<>:'\\*])++ ) (?: :[*abcdABCD]++ )?+ )
              | (?P<not>!) | (?P<open>\() | (?P<close>\)) | (?P<operator>[&|]|<(?:-|\d{1,4})>) )""",
    re.VERBOSE | re.DOTALL,
)


def condition(function: str) -> Callable[[sa.ColumnElement[Any], Any, str], sa.ColumnElement[bool]]:
    """The condition of an operator whose text is read by that function of PostgreSQL."""

    def make(left: sa.ColumnElement[Any], right: Any, dialect: str) -> sa.ColumnElement[bool]:
        language, text = right
        before = () if language is None else (sa.cast(sa.literal(language), postgresql.REGCONFIG),)
        words = sa.func.to_tsvector(*before, left, type_=postgresql.TSVECTOR)
        wanted = getattr(sa.func, function)(*before, sa.literal(text, sa.Text()), type_=postgresql.TSQUERY)
        return words.bool_op("@@")(wanted)

    return make


def checked(text: str) -> str:
    """A query that ``to_tsquery`` accepts (manual, 12.3.2): words with ``&``, ``|``, ``!``, ``<->`` and parentheses.

    :raises ValueError: saying what is wanted
    """
    wanted = ValueError("want words with & | ! <-> between them, such as red & !blue; plfts and wfts take any text")
    place, depth, wants_word, text = 0, 0, True, text.rstrip()
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None or (token.lastgroup in ("word", "not", "open")) != wants_word:
            raise wanted
        place = token.end()
        depth += (token.lastgroup == "open") - (token.lastgroup == "close")
        wants_word = token.lastgroup in ("not", "open", "operator")
        if not 0 <= depth <= _DEPTH:
            raise wanted
    if depth or wants_word:
        raise wanted
    return text
