"""Leaving a real node: SIGTERM, the grace, what a worker saves in it, and what it costs LS work that waits."""

import re
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from manifests import Json
from operating import Operator, eventually
from real_corner import RealCorner, shell
from worker_set import SET, WorkerSet, python_image

from devcluster import LocalCluster

CHECKPOINT = "paraset.io/last-checkpoint"
LOST = "paraset_lost_work_resource_seconds_total"
CAP_SECONDS = 4
# For a kubelet to kill and report, and the scheduler to bind, on a busy machine.
SLACK_SECONDS = 8


@pytest.fixture(scope="module", autouse=True)
def worker_image(real_cluster: LocalCluster) -> None:
    real_cluster.real.load_image(python_image())


@pytest.fixture
def worker(corner: RealCorner) -> Iterator[WorkerSet]:
    """A worker that has saved at least once by itself and said so."""
    corner.claim()
    found = WorkerSet(corner)
    found.apply()
    eventually("it has said that it saved", lambda: CHECKPOINT in annotations(corner))
    yield found
    found.remove()


def annotations(corner: RealCorner) -> dict[str, str]:
    return dict(corner.filler()["metadata"].get("annotations") or {})


def add_ls(corner: RealCorner) -> None:
    """Have LS work come that leaves no room for the worker."""
    corner.add_ls("ls", cpu=f"{corner.cores() - 500}m")


def left_at(corner: RealCorner) -> float:
    """When the worker was told to leave, wall clock in whole seconds."""
    victim = eventually("it has to leave", lambda: leaving(corner.raw_pod(f"{SET}-0")))["metadata"]
    return seconds(victim["deletionTimestamp"]) - victim["deletionGracePeriodSeconds"]


def leaving(pod: Json) -> Json | None:
    return pod if "deletionTimestamp" in pod["metadata"] else None


def seconds(time_of: str) -> float:
    return datetime.fromisoformat(time_of).timestamp()


def test_a_worker_saves_within_its_grace_and_its_successor_goes_on_from_there(worker: WorkerSet) -> None:
    corner = worker.corner
    add_ls(corner)
    left = left_at(corner)
    eventually("it has gone", lambda: not corner.is_there(f"{SET}-0"))
    assert worker.saved_at() >= left
    saved = worker.state()
    assert saved["done"] > 0
    corner.until_bound("ls")
    corner.remove_ls("ls")
    successor = eventually("one comes after it", lambda: begins_at(corner.logs(f"{SET}-0")))
    assert successor == [saved["done"]]


def begins_at(log: str) -> list[int]:
    return [int(each) for each in re.findall(r"begins at block (\d+)", log)]


def test_the_work_lost_is_accounted_since_the_last_checkpoint_that_was_told(
    worker: WorkerSet, operator: Operator
) -> None:
    corner = worker.corner
    # So that there is something to lose; the next checkpoint is far.
    told = eventually("some seconds have passed", lambda: (at := told_at(corner)) and time.time() - at > 3 and at)
    add_ls(corner)
    left = left_at(corner)
    lost = eventually("it is accounted", lambda: core_seconds_lost(operator, corner.name))
    assert lost == pytest.approx(left - told, abs=2)  # a core, and both times are told in whole seconds
    corner.until_bound("ls")


def core_seconds_lost(operator: Operator, namespace: str) -> float:
    """What the metric says of a namespace."""
    samples = (line for line in operator.metrics().splitlines() if line.startswith(f"{LOST}{{"))
    wanted = (f'namespace="{namespace}"', 'resource="cpu"')
    return sum(float(line.split()[-1]) for line in samples if all(label in line for label in wanted))


def told_at(corner: RealCorner) -> float:
    """When the worker saved last, as it says itself."""
    return seconds(annotations(corner)[CHECKPOINT])


def sleeping_before_it_stops() -> Json:
    """A pod that leaves at once when its hook lets it."""
    pod = shell("trap 'exit 0' TERM; echo up; while :; do sleep 0.1; done")
    pod["containers"][0]["lifecycle"] = {"preStop": {"exec": {"command": ["sleep", "3600"]}}}
    return pod


