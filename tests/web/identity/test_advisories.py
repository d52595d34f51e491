"""Faults that services of this kind have had, each class of them as a test.

``clerk`` may see some rows and fields of one table. Whatever it asks, no answer has a text of what it may not see,
unless its request had it: each request of :class:`Clerk` checks that. Classes that other modules test are in
``ELSEWHERE``.
"""

import ast
import itertools
import json
import re
from pathlib import Path

import pytest
from webob import Request

from dynmodel_pyramid.fields.registry import Failure
from tests.web.identity.conftest import bearer

TESTS = Path(__file__).parents[2]
#: Class of fault -> the test of it.
ELSEWHERE = {
    "a token of a disabled user": "access/test_recognise.py::test_tokens_and_sessions_end_with_the_user",
    "a session of a disabled user": "web/identity/test_sessions.py::test_a_disabled_user_is_out_at_once",
    "a session kept after a password change": "access/test_recognise.py::test_a_new_password_ends_sessions",
    "session fixation": "web/identity/test_sessions.py::test_each_sign_in_has_a_new_secret",
    "a role from an untrusted claim": "access/test_jwt.py::test_roles",
    "algorithm confusion": "access/test_jwt.py::test_a_public_key_is_no_secret",
    "a key from the token's own header": "access/test_jwt.py::test_keys_that_the_token_brings_are_not_read",
    "user enumeration by time": "access/test_signing_in.py::test_failures_are_equal_and_cost_a_hash",
    "guessing of passwords": "access/test_signing_in.py::test_the_limit_of_a_user_comes_before_hashing",
    "a race at the limit": "access/test_signing_in.py::test_attempts_at_the_same_moment_do_not_pass_the_limit_together",
    "cross-site request forgery": "web/identity/test_identify.py::"
    "test_unsafe_requests_by_cookie_or_basic_come_from_own_pages",
    "cross-site sign-in with a form": "web/identity/test_sessions.py::test_no_other_site_signs_its_visitors_in",
    "DNS rebinding": "web/identity/test_open_mode.py::test_others_are_refused",
    "credentials across origins": "web/identity/test_origins.py::test_cors_never_allows_credentials",
    "an open redirect after sign-in": "web/identity/test_oidc.py::test_open_redirects",
    "an account taken over by an e-mail": "web/identity/test_oidc.py::test_an_email_that_is_not_verified_is_not_kept",
    "a credential in an address": "web/identity/test_identify.py::test_no_secret_is_read_from_an_address",
    "a token that makes itself another": "web/identity/test_tokens.py::test_a_token_makes_and_revokes_no_tokens",
    "roles that are handed on": "web/identity/test_tokens.py::test_a_user_gives_no_role_that_he_does_not_have",
    "a cache shared between identities": "web/identity/test_matrix.py::test_statuses",
}

TABLES = {
    "Team": {"name": "string", "code": {"type": "string", "unique": True, "default": "teamcode"}},
    "Vault": {"name": "string"},
    "Staff": {
        "name": {"type": "string", "unique": True},
        "dept": "string",
        "salary": {"type": "integer", "message": "say the salary", "max": 1000, "read_only": True},
        "pin": {"type": "string", "unique": True, "message": "say the pin", "aliases": [{"name": "oldpin"}]},
        "note": {"type": "string", "unique": True},
        "extra": "json",
        "team": {"type": "link", "table": "Team", "reverse": "staff"},
        "vault": {"type": "link", "table": "Vault", "reverse": "owners"},
        "friends": {"type": "links", "table": "Staff", "reverse": "friend_of"},
    },
    "Badge": {
        "name": "string",
        "pin": {"type": "string", "unique": True, "default": "p1705", "message": "say the pin"},
    },
    "Lockbox": {"holder": {"type": "link", "table": "Staff", "reverse": "qzqboxes"}},
}
ROWS = {
    "Team": [{"name": "red", "code": "scarlet"}, {"name": "bluish", "code": "navy"}],
    "Vault": [{"name": "gold"}],
    "Badge": [{"name": "first"}],
    "Staff": [
        {"name": "a1", "dept": "a", "salary": 701, "pin": "p1701", "note": "na1", "team": 1, "vault": 1},
        {"name": "a2", "dept": "a", "salary": 702, "pin": "p1702", "note": "na2", "team": 2, "friends": [1]},
        {"name": "b1", "dept": "b", "salary": 703, "pin": "p1703", "note": "maskednote", "team": 1, "friends": [1, 2],
         "extra": {"k": "maskedtext"}},
        {"name": "unread", "dept": "c", "salary": 704, "pin": "p1704", "note": "unreadnote", "team": 1, "friends": [1],
         "extra": {"k": "unreadtext"}},
    ],
}  # fmt: skip
#: What no answer to the clerk tells.
SECRETS = re.compile(
    r"salary|oldpin|\bpin\b|owners|say the|Vault|scarlet|navy|bluish|teamcode|gold|p170|\b70[1-4]\b|masked|unread"
    r"|qzqboxes|Deprecation"
)
CLERK = {
    "Staff": {
        "read": [{"rows": "dept=eq.a", "fields": ["*", "-salary", "-pin"]},
                 {"rows": "dept=eq.b", "fields": ["name", "dept"]}],
        "create": {"fields": ["name", "dept", "note", "team", "friends"], "check": "dept=in.(a,b,c)"},
        "update": {"rows": "dept=in.(a,b)", "fields": ["name", "dept", "note", "team", "friends"]},
        "delete": {"rows": "dept=eq.nosuch"},
    },
    "Team": {"read": {"rows": "name=eq.red", "fields": ["name"]}},
    "Badge": {"create": {"fields": ["name"]}},
}  # fmt: skip
#: So that no answer has a random text.
ID = {"X-Request-Id": "r"}
#: Names that do not exist for the clerk: of fields, one that is read only and one with a former name, and of reverse
#: sides, one of another table.
HIDDEN = ("salary", "oldpin", "pin", "owners", "qzqboxes")


