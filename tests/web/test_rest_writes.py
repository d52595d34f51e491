"""Writing at ``/rest/``, held against what PostgREST's own tests (test/spec/Feature) expect."""

OBJECT = "application/vnd.pgrst.object+json"
REPRESENTATION = "return=representation"


def test_answers_to_inserts(rest):
    quiet = rest.send("POST", "Client", {"name": "Cid"})
    assert (quiet.status_int, quiet.body, quiet.headers.get("Content-Type")) == (201, b"", None)
    assert "Location" not in quiet.headers and quiet.headers["Content-Range"] == "*/*"
    located = rest.send("POST", "Client", {"name": "Dan"}, Prefer="return=headers-only,count=exact")
    assert located.headers["Content-Range"] == "*/1"
    assert located.headers["Preference-Applied"] == "return=headers-only, count=exact"
    assert rest.app.get(located.headers["Location"]).json[0]["name"] == "Dan"
    shown = rest.send(
        "POST",
        "Project?select=name,client(name)",
        [{"name": "b", "client": 2}, {"name": "a", "client": 1}],
        Prefer=REPRESENTATION,
    )
    assert shown.json == [{"name": "b", "client": {"name": "Bob"}}, {"name": "a", "client": {"name": "Ann"}}]
    assert rest.send("POST", "Client", [], Prefer=REPRESENTATION).json == []
    assert rest.send("POST", "Client", {}).status_int == 201
    one = rest.send("POST", "Client?select=name", [{"name": "Eve"}], Prefer=REPRESENTATION, Accept=OBJECT)
    assert one.json == {"name": "Eve"}
    rest.refused("POST", "Client", 406, "PGRST116", [{"name": "F"}, {"name": "G"}], Accept=OBJECT)
    assert rest.rows("Client?name=in.(F,G)") == []
    back = rest.send("POST", "Client", {"name": "H"}, Prefer="tx=rollback")
    assert (back.status_int, back.headers["Preference-Applied"]) == (201, "tx=rollback")
    assert rest.rows("Client?name=eq.H") == []


def test_bodies(rest):
    rest.refused("POST", "Client", 400, "PGRST102", body=b"}{ x = 2")
    rest.refused("POST", "Client", 400, "PGRST102", body=b"")
    rest.refused("POST", "Client", 400, "PGRST102", body=b"[NaN]")
    rest.refused("POST", "Client", 400, "PGRST102", body=b"[" * 100_000)
    rest.refused("POST", "Client", 400, "PGRST102", body=b"\xff")
    rest.refused("POST", "Client", 400, "PGRST102", body=b"x", Content_Type="text/xml")
    rest.refused("POST", "Client", 400, "PGRST102", [{"name": "x"}, 1])
    rest.refused("POST", "Client", 400, "PGRST102", [{"name": "x"}, {"id": 9}])
    table = b'name,size,data\r\n"a,b",1,NULL\nNULL is text,NULL,"{""a"": 1}"\n'
    answer = rest.send(
        "POST", "Project?select=name,size,data", body=table, Content_Type="text/csv", Prefer=REPRESENTATION
    )
    assert answer.json == [
        {"name": "a,b", "size": 1, "data": None},
        {"name": "NULL is text", "size": None, "data": '{"a": 1}'},
    ]
    for wrong in (b"name,size\na", b"", b"\n", b'name\n"a'):
        rest.refused("POST", "Project", 400, "PGRST102", body=wrong, Content_Type="text/csv")
    long = rest.send(
        "POST", "Client?select=name", body=b"name\n" + b"x" * 200, Content_Type="text/csv", Prefer=REPRESENTATION
    )
    assert long.json == [{"name": "x" * 200}]
    form = rest.send(
        "POST",
        "Project?select=name,size",
        body=b"name=a+b&size=4",
        Content_Type="application/x-www-form-urlencoded",
        Prefer=REPRESENTATION,
    )
    assert form.json == [{"name": "a b", "size": 4}]
    twice = rest.send("POST", "Client?select=name", body=b'{"name": "1", "name": "2"}', Prefer=REPRESENTATION)
    assert twice.json == [{"name": "2"}]


