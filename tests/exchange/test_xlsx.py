"""Workbooks without a table: those of other programs, what other programs read of ours, and files that attack."""

import datetime
import io
import zipfile

import openpyxl
import pytest
import python_calamine
import xlsxwriter

from dynmodel_pyramid.errors import Malformed, TooLarge, Unwritable
from dynmodel_pyramid.exchange.contents import Broken, Reading
from dynmodel_pyramid.exchange.xlsx import serials, workbook, writing
from dynmodel_pyramid.exchange.xlsx.package import SHEET
from dynmodel_pyramid.exchange.xlsx.reading import read_xlsx
from dynmodel_pyramid.exchange.xlsx.writing import XlsxForm

DAY, CLOCK = datetime.date(2026, 1, 31), datetime.time(23, 59, 59, 500000)
MOMENT = datetime.datetime(2026, 1, 31, 12, 30, 0, 250000)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


class Shown:
    """Stands for what a writer gets to know of a list."""

    def __init__(self, *names, title="Sheet", parameters=None):
        self.names, self.title, self.parameters = names, title, parameters or {}
        self.fields = self.texts = {}


def records(file, **parameters):
    contents = read_xlsx(io.BytesIO(file), Reading(parameters=parameters))
    return [list(contents.names), *[record for chunk in contents.chunks for record in chunk]]


def made(fill, **options) -> bytes:
    """A workbook by XlsxWriter."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, options) as book:
        fill(book)
    return file.getvalue()


def changed(file, **parts) -> bytes:
    """The workbook with other parts: the names' stems, and texts."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(file)) as source, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            stem = name.rpartition("/")[2].partition(".")[0]
            target.writestr(name, parts.get(stem, source.read(name)))
    return written.getvalue()


OURS = XlsxForm(Shown("a", "b")).whole([[1, "x"]])


def with_sheet(cells) -> bytes:
    return changed(OURS, sheet1=f'<worksheet xmlns="{MAIN}"><sheetData>{cells}</sheetData></worksheet>')


def test_what_other_libraries_read():
    texts = ["=1+1", "a\rb\tc\nd", "\x01 _x0041_ \ufffe", ' "<&> ', "ä🙂", "", "x" * 32_767]
    rows = [[text, 1, 2.5, True, 0.1 + 0.2, 10**14, 10**15] for text in texts] + [[None] * 7]
    file = XlsxForm(Shown(*"abcdefg", title="Q1/2: [x]")).whole(rows)
    book = openpyxl.load_workbook(io.BytesIO(file))
    assert book.sheetnames == ["Q1_2_ _x_"]
    assert [[cell.value for cell in row[1:]] for row in book.active.iter_rows(2, len(rows))] == [
        [1, 2.5, True, 0.1 + 0.2, 10**14, str(10**15)]
    ] * len(texts)
    assert {row[0].data_type for row in book.active.iter_rows(2, 6)} == {"s"}
    sheet = python_calamine.load_workbook(io.BytesIO(file)).get_sheet_by_index(0).to_python()
    # It leaves this one as it is written.
    assert [row[0].replace("_xFFFE_", "\ufffe") for row in sheet[1:]] == texts
    assert records(file) == [[*"abcdefg"], *[[*row[:6], str(10**15)] for row in rows[:-1]]]


@pytest.mark.parametrize(
    "options", [{}, {"constant_memory": True}, {"default_date_format": "dd/mm/yy hh:mm"}, {"date_1904": True}]
)
def test_what_others_write(options):
    def fill(book):
        sheet = book.add_worksheet()
        format = {name: book.add_format({"num_format": code}) for name, code in FORMATS.items()}
        sheet.write_row(1, 1, ["n", "text", "day", "moment", "clock", "truth", "span", "money"])
        sheet.write_row(3, 1, [1.5, "_x0041_\x01"])
        sheet.write_datetime(3, 3, DAY, format["day"])
        sheet.write_datetime(3, 4, MOMENT, format["moment"])
        sheet.write_datetime(3, 5, CLOCK, format["clock"])
        sheet.write_boolean(3, 6, False)
        sheet.write_number(3, 7, 1.5, format["span"])
        sheet.write_number(3, 8, 1234.5, format["money"])
        sheet.write_blank(4, 3, None, format["day"])
        sheet.write_rich_string(5, 2, "a", book.add_format({"bold": True}), "b", "c")

    assert records(made(fill, **options)) == [
        ["n", "text", "day", "moment", "clock", "truth", "span", "money"],
        [1.5, "_x0041_\x01", DAY, MOMENT, CLOCK, False, "P1DT12H", 1234.5],
        [None, "abc", *[None] * 6],
    ]


