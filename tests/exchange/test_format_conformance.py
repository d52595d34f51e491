"""The built-in text formats pass the suite for formats."""

from dynmodel_pyramid.exchange.built_in import CSV_FORMAT, JSON_FORMAT, NDJSON_FORMAT
from dynmodel_pyramid.testing import FormatConformance


class TestCsv(FormatConformance):
    format = CSV_FORMAT
    broken = (b"a\n\xff\n", b'a\n"open\n', b'a\nb"c\n', b"a,b\n1\n")


class TestJson(FormatConformance):
    format = JSON_FORMAT
    broken = (b"", b"[{]", b'[{"a": 1}', b'[{"a": 1, "a": 2}]', b"[\xff]", b"[1] 2")


class TestNdJson(FormatConformance):
    format = NDJSON_FORMAT
    broken = (b"{\n", b'{"a": NaN}\n', b"\xff\n")
