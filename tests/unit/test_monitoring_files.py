"""Alerts, runbooks and dashboards name only what there is. `make monitoring` tries them on a real Prometheus."""

import itertools
import re
from pathlib import Path

import pytest
import yaml
from dashboards import ALL, DASHBOARDS, FILES, load
from prometheus_client.registry import Collector

from paraset_operator.reporting.metrics import Metrics

RUNBOOKS = Path(__file__).resolve().parents[2] / "docs" / "runbooks"
RULES = [rule for group in yaml.safe_load((FILES / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]
PARTS = ["What it means", "What it costs", "How to look", "What to do"]
SERIES = re.compile(r"\b(?:paraset|process)_[a-z_]+\b")


def series() -> set[str]:
    """The names of all series that the operator may show."""
    found: set[str] = set()
    collectors: list[Collector] = list(Metrics().registry._collector_to_names)
    for metric in itertools.chain.from_iterable(each.collect() for each in collectors):
        endings = {"counter": ["_total"], "histogram": ["", "_bucket", "_count", "_sum"], "info": ["_info"]}
        found |= {metric.name + ending for ending in endings.get(metric.type, [""])}
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_is_worded_and_has_its_runbook(rule: dict[str, object]) -> None:
    notes = rule["annotations"]
    assert isinstance(notes, dict)
    assert notes.keys() == {"summary", "description", "runbook_url"}
    assert notes["runbook_url"] == f"docs/runbooks/{rule['alert']}.md"
    text = (RUNBOOKS / f"{rule['alert']}.md").read_text()
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == PARTS


def test_every_runbook_has_its_alert() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {rule["alert"] for rule in RULES}


def test_alerts_and_runbooks_name_series_that_exist() -> None:
    texts = [rule["expr"] for rule in RULES] + [path.read_text() for path in RUNBOOKS.glob("*.md")]
    assert {name for text in texts for name in SERIES.findall(text)} <= series()


def test_dashboards_name_series_that_exist() -> None:
    named = {name for query in ALL for name in SERIES.findall(query.expression)}
    assert named <= series()
    assert len(named) > 20


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_have_titles_of_their_own_and_lie_beside_each_other(path: Path) -> None:
    panels = load(path)["panels"]
    for key in ("id", "title"):
        values = [panel[key] for panel in panels if panel["type"] != "row"]
        assert len(values) == len(set(values)), key
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in panels):
        columns = range(place["x"], place["x"] + place["w"])
        cells = set(itertools.product(columns, range(place["y"], place["y"] + place["h"])))
        assert not taken & cells
        assert max(columns) < 24
        taken |= cells


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_ask_the_data_source_that_the_reader_chose(path: Path) -> None:
    panels = [panel for panel in load(path)["panels"] if panel["type"] != "row"]
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}
    assert all(panel["fieldConfig"]["defaults"]["unit"] for panel in panels)


def test_every_query_of_the_set_s_dashboard_is_about_that_set() -> None:
    queries = [query for query in ALL if query.dashboard == "paraset" and not query.title.startswith("variable ")]
    for query in queries:
        count = len(SERIES.findall(query.expression))
        assert query.expression.count('namespace="$namespace",paraset="$paraset"') == count > 0
