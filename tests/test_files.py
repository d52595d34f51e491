"""``python -m tests.files``: files as people have them."""

from tests.files import markdown, send_all

FILES = {
    "bom.csv": "\ufeffname,n\r\nÄnne,1\r\n".encode(),
    "cr.csv": b"a,b\r1,x\r2,y\n",
    "headers.csv": b' Total (%) ,First?,"two\nlines",a.b,1st,O\'Neil\n1.5,yes,x,y,,z\n',
    "index.csv": b",name,n\n0,a,1\n1,b,\n",
    "excel.csv": b"name,n,,\r\na,1,,\r\n,,,\r\n",
    "quoted.csv": b'"a","b","c"\n"1","","x"\n"","2.5","y, z"\n',
    "empty-last-line.csv": b"a,b\n1,2\n\n",
    "codes.csv": b"code,id\n007,5\n010,6\n",
    "latin1.csv": "a,b\nä,1\n".encode("latin-1"),
    "short.csv": b"a,b,c\n1,2\n",
    "sheet.xlsx": b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00\xff",
    "semicolons.csv": b"a;b\n1;2\n",
    "utf16.csv": "a,b\n1,2\n".encode("utf-16"),
    "decimals.csv": "Straße;Preis\nHöhe;1,5\nTür;1.234,25\n".encode("cp1252"),
    "nameless.csv": b"1,2.5\n3,4\n",
}
TABLE = """\
| file | fields | rows | what it needed | made of it |
| --- | --- | --- | --- | --- |
| bom.csv | 2 | 1 | nothing | 1 integer, 1 string |
| codes.csv | 1 | 2 | nothing | 1 id, 1 string |
| cr.csv | 2 | 2 | nothing | 1 integer, 1 string |
| decimals.csv | 2 | 2 | dialect=detect (guessed: charset=windows-1252, delimiter=";", decimal=",", thousands=.) | 1 number, 1 string |
| empty-last-line.csv | 2 | 1 | nothing | 2 integer |
| excel.csv | 2 | 2 | nothing | 1 integer, 1 string |
| headers.csv | 6 | 1 | nothing | 1 number, 5 string |
| index.csv | 3 | 2 | a field 'column 1' for the column without a name | 2 integer, 1 string |
| latin1.csv | 2 | 1 | dialect=detect (guessed: charset=windows-1252) | 1 integer, 1 string |
| nameless.csv | 2 | 2 | header=absent | 1 integer, 1 number |
| quoted.csv | 3 | 2 | nothing | 1 integer, 1 number, 1 string |
| semicolons.csv | 2 | 1 | dialect=detect (guessed: delimiter=";") | 2 integer |
| sheet.xlsx | 1 | 0 | refused: the body is not UTF-8 (byte 14): the file is a spreadsheet, or an archive: save it as CSV in UTF-8 | refused: the body is not a workbook (XLSX): its end is missing: send the whole file |
| short.csv | 3 | 0 | refused: /0: 2 values stand under 3 names: empty values count, too: each line has 2 commas | refused: /0: 2 values stand under 3 names: empty values count, too: each line has 2 commas |
| utf16.csv | 2 | 1 | nothing (guessed: charset=utf-16) | 2 integer |
"""  # noqa: E501


def test_files_of_many_kinds(tmp_path):
    """Both databases take them alike: a line for each file."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    assert "\n".join(markdown(send_all(tmp_path))) + "\n" == TABLE
