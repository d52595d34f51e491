"""Queries of words find the same on both databases; the list of differences from PostgreSQL is complete."""

import random
import time

import pytest

from dynmodel_pyramid.database import sqlite_functions
from dynmodel_pyramid.database.sqlite_deadline import Deadline, Overdue
from dynmodel_pyramid.database.texts import functions
from dynmodel_pyramid.database.texts.word_queries import holds, resolved, written
from dynmodel_pyramid.database.texts.word_query_reading import read_query, read_text, read_web
from dynmodel_pyramid.database.texts.words import SEARCHED, words
from tests.database.searches import Search, differences, found_by_postgresql, found_by_us, searches
from tests.documents import ROOT


def test_generated_searches_find_the_same(postgresql):
    assert differences(postgresql, "pg_temp", list(searches(random.Random(26), 3000))) == []


@pytest.mark.parametrize(
    "query",
    [
        "!(a <-> b) <-> c", "!a:* <0> !'a b' <0> a1", "(a | b) <-> c", "a <-> (b & c)", "a <-> !b", "!a <-> !b",
        "!(!a) <-> b", "a <0> b", "'--' <-> b <-> c", "a <-> '--' <-> b", "!'--' & b", "(a <-> b) <3> (c | !b)",
    ],
)  # fmt: skip
def test_phrases_of_phrases(postgresql, query):
    texts = ["a b c", "c b a", "a a1 b", "b c", "", "a", "x b c a b", "a b x b c", "a, b. c a1 a b"]
    assert differences(postgresql, "pg_temp", [Search("fts", text, query) for text in texts]) == []


def listed():
    """The rows of the list of differences in docs/operators.md."""
    page = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    table = page.split("<!-- differences of text search -->")[1].split("<!-- end -->")[0]
    for line in table.strip().splitlines()[2:]:
        text, condition, here, there = (cell.strip() for cell in line.strip("|").split(" | "))
        operator, _, query = condition.strip("`").partition(".")
        yield Search(operator, text.strip("`"), query), here, there


def test_the_list_of_differences_is_true(postgresql):
    rows = list(listed())
    assert len(rows) >= 10
    for search, here, there in rows:
        text, is_found = found_by_us(search)
        [(own, ours)] = found_by_postgresql(postgresql, "pg_temp", [(search, text)])
        assert (is_found, ours) == ((here == "found"),) * 2, search
        assert own is (there == "found"), search


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ärger, STRASSE & Straße", ["ärger", "strasse", "straße"]),
        ("ada@example.com it's 1.5", ["ada", "example", "com", "it", "s", "1", "5"]),
        ("1e5 1e5abc 12e abc1e5", ["1e5", "1e5", "abc", "12e", "abc1e5"]),
        ("हिन्दी, 日本語-テキスト", ["हिन्दी", "日本語", "テキスト"]),
        ("x" * 2046 + " " + "y" * 2047, ["x" * 2046]),
        ("  ...  ", []),
    ],
)
def test_words(text, found):
    assert list(words(text.lower())) == found


def test_written_queries_are_read_again():
    for search in searches(random.Random(5), 500):
        text, _ = found_by_us(search)
        if text:
            assert written(read_query(text)) == text


@pytest.mark.parametrize("query", ["a:", "a:c2", "a:* :", "'a':"])
def test_a_mark_without_its_letters(query):
    with pytest.raises(ValueError, match="want words with"):
        read_query(query)


# Bounds


@pytest.mark.parametrize(
    ("read", "query"),
    [
        (read_query, "&".join(["a"] * 201)),
        (read_query, "<->".join(["a"] * 3000)),
        (read_query, "(" * 26 + "a" + ")" * 26),
        (read_query, "!" * 26 + "a"),
        (read_query, "!(" * 3000 + "a" + ")" * 3000),
        (read_query, "'" + "a." * 201 + "'"),
        (read_query, "a" * 10_001),
        (read_text, "a " * 201),
        (read_text, "-." * 6000),
        (read_web, "a " * 201),
        (read_web, '"' + "a." * 201 + '"'),
        (read_web, "-" * 26 + "a"),
        (read_web, '""' * 3000),
    ],
)
def test_large_queries_are_refused_at_once(read, query):
    begun = time.monotonic()
    with pytest.raises(ValueError, match="want at most"):
        read(query)
    assert time.monotonic() - begun < 1


def largest():
    """The largest queries of each shape."""
    many = [f"a{number}" for number in range(200)]
    yield "<->".join(many)
    yield " <-> ".join(["a:*"] * 200)
    yield "!" * 25 + "a"
    yield "a | b & c <-> " + "!" * 25 + "d"
    yield "(" * 25 + "a" + ")" * 25
    yield "|".join(f"!{word}:* <-> {word}" for word in many[:100])
    yield "a | !(" * 12 + "a | b & c <-> d" + ")" * 12
    yield "'" + ".".join(["a"] * 200) + "'"


@pytest.mark.parametrize("query", list(largest()))
def test_the_largest_queries_end(postgresql, query):
    """For texts of any length, too: a statement's deadline is looked at for each part."""
    text = " ".join(f"a{number % 5000}" for number in range(SEARCHED // 3))
    wanted, is_found = found_by_us(Search("fts", "a b c d a1 a2", query))
    [(_, ours)] = found_by_postgresql(postgresql, "pg_temp", [(Search("fts", "a b c d a1 a2", query), wanted)])
    assert ours == is_found
    deadline = Deadline()
    deadline.set(0.5)
    begun = time.monotonic()
    try:
        sqlite_functions.search(wanted, text, 0, deadline)
    except Overdue:
        pass
    assert time.monotonic() - begun < 5


def test_a_text_is_searched_to_its_bound(postgresql):
    text = "a " * (SEARCHED // 2 - 1) + "xyz b"
    found = [query for query in ("a", "x", "xy", "xyz", "b") if found_by_us(Search("fts", text, query))[1]]
    assert found == ["a", "xy"]
    # The vector of the longest texts does not reach PostgreSQL's limit of 1 MiB.
    codes = (chr(code) for code in range(0x4E00, 0x9FA5))
    texts = [" ".join(f"{code}{number}" for code in codes for number in range(3))[:SEARCHED]]
    texts += [" ".join(map(str, range(100_000)))[:SEARCHED], "\U00010428" * SEARCHED]
    for text in texts:
        folded = f"{functions.WORDS}(pg_temp.{functions.FOLD}(left(%s, {SEARCHED})))"
        size = postgresql.exec_driver_sql(f"SELECT length(to_tsvector('simple', pg_temp.{folded}))", (text,)).scalar()
        assert size is not None


def test_nothing_holds_for_an_empty_query():
    assert resolved(read_query("'--' & '!'"), words) is None
    assert sqlite_functions.search("", "a", 0) == 0
    assert sqlite_functions.search("'a'", None, 0) is None
    assert holds(read_query("!a"), {}, lambda: None)
