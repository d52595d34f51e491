"""Events of writes and of changes of definitions (docs/embedding.md, "Events")."""

import json
import logging

import pytest
import webtest
from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.event import listens_for

from dynmodel_pyramid.errors import Invalid
from dynmodel_pyramid.events import (
    AfterDefinitionChange,
    AfterRowWrite,
    BeforeDefinitionChange,
    BeforeRowWrite,
    DefinitionChangeCommitted,
    RowWriteCommitted,
)
from tests.test_guides import blocks

ALL = (
    AfterDefinitionChange,
    AfterRowWrite,
    BeforeDefinitionChange,
    BeforeRowWrite,
    DefinitionChangeCommitted,
    RowWriteCommitted,
)
TASK = {"text": {"type": "string", "required": True}, "done": "boolean", "points": {"type": "integer", "max": 9}}


@pytest.fixture
def serve(settings):
    """A function: subscribers -> the application that they subscribe to."""
    made = []

    def make(*subscriptions, includeme=None) -> webtest.TestApp:
        config = Configurator(settings=settings)
        config.include("pyramid_tm")
        config.include(includeme or "dynmodel_pyramid")
        for subscriber, event, predicates in subscriptions:
            config.add_subscriber(subscriber, event, **predicates)
        app = webtest.TestApp(config.make_wsgi_app())
        made.append(app.app.registry.dynmodel_catalogue)
        return app

    yield make
    for catalogue in made:
        catalogue.database.close()


@pytest.fixture
def told():
    return []


@pytest.fixture
def tasks(serve, told):
    """An application that notes all events, and fills and refuses tasks."""

    def note(event):
        if hasattr(event, "changes") and not hasattr(event, "table"):
            told.append((type(event).__name__, [(change.operation, change.table) for change in event.changes]))
        elif isinstance(event, BeforeRowWrite):
            told.append(("BeforeRowWrite", event.table, event.operation, [change.id for change in event]))
        else:
            told.append((type(event).__name__, event.table, event.operation, list(event.rows)))

    def fill(event):
        for task in event:
            if task.get("text") == "bad":
                task.refuse("no bad tasks", "text", code="bad_task")
            if event.operation == "insert" and task["text"] is None:
                task["text"] = "nothing"
            if task.get("points") == 5:
                task["points"] = 55
            elif task.get("points") == 4:
                task["points"] = (task.before or {"points": 0})["points"] + 1

    def guard(event):
        if any(task.before["done"] is False for task in event):
            event.changes[0].refuse("it is not done")

    app = serve(
        *[(note, event, {}) for event in ALL],
        (fill, BeforeRowWrite, {"table": "task", "operation": ["insert", "update"]}),
        (guard, BeforeRowWrite, {"table": "Task", "operation": "delete"}),
    )
    app.post_json("/table/", {"model_name": "Task", "fields": TASK}, status=201)
    app.post_json("/table/", {"model_name": "Other", "fields": {"text": "string"}}, status=201)
    told.clear()
    return app


def problems(answer):
    return [(problem["pointer"], problem["code"]) for problem in answer.json["errors"]]


def test_a_write_is_told_thrice(tasks, told):
    tasks.post_json("/table/Task/rows/", [{"text": "a"}, {"text": "b"}], status=201)
    assert told == [
        ("BeforeRowWrite", "Task", "insert", [1, 2]),
        ("AfterRowWrite", "Task", "insert", [(1, 1), (2, 1)]),
        ("RowWriteCommitted", "Task", "insert", [(1, 1), (2, 1)]),
    ]
    told.clear()
    tasks.post_json("/table/Task/rows/", {"text": "c"}, headers={"Prefer": "tx=rollback"}, status=201)
    assert [event[0] for event in told] == ["BeforeRowWrite", "AfterRowWrite"]