def test_numbers_that_stand_for_texts(rest):
    for sent, stored in ((b"1.50", "1.50"), (b"[1.50, {}]", "[1.5,{}]"), (b"true", "true"), (b"12", "12")):
        body = b'{"name": %s}' % sent
        assert rest.send("POST", "Client?select=name", body=body, Prefer=f"{REPRESENTATION},tx=rollback").json == [
            {"name": stored}
        ]
    rest.refused("POST", "Client", 400, "22P02", body=b'{"id": 15e-1}')


def test_columns(rest):
    rows = [{"name": "a", "junk": 1}, {"name": "b", "size": 2, "client": 1}]
    path = "Project?columns=name,size&select=size,client"
    assert rest.send("POST", path, rows, Prefer=REPRESENTATION).json == [
        {"size": None, "client": None},
        {"size": 2, "client": None},
    ]
    defaults = rest.send("POST", path, rows, Prefer=f"missing=default,{REPRESENTATION}")
    assert [row["size"] for row in defaults.json] == [7, 2]
    assert defaults.headers["Preference-Applied"] == f"missing=default, {REPRESENTATION}"
    rest.refused("POST", "Project?columns=name,nothing", 400, "PGRST204", rows)
    rest.refused("POST", "Project?columns=", 400, "PGRST100", rows)
    changed = rest.send("PATCH", "Project?id=eq.1&columns=size&select=name,size", {"name": "x"}, Prefer=REPRESENTATION)
    assert changed.json == [{"name": "P1", "size": None}]


def test_update_and_delete_by_filter(rest):
    done = rest.send("PATCH", "Project?id=in.(1,2)", {"size": "8"})
    assert (done.status_int, done.body, done.headers["Content-Range"]) == (204, b"", "0-1/*")
    shown = rest.send(
        "PATCH", "Project?id=in.(1,2)&select=id,client(name)&order=id.desc", {"size": 9}, Prefer=REPRESENTATION
    )
    assert shown.status_int == 200
    assert shown.json == [{"id": 2, "client": {"name": "Ann"}}, {"id": 1, "client": {"name": "Bob"}}]
    # The rows that were written are shown, though the filter no longer finds them.
    assert rest.send("PATCH", "Project?size=eq.9&select=id", {"size": 1}, Prefer=REPRESENTATION).json == [
        {"id": 1},
        {"id": 2},
    ]
    assert rest.send("PATCH", "Project?id=eq.9", {"size": 1}, Prefer=REPRESENTATION).json == []
    for empty in ({}, [], [{}]):
        nothing = rest.send("PATCH", "Project", empty)
        assert (nothing.status_int, nothing.headers["Content-Range"]) == (204, "*/*")
    assert rest.refused("PATCH", "Project", 400, "21000", {"size": 1})["message"] == "UPDATE requires a WHERE clause"
    assert rest.refused("DELETE", "Project", 400, "21000")["message"] == "DELETE requires a WHERE clause"
    most = "handling=strict,max-affected=1"
    assert (
        rest.refused("PATCH", "Project?id=gt.0", 400, "PGRST124", {"size": 0}, Prefer=most)["details"]
        == "The query affects 3 rows"
    )
    rest.refused("DELETE", "Project?id=gt.0", 400, "PGRST124", Prefer=most)
    rest.refused("PATCH", "Project?id=gt.0", 406, "PGRST116", {"size": 0}, Accept=OBJECT)
    rest.refused("DELETE", "Project?id=gt.0", 406, "PGRST116", Accept=OBJECT)
    assert rest.rows("Project?size=eq.0") == []
    gone = rest.send("DELETE", "Project?id=gt.1&select=id&order=id.desc", Prefer=f"{REPRESENTATION}, tx=rollback")
    assert gone.json == [{"id": 3}, {"id": 2}]
    rest.refused("PATCH", "Project?id=eq.1", 400, "428C9", {"id": 5})
    gone = rest.send("DELETE", "Project?id=eq.1&select=id,client(name)", Prefer=f"{REPRESENTATION},count=exact")
    assert (gone.status_int, gone.json, gone.headers["Content-Range"]) == (
        200,
        [{"id": 1, "client": {"name": "Bob"}}],
        "*/1",
    )
    rest.refused("DELETE", "Client?id=eq.1", 409, "23503")


