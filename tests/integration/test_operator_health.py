"""Probes, metrics and events of the operator at work, and what it says when it can't start."""

import subprocess
import sys
from pathlib import Path

import pytest
from corner import Corner
from operating import Operator, eventually
from prometheus_client.parser import text_string_to_metric_families

COMMAND = str(Path(sys.executable).with_name("paraset"))


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_prove_that_the_loop_comes_round(operator: Operator, path: str) -> None:
    assert '"lastTurnAgeSeconds"' in operator.endpoint(path)


def test_readiness_tells_of_leadership_and_the_last_plan(operator: Operator) -> None:
    eventually("it leads", operator.leads)
    eventually("it has planned", lambda: operator.health()["lastPlanAgeSeconds"] is not None)
    assert operator.health()["synced"]


def test_metrics_are_as_prometheus_reads_them(operator: Operator) -> None:
    names = {family.name for family in text_string_to_metric_families(operator.metrics())}
    assert {"paraset_plans", "paraset_plan_duration_seconds", "paraset_leader", "paraset_filled"} <= names


def test_metrics_count_what_was_done(corner: Corner, operator: Operator) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set()
    corner.until_running(2)
    corner.add_ls("ls", gpus=1)
    corner.until_bound("ls")
    corner.until_running(1)
    series = f'paraset_yields_total{{namespace="{corner.name}",paraset="s",step="evict"}}'
    eventually("the yield is counted", lambda: operator.metric(series) == 1)


def test_series_of_a_set_that_is_gone_are_gone(corner: Corner, operator: Operator) -> None:
    series = f'paraset_fillers{{namespace="{corner.name}",paraset="s",state="total"}}'
    corner.add_nodes("a", gpus=1)
    corner.add_set()
    eventually("the set is seen", lambda: operator.metric(series) == 1)
    corner.cluster.kubectl("delete", "pset", "s", "-n", corner.name)
    eventually("its series are gone", lambda: series not in operator.metrics())


def test_work_that_was_lost_is_in_the_status(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set()
    corner.until_running(2)
    corner.add_ls("ls", gpus=1)
    corner.until_bound("ls")
    eventually("it is told", lambda: corner.operated.status(corner.name, "s")["lostWork"]["evictions"] == 1)


def test_the_set_has_an_event_for_what_it_gave_up(corner: Corner) -> None:
    corner.add_nodes("a", gpus=1)
    corner.add_set()
    corner.until_running(1)
    corner.add_ls("ls", gpus=1)
    eventually(
        "set and victim have an Event",
        lambda: {each["involvedObject"]["kind"] for each in corner.events("Yielded")} == {"ParaSet", "Pod"},
    )


def run(*arguments: str) -> list[str]:
    """Run `paraset run` until it fails, and return what it says."""
    done = subprocess.run([COMMAND, "run", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    return done.stderr.splitlines()


def test_an_unreachable_server_is_told_in_one_line(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "{apiVersion: v1, kind: Config, current-context: c,"
        " clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}],"
        " users: [{name: c, user: {token: t}}], contexts: [{name: c, context: {cluster: c, user: c}}]}"
    )
    (line,) = run("--kubeconfig", str(config), "--health-port=0", "--metrics-port=0")
    assert line.startswith("paraset: error: the API server at https://127.0.0.1:1 can't be reached")


def test_a_port_that_is_taken_is_told_in_one_line(operator: Operator) -> None:
    (line,) = run("--kubeconfig", str(operator.kubeconfig), f"--health-port={operator.health_port}", "--metrics-port=0")
    assert f"can't listen at 0.0.0.0, port {operator.health_port}" in line
