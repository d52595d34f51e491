"""Names that look like something else, and a walk that takes tables with such names through the whole service."""

import csv
import io
import json
import unicodedata
from urllib.parse import quote

import sqlalchemy as sa
from hypothesis import strategies as st

from dynmodel_pyramid.access.field_lists import listed
from dynmodel_pyramid.catalogue.table_builder import attribute_names
from dynmodel_pyramid.definitions.names import field_name_fault, model_name_fault, name_key
from tests.web.client import NOTHING, Client

#: Syntax of drivers, SQL, queries, JSON pointers, addresses, CSV and Python; and letters of all sorts.
NASTY = [
    'a"b', "a'b", "%(x)s", "x", ":x", "?", "a.b", "a,b", "a(b)", "a->b", "a->>b", "a::int", "*", "...x", "!inner",
    "and", "or", "not", "not.and", "count()", "select", "é", "x" * 63, "é" * 31 + "x", "order", "limit", "a b",
    "a_b", "a-b", "100%", "%s", "%%", "%", "a/b", "~1", "~0", "\\", '\\"', '"', "'", "{", "}", "{now}", "(", ")",
    "[x]", "#x", "&", "=", "a=b", "a&b", ";", "--", "/* x */", "'); DROP TABLE t;--", "2024", "1a", "$1", "`", "@",
    "+", "x|y", "<b>", "desc", "a.desc", "eq.1", "id.x", "count", "sum", "null", "true", "rows", "v1", "-", "€ (%)",
    "変 数", "🚀", "❤️", "ﬁ n", "a:b", "class?", "metadata?", "id?", "on_conflict", "columns", "name.sum()", "(1)",
    "ΑΣ ς", "@@x", "a\u00a0b", "q?x=1#y", "a[0]", "<2.1.1", ">1.2.2", "#1",
]  # fmt: skip
LETTERS = "\"'%(s):?.,->*!{}[]~/\\&=+#;| _aB1é変🚀\u0301"


def is_good(name: str) -> bool:
    """Whether both a table and a field may have the name."""
    return field_name_fault(name) is None and model_name_fault(name) is None


names = st.text(LETTERS, min_size=1, max_size=8).map(lambda text: unicodedata.normalize("NFC", text)).filter(is_good)
#: Twenty names that a world needs.
worlds = st.lists(st.one_of(st.sampled_from([name for name in NASTY if is_good(name)]), names), unique_by=name_key,
                  min_size=20, max_size=20)  # fmt: skip


