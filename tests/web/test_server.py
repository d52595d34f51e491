"""What WebTest can't send: raw requests to a real server."""

import json
import socket
from urllib.parse import quote

import pytest
import requests

LIMIT = 100_000


@pytest.fixture
def server(make_server):
    made = make_server(**{"dynmodel.max_body_size": str(LIMIT)})
    fields = {"a": "text", "j": "json"}
    assert (
        requests.post(f"{made.url}/table/", json={"model_name": "T", "fields": fields}, timeout=30).status_code == 201
    )
    return made


def raw(server, request: bytes) -> tuple[int, bytes]:
    """Status and whole answer of a request as it is."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return int(answer.split(b" ", 2)[1]), answer


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    length = (
        []
        if any(header.lower().startswith(("content-length", "transfer")) for header in headers)
        else [f"Content-Length: {len(body)}"]
    )
    head = [f"{line} HTTP/1.1", "Host: localhost", "Connection: close", *length, *headers]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def test_raw(server):
    """One test, as a server takes a while to start."""
    url = server.url

    # Bodies in chunks, under and over the limit.
    def chunks(size):
        yield b'{"a": "'
        for _ in range(size // 1000):
            yield b"x" * 1000
        yield b'"}'

    headers = {"Content-Type": "application/json"}
    made = requests.post(f"{url}/table/1/rows/", data=chunks(50_000), headers=headers, timeout=30)
    assert (made.status_code, len(made.json()["a"])) == (201, 50_000)
    refused = requests.post(f"{url}/table/1/rows/", data=chunks(2 * LIMIT), headers=headers, timeout=30)
    assert (refused.status_code, refused.json()["code"]) == (413, "payload_too_large")
    assert len(requests.get(f"{url}/table/1/rows/", timeout=30).json()) == 1

    # Names in addresses: the server decodes them before the service sees them.
    for number, name in enumerate(["in/out", "Price (%)", "a?b#c"], 2):
        made = requests.post(f"{url}/table/", json={"model_name": name, "fields": {'x"y': "integer"}}, timeout=30)
        assert made.headers["Location"] == f"/table/{number}/"
        for path in {quote(name, safe=""), quote(name)}:
            made = requests.post(f"{url}/rest/{path}", json={'x"y': number}, timeout=30)
            assert made.status_code == 201
            found = requests.get(f'{url}/rest/{path}?"x\\"y"=eq.{number}&limit=1', timeout=30)
            assert found.json()[0]['x"y'] == number
            assert requests.get(url + found.headers["Content-Location"], timeout=30).json() == found.json()
    assert requests.get(f"{url}/table/in%2Fout/", timeout=30).status_code == 404
    assert requests.get(f"{url}/table/Price%20(%25)/rows/", timeout=30).json()[0]['x"y'] == 3

    # Methods, addresses and headers out of the ordinary.
    for line, headers, status in (
        ("PROPFIND /table/1/", (), 405),
        ("CONNECT /table/1/", (), 405),
        ("get /table/1/", (), 400),
        ("GET /table/1/rows/%00", (), 404),
        ("GET /table/%ff/", (), 400),
        ("GET /table/\xff/", (), 400),
        ("GET /table/1/rows/?order=\xff", (), 400),
        ("GET /table/1/rows/?limit=%", (), 400),
        ("GET /table/1/rows/?limit=%zz", (), 400),
        ("GET /table/%zz", (), 404),
        ("GET http://localhost/table/1/", (), 200),
        ("GET /table/1/#rows", (), 200),
        ("GET /" + "x" * 20_000, (), 404),
        ("GET /table/1/", ("Accept: \xff",), 200),
        ("GET /table/1/", ("If-None-Match: \xff",), 400),
        ("GET /table/1/", ('If-None-Match: "\xff"',), 200),
        ("GET /table/1/", ("Prefer: \xff", "X-Request-Id: \xff"), 200),
        ("POST /table/1/rows/", ("Content-Type: \xff",), 415),
        ("POST /table/1/rows/", ("Content-Type: application/json", "Content-Length: x"), 400),
        ("POST /table/1/rows/", ("Content-Type: application/json", "Content-Length: -1"), 400),
        ("POST /table/1/rows/", ("Content-Type: application/json",), 400),
    ):
        got, answer = raw(server, request(line, *headers))
        assert got == status, (line[:60], headers, answer[:300])
        assert b"Traceback" not in answer

    # A body that a GET or DELETE has no use for.
    for method in ("GET", "DELETE"):
        got, answer = raw(server, request(f"{method} /table/1/rows/7/", "Content-Type: text/plain", body=b"\xff\0"))
        assert got == 404, answer

    # A HEAD of a list has no body, and the connection goes on to serve.
    with requests.Session() as session:
        for _ in range(3):
            head = session.head(f"{url}/table/1/rows/", timeout=30)
            assert (head.status_code, head.content) == (200, b"")
            assert session.get(f"{url}/table/1/rows/1", timeout=30).json()["id"] == 1
            missing = session.get(f"{url}/table/1/rows/9", timeout=30)
            assert missing.headers["Content-Type"] == "application/problem+json"
            assert missing.headers["Definition-Version"] == "1"
            assert session.get(f"{url}/table/1", timeout=30, allow_redirects=False).status_code == 200
            made = session.post(f"{url}/table/1/row", json={"a": "x"}, timeout=30)
            assert made.headers["Location"] == f"/table/1/rows/{made.json()['id']}/"
            unchanged = session.get(f"{url}/table/1/", headers={"If-None-Match": '"1"'}, timeout=30)
            assert (unchanged.status_code, unchanged.content) == (304, b"")
            assert session.options(f"{url}/table/1/", timeout=30).status_code == 204

    assert_kept_open(server)

    deep = json.dumps([]).encode().replace(b"]", b"[" * 45_000)
    got, answer = raw(server, request("POST /table/1/rows/", "Content-Type: application/json", body=deep))
    assert got == 400, answer
    assert requests.get(f"{url}/live", timeout=30).ok
    assert "Traceback" not in server.log.read_text()


def assert_kept_open(server) -> None:
    """A connection outlives answers without a body: 150 of 204, then 304."""
    sent = request(
        "PATCH /rest/T?id=eq.1", "Content-Type: application/json", "Prefer: return=minimal", body=b'{"a":"y"}'
    )
    sent = sent.replace(b"Connection: close\r\n", b"")
    unchanged = request("GET /table/1/", 'If-None-Match: "1"').replace(b"Connection: close\r\n", b"")
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection,
        connection.makefile("rb") as file,
    ):
        for status, asked in [(b"204", sent)] * 150 + [(b"304", unchanged)] * 10:
            connection.sendall(asked)
            assert file.readline().split()[1] == status
            headers = [line.lower() for line in iter(file.readline, b"\r\n")]
            assert not any(line.startswith((b"connection:", b"content-length:", b"transfer-")) for line in headers)