def test_upserts(rest):
    merge, ignore = f"resolution=merge-duplicates,{REPRESENTATION}", f"resolution=ignore-duplicates,{REPRESENTATION}"
    mixed = rest.send(
        "POST", "Client?select=id,name", [{"id": 1, "name": "Anna"}, {"id": 5, "name": "Eve"}], Prefer=merge
    )
    assert (mixed.status_int, mixed.json) == (201, [{"id": 1, "name": "Anna"}, {"id": 5, "name": "Eve"}])
    assert mixed.headers["Preference-Applied"] == f"resolution=merge-duplicates, {REPRESENTATION}"
    assert rest.send("POST", "Client", {"id": 1, "name": "Ann"}, Prefer=merge).status_int == 200
    assert rest.send("POST", "Client", [], Prefer=merge).status_int == 200
    by_name = rest.send("POST", "Client?on_conflict=name&select=id", [{"name": "Bob"}], Prefer=merge)
    assert by_name.json == [{"id": 2}]
    kept = rest.send("POST", "Client?on_conflict=name&select=name", [{"name": "Bob"}, {"name": "Fay"}], Prefer=ignore)
    assert (kept.status_int, kept.json) == (201, [{"name": "Fay"}])
    by_any = rest.send("POST", "Client?select=name", [{"name": "Bob"}, {"name": "Gil"}], Prefer=ignore)
    assert (by_any.status_int, by_any.json) == (201, [{"name": "Gil"}])
    rest.refused("POST", "Client", 409, "23505", [{"name": "Bob"}], Prefer=merge)
    rest.refused("POST", "Project?on_conflict=name", 400, "42P10", {"name": "x"}, Prefer=merge)
    rest.refused("POST", "Client", 400, "21000", [{"id": 1, "name": "x"}, {"id": 1, "name": "y"}], Prefer=merge)
    rest.refused("POST", "Client", 409, "23505", {"name": "Bob"})


def test_put(rest):
    assert rest.send("PUT", "Client?id=eq.1", {"id": 1, "name": "Anna"}).status_int == 204
    shown = rest.send("PUT", "Client?id=eq.1&select=name", [{"id": 1, "name": "Ann"}], Prefer=REPRESENTATION)
    assert (shown.status_int, shown.json) == (200, [{"name": "Ann"}])
    assert rest.send("PUT", "Client?id=eq.70", {"id": 70, "name": "New"}, Prefer=REPRESENTATION).status_int == 201
    for wrong in ("id=gt.1", "id=not.eq.1", "id=in.(1)", "and=(id.eq.1)", "name=eq.Ann", "id=eq.1&name=eq.Ann", ""):
        rest.refused("PUT", f"Client?{wrong}", 405, "PGRST105", {"id": 1, "name": "Ann"})
    rest.refused("PUT", "Client?id=eq.1&limit=1", 400, "PGRST114", {"id": 1, "name": "Ann"})
    for document in ({"id": 2, "name": "x"}, {"name": "x"}, [{"id": 1}, {"id": 2}], []):
        rest.refused("PUT", "Client?id=eq.1", 400, "PGRST115", document)


def test_faults_of_documents(rest):
    rest.refused("POST", "Project", 400, "23502", {"size": 1})
    rest.refused("POST", "Project", 400, "23502", {"name": None})
    rest.refused("POST", "Project", 400, "PGRST204", {"colour": 1})
    rest.refused("POST", "Project", 400, "22P02", {"name": "x", "size": "many"})
    rest.refused("POST", "Project", 400, "22003", {"name": "x", "size": 2**70})
    rest.refused("POST", "Project", 409, "23503", {"name": "x", "client": 99})
    rest.refused("PATCH", "Project?id=eq.1", 400, "PGRST204", {"colour": 1})
    rest.refused("PATCH", "Project?id=eq.1", 400, "22P02", {"size": "many"})
