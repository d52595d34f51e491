"""Rows as Parquet and Arrow: of every type, by other libraries too, and files of other programs."""

import datetime
import gzip
import io
import json
import sys
from decimal import Decimal
from typing import Any

import arro3.io
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import python_calamine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import fixed_dictionaries, none, one_of

from tests.every_type import written_types

PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BINARY = {"parquet": PARQUET, "arrow": ARROW, "xlsx": XLSX}


def get(client, path, media_type) -> bytes:
    answer = client.app.get(path, headers={"Accept": media_type}, status=200)
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="')
    return answer.body


def post(client, path, media_type, body, status=201) -> Any:
    return client.app.post(path, body, {"Content-Type": media_type}, status=status).json


@pytest.mark.parametrize("media_type", BINARY.values(), ids=BINARY)
def test_every_type_comes_back(client, media_type):
    types = {f"f{number}": known for number, known in enumerate(written_types().items())}
    fields = {field: {"type": name, **options} for field, (name, (options, _)) in types.items()}
    rows = client.table(fields) + "rows/"
    documents = {field: one_of(none(), strategy) for field, (_, (_, strategy)) in types.items()}

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(fixed_dictionaries(documents))
    def comes_back(document):
        # A strategy may give what is sent together with what is answered.
        document = {name: value[0] if isinstance(value, tuple) else value for name, value in document.items()}
        row = client.send("POST", rows, document, status=201).json
        sent = get(client, f"{rows}?id=eq.{row['id']}", media_type)
        [copy] = post(client, f"{rows}?columns={','.join(fields)}", media_type, sent)
        assert {**copy, "id": 0} == {**row, "id": 0}

    comes_back()


FIELDS = {
    "n": "integer",
    "price": {"type": "decimal", "precision": 20, "scale": 4},
    "day": "date",
    "at": "datetime",
    "clock": "time",
    "tags": "tags",
    "place": "point",
    "data": "json",
    "name": "string",
}
ROWS = [
    {
        "n": 2**53 + 1,
        "price": "1234567890123456.7890",
        "day": "0001-01-01",
        "at": "2026-01-31T12:30:00.000001Z",
        "clock": "23:59:59.999999",
        "tags": ["a", "b"],
        "place": {"latitude": 52.5, "longitude": 13.4},
        "data": {"x": [1.10, None]},
        "name": "",
    },
    dict.fromkeys(FIELDS),
]


def test_what_other_libraries_read(client):
    rows = client.table(FIELDS) + "rows/"
    client.send("POST", rows, ROWS, status=201)
    parquet, stream = get(client, rows, PARQUET), get(client, rows, ARROW)
    judged = [
        pa.table(arro3.io.read_parquet(io.BytesIO(parquet)).read_all()),
        pa.table(arro3.io.read_ipc_stream(io.BytesIO(stream)).read_all()),
        pq.read_table(io.BytesIO(parquet)),
    ]
    for table in judged:
        assert [str(kind) for kind in table.schema.types] == [
            *("int64", "int64", "decimal128(20, 4)", "date32[day]", "timestamp[us, tz=UTC]", "time64[us]"),
            *("list<item: string>", "struct<longitude: double, latitude: double>", "extension<arrow.json>", "string"),
        ] or str(table.schema.types[6]) == "list<element: string>"
        first, second = table.drop(["at"]).to_pylist()
        assert (first["n"], first["price"], first["tags"]) == (2**53 + 1, Decimal("1234567890123456.7890"), ["a", "b"])
        assert (first["place"], first["name"]) == (ROWS[0]["place"], "")
        assert (str(first["day"]), str(first["clock"])) == ("0001-01-01", "23:59:59.999999")
        assert json.loads(first["data"]) == ROWS[0]["data"]
        assert table["at"].cast(pa.int64()).to_pylist() == [1769862600000001, None]
        assert second == {"id": 2, **dict.fromkeys(name for name in FIELDS if name != "at")}
    select = "select=day,who:name,n.max(),last:day.max(),then:at.min(),late:clock.max()&id=eq.1"
    selected = pq.read_table(io.BytesIO(get(client, f"{rows}?{select}", PARQUET)))
    assert selected.schema.names == ["day", "who", "max", "last", "then", "late"]
    assert selected.schema.types[3:] == [pa.date32(), pa.timestamp("us", "UTC"), pa.time64("us")]
    get(client, f"{rows}?{select}", XLSX)