FORMATS = {
    "day": 'd. mmmm yyyy "heute"',
    "moment": "[$-407]yyyy-mm-dd hh:mm:ss.000",
    "clock": "hh:mm:ss AM/PM",
    "span": "[h]:mm",
    "money": '#,##0.00 "EUR (y/d)";[Red]-#,##0.00',
}


def test_formulas_are_read_by_their_values():
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_formula(1, 0, "=1+1", None, 2)
        sheet.write_formula(1, 1, '="x"', None, "x")
        sheet.write_formula(2, 0, "=1=1", None, True)
        sheet.write_formula(3, 0, "=1/0", None, "#DIV/0!")

    names, first, second, third = records(made(fill))
    assert (names, first, second) == (["a", "b"], [2, "x"], [True, None])
    assert type(third) is Broken and third.detail == "the cell A4 holds the error #DIV/0!"
    empty = '<row r="2"><c r="A2" t="str"><f>""</f><v></v></c></row><row r="3"><c r="A3"><v>1</v></c></row>'
    assert records(with_sheet(ROW + empty)) == [["a"], [1]]
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.active.append(["=1+1"])
    file = io.BytesIO()
    book.save(file)
    [_, broken] = records(file.getvalue())
    assert broken.detail == "the cell A2 has a formula without its value" and "save it" in broken.hint()


def test_sheets_by_name():
    def fill(book):
        for name in ("Hidden", "First", "Zweites Blatt"):
            book.add_worksheet(name).write_row(0, 0, [name])
        book.worksheets()[0].hide()
        book.worksheets()[1].activate()
        book.add_chartsheet("Chart")

    file = made(fill)
    assert records(file) == [["First"]]
    assert read_xlsx(io.BytesIO(file), Reading()).told == {"sheet": "First"}
    assert records(file, sheet="zweites blatt") == [["Zweites Blatt"]]
    assert records(file, sheet="Hidden") == [["Hidden"]]
    with pytest.raises(Malformed, match="no sheet 'Chart'") as caught:
        records(file, sheet="Chart")
    assert caught.value.hint == "its sheets are 'Hidden', 'First', 'Zweites Blatt'"
    with pytest.raises(Malformed, match="empty"):
        records(made(lambda book: book.add_worksheet()))


def test_shared_texts_beyond_memory(monkeypatch):
    monkeypatch.setattr(workbook, "IN_MEMORY", 100)
    words = [f"wört {number}" for number in range(300)]
    file = made(lambda book: book.add_worksheet().write_column(0, 0, ["names", *words, *reversed(words)]))
    assert records(file) == [["names"], *[[word] for word in [*words, *reversed(words)]]]


def test_cells_beside_the_names():
    def fill(book):
        sheet = book.add_worksheet()
        sheet.write_row(0, 1, ["a", None, "c"])
        sheet.write_row(1, 1, [1, None, 3])
        sheet.write_row(2, 1, [1, 2, 3])
        sheet.write_row(3, 1, [1, 2, 3, 4])

    names, first, second, third = records(made(fill))
    assert (names, first, second) == (["a", None, "c"], [1, None, 3], [1, 2, 3])
    assert third.detail == "the cell E4 has a value, and its column has no name in the first row"


def test_numbers_are_days():
    for day in (datetime.date(1900, 3, 1), DAY, datetime.date(9999, 12, 31)):
        assert serials.value_of(serials.serial_of(day), serials.DATE, is_1904=False) == day
    for microsecond in (0, 1, 490, 499_999, 999_999):
        moment = datetime.datetime(9999, 12, 31, 23, 59, 59, microsecond)
        assert serials.value_of(serials.serial_of(moment), serials.MOMENT, is_1904=False) == moment
        assert serials.value_of(serials.serial_of(moment.time()), serials.TIME, is_1904=False) == moment.time()
    # As Excel writes half past twelve.
    assert serials.value_of("46053.520833333336", serials.MOMENT, is_1904=False) == MOMENT.replace(microsecond=0)
    assert serials.value_of("46053.5208333333", serials.MOMENT, is_1904=False) == MOMENT.replace(microsecond=0)
    assert serials.value_of("1", serials.DATE, is_1904=False) == datetime.date(1900, 1, 1)
    assert serials.value_of("5.2083333333333336E-1", serials.TIME, is_1904=False) == datetime.time(12, 30)
    for text in ("60", "-1", "1e300", "nan", "x", "2958466"):
        with pytest.raises(ValueError):
            serials.value_of(text, serials.DATE, is_1904=False)
    assert serials.serial_of(datetime.date(1900, 2, 28)) is None