def quoted(name: str) -> str:
    """A name in a query."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def query(*pairs: tuple[str, str]) -> str:
    return "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in pairs)


class Walk:
    """Two tables that link to one another, with twenty names, none of which stands for itself alone."""

    def __init__(self, client: Client, given: list[str]) -> None:
        self.client, self.given = client, given
        (
            self.far, self.key, self.near, self.text, self.number, self.json, self.tags, self.link, self.reverse,
            self.links, self.alias, self.new_far, self.new_near, self.new_text, self.new_number, self.extra,
            self.others, self.shown, self.choice, self.new_link,
        ) = given  # fmt: skip
        self.far_path = self.near_path = ""

    def run(self) -> None:
        looks_after, self.client.looks_after = self.client.looks_after, False
        self.walk()
        for entry in self.client.get("/trash/"):
            self.send("DELETE", f"/trash/{entry['number']}/", status=204)
        self.client.looks_after = looks_after

    def walk(self) -> None:
        self.make()
        self.faults()
        self.filters()
        self.shapes()
        self.embeds()
        self.pages()
        self.exchange()
        self.writes()
        self.descriptions()
        self.access()
        self.classes()
        self.changes()
        self.schema()

    # Parts

    def send(self, method: str, path: str, document=NOTHING, status: int | None = None, **headers):
        return self.client.send(method, path, document, status=status, **headers)

    @property
    def rest(self) -> str:
        return f"/rest/{quote(self.near, safe='')}"

    def both(self, *pairs: tuple[str, str]) -> list:
        """The answer to a query, the same from both faces."""
        text = query(*pairs)
        one = self.client.get(f"{self.near_path}rows/?{text}")
        answer = self.client.app.get(f"{self.rest}?{text}", expect_errors=True)
        assert answer.status_int == 200, (pairs, answer.text)
        assert answer.json == one, pairs
        return one

    def ids(self, *pairs: tuple[str, str]) -> list[int]:
        return [row["id"] for row in self.both(*pairs, ("select", "id"))]

    def make(self) -> None:
        client = self.client
        self.far_path = client.table({self.key: {"type": "string", "unique": True}}, self.far)
        fields = {
            self.text: {"type": "string", "unique": True, "index": "search", "max_length": 50, "aliases": [self.alias]},
            self.number: {"type": "integer", "required": True, "min": 0, "max": 1000, "default": 5},
            self.json: "json",
            self.tags: {"type": "tags"},
            self.link: {"type": "link", "table": self.far, "reverse": self.reverse},
            self.links: {"type": "links", "table": self.far, "reverse": self.others},
            self.choice: {"type": "choice", "choices": ["x", "y"]},
        }
        self.near_path = client.table(
            fields, self.near,
            unique=[{"fields": [self.text, self.number]}],
            indexes=[{"fields": [self.number, {"field": self.text, "descending": True}]}],
        )  # fmt: skip
        for number in (1, 2):
            client.row(self.far_path, {self.key: f"k{number}"})
        self.rows = [
            {self.text: f"t{n}", self.number: n * 10, self.json: {"a": {"b c": n}}, self.tags: ["u", f"v{n}"],
             self.link: 1 + n % 2, self.links: [2, 1], self.choice: "x"}
            for n in (1, 2, 3)
        ]  # fmt: skip
        made = self.send("POST", f"{self.near_path}rows/", self.rows, status=201).json
        assert [row[self.text] for row in made] == ["t1", "t2", "t3"]
        self.stored = client.get(f"{self.near_path}rows/")
        for row, sent in zip(self.stored, self.rows, strict=True):
            assert {**row, **sent} == row and row[self.alias] == sent[self.text]
        far = client.get(f"{self.far_path}rows/1/")
        assert far == {"id": 1, self.key: "k1", self.reverse: [2], self.others: [1, 2, 3]}
        if parse_free(self.near):
            assert client.get(f"/table/{quote(self.near, safe='')}/rows/2/") == self.stored[1]

    def faults(self) -> None:
        refused = self.client.refused
        bad = {self.text: 7, self.number: "x", self.json: 1, self.choice: "z", self.link: 99, "no such": 1}
        answer = refused("POST", f"{self.near_path}rows/", [bad], status=422, code="validation")
        told = {fault["pointer"]: fault["code"] for fault in answer.json["errors"]}
        wanted = {f"/0{pointer(name)}" for name in (self.text, self.number, self.choice, "no such")}
        assert wanted <= set(told), told
        missing = {**self.rows[0], self.text: "new", self.link: 99}
        answer = refused("POST", f"{self.near_path}rows/", missing, status=422, code="validation")
        assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer(self.link)]
        answer = refused(
            "POST", f"{self.near_path}rows/", {self.alias: 7, self.number: 1}, status=422, code="validation"
        )
        assert [fault["pointer"] for fault in answer.json["errors"]] == [pointer(self.alias)]
        again = {**self.rows[0], self.number: 7}
        answer = refused("POST", f"{self.near_path}rows/", again, status=409, code="unique_violation")
        assert answer.json["fields"] == [self.text]
        answer = refused("GET", f"{self.near_path}rows/?{query(('select', quoted('no ' + self.text[:9])))}", status=400,
                         code="unknown_field")  # fmt: skip
        message = self.client.app.post_json(self.rest, {"no such": 1}, status=400).json["message"]
        assert message == f"Could not find the 'no such' column of '{self.near}' in the schema cache"

    def filters(self) -> None:
        text, number, tags = quoted(self.text), quoted(self.number), quoted(self.tags)
        assert self.ids((text, "eq.t2")) == [2]
        assert self.ids((text, "fts.t3")) == [3]
        assert self.ids((text, "in.(t1,t3)"), (number, "gt.15")) == [3]
        assert self.ids((quoted(self.alias), "like.t*"), (number, "not.gte.20")) == [1]
        assert self.ids(("or", f'({text}.eq."t1",not.and({number}.lt.30,{tags}.cs.{{u}}))')) == [1, 3]
        assert self.ids(("not.and", f"({text}.eq.t1,{number}.eq.10)")) == [2, 3]
        assert self.ids((f'{quoted(self.json)}->a->"b c"', "eq.2")) == [2]
        assert self.ids((f'{quoted(self.json)}->a->>"b c"', "in.(1,3)")) == [1, 3]
        assert self.ids((quoted(self.choice), "eq(any).{x,y}"), (quoted(self.link), "eq.1")) == [2]
        document = {"select": [text], "where": {text: {"in": ["t1", "t2"]}, "or": [{number: "eq.20"}]}, "order": text}
        assert self.send("POST", f"{self.near_path}query/", document, status=200).json == [{self.text: "t2"}]

    def shapes(self) -> None:
        text, number, shown = quoted(self.text), quoted(self.number), quoted(self.shown)
        last = ("order", f"{number}.desc.nullslast,{text}.asc")
        assert self.both(("select", f"{shown}:{text}"), last, ("limit", "1")) == [{self.shown: "t3"}]
        assert self.both(("select", f"{shown}:{number}::text,{text}"), last, ("limit", "1")) == [
            {self.shown: "30", self.text: "t3"}
        ]
        path = f'{quoted(self.json)}->a->"b c"'
        assert self.both(("select", f"{shown}:{path}"), ("order", f"{path}.desc"), ("limit", "1")) == [{self.shown: 3}]
        assert self.both(("select", f"{shown}:{number}.sum(),{quoted(self.choice)}")) == [
            {self.shown: 60, self.choice: "x"}
        ]
        assert self.both(("select", f"{shown}:count(),{number}.max()")) == [{self.shown: 3, "max": 30}]
        for name in (self.text, self.number, self.json, self.tags, self.link, self.links, self.choice):
            assert self.both(("select", quoted(name)), ("order", "id")) == [{name: row[name]} for row in self.stored]

    def embeds(self) -> None:
        link, key, links, shown = quoted(self.link), quoted(self.key), quoted(self.links), quoted(self.shown)
        one = ("id", "eq.1")
        assert self.both(("select", f"{link}({key})"), one) == [{self.link: {self.key: "k2"}}]
        assert self.both(("select", f"{shown}:{link}!inner({key})"), (f"{shown}.{key}", "eq.k1")) == [
            {self.shown: {self.key: "k1"}}
        ]
        assert self.both(("select", f"{links}({key})"), (f"{links}.order", f"{key}"), one) == [
            {self.links: [{self.key: "k1"}, {self.key: "k2"}]}
        ]
        hinted = f"{shown}:{quoted(self.far)}!{link}({key},{quoted(self.reverse)}(id))"
        assert self.both(("select", hinted), one) == [
            {self.shown: {self.key: "k2", self.reverse: [{"id": 1}, {"id": 3}]}}
        ]
        assert self.both(("select", f"...{link}({shown}:{key})"), one) == [{self.shown: "k2"}]
        ordered = self.both(("select", f"id,{link}()"), ("order", f"{link}({key}).desc,id"))
        assert [row["id"] for row in ordered] == [1, 3, 2]
        assert len(self.both(("select", f"id,{links}()"), (links, "not.is.null"))) == 3
        assert self.both(("select", f"id,{links}({key})"), (f"{links}.or", f"({key}.eq.k1,{key}.is.null)"), one) == [
            {"id": 1, self.links: [{self.key: "k1"}]}
        ]

    def pages(self) -> None:
        order = ("order", f"{quoted(self.text)}.desc")
        address, seen = f"{self.near_path}rows/?{query(order, ('limit', '1'), ('select', quoted(self.text)))}", []
        while address:
            answer = self.send("GET", address, status=200)
            seen += [row[self.text] for row in answer.json]
            following = [part for part in answer.headers.get("Link", "").split(", <") if 'rel="next"' in part]
            address = following[0].partition(">")[0].removeprefix("<") if following else ""
        assert seen == ["t3", "t2", "t1"]
        if parse_free(self.near):
            address = f"/table/{quote(self.near, safe='')}/rows/?limit=1"
            link = self.send("GET", address, status=200).headers["Link"]
            assert self.client.get(link.partition(">")[0].removeprefix("<"))[0]["id"] == 2

    def exchange(self) -> None:
        plain = [self.text, self.number, self.tags, self.json, self.link]
        select = query(("select", ",".join(map(quoted, plain))), ("order", "id"))
        sent = self.send("GET", f"{self.near_path}rows/?{select}", status=200, accept="text/csv").text
        assert next(csv.reader(io.StringIO(sent))) == plain
        lines = self.send("GET", f"{self.near_path}rows/?{select}", status=200, accept="application/x-ndjson").text
        for kind, body in (("text/csv", sent), ("application/x-ndjson", lines)):
            new = body.replace("t1", f"{kind}1").replace("t2", f"{kind}2").replace("t3", f"{kind}3").encode()
            made = self.send("POST", f"{self.near_path}rows/", status=201, body=new, content_type=kind).json
            assert [row[self.link] for row in made] == [row[self.link] for row in self.stored]
            self.send("DELETE", f"{self.near_path}rows/?{query((quoted(self.text), f'like.{kind}*'))}", status=204)
        # By COPY, and staged.
        many = [{self.text: f"many{n}", self.number: n % 1000, self.tags: ["w"]} for n in range(30)]
        assert len(self.send("POST", f"{self.near_path}rows/", many, status=201).json) == 30
        many = [{self.alias: f"more{n}", self.number: n % 1000, self.tags: ["w"], self.links: [1]} for n in range(1100)]
        self.send("POST", f"{self.near_path}rows/", many, status=201, prefer="return=minimal")
        assert self.ids((quoted(self.text), "eq.more1050")) != []
        self.send("DELETE", f"{self.near_path}rows/?{query((quoted(self.tags), 'cs.{w}'))}", status=204)
        form = query((self.text, "form"), (self.number, "7"))
        self.client.app.post(self.rest, form, {"Content-Type": "application/x-www-form-urlencoded"}, status=201)
        self.client.app.delete(f"{self.rest}?{query((quoted(self.text), 'eq.form'))}", status=204)
        text = self.client.app.get(f"{self.rest}?{select}", headers={"Accept": "text/csv"}).text
        assert next(csv.reader(io.StringIO(text))) == plain
        body = text.replace("t1", "r1").replace("t2", "r2").replace("t3", "r3").encode()
        self.client.app.post(self.rest, body, {"Content-Type": "text/csv"}, status=201)
        self.client.app.delete(f"{self.rest}?{query((quoted(self.text), 'match.^r.$'))}", status=204)
        assert self.client.get(f"{self.near_path}rows/") == self.stored

    def writes(self) -> None:
        row, text, number = self.stored[0], quoted(self.text), quoted(self.number)
        path = f"{self.near_path}rows/1/"
        assert self.send("PATCH", path, {self.number: 11}, status=200).json == {**row, self.number: 11}
        assert self.send("PUT", path, {**row, self.number: 12}, status=200).json == {**row, self.number: 12}
        sent = [{self.text: "t1", self.number: 13}, {self.text: "t9", self.number: 14}]
        upsert = query(("on_conflict", text), ("columns", f"{text},{number}"), ("select", f"{text},{number}"))
        prefer = "resolution=merge-duplicates,return=representation"
        assert self.send("POST", f"{self.near_path}rows/?{upsert}", sent, status=201, prefer=prefer).json == sent
        answer = self.client.app.post_json(f"{self.rest}?{upsert}", sent, headers={"Prefer": prefer}, status=200)
        assert answer.json == sent
        both = query(("on_conflict", f"{text},{number}"))
        self.send("POST", f"{self.near_path}rows/?{both}", sent, status=200, prefer="resolution=ignore-duplicates")
        many = [{self.text: f"u{n}", self.number: 1} for n in range(1100)]
        minimal, address = "resolution=merge-duplicates,return=minimal", f"{self.near_path}rows/?on_conflict="
        for status in (201, 204):
            self.send("POST", address + quote(text, safe=""), many, status=status, prefer=minimal)
        self.send("DELETE", f"{self.near_path}rows/?{query((text, 'like.u*'))}", status=204)
        changed = query((text, "in.(t1,t9)"), ("select", f"{text},{number}"), ("order", text))
        assert self.send("PATCH", f"{self.near_path}rows/?{changed}", {self.number: 15}, status=200).json == [
            {self.text: "t1", self.number: 15},
            {self.text: "t9", self.number: 15},
        ]
        answer = self.client.app.patch_json(
            f"{self.rest}?{changed}", {self.number: 16}, headers={"Prefer": "return=representation"}, status=200
        )
        assert [each[self.number] for each in answer.json] == [16, 16]
        new = {self.text: "here", self.number: 1}
        answer = self.client.app.post_json(self.rest, new, headers={"Prefer": "return=headers-only"}, status=201)
        address = answer.headers["Location"]
        assert [row[self.text] for row in self.client.app.get(address).json] == ["here"]
        assert self.client.app.delete(address).status_int == 204
        self.send("DELETE", f"{self.near_path}rows/?{query((text, 'eq.t9'))}", status=204)
        self.keys()
        assert self.send("PATCH", path, row, status=200).json == row

    def keys(self) -> None:
        """Links by the unique key of the far table."""
        by_key = {self.text: "k", self.number: 1, self.link: {self.key: "k2"}}
        assert self.send("POST", f"{self.near_path}rows/", by_key, status=201).json[self.link] == 2
        header = ".".join('"' + name.replace('"', '""') + '"' for name in (self.link, self.key))
        sheet = io.StringIO()
        csv.writer(sheet).writerows([[self.text, self.number, header], ["kk", 1, "k1"]])
        body = sheet.getvalue().encode()
        made = self.send("POST", f"{self.near_path}rows/", status=201, body=body, content_type="text/csv").json
        assert made[0][self.link] == 1
        wrong = {self.text: "k3", self.number: 1, self.link: {self.key: "none"}}
        answer = self.client.refused("POST", f"{self.near_path}rows/", wrong, status=422, code="validation")
        assert answer.json["errors"][0]["pointer"].startswith(pointer(self.link))
        self.send("DELETE", f"{self.near_path}rows/?{query((quoted(self.text), 'in.(k,kk)'))}", status=204)

    def descriptions(self) -> None:
        document = self.client.app.get("/rest/").json
        path = f"/{quote(self.near, safe='')}"
        assert path in document["paths"] and self.near in document["definitions"]
        assert set(document["definitions"][self.near]["properties"]) >= {self.text, self.number, self.link}
        assert self.client.app.get(f"/rest{path}?limit=1").json
        assert self.client.get(f"{self.near_path}health/")["status"] == "healthy"
        definition = self.client.get(self.near_path)
        assert self.send("PUT", self.near_path, definition, status=200).json == definition

    def access(self) -> None:
        text = quoted(self.text)
        rows = query((text, "in.(t1,t2)"), ("or", f"({text}.eq.t1,{quoted(self.number)}.gt.0)"))
        rows += "&" + query((f"{quoted(self.link)}.{quoted(self.key)}", "like.k*"))
        grants = {
            "read": {"rows": rows, "fields": [listed(name) for name in (self.text, self.number, self.link)]},
            "update": {"rows": rows, "fields": [listed(self.number)], "check": query((quoted(self.number), "lt.100"))},
        }
        document = {"tables": {self.near: grants, self.far: {"read": {"fields": [listed(self.key)]}}}}
        self.send("PUT", "/access/role/nasty/", document)
        stored = self.client.get("/access/role/nasty/")
        assert self.send("PUT", "/access/role/nasty/", stored, status=200).json == stored
        token = self.send("POST", "/token/", {"name": "nasty", "roles": ["nasty"]}, status=201).json["secret"]
        headers = {"authorization": f"Bearer {token}"}
        seen = self.client.get(f"{self.near_path}rows/", **headers)
        assert seen == [
            {"id": row["id"], self.text: row[self.text], self.number: row[self.number], self.link: row[self.link],
             self.alias: row[self.text]} for row in self.stored[:2]
        ]  # fmt: skip
        self.send("PATCH", f"{self.near_path}rows/1/", {self.number: 99}, status=200, **headers)
        self.send("PATCH", f"{self.near_path}rows/1/", {self.number: 100}, status=403, **headers)
        self.send("PATCH", f"{self.near_path}rows/1/", {self.choice: "y"}, status=422, **headers)
        hidden = query((quoted(self.choice), "eq.x"))
        assert (
            self.send("GET", f"{self.near_path}rows/?{hidden}", status=400, **headers).json["code"] == "unknown_field"
        )
        me = self.client.get("/me/", **headers)
        assert me["tables"][self.near]["read"]["fields"] == [self.text, self.number, self.link]
        asked = query(("table", self.near), ("action", "read"), ("as", f"token:{self._token()}"), ("row", "1"))
        if parse_free(self.near) or not self.near.isdigit():
            assert self.client.get(f"/access/explain/?{asked}")["allowed"] is True
        self.send("PATCH", f"{self.near_path}rows/1/", {self.number: 10}, status=200)
        self.client.send("PUT", "/access/role/nasty/", {"tables": {}}, status=200)

    def _token(self) -> int:
        return self.client.get("/token/")[-1]["id"]

    def classes(self) -> None:
        catalogue = self.client.catalogue
        models, near = catalogue.models, catalogue.models[self.near]
        assert near.__name__.isidentifier()
        definition = near.__definition__
        attributes = attribute_names(definition)
        with catalogue.session() as session:
            row = session.get(near, 1)
            for name in (self.text, self.number, self.json, self.tags):
                assert attributes[name].isidentifier()
                assert getattr(row, attributes[name]) == self.stored[0][name]
            assert list(getattr(row, attributes[self.links])) == [2, 1]
            query = sa.select(near).where(getattr(near, attributes[self.text]).in_(["t2", "t3"]))
            assert [found.id for found in session.scalars(query.order_by(near.id))] == [2, 3]
        with catalogue.session() as session:
            new = near(**{attributes[self.text]: "orm", attributes[self.number]: 4, attributes[self.links]: [1]})
            session.add(new)
            session.commit()
            setattr(new, attributes[self.number], 8)
            session.commit()
            session.delete(new)
            session.commit()
        assert models[self.far].__name__.isidentifier()
        relationships = sa.inspect(near).relationships.keys() + sa.inspect(models[self.far]).relationships.keys()
        assert len(relationships) >= 4 and all(name.isidentifier() for name in relationships)

    def changes(self) -> None:
        client, path = self.client, self.near_path
        before = client.get(path)
        patch = {
            "model_name": self.new_near,
            "fields": {
                self.new_text: {"renamed_from": self.text, "unique": False, "aliases": []},
                self.new_number: {"renamed_from": self.number, "type": "string", "default": None},
                self.new_link: {"renamed_from": self.link},
                self.extra: {"type": "integer", "default": 15, "index": True},
            },
            "unique": [],
        }
        # Not by the client, which looks for our insides: the plan has SQL of the index of words.
        sent = {"Content-Type": "application/merge-patch+json"}
        plan = self.client.app.post(f"{path}plan/", json.dumps(patch), sent, status=200).json
        assert plan["allowed"], plan
        if not any("%%" in name for name in self.given):
            assert "%%" not in json.dumps(plan["statements"])
        self.send("PATCH", path, patch, status=200)
        row = client.get(f"{path}rows/1/")
        assert (row[self.new_text], row[self.new_number], row[self.new_link], row[self.extra]) == ("t1", "10", 2, 15)
        assert client.get(f"{self.far_path}rows/1/")[self.reverse] == [2]
        steps = client.get(f"{path}history/?limit=1")[0]["steps"]
        assert {self.new_text, self.new_number, self.extra} <= {step.get("field") for step in steps}
        # Lost values: quarantine, by name.
        self.send("PATCH", f"{path}rows/1/", {self.new_number: "many"}, status=200)
        patch = {"fields": {self.new_number: {"type": "integer", "required": False}}}
        client.refused("PATCH", path, patch, status=409, code="lossy_change")
        word = query(("on_error", f"{quoted(self.new_number)}:quarantine"))
        self.send("PATCH", f"{path}?{word}", patch, status=200)
        kept = client.get(f"{path}quarantine/?{query(('field', quoted(self.new_number)))}")
        assert [(value["field"], value["value"]) for value in kept] == [(self.new_number, "many")]
        restored = self.send("POST", f"{path}quarantine/{kept[0]['id']}/restore/", {"value": 10}, status=200).json
        assert restored[self.new_number] == 10
        # The trash and back, with another name.
        self.send("PATCH", path, {"fields": {self.tags: None, self.extra: None}}, status=200)
        trash = {entry["name"]: entry["number"] for entry in client.get(f"{path}trash/")}
        self.send("POST", f"{path}trash/{trash[self.tags]}/restore/", {"name": self.extra}, status=200)
        assert client.get(f"{path}rows/1/")[self.extra] == ["u", "v1"]
        # Back to the first version: names, types, rules.
        self.send("POST", f"{path}history/{before['version']}/revert/", status=200)
        after = client.get(path)
        assert {**after, "version": 0} == {**before, "version": 0}
        assert client.get(f"{path}rows/") == self.stored
        # A swap of names.
        fields = before["fields"]
        swap = {self.text: {**fields[self.json]}, self.json: {**fields[self.text], "unique": False}}
        swap[self.json]["aliases"] = []
        self.send("PATCH", path, {"fields": swap, "unique": [], "indexes": []}, status=200)
        assert client.get(f"{path}rows/1/")[self.json] == "t1"
        self.send("POST", f"{path}history/{before['version']}/revert/", status=200)
        assert client.get(f"{path}rows/") == self.stored
        self.far_renamed()

    def far_renamed(self) -> None:
        client = self.client
        self.send("PATCH", self.far_path, {"model_name": self.new_far}, status=200)
        linked = client.get(f"{self.near_path}rows/?{query(('select', f'{quoted(self.link)}({quoted(self.key)})'))}")
        assert linked[0] == {self.link: {self.key: "k2"}}
        self.send("PATCH", self.far_path, {"model_name": self.far}, status=200)
        self.send("DELETE", self.near_path, status=204)
        number = next(e["number"] for e in client.get("/trash/") if e["model_name"] == self.near)
        self.send("POST", f"/trash/{number}/restore/", {"model_name": self.new_near}, status=200)
        assert client.get(f"{self.near_path}rows/") == self.stored
        self.send("PATCH", self.near_path, {"model_name": self.near}, status=200)

    def schema(self) -> None:
        client = self.client
        whole = client.get("/schema/")
        plan = self.send("POST", "/schema/plan/", whole, status=200).json
        assert plan == {"tables": {}, "access": []}, plan
        assert self.near in whole["tables"]
        self.send("PUT", "/schema/", {"tables": {}}, status=200)
        self.send("PUT", "/schema/", whole, status=200)
        assert client.get("/schema/") == whole
        renamed = {**whole["tables"][self.near], "renamed_from": self.near}
        tables = {name: table for name, table in whole["tables"].items() if name != self.near}
        self.send("PUT", "/schema/", {"tables": {**tables, self.new_near: renamed}}, status=200)
        self.send("PUT", "/schema/", {"tables": {}}, status=200)


def parse_free(name: str) -> bool:
    """Whether ``/table/{name}/`` is the table: digits are a number, and a slash divides."""
    return not name.isdigit() and "/" not in name
