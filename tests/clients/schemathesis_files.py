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
_LINES = st.lists(st.integers(0, 9), min_size=1, max_size=3)
_FEATURE = {"type": "Feature", "geometry": None, "properties": ROW}
_FEATURES = json.dumps({"type": "FeatureCollection", "features": [_FEATURE]}).encode()

schemathesis.openapi.media_type(
    "text/csv", _LINES.map(lambda items: "\n".join(["a_string", *map(str, items)]).encode())
)
schemathesis.openapi.media_type(
    "application/x-ndjson",
    _LINES.map(lambda items: "\n".join(json.dumps(ROW) for _ in items).encode()),
)
schemathesis.openapi.media_type("application/geo+json", st.just(_FEATURES))


@schemathesis.deserializer("application/x-ndjson")
def read_lines(context: Any, response: Any) -> list[Any]:
    return [json.loads(line) for line in response.content.splitlines()]


@schemathesis.deserializer("application/vnd.apache.arrow.stream")
def read_arrow(context: Any, response: Any) -> list[Any]:
    with pyarrow.ipc.open_stream(io.BytesIO(response.content)) as stream:
        return stream.read_all().to_pylist()


@schemathesis.deserializer("application/vnd.apache.parquet")
def read_parquet(context: Any, response: Any) -> list[Any]:
    return pyarrow.parquet.read_table(io.BytesIO(response.content)).to_pylist()


@schemathesis.deserializer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def read_workbook(context: Any, response: Any) -> list[Any]:
    sheet = openpyxl.load_workbook(io.BytesIO(response.content), read_only=True).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]
