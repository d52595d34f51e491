"""A body that may be left out may be left out in each way that HTTP has for it; one that is there is read."""

import http.client
import json

import pytest

JSON = ("Content-Type", "application/json")
#: Headers, and what is sent behind them.
NOTHING = {
    "no header": ([], b""),
    "a length of 0": ([("Content-Length", "0")], b""),
    "no chunk": ([("Transfer-Encoding", "chunked")], b"0\r\n\r\n"),
    "a media type": ([JSON], b""),
    "a media type and a length of 0": ([JSON, ("Content-Length", "0")], b""),
    "a media type and no chunk": ([JSON, ("Transfer-Encoding", "chunked")], b"0\r\n\r\n"),
    "another media type": ([("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "0")], b""),
}


class Sender:
    def __init__(self, port: int):
        self.port = port

    def __call__(self, method: str, path: str, headers=(), body: bytes = b"") -> tuple[int, dict]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders()
            if body:
                connection.send(body)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        return answer.status, json.loads(text) if text else {}

    def json(self, method: str, path: str, document) -> tuple[int, dict]:
        body = json.dumps(document).encode()
        return self(method, path, [JSON, ("Content-Length", str(len(body)))], body)


@pytest.fixture
def send(server) -> Sender:
    return Sender(server.port)


def test_nothing_is_no_body(send):
    """Restores of a field, of a value and of a table, a revert, and what destroys; in each way."""
    for headers, body in NOTHING.values():
        nothing = headers, body
        status, made = send.json("POST", "/table/", {"model_name": "T", "fields": {"a": "string", "b": "string"}})
        assert status == 201
        path = f"/table/{made['id']}/"
        send.json("POST", f"{path}rows/", {"a": "x", "b": "2"})
        send.json("PATCH", path, {"fields": {"a": None}})
        _, trash = send("GET", f"{path}trash/")
        told = send("POST", f"{path}trash/{trash[0]['number']}/restore/", *nothing)
        assert (told[0], list(told[1]["fields"])) == (200, ["b", "a"]), (nothing, told)
        send.json("PATCH", f"{path}?on_error=a:quarantine", {"fields": {"a": "integer"}})
        send.json("PATCH", path, {"fields": {"a": "text"}})
        _, lines = send("GET", f"{path}quarantine/")
        told = send("POST", f"{path}quarantine/{lines[0]['id']}/restore/", *nothing)
        assert (told[0], told[1]["a"]) == (200, "x"), (nothing, told)
        told = send("POST", f"{path}history/1/revert/", *nothing)
        assert (told[0], list(told[1]["fields"])) == (200, ["a", "b"]), (nothing, told)
        for below in ("quarantine/", f"trash/{send('GET', f'{path}trash/')[1][0]['number']}/", ""):
            assert send("DELETE", f"{path}{below}", *nothing)[0] == 204, (nothing, below)
        told = send("POST", f"/trash/{made['id']}/restore/", *nothing)
        assert (told[0], told[1]["model_name"]) == (200, "T"), (nothing, told)
        assert send("DELETE", path, *nothing)[0] == 204
        assert send("DELETE", f"/trash/{made['id']}/", *nothing)[0] == 204


def test_a_body_that_is_there_is_read(send):
    send.json("POST", "/table/", {"model_name": "T", "fields": {"a": "string", "b": "string"}})
    send.json("PATCH", "/table/1/", {"fields": {"a": None}})
    restore = "/table/1/trash/1/restore/"
    chunk = b'd\r\n{"name": "n"}\r\n0\r\n\r\n'
    assert send("POST", restore, [("Transfer-Encoding", "chunked")], chunk)[0] == 415
    assert send("POST", restore, [("Content-Length", "1")], b"x")[0] == 415
    assert send("POST", restore, [JSON, ("Content-Length", "1")], b" ")[1]["code"] == "malformed_json"
    status, made = send("POST", restore, [JSON, ("Transfer-Encoding", "chunked")], chunk)
    assert (status, list(made["fields"])) == (200, ["b", "n"])
    # What takes none refuses one.
    status, problem = send("POST", "/table/1/history/1/revert/", [("Transfer-Encoding", "chunked")], chunk)
    assert (status, problem["hint"]) == (400, "send none")
    # What needs one says so.
    for path in ("/table/1/plan/", "/schema/plan/", "/table/"):
        assert send("POST", path, [JSON, ("Content-Length", "0")])[1]["code"] == "malformed_json", path
        assert send("POST", path)[0] == 415, path
