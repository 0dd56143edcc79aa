"""docs/metrics.md names every metric there is, and no other."""

import re
from pathlib import Path

from paraset_operator.reporting.metrics import Metrics

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def test_every_metric_is_documented_and_every_documented_metric_exists() -> None:
    kinds = {metric.name + ("_total" if metric.type == "counter" else "") for metric in Metrics().registry.collect()}
    assert kinds == set(re.findall(r"^\| `(paraset_[a-z_]+)` \|", PAGE.read_text(), re.MULTILINE))