def test_files_of_other_programs(client):
    rows = client.table(FIELDS) + "rows/"
    table = pa.table(
        {
            "n": pa.array([1.0, None], pa.float64()),  # as pandas keeps integers with nulls
            "price": pa.array([1.5, None], pa.float32()),
            "day": pa.array([0, None], pa.date64()),
            "at": pa.array([0, None], pa.timestamp("ns", "Asia/Tokyo")),
            "clock": pa.array([0, None], pa.time32("s")),
            "tags": pa.array([["a"], None], pa.large_list(pa.string())),
            "name": pa.array(["x", "x"]).dictionary_encode(),
        }
    )
    file = io.BytesIO()
    pq.write_table(table, file)
    first, second = post(client, rows, PARQUET, file.getvalue())
    assert first == {
        **{"id": 1, "n": 1, "price": "1.5000", "day": "1970-01-01", "at": "1970-01-01T00:00:00Z", "clock": "00:00:00"},
        **{"tags": ["a"], "place": None, "data": None, "name": "x"},
    }
    assert second == {"id": 2, **dict.fromkeys(FIELDS), "name": "x"}
    packed = client.app.post(
        rows, gzip.compress(file.getvalue()), {"Content-Type": PARQUET, "Content-Encoding": "gzip"}, status=201
    )
    assert [row["name"] for row in packed.json] == ["x", "x"]


def test_workbooks(client):
    fields = {**FIELDS, "local": {"type": "datetime", "timezone": "Europe/Berlin"}, "code": "string", "ok": "boolean"}
    rows = client.table(fields) + "rows/"
    first = {**ROWS[0], "n": 7, "price": "12.5000", "name": "=1+1", "code": "007", "ok": False}
    first["clock"] = "23:59:59.5"
    first |= {"local": "2026-10-25T00:30:00Z", "day": "2026-01-31"}
    # The hour before is also 02:30 in Berlin.
    second = {**ROWS[1], "local": "2026-07-01T10:00:00Z", "n": 10**15, "day": "1066-10-14"}
    stored = client.send("POST", rows, [first, second], status=201).json
    file = get(client, f"{rows}?select={','.join(fields)}", XLSX)
    [names, *cells] = openpyxl.load_workbook(io.BytesIO(file)).active.iter_rows()
    assert [cell.value for cell in names] == list(fields)
    cell = dict(zip(fields, cells[0], strict=True))
    assert (cell["n"].value, cell["price"].value, cell["price"].number_format) == (7, 12.5, "0.0000")
    assert (cell["day"].value, cell["day"].number_format) == (datetime.datetime(2026, 1, 31), "yyyy-mm-dd")
    assert cell["at"].value == datetime.datetime(2026, 1, 31, 12, 30)
    assert (cell["clock"].value, cell["ok"].value) == (datetime.time(23, 59, 59, 500000), False)
    assert [(cell[name].value, cell[name].data_type) for name in ("name", "code", "local", "tags")] == [
        ("=1+1", "s"),
        ("007", "s"),
        ("2026-10-25T00:30:00Z", "s"),
        ('["a","b"]', "s"),
    ]
    cell = dict(zip(fields, cells[1], strict=True))
    assert (cell["local"].value, cell["n"].value) == (datetime.datetime(2026, 7, 1, 12), str(10**15))
    client.send("DELETE", f"{rows}?id=gt.0", status=204)
    copies = post(client, rows, XLSX, file)
    assert [{**copy, "id": row["id"]} for copy, row in zip(copies, stored, strict=True)] == stored
    assert post(client, rows, f"{XLSX};sheet=Other", file, 400)["hint"].startswith("its sheets are ")


