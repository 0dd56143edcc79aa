"""What the simulated kubelets do with pods: resources, resizes, failures and exits."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from devcluster import LocalCluster

FAILURE = "devcluster.paraset.io/failure"
EXIT = "pod-delete.stage.kwok.x-k8s.io/delay"
Pod = dict[str, Any]


class Pods:
    """Pods of one container in the default namespace, each under a name of its own."""

    def __init__(self, cluster: LocalCluster) -> None:
        self.cluster = cluster

    def create(self, annotations: dict[str, str] | None = None, grace: int = 30) -> str:
        name = f"pod-{uuid.uuid4().hex[:8]}"
        resources = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "8", "memory": "8Gi"}}
        container = {"name": "main", "image": "registry.example/main:1", "resources": resources}
        manifest = {
            "metadata": {"name": name, "annotations": annotations or {}},
            "spec": {"terminationGracePeriodSeconds": grace, "containers": [container]},
        }
        self.cluster.api.post("/api/v1/namespaces/default/pods", manifest)
        return name

    def get(self, name: str) -> Pod:
        pod: Pod = self.cluster.api.get(f"/api/v1/namespaces/default/pods/{name}")
        return pod

    def names(self) -> set[str]:
        return {pod["metadata"]["name"] for pod in self.cluster.api.get("/api/v1/namespaces/default/pods")["items"]}

    def audit(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.cluster.audit_log.read_text().splitlines()]

    def running(self, annotations: dict[str, str] | None = None, grace: int = 30) -> str:
        name = self.create(annotations, grace)
        self.until(name, lambda pod: pod["status"]["phase"] == "Running")
        return name

    def resize(self, name: str, cpu: str) -> None:
        containers = [{"name": "main", "resources": {"requests": {"cpu": cpu}}}]
        self.cluster.api.patch(f"/api/v1/namespaces/default/pods/{name}/resize", {"spec": {"containers": containers}})

    def until(self, name: str, condition: Callable[[Pod], bool]) -> Pod:
        self.cluster.wait_until(f"pod {name}", lambda: condition(self.get(name)))
        return self.get(name)


@pytest.fixture
def pods(local_cluster: LocalCluster) -> Pods:
    return Pods(local_cluster)


def actual_cpu(pod: Pod) -> str:
    status = pod["status"]["containerStatuses"][0]
    assert status["resources"]["requests"] == status["allocatedResources"]
    return str(status["resources"]["requests"]["cpu"])


def deletion_of(event: dict[str, Any], pod: str) -> bool:
    """Whether this is a DELETE that a simulated kubelet sent when the pod had exited."""
    named = event.get("objectRef", {}).get("name") == pod
    return bool(named and event["verb"] == "delete" and event["user"]["username"] == "kwok")


def pending_resize(pod: Pod) -> str | None:
    conditions = [c for c in pod["status"]["conditions"] if c["type"] == "PodResizePending"]
    return str(conditions[0]["reason"]) if conditions else None


def waiting(pod: Pod) -> str | None:
    statuses = pod["status"].get("containerStatuses") or [{}]
    reason = statuses[0].get("state", {}).get("waiting", {}).get("reason")
    return str(reason) if reason else None


def test_a_running_pod_reports_its_resources(pods: Pods) -> None:
    status = pods.get(pods.running())["status"]
    container = status["containerStatuses"][0]
    assert container["resources"]["limits"] == {"cpu": "8", "memory": "8Gi"}
    assert container["allocatedResources"] == {"cpu": "1", "memory": "1Gi"}
    assert status["podIP"] == status["podIPs"][0]["ip"]


def test_a_resize_is_carried_out_up_and_down(pods: Pods) -> None:
    name = pods.running()
    for cpu in ("2500m", "500m"):
        pods.resize(name, cpu)
        pod = pods.until(name, lambda pod, cpu=cpu: actual_cpu(pod) == cpu)  # type: ignore[misc]
        assert pod["status"]["observedGeneration"] == pod["metadata"]["generation"]
        assert pending_resize(pod) is None


@pytest.mark.parametrize(("failure", "reason"), [("resize-deferred", "Deferred"), ("resize-infeasible", "Infeasible")])
def test_a_refused_growth_stays_pending_until_it_is_withdrawn(pods: Pods, failure: str, reason: str) -> None:
    name = pods.running({FAILURE: failure})
    pods.resize(name, "4")
    pod = pods.until(name, lambda pod: pending_resize(pod) == reason)
    assert actual_cpu(pod) == "1"
    pods.resize(name, "1")
    pod = pods.until(name, lambda pod: pending_resize(pod) is None)
    assert actual_cpu(pod) == "1"
    pods.resize(name, "500m")
    pods.until(name, lambda pod: actual_cpu(pod) == "500m")


def test_an_image_that_cannot_be_pulled(pods: Pods) -> None:
    pod = pods.until(pods.create({FAILURE: "image-pull"}), lambda pod: waiting(pod) == "ImagePullBackOff")
    assert pod["status"]["phase"] == "Pending"


def test_a_crash_loop_goes_on(pods: Pods) -> None:
    name = pods.create({FAILURE: "crash-loop"})
    pod = pods.until(
        name,
        lambda pod: waiting(pod) == "CrashLoopBackOff" and pod["status"]["containerStatuses"][0]["restartCount"] >= 3,
    )
    assert {c["type"]: c["status"] for c in pod["status"]["conditions"]}["Ready"] == "False"


def test_pods_exit_in_their_own_time_but_within_their_grace(pods: Pods) -> None:
    patient = pods.running({EXIT: "1h"}, grace=7200)
    capped = pods.running({EXIT: "1h"}, grace=1)
    quick = pods.running({EXIT: "300ms"}, grace=3600)
    default = pods.running(grace=3600)
    pods.cluster.kubectl("delete", "pod", "--wait=false", patient, capped, quick, default)
    pods.cluster.wait_until("the exit of three pods", lambda: not {capped, quick, default} & pods.names())
    assert patient in pods.names()
    assert sum(deletion_of(event, quick) for event in pods.audit()) == 1
    pods.cluster.kubectl("delete", "pod", patient, "--grace-period=1", "--wait=false")
    pods.cluster.wait_until("the exit within a shortened grace", lambda: patient not in pods.names())


def test_a_change_of_a_terminating_pod_does_not_give_it_more_time(pods: Pods) -> None:
    name = pods.running({EXIT: "2s"}, grace=2)
    pods.cluster.kubectl("delete", "pod", name, "--wait=false")

    def gone_although_changed() -> bool:
        if name not in pods.names():
            return True
        annotation = {"metadata": {"annotations": {"changed": uuid.uuid4().hex}}}
        pods.cluster.api.patch(f"/api/v1/namespaces/default/pods/{name}", annotation)
        return False

    pods.cluster.wait_until("the exit of a pod that changes all the time", gone_although_changed)


def test_a_pod_that_a_finalizer_keeps_has_ended_all_the_same(pods: Pods) -> None:
    name = pods.running()
    path = f"/api/v1/namespaces/default/pods/{name}"
    pods.cluster.api.patch(path, {"metadata": {"finalizers": ["example.com/stay"]}})
    pods.cluster.kubectl("delete", "pod", name, "--wait=false")
    pods.until(name, lambda pod: pod["status"]["phase"] == "Succeeded")
    pods.cluster.api.patch(path, {"metadata": {"finalizers": None}})
    pods.cluster.wait_until("the pod to be gone", lambda: name not in pods.names())


def test_grace_zero_deletes_at_once(pods: Pods) -> None:
    name = pods.running({EXIT: "1h"}, grace=3600)
    pods.cluster.kubectl("delete", "pod", name, "--grace-period=0", "--force")
    assert name not in pods.names()


def test_a_pod_that_starts_late(pods: Pods) -> None:
    late = pods.create({"devcluster.paraset.io/start-delay": "1h"})
    pods.running()
    pod = pods.until(late, lambda pod: bool(pod["spec"].get("nodeName")))
    assert pod["status"]["phase"] == "Pending"


def test_every_pod_change_is_in_the_audit_log(pods: Pods) -> None:
    name = pods.running()
    events = pods.audit()
    ours = [event for event in events if event.get("objectRef", {}).get("name") == name]
    writes = {(e["verb"], e["objectRef"].get("subresource", ""), e["user"]["username"]) for e in ours}
    assert ("create", "binding", "system:kube-scheduler") in writes
    assert ("patch", "status", "kwok") in writes
    assert {e["stage"] for e in events} == {"ResponseComplete"}
