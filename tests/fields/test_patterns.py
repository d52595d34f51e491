"""Python's regular expressions in PostgreSQL: what is translated refuses nothing that Python takes."""

import re
from bisect import bisect_left

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.fields.sql.pattern_checks import to_postgresql
from dynmodel_pyramid.testing.databases import postgresql_url

CHARACTERS = "ab-^]\\.$'%{:\n\té🙂\U00010001Z09_ \x1c\x85\xa0٣ſ"
LITERALS = st.sampled_from(CHARACTERS).map(re.escape)
#: Short ones: Hypothesis writes out each character of a range.
RANGES = st.sampled_from(["a-c", "0-9", "A-z", "à-é", "\ufff9-\U00010002", r"\x01-\x1f"])
ESCAPES = st.sampled_from([r"\d", r"\D", r"\w", r"\W", r"\s", r"\S"])
#: Never empty: Hypothesis has no text for them.
CLASSES = st.one_of(
    st.lists(LITERALS | RANGES | ESCAPES, min_size=1, max_size=3).map(lambda members: f"[{''.join(members)}]"),
    st.lists(LITERALS | RANGES, min_size=1, max_size=3).map(lambda members: f"[^{''.join(members)}]"),
    st.builds("[^{}{}{}]".format, LITERALS, ESCAPES, LITERALS),
)
ATOMS = LITERALS | CLASSES | ESCAPES | st.sampled_from([".", ""])
QUANTIFIERS = st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "{,3}", "*?", "+?", "??", "{1,2}?", "{0}"])
#: Longer texts are cut: Python tries each way in which quantifiers within quantifiers can match.
LONGEST = 10


def larger(inner):
    repeated = st.builds("(?:{}){}".format, inner, QUANTIFIERS)
    either = st.builds("({}|{})".format, inner, inner)
    return st.lists(inner | repeated | either, min_size=1, max_size=3).map("".join)


#: Two deep, for the same reason.
PATTERNS = st.builds(
    "{}{}{}{}".format, st.sampled_from(["", "(?a)", "(?as)", "(?s)"]), st.sampled_from(["", "^", r"\A"]),
    larger(larger(ATOMS)), st.sampled_from(["", "$", r"\Z"]),
)  # fmt: skip


@pytest.fixture(scope="module")
def matches():
    """A function: pattern and texts -> what PostgreSQL says of each."""
    engine = sa.create_engine(postgresql_url())
    query = sa.text(
        'SELECT text COLLATE "C" ~ :pattern'
        " FROM unnest(CAST(:texts AS text[])) WITH ORDINALITY AS t (text, n) ORDER BY n"
    )
    with engine.connect() as connection:
        yield lambda pattern, texts: connection.scalars(query, {"pattern": pattern, "texts": texts}).all()
    engine.dispose()


@st.composite
def texts_like(draw, pattern: str) -> list[str]:
    """Texts that the pattern takes, and such with one place changed."""
    characters = st.characters(codec="utf-8", exclude_characters="\0")
    good = draw(st.lists(st.from_regex(pattern, fullmatch=True, alphabet=characters), min_size=1, max_size=3))
    texts = [text[:LONGEST] for text in [*good, *draw(st.lists(st.text(CHARACTERS, max_size=4), max_size=3))]]
    for text in list(texts):
        place, new = draw(st.integers(0, len(text))), draw(st.sampled_from(["", *CHARACTERS]))
        texts += [text[:place] + new + text[place:], text[:place] + new + text[place + 1 :], text + "\n"]
    return texts


@settings(max_examples=300, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.data())
def test_translated_patterns_take_the_same_texts(matches, data):
    pattern = data.draw(PATTERNS)
    translated = to_postgresql(pattern)
    assume(translated is not None)  # some are too complex
    texts = data.draw(texts_like(pattern))
    taken = [re.fullmatch(pattern, text) is not None for text in texts]
    for text, by_python, by_postgresql in zip(texts, taken, matches(translated, texts), strict=True):
        if pattern.startswith("(?a") or text.isascii():
            assert by_postgresql == by_python, (translated, text)
        else:
            assert by_postgresql or not by_python, (translated, text)


