"""Media types both ways, sizes, preferences and request ids."""

import pytest

from tests.web.client import Client

LIMIT = 2000
BODIES = [
    ("POST", "/table/"),
    ("PUT", "/table/1/"),
    ("PATCH", "/table/1/"),
    ("POST", "/table/1/rows/"),
    ("POST", "/table/1/row/"),
    ("PUT", "/table/1/row/"),
    ("PUT", "/table/1/rows/1"),
    ("PATCH", "/table/1/rows/1"),
]


@pytest.fixture
def small(make_app):
    """An application whose bodies have at most ``LIMIT`` bytes."""
    return Client(make_app(**{"dynmodel.max_body_size": str(LIMIT)}))


@pytest.mark.parametrize(
    "accept",
    [
        None,
        "",
        "*/*",
        "application/json",
        "APPLICATION/JSON",
        "application/*",
        "application/json; charset=utf-8",
        "text/html, */*;q=0.1",
        "text/html;q=1, application/json;q=0.1",
        "application/*;q=0, application/json",
        "nonsense",
    ],
)
def test_acceptable(client, things, accept):
    for path in ("/table/", "/table/1/", "/table/1/rows/", "/table/1/rows/1", "/field-type/"):
        assert client.send("GET", path, status=200, accept=accept).content_type == "application/json"


@pytest.mark.parametrize(
    "accept", ["text/html", "application/json;q=0", "application/json;q=0, */*", "*/*;q=0", "image/*, text/csv;q=0.5"]
)
def test_not_acceptable(client, things, accept):
    for method, path in (("GET", "/table/"), ("GET", "/table/1/rows/"), ("DELETE", "/table/1/"), *BODIES):
        if (method, path) == ("GET", "/table/1/rows/") and ("csv" in accept or accept.endswith("json;q=0, */*")):
            assert client.send(method, path, status=200, accept=accept).content_type == "text/csv"
            continue
        client.refused(method, path, {}, status=406, code="not_acceptable", accept=accept)


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        ";",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json, application/json",
        "application/vnd.api+json",
        "json",
    ],
)
def test_unsupported_media_type(client, things, media_type):
    wanted = {"status": 415, "code": "unsupported_media_type"}
    for method, path in BODIES:
        answer = client.refused(method, path, body=b"{}", content_type=media_type, **wanted)
        assert "application/json" in answer.headers["Accept"]


def test_merge_patch_media_type_is_for_patch(client, things):
    media_type = "application/merge-patch+json"
    for method, path in BODIES:
        if method == "PATCH":
            client.send(method, path, {}, status=200, content_type=media_type)
        else:
            client.refused(method, path, {}, status=415, code="unsupported_media_type", content_type=media_type)


@pytest.mark.parametrize("encoding", ["deflate", "compress", "deflate, gzip"])
def test_encoded_body(client, things, encoding):
    for method, path in BODIES:
        client.refused(method, path, {}, status=415, code="unsupported_media_type", content_encoding=encoding)


def test_body_that_is_not_gzip(client, things):
    for method, path in BODIES:
        client.refused(method, path, {}, status=400, code="malformed_gzip", content_encoding="gzip")


@pytest.mark.parametrize(
    "media_type",
    ["application/json;charset=utf-8", "Application/JSON", 'application/json; charset="UTF-8"', "application/json;x"],
)
def test_supported_media_type(client, things, media_type):
    assert client.send("PATCH", "/table/1/rows/1", {}, status=200, content_type=media_type).json["id"] == 1
    client.send("PATCH", "/table/1/rows/1", {}, status=200, content_encoding="Identity")


def test_too_large(small):
    small.row(small.table({"a": "text"}), {"a": "x"})
    body = b'{"a": "' + b"x" * LIMIT + b'"}'
    for method, path in BODIES:
        answer = small.refused(method, path, status=413, code="payload_too_large", body=body)
        assert str(LIMIT) in answer.json["detail"]


def test_as_large_as_allowed(small):
    path = small.table({"a": "text"})
    text = "x" * (LIMIT - len('{"a": ""}'))
    assert small.row(path, {"a": text})["a"] == text
    small.refused("POST", f"{path}rows/", {"a": text + "x"}, status=413, code="payload_too_large")


# Prefer (RFC 7240)


@pytest.mark.parametrize("preference", ["minimal", "headers-only", "representation"])
def test_prefer_return(client, preference):
    prefer, empty = f"return={preference}", preference != "representation"
    made = client.send(
        "POST", "/table/", {"model_name": f"P{preference[:3]}", "fields": {"a": "string"}}, prefer=prefer
    )
    path = made.headers["Location"]
    answers = [
        (made, 201),
        (client.send("PATCH", path, {"label": "x"}, prefer=prefer), 204 if empty else 200),
        (client.send("PUT", path, {"fields": {"a": "string"}}, prefer=prefer), 204 if empty else 200),
        (client.send("POST", f"{path}rows/", {"a": "x"}, prefer=prefer), 201),
        (client.send("POST", f"{path}rows/", [{"a": "x"}], prefer=prefer), 201),
        (client.send("POST", f"{path}rows/", [], prefer=prefer), 201),
        (client.send("PUT", f"{path}rows/1", {"a": "x"}, prefer=prefer), 204 if empty else 200),
        (client.send("PATCH", f"{path}rows/1", {"a": "y"}, prefer=prefer), 204 if empty else 200),
    ]
    for answer, status in answers:
        assert answer.status_int == status
        assert (answer.body == b"") is empty
        assert answer.headers["Preference-Applied"] == prefer
        assert answer.headers["Definition-Version"]
    assert answers[3][0].headers["Location"] == f"{path}rows/1/"
    assert answers[-1][0].headers["ETag"] == client.send("GET", f"{path}rows/1").headers["ETag"]


@pytest.mark.parametrize("prefer", ["", ",", "return", "return=", "return=everything", "wait=5", "return=*", '"'])
def test_preference_that_is_not_known_is_not_applied(client, things, prefer):
    answer = client.send("PATCH", "/table/1/rows/1", {}, status=200, prefer=prefer)
    assert answer.json["id"] == 1
    assert "Preference-Applied" not in answer.headers


@pytest.mark.parametrize("prefer", ['wait=1, Return="minimal"', "return=minimal; x=1", " return = minimal ,return=x"])
def test_preference_among_others(client, things, prefer):
    answer = client.send("PATCH", "/table/1/rows/1", {}, status=204, prefer=prefer)
    assert answer.headers["Preference-Applied"] == "return=minimal"


# X-Request-Id


def test_request_id_of_the_client(client, things):
    for path, status in (("/table/1/", 200), ("/table/1/rows/77", 404), ("/nothing", 404), ("/table/?x=1", 400)):
        answer = client.send("GET", path, status=status, x_request_id="abc-1.2_Z")
        assert answer.headers["X-Request-Id"] == "abc-1.2_Z"
    assert client.send("GET", "/nothing", x_request_id="abc-1.2_Z").json["request_id"] == "abc-1.2_Z"


@pytest.mark.parametrize("bad", ["", " ", "a b", "x" * 65, "a/b", "<script>", "\xe9", "a,b"])
def test_request_id_that_is_none(client, bad):
    answers = [client.send("GET", "/nothing", status=404, x_request_id=bad) for _ in range(2)]
    given = {answer.json["request_id"] for answer in answers}
    assert len(given) == 2
    assert bad not in given