def test_what_a_workbook_does_not_hold(client):
    rows = client.table({"text": "text"}) + "rows/"
    client.send("POST", rows, [{"text": "a"}] * 3000 + [{"text": "a" * 32_768}], status=201)
    refused = client.app.get(rows, headers={"Accept": XLSX}, status=406).json
    assert (refused["code"], "32767 characters" in refused["detail"]) == ("not_acceptable", True)
    sheet = python_calamine.load_workbook(io.BytesIO(get(client, f"{rows}?id=lte.3000", XLSX))).get_sheet_by_index(0)
    assert sheet.to_python() == [["id", "text"], *[[number, "a"] for number in range(1, 3001)]]


def test_refused_files(client):
    rows = client.table({"n": "integer"}) + "rows/"
    assert post(client, rows, PARQUET, b"n\n1\n", 400)["code"] == "malformed_file"
    assert post(client, rows, ARROW, b"n\n1\n", 400)["code"] == "malformed_file"
    file = io.BytesIO()
    pq.write_table(pa.table({"n": pa.array([1, None, 3_000_000_001], pa.timestamp("ns"))}), file)
    answer = post(client, rows, PARQUET, file.getvalue(), 422)
    assert [(problem["pointer"], problem["code"]) for problem in answer["errors"]] == [
        ("/0", "malformed_line"),
        ("/2", "malformed_line"),
    ]
    file = io.BytesIO()
    pq.write_table(pa.table({"m": [1]}), file)
    assert [problem["pointer"] for problem in post(client, rows, PARQUET, file.getvalue(), 422)["errors"]] == ["/m"]
    file = io.BytesIO()
    pq.write_table(pa.table({"n": pa.nulls(70_000_000)}), file)
    assert post(client, rows, PARQUET, file.getvalue(), 413)["code"] == "payload_too_large"
    assert client.get(rows) == []


def test_without_the_library(client, monkeypatch):
    rows = client.table({"n": "integer"}) + "rows/"
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = client.app.get(rows, headers={"Accept": PARQUET}, status=409).json
    assert (answer["code"], answer["hint"]) == ("extra_missing", 'pip install "dynmodel_pyramid[arrow]"')
    assert post(client, rows, ARROW, b"", 409)["code"] == "extra_missing"


#: Texts that records of PostgreSQL quote, or that a reader of CSV might take for something else.
NASTY = [
    *(
        "",
        '"',
        "\\",
        ",",
        "()",
        "a\nb",
        "a\r\nb",
        "\r",
        "\ufeffx",
        "\ufeff",
        " ",
        " x ",
        "NULL",
        "\\N",
        '""',
        '\\"',
        "ä€😀",
    ),
    *("t", "1", "\x0b", "\u2028", "\\,", '",', "'", None, "#", "\x85", "end\n"),
]


def test_records_give_what_values_give(client):
    """A page comes as values, a list without a limit as the texts of records where the database writes them."""
    types = written_types()
    fields = {f"f{number}": {"type": name, **options} for number, (name, (options, _)) in enumerate(types.items())}
    rows = client.table({**fields, "nasty": "text"}) + "rows/"
    documents = {name: one_of(none(), known[1]) for name, known in zip(fields, types.values(), strict=True)}

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(fixed_dictionaries(documents))
    def add(document):
        client.send("POST", rows, {k: v[0] if isinstance(v, tuple) else v for k, v in document.items()}, status=201)

    add()
    client.send("POST", rows, [{"nasty": text} for text in NASTY], status=201)
    for name in ("id", "nasty", "nasty,id,n:id.max()", "n:count()", *fields, "*"):
        path = f"{rows}?select={name}&order=id" if "(" not in name else f"{rows}?select={name}"
        values, lines = get(client, f"{path}&limit=1000", ARROW), get(client, path, ARROW)
        assert pa.ipc.open_stream(lines).read_all().equals(pa.ipc.open_stream(values).read_all()), (
            name,
            fields.get(name),
        )
