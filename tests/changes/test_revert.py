"""A table goes through random changes, and back to an earlier version: so is its definition, and so are its values.

What is checked are the values of fields that nobody has written since, in rows that were there then.
"""

import copy
import itertools

import pytest
import webtest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

import dynmodel_pyramid
from dynmodel_pyramid.definitions import TableDefinition
from dynmodel_pyramid.testing.databases import DATABASES, database_settings
from tests.web.client import Client

VALUES = {
    "string": st.sampled_from(["", "x", "1", "1.50", "007", "true", "2026-01-31", '{"a": 1}', "12345678901", "null"]),
    "text": st.sampled_from(["line\nline", "7", "-0.5"]),
    "number": st.sampled_from([0, 1.5, 7, -1e300, 12345678901]),
    "integer": st.sampled_from([0, 1, -7, 2**62]),
    "boolean": st.booleans(),
    "date": st.sampled_from(["2026-01-31", "1999-12-31"]),
    "datetime": st.sampled_from(["2026-01-31T12:00:00Z", "2026-01-31T00:00:00Z"]),
    "json": st.sampled_from([{"a": 1}, [1, "x"], "1.50", 7, True]),
}
OPTIONS = {
    "string": st.fixed_dictionaries({}, optional={"max_length": st.sampled_from([2, 11, 300])}),
    "integer": st.fixed_dictionaries({}, optional={"min": st.just(0), "max": st.sampled_from([5, 10**9])}),
    "number": st.fixed_dictionaries({}, optional={"min": st.just(0)}),
}
KINDS = st.sampled_from(sorted(VALUES)).flatmap(
    lambda kind: OPTIONS.get(kind, st.just({})).map(lambda options: {"type": kind, **options})
)
NAMES = st.sampled_from(["a", "b", "c", "d"])
ON_ERROR = st.sampled_from(["null", "quarantine"])


@pytest.fixture(scope="module", params=DATABASES)
def client(request, tmp_path_factory):
    with database_settings(request.param, tmp_path_factory.mktemp("reverting")) as made:
        wsgi = dynmodel_pyramid.main({}, **made)
        yield Client(webtest.TestApp(wsgi))
        wsgi.registry.dynmodel_catalogue.database.close()