def test_values_are_filled_at_every_way_of_writing(tasks, told):
    assert tasks.post_json("/table/Task/row/", {"points": 1}).json["text"] == "nothing"
    assert tasks.put_json("/table/Task/rows/1/", {"text": "x", "points": 4}).json["points"] == 2
    assert tasks.patch_json("/table/Task/rows/1/", {"points": 4}).json["points"] == 3
    tasks.post_json("/table/Task/rows/", [{"points": 7}], status=201)
    changed = tasks.patch_json("/table/Task/rows/?id=gt.0&order=id", {"points": 4}).json
    assert [row["points"] for row in changed] == [4, 8]
    upsert = {"Prefer": "resolution=merge-duplicates"}
    merged = tasks.post_json("/table/Task/rows/", [{"id": 1, "points": 4}, {"points": 4}], headers=upsert).json
    assert [(row["text"], row["points"]) for row in merged] == [("x", 5), ("nothing", 1)]
    lines = "points\r\n" + "1\r\n" * 2500
    counted = {"Content-Type": "text/csv", "Prefer": "return=minimal, count=exact"}
    tasks.post("/table/Task/rows/", lines, headers=counted, status=201)
    assert len(tasks.get("/table/Task/rows/?select=id&text=eq.nothing").json) == 2502
    told.clear()
    tasks.post_json("/rest/Task", {"text": "r", "points": 4}, status=201)
    assert [event[0] for event in told] == ["BeforeRowWrite", "AfterRowWrite", "RowWriteCommitted"]


def test_writes_that_are_undone_are_not_told_as_committed(tasks, told):
    """A lenient upsert writes its rows again without the refused ones."""
    tasks.post_json("/table/Task/rows/", [{"text": "a"}, {"text": "b"}], status=201)
    told.clear()
    rows = [{"id": 1, "text": "c"}, {"id": 2, "text": "bad"}, {"id": 9, "text": "new"}]
    headers = {"Prefer": "handling=lenient, resolution=merge-duplicates"}
    answer = tasks.post_json("/table/Task/rows/", rows, headers=headers, status=201).json
    assert [row["number"] for row in answer["refused"]] == [1]
    assert sorted(event for event in told if event[0] == "RowWriteCommitted") == [
        ("RowWriteCommitted", "Task", "insert", [(9, 1)]),
        ("RowWriteCommitted", "Task", "update", [(1, 2)]),
    ]
    told.clear()
    lines = "text\r\n" + "".join("bad\r\n" if number == 1500 else "x\r\n" for number in range(2500))
    headers = {"Content-Type": "text/csv", "Prefer": "handling=lenient, return=minimal"}
    tasks.post("/table/Task/rows/", lines, headers=headers, status=201)
    (committed,) = [event for event in told if event[0] == "RowWriteCommitted"]
    assert len(committed[3]) == len(set(committed[3])) == 2499


def test_rows_are_refused_with_pointers(tasks, told):
    rows = [{"text": "a"}, {"text": "bad"}, {"text": "bad"}]
    refused = tasks.post_json("/table/Task/rows/", rows, status=422)
    assert problems(refused) == [("/1/text", "bad_task"), ("/2/text", "bad_task")]
    assert problems(tasks.post_json("/table/Task/row/", {"text": "a", "points": 5}, status=422)) == [
        ("/points", "too_large")
    ]
    assert tasks.get("/table/Task/rows/").json == []
    assert {event[0] for event in told} == {"BeforeRowWrite"}
    rows = [{"text": "a", "done": False}, {"text": "b", "done": True}]
    undone, done = [row["id"] for row in tasks.post_json("/table/Task/rows/", rows, status=201).json]
    assert problems(tasks.patch_json("/table/Task/rows/?id=gt.0", {"text": "bad"}, status=422))[0] == (
        "/text",
        "bad_task",
    )
    assert problems(tasks.delete(f"/table/Task/rows/{undone}/", status=422)) == [("", "refused")]
    tasks.delete(f"/table/Task/rows/{done}/", status=204)
    tasks.delete("/table/Task/rows/?id=gt.0", status=422)


def test_changes_of_definitions(tasks, told):
    fields = {**TASK, "more": "string"}
    tasks.put_json("/table/Task/", {"model_name": "Task", "fields": fields})
    tasks.delete("/table/Other/", status=204)
    assert told == [
        (name, [change])
        for change in (("change", "Task"), ("drop", "Other"))
        for name in ("BeforeDefinitionChange", "AfterDefinitionChange", "DefinitionChangeCommitted")
    ]


