"""The page of the documentation, the alerts and the layout of the memory agree with the metrics that there are."""

import re

import yaml

from dynmodel_pyramid.telemetry import families, measuring, memory
from dynmodel_pyramid.telemetry.exposition import Collector
from dynmodel_pyramid.telemetry.resources import RESOURCES
from dynmodel_pyramid.web import views
from tests.documents import ROOT

PAGE = ROOT / "docs" / "monitoring.md"
ROW = re.compile(r"^\| `(dynmodel_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", re.MULTILINE)


def told() -> dict[str, tuple[str, str, str]]:
    """The metrics as a client of Prometheus names them."""
    found = {}
    for metric in Collector().collect():
        name = metric.name + ("_total" if metric.type == "counter" else "")
        family = next((each for each in families.FAMILIES if each.name == metric.name), None)
        labels = ", ".join(f"`{label}`" for label in family.labels) if family is not None else "`version`"
        found[name] = metric.type, labels or "—", metric.documentation
    return found


def test_the_page_has_every_metric():
    rows = {name: tuple(rest) for name, *rest in ROW.findall(PAGE.read_text(encoding="utf-8"))}
    assert rows == told()


def test_every_resource_has_a_name():
    kinds = {kind.__name__ for entries in views.MODULES.values() for kind, *_ in entries}
    assert kinds <= RESOURCES.keys()


def test_alerts_are_yaml_and_name_metrics_that_there_are():
    blocks = re.findall(r"```yaml\n(groups:.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (document,) = (yaml.safe_load(block) for block in blocks)
    rules = [rule for group in document["groups"] for rule in group["rules"]]
    known = set(told()) | {f"{name}{end}" for name, (kind, *_) in told().items() if kind == "histogram"
                           for end in ("_bucket", "_count", "_sum")}  # fmt: skip
    assert len(rules) >= 8
    for rule in rules:
        names = set(re.findall(r"dynmodel_\w+", rule["expr"]))
        assert names <= known and (names or "up{" in rule["expr"]), rule
        assert rule["annotations"]["summary"] and rule["labels"]["severity"] in ("page", "ticket")


def test_a_worker_goes_on_with_the_counters_of_a_dead_one_and_forgets_its_gauges(tmp_path, monkeypatch):
    path = str(tmp_path / "metrics")
    first = memory.Memory(path)
    first.values[families.ROWS_READ.at()] += 5
    first.values[families.QUEUED.at()] = 7
    monkeypatch.setattr(memory.os, "getpid", lambda: 1)  # it lives, but is not this process
    second = memory.Memory(path)
    second.values[families.ROWS_READ.at()] += 3
    assert sum(values[families.ROWS_READ.at()] for values, _ in second.all_values()) == 8
    first.forget(first.process)
    third = memory.Memory(path)
    assert third.values[families.ROWS_READ.at()] == 5 and third.values[families.QUEUED.at()] == 0
    assert sum(values[families.ROWS_READ.at()] for values, _ in third.all_values()) == 8


def test_all_processes_have_one_place_for_a_table_and_strangers_make_none(tmp_path):
    path = str(tmp_path / "metrics")
    first, second = memory.Memory(path), memory.Memory(path)
    assert [first.place_of(12, 2), second.place_of(7, 2), second.place_of(12, 2), first.place_of(99, 2)] == [
        0,
        1,
        0,
        None,
    ]
    for number in range(3000):  # a client that asks for tables without end
        assert first.place_of(1000 + number, 2) is None
    assert first.table_ids()[:3] == [12, 7, 0] and len(first._ids) <= 2002


def test_methods_and_statuses_that_clients_make_up_are_one_series():
    measuring.store()
    before = len(measuring._COUNTS)
    for number in range(500):
        measuring.finish(measuring.Record(), "row", f"METHOD{number}", "299")
    measuring.store()
    assert len(measuring._COUNTS) <= before + 1
