"""Content codings of bodies and answers: gzip, zstd and brotli."""

import gzip
import io
import zlib

import brotli
import pytest
import webob

from dynmodel_pyramid.errors import Malformed, TooLarge
from dynmodel_pyramid.exchange.codings import Decoded, zstd
from dynmodel_pyramid.web.encoded import Encoded, chosen

OFFERS = ("zstd", "br", "gzip")
PACK = {"gzip": gzip.compress, "zstd": lambda data: zstd().compress(data), "br": brotli.compress}
UNPACK = {"gzip": gzip.decompress, "zstd": lambda data: zstd().decompress(data), "br": brotli.decompress}


def decoded(data: bytes, coding: str, limit: int = 1_000_000) -> Decoded:
    return Decoded(io.BytesIO(data), coding, (limit, lambda most: TooLarge(f"more than {most}")))


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, br; q=0.9", "gzip"),
        ("GZIP;Q=0.5", "gzip"),
        ("*", "gzip"),
        ("*;q=0, br", "br"),
        ("gzip;q=0", None),
        ("gzip;q=0, *", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("gzip;q=x, br;q=2, zstd;q=nan,,", None),
    ],
)
def test_what_is_chosen(header, coding):
    assert chosen(header, OFFERS) == coding


@pytest.mark.parametrize("coding", OFFERS)
def test_bodies_are_bounded(coding):
    data = b"".join(b"line %d\n" % number for number in range(20_000))
    packed = PACK[coding](data)
    file = decoded(packed, coding)
    assert file.read(10) + file.readline() + file.read() == data and file.tell() == len(data)
    assert file.seek(5) == 5 and file.read(4) == data[5:9]
    assert file.seek(-6, 2) == len(data) - 6 and file.read() == data[-6:]
    assert decoded(packed, coding, len(data)).read() == Decoded(io.BytesIO(packed), coding).read() == data
    for most in (1000, len(data) - 1):
        with pytest.raises(TooLarge):
            decoded(packed, coding, most).read()
        with pytest.raises(TooLarge):
            decoded(packed, coding, most).seek(0, 2)
    for broken in (packed[:-2], data[:2000], packed[: len(packed) // 2]):
        with pytest.raises(Malformed):
            decoded(broken, coding).read()


def test_zstd_takes_no_large_window():
    library = zstd()
    parameter = library.CompressionParameter
    options = {parameter.window_log: 25, parameter.content_size_flag: 0}
    compressor = library.ZstdCompressor(options=options)
    packed = compressor.compress(b"x" * 1000) + compressor.flush()
    with pytest.raises(Malformed, match="window"):
        decoded(packed, "zstd").read()


@pytest.mark.parametrize("coding", OFFERS)
def test_parts_are_flushed(coding):
    parts = [b"one" * 10, b"two" * 10]
    closed = []

    def made():
        try:
            yield from parts
        finally:
            closed.append(True)

    encoded = Encoded(made(), coding)
    first = next(encoded)
    if coding == "gzip":
        assert zlib.decompressobj(31).decompress(first) == parts[0]
    assert UNPACK[coding](first + b"".join(encoded)) == b"".join(parts)
    encoded.close()
    assert closed == [True]


@pytest.fixture
def rows(client) -> str:
    rows = client.table({"s": "text"}) + "rows/"
    client.send("POST", rows, [{"s": "x" * 50} for _ in range(1200)], status=201)
    return rows


def get(client, path, method="GET", **headers):
    """An answer as it is sent; WebTest would decode it."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = webob.Request.blank(path, method=method, headers=sent).get_response(client.app.app)
    assert answer.body or method == "HEAD" or answer.status_int == 304  # and the stream is closed
    return answer


def test_answers(client, rows):
    whole = get(client, rows).body
    for coding in OFFERS:
        for query in ("", "?limit=100"):
            plain = get(client, f"{rows}{query}").body
            answer = get(client, f"{rows}{query}", Accept_Encoding=coding)
            assert (answer.headers["Content-Encoding"], UNPACK[coding](answer.body)) == (coding, plain)
            assert "Accept-Encoding" in answer.headers["Vary"]
            if query:
                assert int(answer.headers["Content-Length"]) == len(answer.body) < len(plain) // 5
    for header in ("identity", "gzip;q=0", "compress"):
        answer = get(client, rows, Accept_Encoding=header)
        assert "Content-Encoding" not in answer.headers and answer.body == whole
        assert "Accept-Encoding" in answer.headers["Vary"]
    assert "Content-Encoding" not in get(client, f"{rows}?limit=1", Accept_Encoding="gzip").headers
    assert "Content-Encoding" not in get(client, rows, "HEAD", Accept_Encoding="gzip").headers
    name = client.get(rows.removesuffix("rows/"))["model_name"]
    assert get(client, f"/rest/{name}?select=s", Accept_Encoding="zstd").headers["Content-Encoding"] == "zstd"


def test_tags_of_encoded_answers(client):
    rows = client.table({"s": "text"}) + "rows/"
    row = f"{rows}{client.send('POST', rows, {'s': 'x' * 2000}, status=201).json['id']}"
    plain = get(client, row)
    answer = get(client, row, Accept_Encoding="gzip")
    tag = answer.headers["ETag"]
    assert tag == plain.headers["ETag"][:-1] + '--gzip"' and gzip.decompress(answer.body) == plain.body
    again = get(client, row, Accept_Encoding="gzip", If_None_Match=tag)
    assert (again.status_int, again.headers["ETag"]) == (304, tag) and "Content-Encoding" not in again.headers
    assert "Accept-Encoding" in again.headers["Vary"]
    again = get(client, row, Accept_Encoding="gzip", If_None_Match=plain.headers["ETag"])
    assert (again.status_int, again.headers["ETag"]) == (304, plain.headers["ETag"])
    client.send("PATCH", row, {"s": "y" * 2000}, if_match=tag, status=200)
    client.send("PATCH", row, {"s": "z"}, if_match=tag, status=412)
    assert get(client, row, Accept_Encoding="gzip", If_None_Match=tag).status_int == 200


def test_bodies(client):
    rows = client.table({"s": "text"}) + "rows/"
    for coding in OFFERS:
        body = PACK[coding](b's\n"a"\n')
        client.send("POST", rows, body=body, content_type="text/csv", content_encoding=coding, status=201)
        broken = "malformed_gzip" if coding == "gzip" else "malformed_encoding"
        client.refused("POST", rows, body=body[:-1], content_encoding=coding, status=400, code=broken)
        client.refused("POST", rows, body=b"plain", content_encoding=coding, status=400, code=broken)
    code = "unsupported_media_type"
    refused = client.refused("POST", rows, body=b"{}", content_encoding="compress", status=415, code=code)
    assert refused.headers["Accept-Encoding"] == "gzip, zstd, br"
    assert len(client.get(rows)) == 3
