"""Dialects of CSV, given and guessed."""

import io

import pytest

from dynmodel_pyramid.errors import Malformed, UnsupportedParameter
from dynmodel_pyramid.exchange.contents import Reading
from dynmodel_pyramid.exchange.csv_files import read_csv
from dynmodel_pyramid.exchange.detecting import detected
from dynmodel_pyramid.exchange.dialects import Dialect, dialect_of, number_reader
from dynmodel_pyramid.web.http.media_types import accepted_parameters, parameters_of, told

NAMES = "Müller;Hauptstraße 5;Köln\nJäger;Gärtnerweg 1;Düsseldorf\n"


def guessed(text: str, charset: str = "utf-8") -> dict[str, str]:
    return detected(io.BytesIO(text.encode(charset)), Dialect(detects=True))


def read(data: bytes, **parameters: str) -> list[list[str | None]]:
    contents = read_csv(io.BytesIO(data), Reading(parameters=parameters))
    return [list(contents.names), *[list(record) for chunk in contents.chunks for record in chunk]]


@pytest.mark.parametrize(
    ("text", "charset", "guesses"),
    [
        ("a,b\n1,2\n", "utf-8", {}),
        ("a;b\n1,5;x\n2,5;y\n", "utf-8", {"delimiter": ";", "decimal": ","}),
        ('a\tb\r\n1\t"x\ty"\r\n', "utf-16", {"charset": "utf-16", "delimiter": "\t"}),
        ("a,b\n1,2\n", "utf-16-le", {"charset": "utf-16-le"}),
        ("a,b\n1,é\n", "latin-1", {"charset": "cp1252"}),
        (NAMES, "cp1252", {"charset": "cp1252", "delimiter": ";"}),
        ("jméno;město\nDvořák;Plzeň\nŽůrek;České Budějovice\n", "cp1250", {"charset": "cp1250", "delimiter": ";"}),
        ("név;város\nŐrsi;Győr\nKovács;Szűcs\n", "cp1250", {"charset": "cp1250", "delimiter": ";"}),
        ("имя;город\nИван;Москва\n", "cp1251", {"charset": "cp1251", "delimiter": ";"}),
        ("a,b\n'x','y,z'\n", "utf-8", {"quote": "'"}),
        ('n,v\n"1,234","5,678.5"\n', "utf-8", {"thousands": ","}),
        ("day;n\n31.01.2026;1.5\n", "utf-8", {"delimiter": ";"}),
        ('codes,x\n2,\n2,\n"2,4",\n', "utf-8", {}),
        ("a;b;c\n1;2,5;x\n1;2,5\n1;3,5;z\n", "utf-8", {"delimiter": ";", "decimal": ","}),
        ("only\none\n", "utf-8", {}),
        ("", "utf-8", {}),
    ],
)
def test_guesses(text, charset, guesses):
    assert guessed(text, charset) == guesses


def test_nothing_is_guessed_without_being_asked():
    file = io.BytesIO(b"a;b\n1,5;\xff\n")
    assert detected(file, Dialect()) == {} and file.tell() == 0
    with pytest.raises(Malformed, match="not UTF-8"):
        read(b"a,\xff\n")
    with pytest.raises(Malformed, match="not UTF-8"):
        read("a,b\n".encode("utf-16"), charset="utf-8")
    assert read("a,b\n1,2\n".encode("utf-16")) == [["a", "b"], ["1", "2"]]


@pytest.mark.parametrize(
    ("data", "parameters"),
    [
        ("\ufeffn,v\nGröße,1".encode(), {}),
        ("n,v\nGröße,1".encode("latin-1"), {"charset": "windows-1252"}),
        ("n\tv\nGröße\t1".encode("utf-16"), {"delimiter": "tab"}),
        ("n,v\nGröße,1".encode("utf-16-be"), {"charset": "utf-16be"}),
        ("n;v\nGröße;1".encode(), {"delimiter": ";", "decimal": ","}),
        ("n\tv\nGröße\t1".encode(), {"delimiter": "tab", "quote": "none"}),
        ("n,v\n'Größe',1".encode(), {"quote": "'"}),
        ("n,v\rGröße,1\r".encode(), {}),
    ],
)
def test_odd_files(data, parameters):
    """As docs/formats.md has them."""
    assert read(data, **parameters) == [["n", "v"], ["Größe", "1"]]
    if parameters:
        assert read(data, dialect="detect") == [["n", "v"], ["Größe", "1"]]