@pytest.mark.parametrize("form", [r"\{}", r"[\{}x]", r"[^\{}x]", r"(?a)[^\{}x]"])
def test_escapes_take_every_character_that_they_take_in_python(matches, form):
    characters = "".join(chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000)
    for pattern in map(form.format, "dDwWsS"):
        taken = re.findall(pattern, characters)
        repeated = f"(?a)(?:{pattern[4:]})*" if pattern.startswith("(?a)") else f"(?:{pattern})*"
        assert matches(to_postgresql(repeated), ["".join(taken)]) == [True]
        within_ascii = list(characters[:127])
        assert matches(to_postgresql(pattern), within_ascii) == [text in taken[:127] for text in within_ascii]


def test_usual_patterns_are_protected(matches):
    def taken(pattern, *texts):
        return matches(to_postgresql(pattern), list(texts))

    assert taken(r"\d{5}", "12345", "1234٣", "1234", "1234x", "12345\n") == [True, True, False, False, False]
    assert taken(r"[\w.+-]+@[\w-]+\.[\w.-]+", "ada@example.org", "é@é.é", "ada", "a b@c.d") == [
        True,
        True,
        False,
        False,
    ]
    assert taken(r"\S+(\s\S+)*", "a b", "a\xa0b", "a ", " a") == [True, True, False, False]


def test_what_can_not_be_counted_has_no_limit(matches):
    texts = ["a" * number for number in (0, 1, 254, 255, 256, 300, 301)]
    assert matches(to_postgresql("a{1,300}"), texts) == [False, *[True] * 6]
    assert matches(to_postgresql("a{300}"), texts) == [*[False] * 3, *[True] * 4]
    assert matches(to_postgresql("a{1,255}"), texts) == [False, *[True] * 3, *[False] * 3]


@pytest.mark.parametrize(
    "pattern",
    ["(?i)a", "(?m)^a$", r"\ba", "(?=a)a", "(?<!b)a", r"(a)\1", "(?i:a)", "a^b", "a$b", "(^a)*", "(?:a$)?b"]
    + ["(?:a{100}){100}", "\0", "[\ud800]", "(" * 40 + "a" + ")" * 40, "(a)?(?(1)b|c)", "a" * 501]
    + ["a*+a", "(?>a*)a", "".join(f"[^{chr(0x400 + n)}]?" for n in range(200))],
)  # fmt: skip
def test_what_may_mean_something_else_is_not_translated(pattern):
    assert re.compile(pattern) and to_postgresql(pattern) is None


def largest(make) -> str:
    """Of the patterns that ``make(number)`` gives, the largest that is translated."""
    number = bisect_left(range(1, 501), 1, key=lambda number: to_postgresql(make(number)) is None)
    return make(number)


def each(form: str):
    """A function: number -> the form for so many characters, one after the other."""
    return lambda number: "".join(form.format(chr(0x4E00 + n)) for n in range(number))


@pytest.mark.parametrize(
    "make",
    [
        each("{}"), each("{}?"), each("[^{}]"), each("[^{}]?"), each("[^{}]*"), each("[{}a-b]?"),
        lambda number: f"(?:{each('[^{}]?')(number)})*",
        lambda number: f"(?:{each('[^{}]|')(number)})*",
        lambda number: f"(?:{each('{}|')(number)}){{2,}}",
        lambda number: f"[{each('{}')(number * 30)}]",
        lambda number: f"(?:a?){{{number}}}",
        lambda number: f"(?:(?:(?:a?b?)*)?){{{number}}}",
        lambda number: f"(?:(?:a*b*)*){{{number}}}",
        lambda number: f"(?:a|b|ab|ba|[a-z]){{{number}}}",
        lambda number: rf"\w{{{number}}}\s?\W{{,{number}}}",
        lambda number: f"[ab]*a[ab]{{{number}}}",
        lambda number: "(?:" * number + "a" + "){,2}" * number,
        lambda number: "(?:" * number + "a" + "b?)*" * number,
    ],
)  # fmt: skip
def test_the_largest_patterns_are_not_too_complex(matches, make):
    assert len(matches(to_postgresql(largest(make)), ["a\n" * 50_000, "ab" * 50_000])) == 2


def test_readable_translation():
    assert to_postgresql("^[A-Z]{2}-[0-9]+$") == r"^(?:(?:[A-Z]){2,2}\u002D(?:[0-9]){1,})$"
