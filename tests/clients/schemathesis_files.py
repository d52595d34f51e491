"""Files that schemathesis sends, and readers of files in answers: one that nobody can read is a failure."""

import io
import json
from typing import Any

import openpyxl
import pyarrow.ipc
import pyarrow.parquet
import schemathesis
from hypothesis import strategies as st

ROW = {"a_string": "x", "a_integer": 1}
#: At least two: of a part of a file the last row is not looked at, for it may be half of one.
_LINES = st.lists(st.integers(0, 9), min_size=2, max_size=3)
_FEATURE = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [13.4, 52.5]}, "properties": ROW}
_FEATURES = json.dumps({"type": "FeatureCollection", "features": [_FEATURE] * 2}).encode()

schemathesis.openapi.media_type(
    "text/csv", _LINES.map(lambda items: "\n".join(["a_string", *map(str, items)]).encode())
)
schemathesis.openapi.media_type(
    "application/x-ndjson",
    _LINES.map(lambda items: "\n".join(json.dumps(ROW) for _ in items).encode()),
)
schemathesis.openapi.media_type("application/geo+json", st.just(_FEATURES))


def _json(rows: list[Any]) -> list[Any]:
    """As values of JSON, which the checks of schemas want: moments, decimals and bytes become texts."""
    return json.loads(json.dumps(rows, default=str))


@schemathesis.deserializer("application/x-ndjson")
def read_lines(context: Any, response: Any) -> list[Any]:
    return [json.loads(line) for line in response.content.splitlines()]


@schemathesis.deserializer("application/vnd.apache.arrow.stream")
def read_arrow(context: Any, response: Any) -> list[Any]:
    with pyarrow.ipc.open_stream(io.BytesIO(response.content)) as stream:
        return _json(stream.read_all().to_pylist())


@schemathesis.deserializer("application/vnd.apache.parquet")
def read_parquet(context: Any, response: Any) -> list[Any]:
    return _json(pyarrow.parquet.read_table(io.BytesIO(response.content)).to_pylist())


@schemathesis.deserializer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def read_workbook(context: Any, response: Any) -> list[Any]:
    sheet = openpyxl.load_workbook(io.BytesIO(response.content), read_only=True).worksheets[0]
    return _json([list(row) for row in sheet.iter_rows(values_only=True)])
