"""The alerts, by promtool: they are well-formed, and each fires and does not fire when it should."""

from pathlib import Path

import pytest
import yaml
from dashboards import FILES
from promtool import run

HERE = Path(__file__).parent
ALERTS = FILES / "alerts.yaml"
TESTS = sorted(HERE.glob("*_alerts.yaml"))


def names() -> set[str]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return {rule["alert"] for group in groups for rule in group["rules"]}


def test_promtool_finds_no_fault_in_the_rules(promtool: Path) -> None:
    assert f"{len(names())} rules found" in run(promtool, "check", "rules", "--lint=all", "--lint-fatal", str(ALERTS))


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_only_then(promtool: Path, path: Path) -> None:
    run(promtool, "test", "rules", str(path))


def test_every_alert_is_seen_to_fire() -> None:
    fired = set()
    for path in TESTS:
        for case in yaml.safe_load(path.read_text())["tests"]:
            fired |= {each["alertname"] for each in case.get("alert_rule_test", ()) if each.get("exp_alerts")}
            samples = [sample for each in case.get("promql_expr_test", ()) for sample in each["exp_samples"]]
            fired |= {name for name in names() for sample in samples if f'alertname="{name}"' in sample["labels"]}
    assert fired == names()