# Limits of Excel


def test_what_a_sheet_does_not_hold(monkeypatch):
    with pytest.raises(Unwritable, match="32767 characters"):
        XlsxForm(Shown("a")).whole([["🙂" * 16_384]])
    with pytest.raises(Unwritable, match="16384 columns"):
        XlsxForm(Shown(*map(str, range(16_385))))
    monkeypatch.setattr(writing, "MAX_ROWS", 3)
    assert records(XlsxForm(Shown("a")).whole([[1], [2]])) == [["a"], [1], [2]]
    with pytest.raises(Unwritable, match="more than 2 rows"):
        XlsxForm(Shown("a")).whole([[1], [2], [3]])


# Files that attack


ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'


@pytest.mark.parametrize(
    ("file", "error", "words"),
    [
        (b"", Malformed, "no zip file"),
        (b"a,b\n1,2\n", Malformed, "no zip file"),
        (b"PK\x03\x04" + b"x" * 100, Malformed, "its end is missing"),
        (OURS[:-30], Malformed, "its end is missing"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 500, Malformed, r"old workbook \(.xls\)"),
        (changed(OURS, sheet1="<worksheet><a"), Malformed, "sheet1.xml"),
        (changed(OURS, sheet1='<!DOCTYPE a [<!ENTITY b "c">]><worksheet/>'), Malformed, "document type"),
        (changed(OURS, workbook="<workbook/>"), Malformed, "no sheet with cells"),
        (with_sheet('<row><c r="XFE1"><v>1</v></c></row>'), Malformed, "column XFE|'XFE'"),
        (with_sheet('<row><c t="s"><v>7</v></c></row>'), Malformed, "shared text"),
        (with_sheet('<row><c t="z"><v>7</v></c></row>'), Malformed, "type 'z'"),
        (with_sheet(f'<row r="1" x="{"a" * 2_000_000}"/>'), Malformed, "too long"),
        (with_sheet(f"{ROW}<row><c><v>{'1' * 20_000_000}</v></c></row>"), TooLarge, "characters"),
    ],
    ids=range(13),
)
def test_refused_files(file, error, words):
    with pytest.raises(error, match=words):
        records(file)


def test_a_workbook_that_grows():
    with pytest.raises(TooLarge, match="grows"):
        contents = read_xlsx(io.BytesIO(with_sheet(ROW + "<row/>" * 20_000)), Reading(most_bytes=100_000))
        list(contents.chunks)


def test_a_shared_text_of_many_cells_is_counted_for_each():
    def fill(book):
        sheet = book.add_worksheet()
        for row in range(20):
            sheet.write(row, 0, "x" * 10_000 if row else "name")

    file = made(fill)
    reading = Reading(most_bytes=100_000)
    with pytest.raises(TooLarge, match="grows to more than 100000 bytes"):
        list(read_xlsx(io.BytesIO(file), reading).chunks)
    assert len(records(file)) == 20


def test_shared_texts_have_no_numbers_below_zero():
    texts = f'<sst xmlns="{MAIN}"><si><t>a</t></si></sst>'
    file = changed(made(lambda book: book.add_worksheet().write(0, 0, "a")), sharedStrings=texts)
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData><row><c t="s"><v>-1</v></c></row></sheetData></worksheet>'
    with pytest.raises(Malformed, match="shared text '-1'"):
        records(changed(file, sheet1=sheet))


def test_two_cells_far_from_one_another_take_no_room():
    """They make a 4 KB file; as a rectangle they are 17 thousand million cells."""
    names, far = records(with_sheet(ROW + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))
    assert names == ["a"] and type(far) is Broken and "XFD1048576" in far.detail


def test_wide_and_sparse_rows_are_counted():
    names = "".join(f'<c t="inlineStr"><is><t>{number}</t></is></c>' for number in range(16_384))
    file = with_sheet(f"<row>{names}</row>" + '<row><c r="A2"><v>1</v></c></row>' * 130)
    with pytest.raises(TooLarge, match="cells"):
        list(read_xlsx(io.BytesIO(file), Reading(most_bytes=2_000_000)).chunks)


def test_damaged_files():
    """A byte is changed in many places: there is an answer, or a domain error."""
    for place in range(0, len(OURS), 3):
        changed_file = OURS[:place] + bytes([OURS[place] ^ 0x41]) + OURS[place + 1 :]
        try:
            records(changed_file)
        except (Malformed, TooLarge):
            continue


def test_the_parts_of_a_workbook():
    with zipfile.ZipFile(io.BytesIO(OURS)) as archive:
        assert archive.testzip() is None and SHEET in archive.namelist()
