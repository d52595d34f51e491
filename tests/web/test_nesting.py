"""What clients nest deeply never brings the interpreter near its limit of recursion."""

import base64
import json
from urllib.parse import quote

import pytest

from tests.room import Watch

ARRAYS, OBJECTS = ("[%s]", '{"a":%s}')


def nested(around: str, levels: int) -> str:
    before, after = around.split("%s")
    return before * levels + "1" + after * levels


FEATURE = '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":%s,"properties":{}}]}'
BATCH = [
    '{"operation":"insert","table":1,"row":{"extra":[1]}}',
    '{"operation":"insert","table":1,"row":{"extra":%s,"name":{"$ref":"/0/id"}}}',
]
BODIES = [
    ("POST", "/table/", '{"model_name":"D","fields":{"j":{"type":"json","default":%s}}}'),
    ("PUT", "/table/1/", '{"fields":{"j":{"type":"json","schema":%s}}}'),
    ("PUT", "/table/1/", '{"fields":{"j":{"type":"json","schema":{"allOf":%s}}}}'),
    ("PATCH", "/table/1/", '{"fields":{"extra":{"default":%s}}}'),
    ("PATCH", "/table/1/", "%s"),
    ("PATCH", "/schema/", '{"tables":{"Thing":{"fields":{"extra":{"default":%s}}}}}'),
    ("POST", "/table/1/rows/", '{"extra":%s}'),
    ("POST", "/table/1/rows/", '[{"name":"x"},{"extra":%s},{"name":"y"}]'),
    ("PATCH", "/table/1/rows/1", '{"extra":%s}'),
    ("POST", "/table/1/query", '{"where":%s}'),
    ("POST", "/batch/", f"[{','.join(BATCH)}]"),
    ("POST", "/rest/Thing", '[{"extra":%s}]'),
    ("POST", "/rest/Thing", '[{"amount":%s}]'),
    ("POST", "/table/1/rows/", '{"extra":%s}\n', "application/x-ndjson"),
    ("POST", "/table/1/rows/", FEATURE, "application/geo+json"),
    ("POST", "/table/1/rows/", "extra\n%s\n", "text/csv"),
    ("POST", "/rest/Thing", "amount\n%s\n", "text/csv"),
]
QUERIES = [
    "/table/1/rows/?extra=eq.%s",
    "/table/1/rows/?extra=cs.%s",
    "/rest/Thing?extra=cd.%s",
    "/table/1/rows/?order=id&_after=%b",
]


def sent(client, method, path, body=None, kind="application/json", **headers):
    client.app.reset()
    with Watch() as watch:
        keywords = {} if body is None else {"body": body.encode()}
        answer = client.app.request(
            path, method=method, headers={"Content-Type": kind, **headers}, expect_errors=True, **keywords
        )
    assert watch.looks and not watch.narrow, (method, path[:100], watch.narrow)
    assert answer.status_int < 500, (method, path[:100], answer.text[:500])
    return answer


@pytest.mark.parametrize("levels", [190, 960])
@pytest.mark.parametrize("around", [ARRAYS, OBJECTS], ids=["arrays", "objects"])
def test_documents(client, things, around, levels):
    text = nested(around, levels)
    for method, path, body, *kind in BODIES:
        value = f'"{text.replace(chr(34), chr(34) * 2)}"' if kind == ["text/csv"] else text
        answer = sent(client, method, path, body.replace("%s", value), *kind)
        assert answer.status_int in (400, 422), (method, path, body, answer.text[:200])
        if levels > 200 and body.startswith(("{", "[", "%")) and not kind:
            assert answer.json["code"] in ("malformed_json", "PGRST102")
    for path in QUERIES:
        cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        answer = sent(client, "GET", path.replace("%s", quote(text)).replace("%b", cursor))
        assert answer.status_int == 400, (path, answer.text[:200])


def test_casts(client, things):
    """A text may be a JSON document of any depth; cast, it has as many levels as a body, else it is null."""
    for levels, shown in ((200, nested(ARRAYS, 200)), (201, None), (3000, None)):
        text = nested(ARRAYS, levels)
        client.send("PATCH", "/table/1/rows/1", {"body": text}, status=200)
        for name in ("application/json", "application/vnd.pgrst.array+json;nulls=stripped", "text/csv"):
            answer = sent(client, "GET", "/rest/Thing?id=eq.1&select=body::json", Accept=name)
            assert (shown or "null" * (name == "application/json")) in answer.text and ("[" * 201 not in answer.text)


@pytest.mark.parametrize(
    "query",
    [
        f"and={'(and' * 3000}",
        f"and=({'not.or(' * 3000}",
        f"select={'a(' * 3000}",
        f"select=extra{'->a' * 3000}",
        f"extra{'->a' * 20}=eq.1",
        f"{'a.' * 3000}id=eq.1",
        f"having={'(' * 3000}",
        f"name=match.{'(' * 999}",
        f"name=match.{'(' * 20}a{')' * 20}",
        f"name=match.{'[' * 999}",
        f"body=fts.{'(' * 3000}",
        f"body=fts.{'!' * 3000}a",
        f"body=fts.{'%26'.join(['a'] * 200)}",
        f"body=fts.{'<->'.join(['a'] * 200)}",
        f"body=wfts.{'-' * 3000}a",
        f"body=wfts.{' or '.join(['a'] * 200)}",
        f"extra=eq(any).{'{' * 3000}",
        f"and=({'or(' * 18}id.eq.1,id.eq.2{')' * 18})",
        f"or=({','.join(['extra->a->b.eq.1'] * 60)})",
    ],
)
def test_queries(client, things, query):
    for face in ("/table/1/rows/", "/rest/Thing"):
        sent(client, "GET", f"{face}?{query}")


@pytest.mark.parametrize("pattern", ["(" * 499 + ")" * 499, "(?:" * 249 + ")" * 249, "(" * 1000])
def test_patterns(client, things, pattern):
    field = {"type": "string", "pattern": pattern}
    body = json.dumps({"model_name": "D", "fields": {"a": field}})
    [error] = sent(client, "POST", "/table/", body).json["errors"]
    assert error["code"] == "invalid_option" and "parentheses" in error["detail"]
