"""The numbers of all processes as text, in the format that Prometheus reads, or in OpenMetrics.

prometheus_client writes the text, from a collector of ours. An application that has a registry of its own may register
the same collector there: ``REGISTRY.register(Collector())``.
"""

import importlib.metadata
from collections.abc import Iterator, Sequence
from operator import add

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector as BaseCollector

from dynmodel_pyramid.telemetry import measuring
from dynmodel_pyramid.telemetry.families import BY_TABLE, FAMILIES, REPLICA_LAG, SIZE, Family, Gauge, Histogram

#: Metrics of so few series show all of them from the beginning, so that a rate sees the first event.
FEW = 20
_GAUGES = [family for family in FAMILIES if isinstance(family, Gauge)]


class Collector(BaseCollector):
    """All metrics of the service, of all its processes. Of metrics with many series those are left out that are 0."""

    def collect(self) -> Iterator[Metric]:
        measuring.refresh()
        memory = measuring.MEMORY
        values, ids = joined(memory.all_values()), memory.table_ids()
        release = importlib.metadata.version("dynmodel_pyramid")
        info = GaugeMetricFamily("dynmodel_info", "The release of the service.", labels=["version"])
        info.add_metric([release], 1)
        yield info
        for family in FAMILIES:
            yield _metric(family, values, ids)


def joined(processes: Iterator[tuple[list[float], bool]]) -> list[float]:
    """The numbers of all processes as one: counters are added, gauges are those of the living."""
    total = [0.0] * SIZE
    greatest = {place: 0.0 for gauge in _GAUGES if gauge.joins == "most" for _, place in gauge.series()}
    for values, is_alive in processes:
        if is_alive:
            for place in greatest:
                greatest[place] = max(greatest[place], values[place])
        else:
            for gauge in _GAUGES:
                values[gauge.start : gauge.start + gauge.size] = [0.0] * gauge.size
        total = list(map(add, total, values))
    for place, value in greatest.items():
        total[place] = value
    return total


def _metric(family: Family, values: Sequence[float], ids: Sequence[int]) -> Metric:
    names = list(family.labels)
    shows_all = len(family.labels) == 0 or (family.size // family.width <= FEW and family is not REPLICA_LAG)
    metric: CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
    if isinstance(family, Histogram):
        metric = HistogramMetricFamily(family.name, family.help, labels=names)
    elif isinstance(family, Gauge):
        metric = GaugeMetricFamily(family.name, family.help, labels=names)
    else:
        metric = CounterMetricFamily(family.name, family.help, labels=names)
    for labels, place in family.series():
        if not shows_all and not any(values[place : place + family.width]):
            continue
        texts = list(labels)
        if family in BY_TABLE:
            texts[0] = str(ids[int(texts[0])])
        if isinstance(metric, HistogramMetricFamily):
            assert isinstance(family, Histogram)
            metric.add_metric(texts, *_buckets(family, values[place : place + family.width]))
        else:
            metric.add_metric(texts, values[place])
    return metric


def _buckets(family: Histogram, values: Sequence[float]) -> tuple[list[tuple[str, float]], float]:
    """The buckets as Prometheus has them, each with all that are smaller; and the sum."""
    buckets, count = [], 0.0
    for bound, value in zip((*map(str, family.buckets), "+Inf"), values, strict=False):
        count += value
        buckets.append((bound, count))
    return buckets, values[-1]


_REGISTRY = CollectorRegistry(auto_describe=False)
_REGISTRY.register(Collector())


def exposed(accept: str) -> tuple[str, bytes]:
    """Media type and text.

    :param accept: the header of the request
    """
    encoder, media_type = choose_encoder(accept)
    return media_type, encoder(_REGISTRY)
