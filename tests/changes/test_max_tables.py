"""How many tables there may be."""


def fault(answer) -> str:
    return answer.json["code"]


def test_one_more_is_refused(make_app):
    app = make_app(**{"dynmodel.max_tables": "2"})
    for name in ("A", "B"):
        app.post_json("/table/", {"model_name": name, "fields": {"a": "string"}}, status=201)
    assert fault(app.post_json("/table/", {"model_name": "C", "fields": {}}, status=409)) == "too_many_tables"
    tables = {name: {"fields": {"a": "string"}} for name in ("A", "B", "C")}
    for path in ("/schema/", "/schema/plan/"):
        send = app.put_json if path == "/schema/" else app.post_json
        assert fault(send(path, {"tables": tables}, status=409)) == "too_many_tables"
    # Those that are there may be changed, and exchanged for others.
    app.patch_json("/table/A/", {"fields": {"b": "string"}}, status=200)
    app.delete("/table/A/", status=204)
    app.post_json("/table/", {"model_name": "C", "fields": {"a": "string"}}, status=201)
    assert fault(app.post_json("/trash/1/restore/", {}, status=409)) == "too_many_tables"
