"""What the code of an earlier state does with a database: run with that code in the path, so it imports nothing else.

python story.py SETTINGS.json ANSWERS.json REVISION
"""

import json
import sys

import webtest

import dynmodel_pyramid

settings = json.loads(open(sys.argv[1]).read())
revision = sys.argv[3]
if revision >= "0004":
    settings["dynmodel.access"] = "open"
wsgi = dynmodel_pyramid.main({}, **settings)
app = webtest.TestApp(wsgi, extra_environ={"REMOTE_ADDR": "127.0.0.1"})
send = app.request


def call(method, path, document=None, **headers):
    body = {} if document is None else {"body": json.dumps(document).encode()}
    sent = {"Content-Type": "application/json"} if body else {}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return app.request(path, method=method, headers=sent, **body)


book = {
    "title": {"type": "string", "required": True, "max_length": 40, "index": True},
    "isbn": {"type": "string", "unique": True},
    "pages": {"type": "integer", "min": 0},
    "weight": "number",
    "out": "date",
    "at": "datetime",
    "is_new": {"type": "boolean", "default": True},
    "more": "json",
    "author": {"type": "link", "table": "Author", "reverse": "books", "on_delete": "set_null"},
    "readers": {"type": "links", "table": "Author"},
    "gone": "string",
    "rated": "string",
}
if revision < "0003":
    del book["readers"]  # rows did not show lists yet
else:
    book |= {"number": "autonumber", "price": {"type": "decimal"}, "labels": {"type": "tags"}, "mark": "uuid"}
    book["code"] = {"type": "string", "unique_ignore_case": True}
if revision >= "0006":
    book["title"]["index"] = "search"
call("POST", "/table/", {"model_name": "Author", "fields": {"name": "string"}})
call("POST", "/table/", {"model_name": "Book", "fields": book})
for number in range(1, 4):
    call("POST", "/table/1/rows/", {"name": f"Author {number}"})
for number in range(1, 7):
    row = {
        "title": f"Der {number}. Weg",
        "isbn": f"I{number}",
        "pages": 100 * number,
        "weight": number / 7,
        "out": "2026-01-31",
        "at": f"2026-01-31T12:00:0{number}.123456Z",
        "more": {"b": [1, None, "x"], "a": number},
        "author": 1 + number % 3,
        "gone": f"gone {number}",
        "rated": str(number) if number != 4 else "four",
    }
    if revision >= "0003":
        row |= {"price": f"{number}.50", "labels": ["a", "b"], "mark": f"f81d4fae-7dec-11d0-a765-00a0c91e6bf{number}"}
        row |= {"code": f"Code{number}", "readers": [3, 1] if number % 2 else []}
    call("POST", "/table/2/rows/", row)
definition = call("GET", "/table/2/").json
call("DELETE", "/table/2/rows/6/")
# A conversion with a loss, a dropped field, a rename, a dropped table.
word = "quarantine" if revision >= "0003" else "null"


def change(query="", **fields):
    """A new definition, by ids of fields; None drops one."""
    present = call("GET", "/table/2/")
    wanted = {
        field["name"] if "name" in field else name: field
        for name, field in {**present.json["fields"], **fields}.items()
        if field is not None
    }
    wanted = {name: {key: value for key, value in field.items() if key != "name"} for name, field in wanted.items()}
    call("PUT", f"/table/2/{query}", {"model_name": "Book", "fields": wanted}, If_Match=present.headers["ETag"])


rated = definition["fields"]["rated"]
change(f"?on_error={word}", rated={"id": rated["id"], "type": "integer"})
change(gone=None)
call(
    "POST",
    "/table/",
    {"model_name": "Dropped", "fields": {"a": "string", "author": {"type": "link", "table": "Author"}}},
)
call("POST", "/table/3/rows/", {"a": "kept", "author": 2})
call("DELETE", "/table/3/")
if revision >= "0004":
    call("PUT", "/access/role/clerk/", {"tables": {"Book": {"read": True}}})
    call("POST", "/user/", {"name": "Ann", "roles": ["clerk"], "password": "a long password"})
    token = call("POST", "/token/", {"name": "program", "roles": ["clerk"]}).json
if revision >= "0007":
    call("POST", "/table/1/rows/", {"name": "Once"}, Idempotency_Key="0123456789abcdef")
answers = {
    "tables": {
        table["model_name"]: call("GET", f"/table/{table['id']}/rows/").json for table in call("GET", "/table/").json
    },
    "version": call("GET", "/table/2/").json["version"],
    "token": token.get("token", token.get("secret")) if revision >= "0004" else None,
}
open(sys.argv[2], "w").write(json.dumps(answers, indent=1, ensure_ascii=False))
wsgi.registry.dynmodel_catalogue.database.close()
