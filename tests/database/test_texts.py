"""Texts without case and accents are the same to both databases, and to Python."""

import random
import sqlite3
import unicodedata

import pytest

from dynmodel_pyramid.database import sqlite_functions
from dynmodel_pyramid.database.sqlite_deadline import UNBOUND
from dynmodel_pyramid.database.texts import folding, folding_table, functions
from dynmodel_pyramid.fields.sql import patterns, regular
from tests import folding_tables

PAIRS = 2000


@pytest.fixture(scope="module")
def sqlite():
    connection = sqlite3.connect(":memory:")
    sqlite_functions.register(connection, UNBOUND)
    yield connection
    connection.close()


def pairs(chance):
    """Pairs of texts, most of which fold alike: of the letters that have a case or an accent, and their neighbours."""
    letters = [*folding.VARIANTS, *folding.ACCENTS, *map(ord, "azAZ09 _%ßıİſK\u0301\u0308")]
    made = []
    for _ in range(PAIRS):
        codes = chance.choices(letters, k=chance.randint(1, 6))
        other = [chance.choice(folding.VARIANTS.get(code, (code,))) for code in codes]
        if chance.random() < 0.3:
            other[chance.randrange(len(other))] = chance.choice(letters)
        text = "".join(map(chr, other))
        form = chance.choice(["NFC", "NFD", None])
        made.append(("".join(map(chr, codes)), text if form is None else unicodedata.normalize(form, text)))
    return made


@pytest.mark.parametrize(
    ("name", "fold"), [(functions.FOLD, folding.fold), (functions.FOLD_ACCENTS, folding.fold_accents)]
)
def test_both_databases_fold_as_python_does(postgresql, sqlite, name, fold):
    texts = pairs(random.Random(name))
    wanted = [(fold(one), fold(other)) for one, other in texts]
    alike = sum(one == other for one, other in wanted)
    assert PAIRS / 4 < alike < PAIRS
    query = f"SELECT pg_temp.{name}(a), pg_temp.{name}(b) FROM unnest(%s::text[], %s::text[]) AS t (a, b)"
    rows = postgresql.exec_driver_sql(query, tuple(list(side) for side in zip(*texts, strict=True)))
    assert list(map(tuple, rows)) == wanted
    values = ", ".join(["(?, ?)"] * PAIRS)
    query = f"WITH t (a, b) AS (VALUES {values}) SELECT {name}(a), {name}(b) FROM t"
    assert sqlite.execute(query, [text for pair in texts for text in pair]).fetchall() == wanted


def test_regular_expressions_ignore_the_same_case(postgresql):
    """Of each letter with case, against all that fold alike and some that don't."""
    chance, letters = random.Random(1), sorted(folding.VARIANTS)
    rows = []
    for letter in letters:
        texts = [*map(chr, folding.VARIANTS[letter]), chr(chance.choice(letters))]
        rows += [(regular.translated(f"^{chr(letter)}$", ignore_case=True), text) for text in texts]
    query = "SELECT b ~ a FROM unnest(%s::text[], %s::text[]) AS t (a, b)"
    found = postgresql.exec_driver_sql(query, tuple(list(side) for side in zip(*rows, strict=True))).scalars().all()
    assert found == [bool(sqlite_functions.match(*row)) for row in rows]
    assert sum(found) >= sum(len(folding.VARIANTS[letter]) for letter in letters)


def test_nothing_of_null(postgresql, sqlite):
    for name in (functions.FOLD, functions.FOLD_ACCENTS):
        assert postgresql.exec_driver_sql(f"SELECT pg_temp.{name}(NULL)").scalar() is None
        assert sqlite.execute(f"SELECT {name}(NULL)").fetchone() == (None,)


def test_the_table_is_the_one_of_its_version_of_unicode():
    if folding_table.UNICODE == unicodedata.unidata_version:
        assert folding_tables.TABLE.read_text(encoding="utf-8") == folding_tables.text()
    # Unicode promises that folding stays (Character Encoding Stability Policies, "Case Folding Stability").
    later = folding_tables.case()
    assert {chr(code): chr(to) for code, to in folding.CASE.items()}.items() <= later.items()


def test_folding_what_is_folded_changes_nothing():
    for code in {*folding.CASE, *folding.ACCENTS}:
        for fold in (folding.fold, folding.fold_accents):
            assert fold(fold(chr(code))) == fold(chr(code))
        assert len(folding.fold(chr(code))) == 1


@pytest.mark.parametrize(
    ("text", "folded", "without_accents"),
    [
        ("STRASSE Straße STRAẞE", "strasse straße straße", "strasse strasse strasse"),
        ("Ελληνικός ΌΣΟΣ", "ελληνικόσ όσοσ", "ελληνικοσ οσοσ"),
        ("İSTANBUL ISPARTA ısı", "istanbul isparta ısı", "istanbul isparta isi"),
        ("Łódź ØRSTED Đorđe", "łódź ørsted đorđe", "lodz orsted dorde"),
        ("Æsop Œuvre Þór", "æsop œuvre þór", "aesop oeuvre thor"),
        ("cafe\u0301 Cafés Ångström", "cafe\u0301 cafés ångström", "cafe cafes angstrom"),
        ("Ёлка й", "ёлка й", "елка и"),
        ("हिन्दी が ハ\u3099", "हिन्दी が ハ\u3099", "हिन्दी が ハ\u3099"),
        ("\u212a\u017f\u2126", "ksω", "ksω"),
    ],
)
def test_examples(text, folded, without_accents):
    assert folding.fold(text) == folded
    assert folding.fold_accents(text) == without_accents


def test_a_pattern_is_folded_as_texts_are():
    fold = folding.fold_accents
    assert patterns.folded_pattern("Ä\\ß\\\\\\%%_", fold) == "a\\s\\s\\\\\\%%_"
    assert patterns.folded_pattern("\\\u0301a\\Ä", fold) == "a\\a"