@pytest.mark.parametrize("charset", ["utf-16", "utf-32"])
def test_an_order_of_bytes_that_is_not_told(charset):
    with pytest.raises(Malformed) as refused:
        read("n,v\nGröße,1".encode(f"{charset}-le"), charset=charset)
    assert f"charset={charset}le" in refused.value.hint


def test_utf_8_is_proven_on_the_whole_file():
    data = b"a,b\n" + b"1,2\n" * 50_000 + "ä,ö\nü,Ä\n".encode("cp1252")
    assert detected(io.BytesIO(data), Dialect(detects=True)) == {"charset": "cp1252"}


def test_given_dialects():
    assert read(b"a|b\n'x|y'|''''\n", delimiter="pipe", quote="'") == [["a", "b"], ["x|y", "'"]]
    assert read(b'a;b\n5";x\n', delimiter=";", quote="none") == [["a", "b"], ['5"', "x"]]
    assert read(b"1,2\n3,4\n", header="absent") == [["column 1", "column 2"], ["1", "2"], ["3", "4"]]
    assert read("a,b\né,ü\n".encode("cp1252"), charset="latin1") == [["a", "b"], ["é", "ü"]]
    with pytest.raises(Malformed, match="not windows-1252"):
        read(b"a\n\x81\n", charset="windows-1252")
    for name, value in (
        ("charset", "unicode_escape"),
        ("charset", "idna"),
        ("delimiter", "ab"),
        ("delimiter", "a"),
        ("quote", ","),
        ("decimal", ";"),
        ("dialect", "excel"),
        ("thousands", "_"),
    ):
        with pytest.raises(UnsupportedParameter, match=name):
            dialect_of({name: value})


def test_numbers():
    with_comma, grouped = number_reader(",", ""), number_reader(",", ".")
    sent = ("1,5", "-2", ",5", "3,50 %", "1e5", "x", "")
    assert [with_comma(text) for text in sent] == ["1.5", "-2", "0.5", "3.50 %", "1e5", "x", ""]
    assert grouped("-1.234.567,5") == "-1234567.5"
    assert number_reader(".", ",")("1,234.5") == "1234.5"
    assert number_reader(",", " ")("1\u202f234,5") == "1234.5"
    for reads, text in ((with_comma, "1.5"), (grouped, "1.5"), (grouped, "12.34,5"), (number_reader(".", ","), "1,5")):
        with pytest.raises(ValueError, match="want a number such as"):
            reads(text)


def test_parameters_of_media_types():
    assert parameters_of("text/csv") == {} == parameters_of("text/csv ; ")
    sent = parameters_of('text/csv; A=b ;delimiter=";"; quote="\\""; decimal=,')
    assert sent == {"a": "b", "delimiter": ";", "quote": '"', "decimal": ","}
    assert parameters_of("text/csv; a=1; A=2") is None is parameters_of("text/csv; a")
    header = 'application/json;q=0.1, TEXT/csv;q=1;delimiter=",";x=1, text/csv;delimiter="|"'
    assert accepted_parameters(header, "text/csv", ("delimiter",)) == {"delimiter": ","}
    assert told({"a": "x", "b": ";", "c": '"\\', "d": "é"}) == 'a=x, b=";", c="\\"\\\\", d="?"'


def test_guesses_take_linear_time():
    """Long lines and cells, which a careless pattern takes minutes for."""
    for text in (b"a" * 500_000 + b"\xff", b"a;b\n" + b"1" * 60_000 + b"x;2\n", b"a\n" + b"'" * 60_000):
        detected(io.BytesIO(text), Dialect(detects=True))
    with pytest.raises(ValueError, match="want a number"):
        number_reader(",", ".")(" " * 100_000 + "1.5")