def test_a_batch(serve, told):
    """Also of a table that it makes; all its events come before its commit, or after it."""
    app = serve(
        (lambda event: told.append((event.operation, *[row["id"] for row in event.documents()])), AfterRowWrite, {}),
        *[
            (lambda event: told.append(type(event)), event, {})
            for event in (BeforeDefinitionChange, AfterDefinitionChange, DefinitionChangeCommitted, RowWriteCommitted)
        ],
    )
    table = {"model_name": "New", "fields": {"text": "string"}}
    operations = [
        {"operation": "create_table", "definition": table},
        {"operation": "insert", "table": "New", "row": {"text": "a"}},
        {"operation": "update", "table": "New", "id": {"$ref": "/1/id"}, "row": {"text": "b"}},
    ]
    app.post_json("/batch/", operations)
    after = [AfterDefinitionChange, DefinitionChangeCommitted, RowWriteCommitted, RowWriteCommitted]
    assert told == [BeforeDefinitionChange, ("insert", 1), ("update", 1), *after]


def test_rows_that_follow_a_deletion(tasks, told):
    link = {"type": "link", "table": "Task", "on_delete": "set_null"}
    part = {**link, "on_delete": "cascade"}
    tasks.post_json("/table/", {"model_name": "Note", "fields": {"task": link}}, status=201)
    tasks.post_json("/table/", {"model_name": "Part", "fields": {"task": part}}, status=201)
    tasks.post_json("/table/Task/rows/", {"text": "a", "done": True}, status=201)
    for name in ("Note", "Part"):
        tasks.post_json(f"/table/{name}/rows/", {"task": 1}, status=201)
    told.clear()
    tasks.delete("/table/Task/rows/1/", status=204)
    assert {event[:3] for event in told if event[0] != "RowWriteCommitted"} == {
        (name, *what)
        for name in ("BeforeRowWrite", "AfterRowWrite")
        for what in (("Task", "delete"), ("Part", "delete"), ("Note", "update"))
    }


def test_a_session_of_a_script(tasks, told):
    catalogue = tasks.app.registry.dynmodel_catalogue
    with catalogue.session() as session:
        session.add(catalogue.models.Task(points=4))
    with catalogue.session() as session:
        task = session.scalars(select(catalogue.models.Task)).one()
        assert (task.text, task.points) == ("nothing", 1)
        task.points, task.done = 4, True
    with catalogue.session(writes=False) as session:
        assert session.scalars(select(catalogue.models.Task)).one().points == 2
    with pytest.raises(Invalid), catalogue.session() as session:
        session.add(catalogue.models.Task(text="bad"))
    told.clear()
    with catalogue.session() as session:
        session.delete(session.get(catalogue.models.Task, 1))
    assert [event[:3] for event in told] == [
        (name, "Task", "delete") for name in ("BeforeRowWrite", "AfterRowWrite", "RowWriteCommitted")
    ]


def test_failures_of_subscribers(serve, caplog):
    def fail(event):
        raise RuntimeError("a bug")

    def again(event):
        event.rows_of("Loop").add({"text": "and"})

    calls = []
    app = serve(
        (fail, AfterRowWrite, {"table": "Bad"}),
        (fail, RowWriteCommitted, {}),
        (fail, DefinitionChangeCommitted, {}),
        (lambda event: calls.append(event.table), RowWriteCommitted, {}),
        (again, AfterRowWrite, {"table": "Loop"}),
        (lambda event: event.refuse("not this", "/model_name"), BeforeDefinitionChange, {"table": "Refused"}),
    )
    for name in ("Good", "Bad", "Loop"):
        app.post_json("/table/", {"model_name": name, "fields": {"text": "string"}}, status=201)
    app.post_json("/table/Good/rows/", {"text": "a"}, status=201)
    assert calls == ["Good"]
    assert "a subscriber failed after the commit" in caplog.text
    with caplog.at_level(logging.CRITICAL):
        for name in ("Bad", "Loop"):
            app.post_json(f"/table/{name}/rows/", {"text": "a"}, status=500)
            assert app.get(f"/table/{name}/rows/").json == []
    document = {"model_name": "refused", "fields": {"text": "string"}}
    for path in ("/table/", "/schema/plan/"):
        document = document if path == "/table/" else {"tables": {"Refused": {"fields": {"text": "string"}}}}
        assert problems(app.post_json(path, document, status=422))[0][1] == "refused"


