"""Nothing that a tenant may write keeps LS work waiting, and nothing but priority makes work LS."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from corner import SETS, Corner
from manifests import EXIT, GPU, HUMBLE, IMAGE, Json, ls_pod, paraset

from devcluster.api import ApiError

HOURS = 3600
# A worker that would not go by itself: neither after SIGTERM nor before its hook has slept.
SLEEPER: Json = {
    "terminationGracePeriodSeconds": HOURS,
    "containers": [
        {"name": "main", "image": IMAGE, "lifecycle": {"preStop": {"exec": {"command": ["sleep", str(HOURS)]}}}}
    ],
}


def protect(corner: Corner) -> None:
    """Allow no disruption of any pod of the namespace."""
    budget: dict[str, Any] = {
        "metadata": {"name": "all"},
        "spec": {"minAvailable": "100%", "selector": {"matchLabels": {"paraset.io/paraset": "s"}}},
    }
    corner.cluster.api.post(f"/apis/policy/v1/namespaces/{corner.name}/poddisruptionbudgets", budget)


def test_a_tenant_who_tries_to_stay_goes_within_the_policys_grace(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    corner.change_policy(maxGracePeriodSeconds=2)
    stubborn = paraset(
        "s",
        corner.name,
        corner.name,
        annotations={EXIT: f"{HOURS}s"},
        pod=SLEEPER,
        weight=1000,
        **{"yield": {"gracePeriodSeconds": 300, "noticeSeconds": 0}},
    )
    stubborn["spec"]["template"]["metadata"]["finalizers"] = ["example.com/stay"]
    corner.cluster.api.post(SETS.format(corner.name), stubborn)
    protect(corner)
    corner.until_running(2)
    corner.add_ls("ls", gpus=1)
    corner.until_bound("ls")
    assert len(corner.left()) == 1


@pytest.fixture
def with_finalizers(corner: Corner) -> Iterator[None]:
    """Two fillers that their tenant has given a finalizer; let go at the end, or nothing could be tidied up."""
    corner.add_nodes("a", gpus=2)
    corner.add_set(replicas=2)
    names = [pod.name for pod in corner.until_running(2)]
    for name in names:
        keep(corner, name, ["example.com/stay"])
    yield
    for name in names:
        keep(corner, name, None)


def keep(corner: Corner, name: str, finalizers: list[str] | None) -> None:
    with contextlib.suppress(ApiError):  # it may be gone
        corner.cluster.api.patch(
            f"/api/v1/namespaces/{corner.name}/pods/{name}", {"metadata": {"finalizers": finalizers}}
        )


@pytest.mark.usefixtures("with_finalizers")
def test_a_finalizer_on_a_running_filler_keeps_its_name_and_no_room(corner: Corner) -> None:
    corner.add_ls("ls", gpus=1)
    corner.until_bound("ls")
    pods = corner.cluster.api.get(f"/api/v1/namespaces/{corner.name}/pods")["items"]
    (kept,) = [each for each in pods if "deletionTimestamp" in each["metadata"]]
    assert kept["status"]["phase"] == "Succeeded"
    assert len(corner.left()) == 1


def test_nobody_waits_for_a_filler_that_its_tenant_deletes_with_a_day_to_go(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set(annotations={EXIT: f"{HOURS}s"}, **{"yield": {"gracePeriodSeconds": 1, "noticeSeconds": 0}})
    first, _ = corner.until_running(2)
    path = f"/api/v1/namespaces/{corner.name}/pods/{first.name}"
    corner.cluster.api.request("DELETE", path, {"gracePeriodSeconds": 24 * HOURS})
    corner.add_ls("ls", gpus=1)
    corner.until_bound("ls")
    assert len(corner.left()) == 2
    corner.cluster.api.request("DELETE", path, {"gracePeriodSeconds": 0})


def test_the_fillers_of_a_set_that_was_made_invalid_leave_for_ls_work(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set()
    corner.until_running(2)
    corner.change_set(budgets=[{"value": 1, "schedule": "99 9 * * *", "duration": "1h"}])
    corner.until_condition("Ready", "False", "Invalid")
    corner.add_ls("ls", gpus=1)
    corner.until_bound("ls")
    assert len(corner.left()) == 1


def test_labels_make_no_ls_work(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set()
    corner.until_running(2)
    requests = {"cpu": "100m", "memory": "64Mi", GPU: 1}
    pretender = ls_pod("pretender", corner.name, corner.name, requests, priorityClassName=HUMBLE)
    pretender["metadata"]["labels"] = {"paraset.io/latency-sensitive": "true", "app": "serving"}
    corner.cluster.api.post(f"/api/v1/namespaces/{corner.name}/pods", pretender)
    corner.add_ls("next", gpus=1)
    corner.until_bound("next")
    assert len(corner.left()) == 1