class Clerk:
    def __init__(self, people, secret):
        self.people, self.headers = people, bearer(secret)
        self.is_first = people.accounts.database.dialect.name == "sqlite"

    def raw(self, method, path, body=b"", content_type=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = {} if content_type is None else {"Content-Type": content_type}
        request = Request.blank(path, method=method, body=body, headers={**self.headers, **ID, **kind, **headers})
        answer = request.get_response(self.people.wsgi)
        assert answer.status_int < 500, answer.text
        sent = f"{request.path_qs} {body.decode()} {headers}"
        told = {each for each in SECRETS.findall(f"{answer.text} {dict(answer.headers)}") if each not in sent}
        assert not told, (method, path, answer.text, dict(answer.headers))
        return answer

    def send(self, method, path, document=None, **headers):
        if document is None:
            return self.raw(method, path, **headers)
        is_patch = method == "PATCH" and path.startswith("/table/")
        kind = "application/merge-patch+json" if is_patch else "application/json"
        return self.raw(method, path, json.dumps(document).encode(), kind, **headers)

    def names(self, query):
        answer = self.send("GET", f"/rest/Staff?{query}")
        assert answer.status_int == 200, answer.text
        return [row["name"] for row in answer.json]


class World:
    """The tables, as an administrator sees them."""

    def __init__(self, people):
        self.people = people
        for name, fields in TABLES.items():
            self.admin("POST", "/table/", {"model_name": name, "fields": fields})
        for name, rows in ROWS.items():
            for row in rows:
                self.admin("POST", f"/table/{name}/rows/", row)
        roles = {
            "clerk": {"tables": CLERK},
            "filler": {"tables": {"Staff": {"read": {"fields": ["name"]}, "update": {"fields": ["team", "friends"]}}}},
            "mine": {"tables": {"Staff": {"read": {"rows": "dept=eq.{user.claims.dept}", "fields": ["name"]}}}},
            "reader": {"definitions": "read"},
            "writer": {"definitions": "write"},
        }
        self.admin("PUT", "/access/", {"roles": roles})
        self.clerk = self.of("clerk")

    def admin(self, method, path, document=None):
        answer = self.people.send(method, path, document, secret=self.people.admin)
        assert answer.status_int < 300, answer.text
        return answer.json if answer.body else None

    def of(self, *roles):
        return Clerk(self.people, self.people.token(*roles))

    def rows(self):
        return [self.admin("GET", f"/table/{name}/rows/?select=*,_version") for name in TABLES]


@pytest.fixture(scope="module")
def world(people):
    return World(people)


@pytest.fixture
def clerk(world):
    """Whatever a test asked, nothing has changed."""
    before = world.rows()
    yield world.clerk
    assert world.rows() == before


@pytest.mark.parametrize("fault", ELSEWHERE)
def test_other_modules_have_the_rest(fault):
    path, _, name = ELSEWHERE[fault].partition("::")
    tree = ast.parse((TESTS / path).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


# A field hidden but filterable, sortable, groupable or searchable; names told by hints

READS = (
    """
{X}=eq.1|{X}=is.null|{X}=not.eq.1|{X}=like.a*|{X}=fts.a|{X}=isdistinct.1|{X}=nosuch.1|{X}->a=eq.1|{X}.name=eq.1
or=({X}.eq.1,name.eq.a)|and=(not.or({X}.eq.1,name.eq.a))|order={X}|order={X}.desc.nullslast|order={X}->a|order={X}(name)
select={X}|select=z:{X}|select={X}::text|select={X}::nosuch|select={X}->a|select={X}.sum()|select=dept,{X}.max()
select={X}(*)|select=z:{X}!inner(*)|select=team!{X}(*)|select={X}!team(*)|select=...{X}(name)|select=count(),{X}
select=friends({X})|select=name,friends(name)&friends.{X}=eq.1|select=friends(name)&friends.order={X}
columns={X}|on_conflict={X}|{X}=1
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
VALUES = ('"x"', "5000", "null", "[1]")
DOCUMENTS = [f'{{"{{X}}": {value}}}' for value in VALUES] + ['{"name": "n", "dept": "a", "{X}": "x"}']
PLACES = (
    ("POST", "/table/Staff/rows/"),
    ("PUT", "/table/Staff/rows/1/"),
    ("PATCH", "/table/Staff/rows/3/"),
    ("PATCH", "/table/Staff/rows/?id=eq.1"),
    ("PATCH", "/table/Staff/rows/?id=in.(1,3)"),
    ("POST", "/rest/Staff"),
    ("PATCH", "/rest/Staff?id=in.(1,3)"),
)
QUERIES = ("columns={X}", "columns=name,{X}", "on_conflict=name,{X}", "select=name,{X}", "{X}=eq.1")
MERGE = {"Prefer": "resolution=merge-duplicates"}


def hidden_cases():
    headers = itertools.cycle(({}, {"Prefer": "missing=default"}, MERGE))
    for query in READS:
        yield "GET", f"/rest/Staff?{query}", "", None, {}
        yield "GET", f"/table/Staff/rows/?{query}", "", None, {}
    yield "GET", "/rest/Team?select=staff({X})", "", None, {}
    yield "GET", "/rest/Staff?select=team({X})", "", None, {}
    for document in ('{"where": {"{X}": {"eq": 1}}}', '{"select": ["{X}"]}', '{"order": ["{X}"]}'):
        yield "POST", "/table/Staff/query/", document, "application/json", {}
    for method, path in PLACES:
        kind = "application/merge-patch+json" if method == "PATCH" and "/table/" in path else "application/json"
        for document in DOCUMENTS:
            yield method, path, document, kind, {}
        if method != "PUT":
            for query in QUERIES:
                for body in ('{"name": "a1"}', '{"name": "a1", "{X}": "x"}'):
                    yield method, f"{path}{'&' if '?' in path else '?'}{query}", body, kind, next(headers)
    for path in ("/table/Staff/rows/", "/rest/Staff"):
        for value in ("x", "5000", ""):
            for query in ("", "?columns=name", "?columns=name,{X}"):
                yield "POST", path + query, f"name,{{X}}\na1,{value}\n", "text/csv", {}
        yield "POST", path, "name,{X}\na1,x\n", "text/csv", MERGE
        yield "POST", path, '{"name": "a1", "{X}": "x"}\n{"{X}": 1}\n', "application/x-ndjson", {}
    yield "POST", "/rest/Staff", "name=a1&{X}=x", "application/x-www-form-urlencoded", {}
    yield "PUT", "/rest/Staff?id=eq.1", '{"id": 1, "{X}": "x"}', "application/json", {}


def test_a_hidden_name_is_an_unknown_name(clerk):
    """Byte for byte, but for the name itself."""
    hidden = itertools.cycle(HIDDEN)
    # Names are found before the database is asked, so there is little to see on the second one.
    for method, path, body, kind, headers in itertools.islice(hidden_cases(), 0, None, 1 if clerk.is_first else 9):
        first = None
        for name in ("qqqq", next(hidden), next(hidden)):  # hints know no name like it
            answer = clerk.raw(method, path.replace("{X}", name), body.replace("{X}", name).encode(), kind, **headers)
            text = re.sub(r'"request_id": "\w+"|character \d+|column \d+', "", answer.text)
            told = {
                key: value.replace(name, "{X}")
                for key, value in answer.headers.items()
                if key not in ("X-Request-Id", "Content-Length")
            }
            seen = answer.status_int, text.replace(name, "{X}"), told
            first = first or seen
            assert seen == first, (method, path, body, name)


def test_two_names_of_a_hidden_field(clerk):
    for body in ({"pin": "x", "oldpin": "y"}, {"pin": "x", "oldpin": "x"}):
        answer = clerk.send("POST", "/table/Staff/rows/", body)
        assert [fault["code"] for fault in answer.json["errors"]] == ["unknown_field"] * 2


# A condition on a value that is not shown

MASKED = {
    "note=is.null": [],
    "note=not.is.null": ["a1", "a2"],
    "note=not.eq.maskednote": ["a1", "a2"],
    "note=neq.na1": ["a2"],
    "note=isdistinct.maskednote": ["a1", "a2"],
    "not.or=(note.eq.maskednote)": ["a1", "a2"],
    "note=in.(maskednote,na1)": ["a1"],
    "note=ilike.*note*": [],
    "note=match.^m": [],
    "extra->>k=eq.maskedtext": [],
    "extra->>k=is.null": ["a1", "a2"],
    "team=eq.1": ["a1"],
    "team=is.null": [],
    "friends=is.null": [],
    "friends=cs.1": ["a2"],
    "friend_of=cs.3": [],
    "friend_of=cs.4": [],
    "friends.name=eq.a1&select=name,friends!inner(name)": ["a2"],
    "team.name=eq.red&select=name,team!inner(name)": ["a1"],
    "order=note.nullsfirst&select=name": ["b1", "a1", "a2"],
    "order=note.desc.nullslast&select=name": ["a2", "a1", "b1"],
    "order=team(name).desc.nullslast,name&select=name,team(name)": ["a1", "a2", "b1"],
}


@pytest.mark.parametrize("query", MASKED)
def test_a_masked_value_is_unknown(clerk, query):
    assert clerk.names(query) == MASKED[query]


AGGREGATES = {
    "/rest/Staff?select=note.max()": [{"max": "na2"}],
    "/rest/Staff?select=note.count()": [{"count": 2}],
    "/rest/Staff?select=count()": [{"count": 3}],
    "/rest/Staff?select=team,count()&order=team.nullslast": [
        {"team": 1, "count": 1}, {"team": 2, "count": 1}, {"team": None, "count": 1}],
    "/rest/Staff?select=dept,friends(count())&order=name": [
        {"dept": "a", "friends": [{"count": 0}]}, {"dept": "a", "friends": [{"count": 1}]},
        {"dept": "b", "friends": [{"count": 0}]}],
    "/rest/Team?select=name,staff(count())": [{"name": "red", "staff": [{"count": 1}]}],
    "/rest/Team?select=z:name,y:staff(x:name,note)": [{"z": "red", "y": [{"x": "a1", "note": "na1"}]}],
    "/rest/Staff?select=name,...team(t:name)&order=name": [
        {"name": "a1", "t": "red"}, {"name": "a2", "t": None}, {"name": "b1", "t": None}],
}  # fmt: skip


@pytest.mark.parametrize("path", AGGREGATES)
def test_nothing_reaches_through_an_aggregate_an_alias_or_an_embed(clerk, path):
    answer = clerk.send("GET", path)
    assert (answer.status_int, answer.json) == (200, AGGREGATES[path])


@pytest.mark.parametrize("path", ("/rest/Staff?{}", "/table/Staff/rows/?{}"))
def test_an_expression_that_fails_tells_nothing(clerk, path):
    """Values of rows and fields that are not shown are never cast."""
    for query in ("select=name,n:extra->>k::integer", "select=id,note::text&note=not.match.x", "extra->k=gt.5"):
        assert clerk.send("GET", path.format(query)).status_int == 200, query


@pytest.mark.parametrize("how", ("exact", "planned", "estimated"))
def test_counts_are_of_the_view(clerk, how):
    for method in ("GET", "HEAD"):
        for query, total in (("", 3), ("?limit=1", 3), ("?note=is.null", 0), ("?id=eq.4", 0)):
            answer = clerk.send(method, f"/rest/Staff{query}", Prefer=f"count={how}")
            assert answer.headers["Content-Range"].endswith(f"/{total}")
    answer = clerk.send("GET", "/rest/Staff?offset=50", Prefer=f"count={how}")
    assert answer.status_int == 416 and "only 3 rows" in answer.text


def test_a_page_behind_a_cursor_has_no_hidden_key(clerk):
    answer = clerk.send("GET", "/table/Staff/rows/?order=note.desc.nullsfirst&limit=1")
    assert [row["name"] for row in answer.json] == ["b1"]
    following = re.search(r"<([^>]+)>; rel=\"next\"", answer.headers["Link"])[1]
    assert [row["name"] for row in clerk.send("GET", following).json] == ["a2"]


# Another media type, method, address

FORMS = ("application/json", "text/csv", "application/x-ndjson", "application/vnd.pgrst.array+json;nulls=stripped")


@pytest.mark.parametrize("form", FORMS)
def test_no_media_type_shows_more(clerk, form):
    embedding = "select=*,team(*),friends(*),friend_of(*)"
    for path in ("/table/Staff/rows/", "/rest/Staff", f"/rest/Staff?{embedding}", f"/table/Staff/rows/?{embedding}"):
        assert clerk.send("GET", path, Accept=form).status_int in (200, 406)
    single = clerk.send("GET", "/rest/Staff?id=eq.4", Accept="application/vnd.pgrst.object+json")
    assert single.status_int == 406 and "0 rows" in single.text


def test_execution_plans_are_for_administrators(clerk, monkeypatch, people):
    monkeypatch.setattr(people.wsgi.registry.dynmodel_settings, "plan_enabled", True)
    for path in ("/table/Staff/rows/", "/rest/Staff"):
        accept = {"Accept": "application/vnd.pgrst.plan+json"}
        assert clerk.send("GET", path, **accept).status_int == 406
        assert people.send("GET", path, secret=people.admin, status=200, **accept).json


SUBPATHS = ("", "/", "/rows/", "/rows/1/", "/row/", "/query/", "/history/", "/health/", "/trash/", "/quarantine/", "//")


@pytest.mark.parametrize("who", ("clerk", "anonymous", "plain"))
def test_a_hidden_table_is_no_table(world, who):
    """By name, in any case, by number, at any address below it, by any method."""
    client = {"clerk": world.clerk, "plain": world.of(), "anonymous": world.of()}[who]
    if who == "anonymous":
        client.headers = {}
    number = world.admin("GET", "/table/Vault/")["id"]
    names = ("Vault", "vault", "VAULT", str(number), "Team" if who != "clerk" else "Vault")
    for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"):
        paths = [f"/table/{{}}{below}" for below in SUBPATHS] + ["/rest/{}", "/rest/{}/", "/rest/{}?select=*"]
        for path in paths:
            seen = set()
            if method != "GET" and not client.is_first:
                continue
            for name in ("Nope", *names) if method == "GET" else ("Nope", "Vault"):
                answer = client.raw(method, path.format(name))
                headers = {key: value for key, value in answer.headers.items() if key != "Content-Length"}
                text = re.sub(rf"\b{name}\b", "{}", answer.text)
                seen.add((answer.status_int, text, str(sorted(headers.items()))))
            assert len(seen) == 1, (method, path, seen)
            assert seen.pop()[0] in ((401, 404, 405) if who == "anonymous" else (404, 405))


def test_no_list_names_what_is_hidden(clerk):
    lists = ("/", "/table/", "/table/Staff/", "/table/Team/", "/rest/", "/me/", "/token/", "/user/", "/schema/")
    pages = ("/table/Staff/view/", "/docs/", "/ui/")
    for path in (*lists, *pages):
        for accept in ("application/json", "text/html, */*;q=0.5"):
            assert clerk.send("GET", path, Accept=accept).status_int in (200, 303, 403, 406), path
    staff = clerk.send("GET", "/table/Staff/").json
    assert set(staff["fields"]) == {"name", "dept", "note", "extra", "team", "vault", "friends"}
    assert staff["fields"]["vault"]["table"] is None
    assert set(clerk.send("GET", "/rest/").json["definitions"]) == {"Team", "Staff", "Badge"}
    assert clerk.send("GET", "/rest/Staff", Accept="text/csv").text.partition("\n")[0].strip().split(",") == [
        "id", "name", "dept", "note", "extra", "team", "vault", "friends", "friend_of",
    ]  # fmt: skip


def test_the_tag_of_a_definition_is_of_what_is_seen(world, people):
    tags = [
        people.send("GET", "/table/Staff/", secret=secret, status=200).headers["ETag"]
        for secret in (people.admin, people.token("clerk"), people.token("filler"))
    ]
    assert len(set(tags)) == len(tags)
    answer = world.clerk.send("GET", "/table/Staff/", If_None_Match=f"{tags[0]}, {tags[2]}")
    assert answer.status_int == 200


def test_a_plan_is_not_shared_between_identities(world, people):
    """The same address, asked in turn by users of one role with other claims, and by others."""
    users = {dept: people.user("mine", claims={"dept": dept}) for dept in "abc"}
    browsers = {dept: people.sign_in(user) for dept, user in users.items()}
    for _ in range(2):
        for dept, names in {"a": ["a1", "a2"], "b": ["b1"], "c": ["unread"]}.items():
            rows = browsers[dept].get("/rest/Staff?select=name&order=name").json
            assert [row["name"] for row in rows] == names
        assert len(people.send("GET", "/rest/Staff?select=name&order=name", secret=people.admin).json) == 4
        people.send("GET", "/rest/Staff?select=name&order=name", secret=people.token(), status=404)


SMUGGLED = {
    "X-HTTP-Method-Override": "GET",
    "X-Forwarded-User": "admin",
    "X-Remote-User": "admin",
    "Remote-User": "admin",
    "X-Role": "admin",
    "Role": "admin",
    "X-Original-URL": "/access/",
    "X-Rewrite-URL": "/access/",
    "X-Vhm-Root": "/access",
    "Accept-Profile": "information_schema",
    "Content-Profile": "_dynmodel",
    "Forwarded": "for=127.0.0.1",
    "X-Forwarded-For": "127.0.0.1",
}


@pytest.mark.parametrize("header", SMUGGLED)
def test_no_header_makes_somebody_else(clerk, header):
    smuggled = {header: SMUGGLED[header]}
    assert clerk.raw("DELETE", "/table/Staff/rows/1/", **smuggled).status_int == 403
    assert clerk.raw("GET", "/access/", **smuggled).status_int == 403
    assert clerk.raw("GET", "/rest/Vault", **smuggled).status_int in (404, 406)


# Rows that may not be read


def test_an_unreadable_row_is_a_missing_row(clerk):
    for method, document in (("GET", None), ("HEAD", None), ("PUT", {"name": "x"}), ("PATCH", {"name": "x"})):
        for headers in ({}, {"If-Match": '"1-1"'}, {"If-None-Match": "*"}, {"Prefer": "return=minimal"}):
            told = [clerk.send(method, f"/table/Staff/rows/{row_id}/", document, **headers) for row_id in ("4", "999")]
            assert [answer.status_int for answer in told] == [404, 404]
            assert {*told[0].headers} == {*told[1].headers}
    for method, document in (("PATCH", {"name": "x"}), ("GET", None)):
        answer = clerk.send(method, "/rest/Staff?id=eq.4", document, Prefer="return=representation,count=exact")
        assert (answer.status_int, answer.json) == (200, [])


def test_a_link_to_an_unreadable_row_is_one_to_nothing(clerk):
    for document in ({"team": 2}, {"friends": [1, 4]}):
        answer = clerk.send("PATCH", "/table/Staff/rows/1/", document)
        missing = clerk.send(
            "PATCH", "/table/Staff/rows/1/", json.loads(json.dumps(document).replace("2", "9").replace("4", "9"))
        )
        assert [fault["code"] for fault in answer.json["errors"]] == ["unknown_row"]
        assert [fault["code"] for fault in missing.json["errors"]] == ["unknown_row"]


def test_a_key_of_an_unreadable_row_or_field_is_one_of_nothing(clerk):
    def told(method, path, friend):
        document = {"friends": [friend]} if method == "PATCH" else [{"name": "new", "dept": "a", "friends": [friend]}]
        answer = clerk.send(method, path, document)
        text = answer.text
        for value in friend.values():
            text = text.replace(str(value), "VALUE")
        for name in friend:
            text = text.replace(name, "NAME")
        return answer.status_int, text

    for method, path in (("PATCH", "/table/Staff/rows/1/"), ("POST", "/table/Staff/rows/"), ("POST", "/rest/Staff")):
        missing = told(method, path, {"note": "nobody"})
        assert missing[0] in (409, 422)
        for note in ("unreadnote", "maskednote"):
            assert told(method, path, {"note": note}) == missing
        unknown = told(method, path, {"nix": "x"})
        assert "not_a_key" in unknown[1] or "22P02" in unknown[1]
        for friend in ({"pin": "p1701"}, {"oldpin": "p1701"}, {"salary": 701}):
            assert told(method, path, friend) == unknown
    undone = {"Prefer": "tx=rollback"}
    answer = clerk.send("PATCH", "/table/Staff/rows/?id=eq.1", {"friends": [{"note": "na2"}]}, **undone)
    assert answer.json[0]["friends"] == [2]
    for team in ({"code": "scarlet"}, {"name": "red"}, {"nix": 1}):
        answer = clerk.send("PATCH", "/table/Staff/rows/1/", {"team": team})
        assert [fault["code"] for fault in answer.json["errors"]] == ["not_a_key"]
    for document in ({"salary": {"name": "x"}}, {"nix": {"name": "x"}}):
        answer = clerk.send("PATCH", "/table/Staff/rows/1/", document)
        assert [fault["code"] for fault in answer.json["errors"]] == ["unknown_field"]
    for header in ("friends.pin", "team.code", "vault.name", "nix.pin"):
        answer = clerk.raw("POST", "/table/Staff/rows/", f"{header}\nx\n".encode(), "text/csv")
        assert [fault["code"] for fault in answer.json["errors"]] == ["unknown_field"]


def test_a_link_that_may_not_be_read_cannot_be_guessed(world, people):
    """Row 2 holds team 2 and friend 1; the filler may write both fields, and may read no team."""
    filler, before = world.of("filler"), world.rows()
    for team in (1, 2, 9):
        answer = filler.send("PATCH", "/table/Staff/rows/2/", {"team": team})
        assert answer.status_int == 422, team
    assert world.rows() == before


def test_an_upsert_does_not_find_rows_by_values_that_are_not_shown(clerk):
    for path in ("/rest/Staff", "/table/Staff/rows/"):
        for document in ({"name": "unread", "dept": "a"}, {"name": "x", "dept": "b", "note": "maskednote"}):
            on = "note" if "note" in document else "name"
            answer = clerk.send("POST", f"{path}?on_conflict={on}", [document], **MERGE)
            assert answer.status_int == 409
        assert clerk.send("POST", path, [{"id": 4, "name": "x", "dept": "a"}], **MERGE).status_int == 409
        answer = clerk.send("POST", f"{path}?on_conflict=pin", [{"name": "x"}], **MERGE)
        assert answer.status_int == 400 and "id or by name or by note" in json.dumps(answer.json)


def test_a_conflict_names_no_hidden_field(clerk):
    for path in ("/rest/Badge", "/table/Badge/rows/"):
        for document in ({"name": "x"}, [{"name": "x"}, {"name": "y"}]):
            answer = clerk.send("POST", path, document)
            assert answer.status_int == 409 and "a rule of the table" in answer.text


# Changes done before the refusal; a rule bypassed by a batch, an upsert, a form

MANY = [{"name": f"many{number}", "dept": "a"} for number in range(1100)]
REFUSED = [
    ("POST", "/table/Staff/rows/", [{"name": "ok", "dept": "a"}, {"name": "bad", "dept": "zz"}]),
    ("POST", "/rest/Staff", [{"name": "ok", "dept": "a"}, {"name": "bad", "dept": "zz"}]),
    ("POST", "/table/Staff/rows/", [*MANY, {"name": "bad", "dept": "zz"}]),
    ("PATCH", "/rest/Staff?id=gt.0", {"dept": "c"}),
    ("PATCH", "/table/Staff/rows/1/", {"dept": "c"}),
    ("PUT", "/table/Staff/rows/1/", {"name": "a1", "dept": "c"}),
    ("PUT", "/table/Staff/rows/1/", {"name": "a1", "dept": "a", "vault": None}),
    ("PATCH", "/table/Staff/rows/1/", {"extra": {}}),
    ("PATCH", "/table/Staff/rows/1/", {"id": 9}),
    ("PATCH", "/table/Staff/rows/1/", {"_version": 9}),
    ("POST", "/table/Staff/rows/", {"id": 50, "name": "x", "dept": "a"}),
    ("POST", "/table/Staff/rows/", {"name": "x", "dept": "a", "extra": {}}),
    ("DELETE", "/table/Staff/rows/1/", None),
    ("DELETE", "/rest/Team?id=gt.0", None),
    ("DELETE", "/table/Team/rows/?id=gt.0", None),
    ("POST", "/rest/Team", {"name": "x"}),
    ("PATCH", "/rest/Team?id=gt.0", {"name": "x"}),
    ("PUT", "/rest/Team?id=eq.1", {"id": 1, "name": "x"}),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_nothing_is_changed_before_the_refusal(clerk, number):
    method, path, document = REFUSED[number]
    answer = clerk.send(method, path, document)
    assert answer.status_int in (403, 422), answer.text
    if method == "POST" and isinstance(document, list):
        answer = clerk.send(method, f"{path}?on_conflict=name", document, **MERGE)
        assert answer.status_int == 403, answer.text


def test_a_row_that_may_not_be_read_afterwards_is_not_shown(world):
    clerk = world.clerk
    for path, accept in (
        ("/table/Staff/rows/", "application/json"),
        ("/table/Staff/rows/?select=name,team(name)", "application/json"),
        ("/rest/Staff", "application/vnd.pgrst.object+json"),
        ("/rest/Staff", "text/csv"),
        ("/rest/Staff", "application/json"),
    ):
        document = {"name": "written", "dept": "c"}
        answer = clerk.send("POST", path, document, Accept=accept, Prefer="return=representation")
        assert answer.status_int == 201 and "ETag" not in answer.headers
        assert "written" not in answer.text
        assert "Content-Type" in answer.headers or not answer.body
        world.admin("DELETE", "/rest/Staff?name=eq.written")
    row = clerk.send("GET", "/table/Staff/rows/3/").json
    answer = clerk.send("PUT", "/table/Staff/rows/3/", row)
    assert (answer.status_int, answer.json) == (200, row)
    stored = world.admin("GET", "/table/Staff/rows/3/")
    assert (stored["note"], stored["friends"], stored["team"]) == ("maskednote", [1, 2], 1)


def test_a_failed_precondition_shows_the_view(clerk):
    answer = clerk.send("PATCH", "/table/Staff/rows/3/", {"name": "x"}, If_Match='"1-99"')
    assert answer.status_int == 412
    assert answer.json["current"]["note"] is None


# What belongs to another


def test_another_users_tokens_sessions_and_data(people):
    one, other = people.user(), people.user()
    browsers = [people.sign_in(user) for user in (one, other)]
    made = people.send("POST", "/token/", {"name": "x"}, browser=browsers[0], status=201).json
    for method in ("GET", "DELETE"):
        people.send(method, f"/token/{made['id']}/", browser=browsers[1], status=404)
        people.send(method, "/token/999/", browser=browsers[1], status=404)
    assert people.send("GET", "/token/", browser=browsers[1], status=200).json == []
    for user_id, status in ((one["id"], 403), (999, 403), (other["id"], 200)):
        people.send("GET", f"/user/{user_id}/", browser=browsers[1], status=status)
    for user_id in (one["id"], 999):
        password = {"password": "long enough password"}
        people.send("PUT", f"/user/{user_id}/password/", password, browser=browsers[1], status=403)
    people.send("GET", "/me/", secret=made["secret"], status=200)


def test_a_reader_of_definitions_sees_no_row_and_no_role(world, people):
    secret = people.token("reader")
    assert "access" not in people.send("GET", "/schema/", secret=secret, status=200).json
    for path in ("/table/Staff/rows/", "/rest/Staff", "/rest/Vault", "/table/Staff/rows/1/"):
        people.send("GET", path, secret=secret, status=403)
    for path in ("/table/Staff/trash/", "/table/Staff/quarantine/", "/table/Staff/health/", "/trash/", "/access/"):
        people.send("GET", path, secret=secret, status=403)


def test_a_writer_of_definitions_cannot_guess_grants(world, people):
    """Neither by a patch, nor by its plan: one that changes nothing would tell what is there."""
    guesses = ({}, {"roles": {"clerk": {}}}, {"roles": {"nobody": None}}, {"roles": {"clerk": {"tables": CLERK}}})
    client = world.of("writer")
    kind = "application/merge-patch+json"
    for member in guesses:
        body = json.dumps({"access": member}).encode()
        for method, path in (("PATCH", "/schema/"), ("POST", "/schema/plan/")):
            answer = Request.blank(
                path, method=method, body=body, headers={**client.headers, "Content-Type": kind}
            ).get_response(people.wsgi)
            assert answer.status_int == 403


def test_the_cause_of_a_failed_plugin_is_not_for_everybody(world, people, monkeypatch):
    """It is the message of an error of Python."""
    failure = Failure("broken", "dist", "1", "x:Broken", "no module at /srv/secret")
    types = people.wsgi.registry.dynmodel_catalogue.field_types
    monkeypatch.setattr(types, "failures", [failure])
    for secret, cause in ((people.token("clerk"), None), (people.token("reader"), failure.cause)):
        shown = people.send("GET", "/field-type/", secret=secret, status=200).json[-1]
        assert (shown["name"], shown["cause"]) == ("broken", cause)