def test_the_workflow_of_the_guide(serve, caplog):
    *_, workflow = blocks("embedding.md", "python")
    *_, tables = map(json.loads, blocks("embedding.md", "json"))
    namespace = {"__name__": __name__}
    exec(workflow, namespace)
    app = serve(includeme=namespace["includeme"])
    for document in tables:
        app.post_json("/data/table/", document, status=201)
    app.post_json("/data/table/Product/rows/", {"name": "pen", "price": "2.50", "stock": 10}, status=201)
    with caplog.at_level(logging.INFO, "orders"):
        order = app.post_json("/data/table/Order/rows/", {"product": {"name": "pen"}, "pieces": 6}, status=201).json
    assert order["total"] == "15.00"
    assert "order 1 is accepted" in caplog.text
    assert app.get("/data/table/Product/rows/1/").json["stock"] == 4
    assert [row["text"] for row in app.get("/data/table/Notice/rows/").json] == ["order more of product 1"]
    refused = app.post_json("/data/table/Order/rows/", {"product": 1, "pieces": 5}, status=422)
    assert problems(refused) == [("/pieces", "out_of_stock")]
    both = [{"product": 1, "pieces": 3}, {"product": 1, "pieces": 3}]
    assert app.post_json("/data/table/Order/rows/", both, status=409).json["code"] == "out_of_stock"
    assert app.get("/data/table/Product/rows/1/").json["stock"] == 4
    assert app.patch_json("/data/table/Order/rows/1/", {"pieces": 4, "product": 1}).json["total"] == "10.00"
    assert app.delete("/data/table/Order/", status=422).json["errors"][0]["code"] == "refused"


# Others who take part in the transaction of ``request.tm``


class Participant:
    """A data manager that notes what it is asked for."""

    def __init__(self, calls, vetoes):
        self._calls, self._vetoes = calls, vetoes

    def _note(self, name):
        self._calls.append(name)
        if name == self._vetoes:
            raise ValueError("a veto")

    def __getattr__(self, name):
        if name not in ("tpc_begin", "commit", "tpc_vote", "tpc_finish", "abort", "tpc_abort"):
            raise AttributeError(name)
        return lambda transaction: self._note(name)

    def sortKey(self):
        return "zzz"


@pytest.mark.parametrize("vetoes", [None, "tpc_begin", "commit", "tpc_vote"])
def test_a_participant_may_veto(serve, told, vetoes):
    calls = []

    def join(event):
        event.request.tm.get().join(Participant(calls, vetoes))

    app = serve((join, AfterRowWrite, {}), (lambda event: told.append(len(event)), RowWriteCommitted, {}))
    app.post_json("/table/", {"model_name": "Task", "fields": TASK})
    answer = app.post_json("/table/Task/rows/", {"text": "a"}, expect_errors=True)
    found = app.get("/table/Task/rows/").json
    if vetoes is None:
        assert (answer.status_int, len(found), told) == (201, 1, [1])
        assert calls[:4] == ["tpc_begin", "commit", "tpc_vote", "tpc_finish"]
    else:
        assert (answer.status_int, found, told) == (500, [], [])
        assert {"abort", "tpc_abort"} <= set(calls) and "tpc_finish" not in calls
    # No connection is left behind.
    assert app.app.registry.dynmodel_catalogue.database.engine.pool.checkedout() == 0


def test_a_failing_commit_ends_the_others(serve):
    calls = []

    def join(event):
        event.request.tm.get().join(Participant(calls, None))
        event.connection.connection.info["broken"] = True

    def broken(connection):
        if connection.connection.info.pop("broken", None):
            raise RuntimeError("no commit")

    app = serve((join, AfterRowWrite, {}))
    app.post_json("/table/", {"model_name": "Task", "fields": TASK})
    engine = app.app.registry.dynmodel_catalogue.database.engine
    listens_for(engine, "commit")(broken)
    app.post_json("/table/Task/rows/", {"text": "a"}, status=500)
    assert calls[:4] == ["tpc_begin", "commit", "tpc_vote", "tpc_abort"]  # ours commits as the last
    assert app.get("/table/Task/rows/").json == []
    assert engine.pool.checkedout() == 0


def test_a_savepoint_of_the_transaction(serve):
    def save(event):
        saved = event.request.tm.savepoint()
        event.rows_of("Task").add({"text": "undone"}) if event.rows[0][0] == 1 else None
        saved.rollback()

    app = serve((save, AfterRowWrite, {}))
    app.post_json("/table/", {"model_name": "Task", "fields": TASK})
    app.post_json("/table/Task/rows/", {"text": "a"}, status=201)
    assert [row["text"] for row in app.get("/table/Task/rows/").json] == ["a"]
