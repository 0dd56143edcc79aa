"""`paraset report` against the real API server: a fill, a burst, a restart, and what the balance says of it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from corner import POLICIES, Corner
from manifests import GPU, Json
from operating import Operated, Operator, eventually, stays_empty

from paraset_operator.runtime.ls_waits import Cause

CONFIG_MAP = "/api/v1/namespaces/paraset-system/configmaps/paraset-accounts"


@pytest.fixture
def mortal(bare: Operated) -> Iterator[Operator]:
    bare.cluster.api.delete(CONFIG_MAP)
    with bare.operator() as process:
        yield process


def run(corner: Corner, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from paraset_operator.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "report", *arguments, "--kubeconfig", str(corner.cluster.kubeconfig)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def reported(corner: Corner) -> Json:
    done = run(corner, "-o", "json")
    assert (done.returncode, done.stderr) == (0, "")
    return dict(json.loads(done.stdout)["total"])


def gpu_seconds(corner: Corner) -> float:
    return float(reported(corner)["sets"][f"{corner.name}/s"]["filledHours"][GPU]) * 3600


def test_a_day_s_balance_survives_the_operator(lone_corner: Corner, mortal: Operator) -> None:
    lone_corner.add_nodes("a", "b", gpus=4)
    lone_corner.add_set()
    mortal.start_ready()
    lone_corner.until_running(8)
    full = time.monotonic()
    burst = [f"ls-{index}" for index in range(3)]
    for name in burst:
        lone_corner.add_ls(name, gpus=1)
    lone_corner.until_bound(*burst)
    lone_corner.until_running(5)
    held_at_least = 5 * (time.monotonic() - full)
    # It hears of what has happened a moment after the observer, which it would not if it ended before.
    eventually("all waits are counted", lambda: waits_counted(mortal) == 3)
    mortal.stop()
    first = reported(lone_corner)
    mine = first["sets"][f"{lone_corner.name}/s"]
    assert (mine["evictions"], mine["lostHours"].keys() >= {GPU}) == (3, True)
    assert first["lsWaits"]["yield-evict"]["pods"] == 3
    released = first["room"]["YieldsToLatencySensitive"]
    assert (released["releases"], released["released"][GPU], released["taken"][GPU]) == (3, 3, 3)
    assert gpu_seconds(lone_corner) >= held_at_least - 1

    began = time.monotonic()
    mortal.start_ready()
    eventually("it leads", mortal.leads)
    time_is_counted(lone_corner, gpu_seconds(lone_corner), began)
    assert reported(lone_corner)["lsWaits"]["yield-evict"]["pods"] == 3
    mortal.stop()
    again = reported(lone_corner)
    assert (again["evictions"], again["lsWaits"]["all"]["pods"]) == (3, 3)


def waits_counted(operator: Operator) -> float:
    return sum(operator.metric(f'paraset_ls_wait_seconds_count{{cause="{cause}"}}') for cause in Cause)


def time_is_counted(corner: Corner, before: float, since: float) -> None:
    """What is held is counted on, once, and no faster than time goes."""
    more = eventually("more is counted", lambda: (now := gpu_seconds(corner)) > before + 5 and now)
    assert more - before <= 5 * (time.monotonic() - since) + 1


def test_what_a_set_has_held_is_in_its_status_and_outlives_the_operator(lone_corner: Corner, mortal: Operator) -> None:
    lone_corner.add_nodes("a", gpus=3)
    lone_corner.add_set()
    mortal.start_ready()
    lone_corner.until_running(3)
    full = time.monotonic()
    lone_corner.add_ls("first", gpus=1)
    lone_corner.until_bound("first")
    before = eventually("it is told", lambda: (held := gpus_held(lone_corner)) > 0 and held)
    mortal.kill()
    mortal.start_ready()
    eventually("it leads", mortal.leads)
    eventually("a while has passed", lambda: time.monotonic() - full > 5)
    lone_corner.add_ls("second", gpus=1)
    lone_corner.until_bound("second")
    more = eventually("more is told", lambda: (held := gpus_held(lone_corner)) > before and held)
    assert 5 <= more <= 3 * (time.monotonic() - full) + 5


def gpus_held(corner: Corner) -> int:
    told = corner.operated.status(corner.name, "s").get("filledWork") or {}
    return int((told.get("resourceSeconds") or {}).get(GPU, 0))


def test_a_policy_tells_what_ls_work_has_waited_for_and_so_does_the_next_leader(
    lone_corner: Corner, mortal: Operator
) -> None:
    lone_corner.change_policy(cpuHeadroomPercent=0)
    lone_corner.add_nodes("a", gpus=2)
    lone_corner.add_set()
    mortal.start_ready()
    lone_corner.until_running(2)
    lone_corner.add_ls("first", gpus=1)
    eventually("the first is told", lambda: pods_told(lone_corner) == 1)
    mortal.kill()
    mortal.start_ready()
    eventually("it leads", mortal.leads)
    lone_corner.add_ls("second", gpus=1)
    eventually("both are told", lambda: pods_told(lone_corner) == 2)
    status = policy_status(lone_corner)
    (room,) = status["room"]
    assert [each["cause"] for each in status["lsWaits"]] == ["yield-evict"]
    assert (room["reason"], room["releases"], room["unused"]) == ("YieldsToLatencySensitive", 2, 0)
    assert (room["released"][GPU], room["taken"][GPU]) == (2, 2)


def policy_status(corner: Corner) -> Json:
    return dict(corner.cluster.api.get(f"{POLICIES}/{corner.name}").get("status") or {})


def pods_told(corner: Corner) -> int:
    return sum(each["pods"] for each in policy_status(corner).get("lsWaits") or ())


def test_accounts_cost_no_write_while_nothing_changes(lone_corner: Corner, mortal: Operator) -> None:
    lone_corner.add_nodes("a", gpus=2)
    lone_corner.add_set()
    mortal.start_ready()
    lone_corner.until_running(2)
    # Fillers that still grow hold more by the time it starts again.
    lone_corner.operated.until_quiet()
    mortal.stop()
    assert "not at work" in json.loads(run(lone_corner, "-o", "json").stdout)["notes"][0]
    before = lone_corner.cluster.api.get(CONFIG_MAP)["metadata"]["resourceVersion"]
    # What was written as it ended does not count.
    since = time.time()
    mortal.start_ready()
    eventually("it leads", mortal.leads)
    stays_empty(lambda: lone_corner.operated.writes(since, "configmaps"), 3)
    mortal.stop()
    assert lone_corner.cluster.api.get(CONFIG_MAP)["metadata"]["resourceVersion"] == before


def test_a_filler_s_time_is_a_metric(lone_corner: Corner, mortal: Operator) -> None:
    lone_corner.add_nodes("a", gpus=2)
    lone_corner.add_set()
    mortal.start_ready()
    lone_corner.until_running(2)
    series = f'paraset_filled_resource_seconds_total{{namespace="{lone_corner.name}",paraset="s",resource="{GPU}"}}'
    eventually("two GPUs are counted", lambda: mortal.metric(series) > 2)
    lone_corner.add_ls("free", cpu="1")
    lone_corner.until_bound("free")
    eventually("its wait is counted", lambda: mortal.metric('paraset_ls_wait_seconds_count{cause="none"}') == 1)


def test_without_accounts_the_error_says_what_to_do(lone_corner: Corner) -> None:
    lone_corner.cluster.api.delete(CONFIG_MAP)
    done = run(lone_corner)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "there is no ConfigMap paraset-system/paraset-accounts" in done.stderr


def test_what_is_no_book_is_told(lone_corner: Corner) -> None:
    lone_corner.cluster.api.delete(CONFIG_MAP)
    body = {"metadata": {"name": "paraset-accounts"}, "data": {"accounts.json": "{"}}
    lone_corner.cluster.api.post(CONFIG_MAP.rpartition("/")[0], body)
    done = run(lone_corner)
    lone_corner.cluster.api.delete(CONFIG_MAP)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "can't be read" in done.stderr