DEAF = shell("trap '' TERM; echo up; while :; do sleep 1; done")


def add_stubborn(corner: RealCorner, pod: Json, cpu: str = "1", replicas: int = 1) -> list[str]:
    """Make fillers that would stay for long, of a set that asks for more grace than the policy allows."""
    corner.change_policy(maxGracePeriodSeconds=CAP_SECONDS)
    corner.claim()
    shape = {"name": "core", "fixed": {"cpu": cpu, "memory": "64Mi"}}
    stubborn = {"noticeSeconds": 0, "gracePeriodSeconds": 300}
    corner.add_set(shapes=[shape], replicas=replicas, pod=pod, **{"yield": stubborn})
    names = [filler.name for filler in corner.until_running(replicas)]
    eventually("they are up", lambda: all("up" in corner.logs(name) for name in names))
    return names


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(DEAF, id="ignores SIGTERM"),
        pytest.param(sleeping_before_it_stops(), id="sleeps before it stops"),
    ],
)
def test_a_worker_that_would_stay_costs_ls_work_no_more_than_the_capped_grace(corner: RealCorner, pod: Json) -> None:
    add_stubborn(corner, pod)
    began = time.monotonic()
    add_ls(corner)
    corner.until_bound("ls")
    assert CAP_SECONDS - 1 <= time.monotonic() - began <= CAP_SECONDS + SLACK_SECONDS


def test_nobody_waits_for_a_worker_that_its_tenant_deletes_with_an_hour_to_go(corner: RealCorner) -> None:
    # Kubelets keep to the first grace, so it has to end by itself some time.
    first, _ = add_stubborn(corner, shell("trap '' TERM; echo up; sleep 45"), cpu="500m", replicas=2)
    path = f"/api/v1/namespaces/{corner.name}/pods/{first}"
    corner.cluster.api.request("DELETE", path, {"gracePeriodSeconds": 3600})
    began = time.monotonic()
    # It fits beside one of them.
    corner.add_ls("ls", cpu=f"{corner.cores() - 750}m")
    corner.until_bound("ls")
    assert time.monotonic() - began <= CAP_SECONDS + SLACK_SECONDS


@pytest.fixture
def failing_leaver(corner: RealCorner) -> str:
    """A filler that ends with an error when it is told to leave, of a set that would wait very long after a crash."""
    corner.change_policy(pacing={"backOffSeconds": 600, "backOffMaxSeconds": 600})
    corner.claim()
    shape = {"name": "core", "fixed": {"cpu": "1", "memory": "64Mi"}}
    corner.add_set(shapes=[shape], replicas=1, pod=shell("trap 'exit 1' TERM; echo up; while :; do sleep 0.1; done"))
    (filler,) = corner.until_running(1)
    eventually("it is up", lambda: "up" in corner.logs(filler.name))
    return filler.name


def test_a_worker_that_ends_with_an_error_when_it_has_to_leave_has_not_crashed(
    corner: RealCorner, failing_leaver: str
) -> None:
    add_ls(corner)
    corner.until_bound("ls")
    eventually("it has gone", lambda: not corner.is_there(failing_leaver))
    corner.remove_ls("ls")
    corner.until_running(1)


def test_a_finalizer_of_the_tenant_keeps_a_name_and_no_room(corner: RealCorner, failing_leaver: str) -> None:
    path = f"/api/v1/namespaces/{corner.name}/pods/{failing_leaver}"
    corner.cluster.api.patch(path, {"metadata": {"finalizers": ["example.com/stay"]}})
    add_ls(corner)
    eventually("LS work runs", lambda: corner.raw_pod("ls")["status"]["phase"] == "Running")
    kept = corner.raw_pod(failing_leaver)
    corner.cluster.api.patch(path, {"metadata": {"finalizers": None}})
    assert "deletionTimestamp" in kept["metadata"]
    assert kept["status"]["phase"] == "Failed"
