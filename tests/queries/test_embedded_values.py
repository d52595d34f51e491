"""Embedded rows are written by the database, byte for byte as rows are."""

import pytest

from dynmodel_pyramid.testing.databases import DATABASES


@pytest.fixture(params=DATABASES)
def app(request, table):
    return table.apps[request.param]


def rows_of(app, query: str) -> bytes:
    return app.get(f"/table/1/rows/?{query}").body


def whole(app, row_id: int) -> bytes:
    return app.get(f"/table/1/rows/{row_id}/").body


def test_an_embedded_row_is_the_row(app, table):
    """To one, by lists and by reverse sides; a field of each type with its edges is in the rows."""
    seen = set()
    for row_id, row in enumerate(table.rows, 1):
        answer = rows_of(app, f"select=to:link_(*),list:links_(*)&id=eq.{row_id}")
        expected = b"null" if row["link_"] is None else whole(app, row["link_"])
        listed = b",".join(whole(app, each) for each in row["links_"])
        assert answer == b'[{"to":' + expected + b',"list":[' + listed + b"]}]"
        seen |= {row["link_"], *row["links_"]}
    assert len(seen) > 30
    for row_id in (1, 2, 6):
        referring = [number for number, row in enumerate(table.rows, 1) if row["link_"] == row_id]
        expected = b",".join(whole(app, each) for each in referring)
        assert rows_of(app, f"select=linked(*)&id=eq.{row_id}") == b'[{"linked":[' + expected + b"]}]"


def test_star_and_single_fields_are_the_row(app, table):
    names = ["id", *app.get("/table/1/").json["fields"], "linked", "listed"]
    everything = app.get("/table/1/rows/").body
    assert rows_of(app, "select=*") == everything
    assert rows_of(app, "select=" + ",".join(names)) == everything


def test_a_group_is_written_as_its_field(app, table):
    """Groups go through JSON text as well."""
    for name in app.get("/table/1/").json["fields"]:
        groups = app.get(f"/table/1/rows/?select={name},count()").json
        values = [row[name] for row in app.get(f"/table/1/rows/?select={name}").json]
        assert sum(group["count"] for group in groups) == len(values)
        assert all(group[name] in values for group in groups)


def test_least_and_greatest(app, table):
    """min() and max() of every type that has an order agree with ``order``."""
    done = 0
    for name in app.get("/table/1/").json["fields"]:
        answer = app.get(f"/table/1/rows/?select=low:{name}.min(),high:{name}.max()", expect_errors=True)
        order = app.get(f"/table/1/rows/?select={name}&order={name}&{name}=not.is.null", expect_errors=True)
        if answer.status_int != 200:
            assert answer.json["code"] == "invalid_parameter"
            assert order.json["code"] == "not_sortable"
            continue
        done += 1
        assert answer.json == [{"low": order.json[0][name], "high": order.json[-1][name]}], name
    assert done > 10
