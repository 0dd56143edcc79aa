"""docs/metrics.md names every metric there is with type and labels, and no other, and says what bounds each label."""

import re
from pathlib import Path

from paraset_operator.reporting.metrics import Metrics

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text()
ROW = re.compile(r"^\| `(paraset_[a-z_]+)` \| (\w+) \| (.*?) \|", re.MULTILINE)


def documented() -> dict[str, tuple[str, set[str]]]:
    """Type and labels of each metric by the page; `word`: introduces the values of a label."""
    return {name: (kind, label_names(labels)) for name, kind, labels in ROW.findall(PAGE)}


def label_names(cell: str) -> set[str]:
    """The labels in a cell such as "`verb`: `create`, `delete`; `reason`": what follows a colon are values."""
    return {name for part in re.split("[;(]", cell) for name in re.findall("`([a-z-]+)`", re.sub(":.*", "", part))}


def existing() -> dict[str, tuple[str, set[str]]]:
    found = {}
    # The registry tells no labels of a metric that has no series yet.
    for collector in Metrics().registry._collector_to_names:
        for metric in collector.collect():
            if metric.name.startswith("paraset_"):
                suffix = {"counter": "_total", "info": "_info"}.get(metric.type, "")
                kind = "gauge" if metric.type == "info" else metric.type
                labels = {"version"} if metric.type == "info" else set(collector._labelnames)
                found[metric.name + suffix] = (kind, labels)
    return found


def test_every_metric_is_documented_and_every_documented_metric_exists() -> None:
    assert documented() == existing()


def test_every_label_has_a_bound() -> None:
    bounded = set(
        re.findall("`([a-z]+)`", "".join(re.findall(r"^\| (`[^|]*) \|", PAGE.partition("## Labels")[2], re.MULTILINE)))
    )
    assert {label for _, labels in existing().values() for label in labels} <= bounded