class Changes(RuleBasedStateMachine):
    client: Client
    numbers = itertools.count(1)

    @initialize(fields=st.dictionaries(NAMES, KINDS, min_size=1, max_size=3), data=st.data())
    def create(self, fields, data):
        self.path = self.client.table(fields, f"Changing{next(self.numbers)}")
        #: Version -> {(row, field): value}; and what was written since.
        self.past: dict[int, dict] = {}
        self.written: dict[int, set] = {}
        self.has_reverted = False
        for _ in range(3):
            self.add_row(data)
        self.remember()

    # What there is

    @property
    def document(self) -> dict:
        return self.client.get(self.path)

    def stored(self, version=None) -> TableDefinition:
        catalogue = self.client.catalogue
        log = catalogue.store.system.change
        number = int(self.path.split("/")[2])
        with catalogue.database.reading() as connection:
            query = log.select().where(log.c.table_id == number).order_by(log.c.version.desc())
            if version is not None:
                query = query.where(log.c.version == version)
            return TableDefinition.from_stored(connection.execute(query).first().document)

    def values(self) -> dict:
        ids = {name: field["id"] for name, field in self.document["fields"].items()}
        rows = self.client.get(f"{self.path}rows/")
        return {(row["id"], ids[name]): value for row in rows for name, value in row.items() if name != "id"}

    def remember(self):
        version = self.document["version"]
        self.past.setdefault(version, {}).update(self.values())
        self.written.setdefault(version, set())

    def wrote(self, row_id, field_ids):
        for known in self.written.values():
            known |= {(row_id, number) for number in field_ids}
        if self.past:
            self.remember_now()

    def remember_now(self):
        version = self.document["version"]
        self.past[version] = copy.deepcopy(self.values())
        self.written[version] = set()

    # What happens

    @rule(data=st.data())
    def add_row(self, data):
        fields = self.document["fields"]
        row = {name: data.draw(st.none() | VALUES[field["type"]]) for name, field in fields.items()}
        answer = self.client.send("POST", f"{self.path}rows/", row)
        if answer.status_int == 201:
            self.wrote(answer.json["id"], [field["id"] for field in fields.values()])

    @rule(data=st.data(), row_id=st.integers(1, 4))
    def write(self, data, row_id):
        fields = self.document["fields"]
        if not fields:
            return
        name = data.draw(st.sampled_from(sorted(fields)))
        value = data.draw(st.none() | VALUES[fields[name]["type"]])
        if self.client.send("PATCH", f"{self.path}rows/{row_id}", {name: value}).status_int == 200:
            self.wrote(row_id, [fields[name]["id"]])

    def change(self, patch, on_error="null"):
        answer = self.client.send("PATCH", f"{self.path}?on_error={on_error}", patch)
        note(f"{patch} -> {answer.status_int} {answer.json.get('detail', '')}")
        assert answer.status_int in (200, 409, 422), answer.text  # 422: an index needs the field
        if answer.status_int == 200:
            self.remember()

    def one(self, data) -> str | None:
        names = sorted(self.document["fields"])
        return data.draw(st.sampled_from(names)) if names else None

    @rule(name=NAMES, field=KINDS, required=st.booleans())
    def add(self, name, field, required):
        if name not in self.document["fields"]:
            self.change({"fields": {name: {**field, "required": required}}})

    @rule(data=st.data())
    def drop(self, data):
        name = self.one(data)
        if name is not None:
            self.change({"fields": {name: None}})

    @rule(data=st.data(), new=NAMES)
    def rename(self, data, new):
        name = self.one(data)
        fields = self.document["fields"]
        if name is None or new == name:
            return
        patch = {new: {"id": fields[name]["id"]}}
        if new in fields:
            patch[name] = {"id": fields[new]["id"]}
        self.change({"fields": patch})

    @rule(data=st.data(), field=KINDS, on_error=ON_ERROR)
    def retype(self, data, field, on_error):
        name = self.one(data)
        if name is not None:
            self.change({"fields": {name: field}}, on_error)

    @rule(
        data=st.data(),
        rule_=st.sampled_from(["required", "unique", "unique_ignore_case", "index"]),
        is_set=st.booleans(),
    )
    def set_rule(self, data, rule_, is_set):
        name = self.one(data)
        if name is not None and (rule_ == "required" or self.document["fields"][name]["type"] != "json"):
            self.change({"fields": {name: {rule_: is_set}}})

    @rule(data=st.data(), kind=st.sampled_from(["unique", "indexes"]))
    def rules_of_several(self, data, kind):
        fields = self.document["fields"]
        names = sorted(name for name, field in fields.items() if field["type"] != "json")
        chosen = data.draw(st.lists(st.sampled_from(names), unique=True)) if names else []
        self.change({kind: [{"fields": chosen}] if chosen else None})

    @rule(label=st.sampled_from(["one", "two"]), number=st.integers(1, 2))
    def rename_table(self, label, number):
        self.change({"label": label, "model_name": f"{self.document['model_name'][:12]}_{number}"})

    # The way back

    @precondition(lambda self: len(self.past) > 1)
    @rule(data=st.data(), on_error=ON_ERROR)
    def revert(self, data, on_error):
        version = data.draw(st.sampled_from(sorted(self.past)))
        written = self.written[version]
        # Where all is as it was left, everything fits again.
        how = on_error if written or self.has_reverted else "fail"
        answer = self.client.send("POST", f"{self.path}history/{version}/revert/?on_error={how}")
        note(f"revert to {version} ({how}) -> {answer.status_int} {answer.json.get('detail', '')}")
        if written and answer.status_int == 409:
            assert answer.json["code"] == "lossy_change"
            return
        assert answer.status_int == 200, answer.text
        assert self.stored().same_content(self.stored(version))
        now, then = self.values(), self.past[version]
        differing = {
            place: (value, now.get(place)) for place, value in then.items()
            if place not in written and repr(now.get(place)) != repr(value)
        }  # fmt: skip
        assert not differing, f"(then, now) by row and field: {differing}"
        self.has_reverted = True
        self.remember()


def test_definition_and_values_are_as_they_were(client):
    machine = type("ChangesHere", (Changes,), {"client": client})
    options = settings(
        max_examples=12,
        stateful_step_count=8,
        deadline=None,
        # A fault is told as it is found: shrinking takes minutes.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(machine, settings=options)
