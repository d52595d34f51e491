"""Whole requests by chance, answered alike by both databases; ``python -m tests.soak.alike`` sends thousands."""

import pytest

from tests.queries import alike

SEED = 20261130
REQUESTS = 60


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with alike.world(tmp_path_factory.mktemp("alike")) as made:
        yield made


def test_both_databases_answer_alike(world):
    found = []

    def tell(number, request, differences):
        if alike.documented(world, request) is None:
            found.append((number, differences, request.curl()))

    good, full = alike.search(world, SEED, REQUESTS, tell)
    assert not found
    assert full > REQUESTS / 3, (good, full)


def test_json_has_one_text(world):
    """Keys in the order of jsonb, characters beyond ASCII as they are, and numbers without an exponent."""
    document = {"bb": 1e23, "a": [1e-7, -0.0, 1.50], "é": "ü\u007f\n", "aa": {"b": None, "a": True}}
    table = next(name for name, each in world.tables.items() if "below" in each.relations)
    field = world.tables[table].paths[0].removesuffix("->a")
    name = field.strip('"')
    alike._each(world, "POST", f"/rest/{alike.quote(table, safe='')}", {"id": 999, name: document}, 201)
    target = f"/rest/{alike.quote(table, safe='')}?id=eq.999&select={alike.quote(field, safe='')}"
    one, other = (answer.body.decode() for answer in world.both(alike.Request("GET", target)))
    assert one == other
    assert '{"a": [0.0000001, 0.0, 1.5], "aa": {"a": true, "b": null}, "bb": 1000' in one and '"é": "ü\u007f\\n"' in one
