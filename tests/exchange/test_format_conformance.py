"""The built-in formats pass the suite for formats."""

from dynmodel_pyramid.exchange.arrow.parquet import PARQUET_FORMAT
from dynmodel_pyramid.exchange.arrow.streams import ARROW_FORMAT
from dynmodel_pyramid.exchange.built_in import CSV_FORMAT, JSON_FORMAT, NDJSON_FORMAT
from dynmodel_pyramid.exchange.geojson import GEOJSON_FORMAT
from dynmodel_pyramid.exchange.xlsx.writing import XLSX_FORMAT
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


class TestParquet(FormatConformance):
    format = PARQUET_FORMAT
    broken = (b"", b"PAR1", b"PAR1PAR1PAR1", b"PAR1\xff\xff\xff\xffPAR1", b"\xff\xff\xff\xff\x10\x00\x00\x00")


class TestArrow(FormatConformance):
    format = ARROW_FORMAT
    broken = (b"", b"PAR1PAR1", b"ARROW1", b"\xff\xff\xff\xff\x10\x00\x00\x00", b"\x00" * 64)


class TestXlsx(FormatConformance):
    format = XLSX_FORMAT
    parameters = {"sheet": "Q1"}
    broken = (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"a,b\n1,2\n")


class TestGeoJson(FormatConformance):
    format = GEOJSON_FORMAT
    parameters = {"geometry": "place"}
    needed = ("place", "point")
    broken = (b"", b"{}", b"[]", b'{"type": "FeatureCollection", "features": [1]}', b'{"type": "Polygon"}')
