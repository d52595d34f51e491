"""Conditions of grants with any relations, groups and texts are printed so that they are read back."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from dynmodel_pyramid.access.conditions import Condition, Step
from dynmodel_pyramid.catalogue.attempt import Attempt
from dynmodel_pyramid.queries.grammar.syntax import Link
from tests.access.test_conditions import Tables, tables

__all__ = ["tables"]
TEXTS = st.text(st.sampled_from('ab,.()"{}\\& %+=#ä*:!->'), max_size=4).filter(lambda text: not text.startswith("{"))
PLACEHOLDERS = st.sampled_from(["user.id", "user.claims.a.b"]).map(lambda name: {"placeholder": name})


class Writer:
    """Writes stored conditions, as they stand in the system table."""

    def __init__(self, tables: Tables, data: st.DataObject) -> None:
        self.data = data
        self.levels: list[dict] = []
        attempt = Attempt(tables.catalogue)
        self.definitions = {}
        for name in ("Team", "Person", "Ticket"):
            definition = attempt.model(name).definition
            self.definitions[definition.id] = definition
        self.root = attempt.model("Ticket").definition.id

    def draw(self, strategy):
        return self.data.draw(strategy)

    def condition(self) -> Condition | None:
        self.level(self.root, [], 0)
        levels = [level for level in self.levels if level["filters"] or level["path"]]
        document = {"table": self.root, "levels": levels}
        return Condition.from_stored(json.loads(json.dumps(document))) if levels else None

    def level(self, table: int, path: list[str], depth: int) -> None:
        steps: list[Step] = []
        known = self.relations(table)
        for _ in range(self.draw(st.integers(0, 2 if depth < 2 else 0))):
            link, far = self.draw(st.sampled_from(known))
            number = 1 + sum(step.link == link for step in steps)
            steps.append(Step(link, far, number))
        filters = [self.filter(table, steps, 0) for _ in range(self.draw(st.integers(0, 2)))]
        self.levels.append({"path": path, "filters": filters})
        for step in steps:
            self.level(step.far, [*path, str(step)], depth + 1)

    def relations(self, table: int) -> list[tuple[Link, int]]:
        definition = self.definitions[table]
        links = [field for field in definition.fields if field.type in ("link", "links")]
        forward = [(Link(table, field.id), field.options["table"]) for field in links]
        # The links to itself of a table have no name of their own from the other side.
        sides = [side for side in definition.referrers if side.table_id != table]
        return forward + [(Link(side.table_id, side.field_id, True), side.table_id) for side in sides]

    def filter(self, table: int, steps: list[Step], depth: int) -> dict:
        negated = {"negated": True} if self.draw(st.booleans()) else {}
        kind = self.draw(st.sampled_from(["text", "link", "related", *(["group"] if depth < 2 else [])]))
        fields = self.definitions[table].fields
        if kind == "group":
            items = [self.filter(table, steps, depth + 1) for _ in range(self.draw(st.integers(1, 2)))]
            return {self.draw(st.sampled_from(["and", "or"])): items, **negated}
        if kind == "related" and steps:
            column = str(self.draw(st.sampled_from(steps)))
            return {
                "column": column,
                "operator": "is",
                "value": self.draw(st.sampled_from(["null", "not_null"])),
                **negated,
            }
        links = [field for field in fields if field.type == "link"]
        if kind == "link" and links:
            return {"column": f"#{self.draw(st.sampled_from(links)).id}", "operator": "is", "value": "null", **negated}
        column = next(f"#{field.id}" for field in fields if field.type == "string")
        operator = self.draw(st.sampled_from(["eq", "isdistinct", "in"]))
        value = self.draw(st.one_of(st.lists(TEXTS, max_size=2) if operator == "in" else TEXTS, PLACEHOLDERS))
        return {"column": column, "operator": operator, "value": value, **negated}


@settings(max_examples=30)
@given(data=st.data())
def test_round_trip(tables, data):
    condition = Writer(tables, data).condition()
    if condition is None:
        return
    again = tables.read(tables.print(condition))
    assert tables.read(tables.print(again)) == again
    assert Condition.from_stored(again.to_stored()) == again
    assert again.names() == condition.names()
    assert again.placeholders() == condition.placeholders()
    if not again.placeholders():
        assert tables.rows(again) == tables.rows(condition)
