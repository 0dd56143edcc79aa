"""Room is made before LS pods exist, for every source that announces them, and never twice for one pod."""

from collections.abc import Iterator
from typing import Any

import pytest
from corner import POLICIES, Corner
from manifests import GPU, HUMBLE, IMAGE, PATIENT, POOL, Json
from operating import Operator, eventually, merge, stays_empty

APPS = "/apis/apps/v1/namespaces/{}"
BATCH = "/apis/batch/v1/namespaces/{}/jobs"
# No scheduler binds these pods: what leaves, leaves for their announcement or for them, by the operator alone.
NOBODY = "nobody"


def template(corner: Corner, gpus: int = 1, **spec: Any) -> Json:
    resources = {"requests": {"cpu": "100m", "memory": "64Mi", GPU: str(gpus)}, "limits": {GPU: str(gpus)}}
    pod = {
        "priorityClassName": PATIENT,
        "nodeSelector": {POOL: corner.name},
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "main", "image": IMAGE, "resources": resources}],
    }
    return {"metadata": {"labels": {"app": "web"}}, "spec": pod | spec}


def scaled(corner: Corner, kind: str, replicas: int, **fields: Any) -> str:
    """Apply a Deployment or one of its kin named web; return its path."""
    path = f"{APPS.format(corner.name)}/{kind.lower()}s"
    made = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template(corner)} | fields
    corner.cluster.api.post(path, {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web"}, "spec": made})
    return f"{path}/web"


def quota(corner: Corner, pods: int) -> None:
    """Keep controllers from making more LS pods, so that what they announce does not come."""
    scope = {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": [PATIENT, HUMBLE]}]}
    body = {"metadata": {"name": "no-pods"}, "spec": {"hard": {"pods": str(pods)}, "scopeSelector": scope}}
    path = f"/api/v1/namespaces/{corner.name}/resourcequotas"
    corner.cluster.api.post(path, body)
    eventually("the quota counts", lambda: corner.cluster.api.get(f"{path}/no-pods").get("status", {}).get("hard"))


def until_policy_is_seen(corner: Corner) -> None:
    def look() -> bool:
        policy = corner.cluster.api.get(f"{POLICIES}/{corner.name}")
        return bool(policy.get("status", {}).get("observedGeneration") == policy["metadata"]["generation"])

    eventually("the policy is seen", look)


def until_left(corner: Corner, count: int) -> None:
    eventually(f"{count} fillers have left", lambda: len(corner.left()) == count)


def victim_event(corner: Corner) -> str:
    return str(eventually("the victim has an Event", lambda: corner.events("Yielded"))[0]["message"])


@pytest.fixture
def filled(corner: Corner) -> Corner:
    """A node of 4 GPUs, each held by a filler."""
    corner.add_nodes("a", gpus=4)
    corner.add_set()
    corner.until_running(4)
    return corner


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "ReplicaSet"])
def test_pods_that_a_controller_has_not_made_yet_get_room(filled: Corner, kind: str) -> None:
    quota(filled, 0)
    scaled(filled, kind, 2)
    until_left(filled, 2)
    filled.until_running(2)
    assert f"{kind} {filled.name}/web (2 more pods)" in victim_event(filled)


@pytest.mark.parametrize("priority_class", [PATIENT, None], ids=["that may not preempt", "that may preempt"])
def test_the_pods_of_a_scaled_deployment_are_demanded_once(filled: Corner, priority_class: str | None) -> None:
    path = scaled(filled, "Deployment", 0, template=template(filled, priorityClassName=priority_class))
    merge(filled.cluster, path, {"spec": {"replicas": 3}})
    until_ls_bound(filled, 3)
    filled.until_running(1)
    assert len(filled.left()) == 3


def until_ls_bound(corner: Corner, count: int) -> None:
    def look() -> bool:
        every = corner.operated.observer.read(lambda state: [*state.pods.values()])
        return sum(pod.namespace == corner.name and not pod.is_filler and bool(pod.node) for pod in every) == count

    eventually(f"{count} LS pods are bound", look)


def test_the_pods_that_an_announcement_was_for_find_their_room(filled: Corner) -> None:
    quota(filled, 0)
    scaled(filled, "Deployment", 2)
    until_left(filled, 2)
    filled.cluster.api.delete(f"/api/v1/namespaces/{filled.name}/resourcequotas/no-pods")
    until_ls_bound(filled, 2)
    filled.until_running(2)
    assert len(filled.left()) == 2


def test_an_autoscaler_that_wants_more_than_its_target_has_gets_room(filled: Corner) -> None:
    quota(filled, 0)
    scaled(filled, "Deployment", 1)
    until_left(filled, 1)
    path = f"/apis/autoscaling/v2/namespaces/{filled.name}/horizontalpodautoscalers"
    # Of a Deployment with one pod wanted; nobody measures here, so that its status stays as the test writes it.
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    filled.cluster.api.post(
        path,
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web"},
            "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 5},
        },
    )
    merge(filled.cluster, f"{path}/web/status", {"status": {"currentReplicas": 1, "desiredReplicas": 3}})
    until_left(filled, 3)
    messages = eventually("3 Events", lambda: (m := [e["message"] for e in filled.events("Yielded")]) and m[2:] and m)
    assert any(f"HorizontalPodAutoscaler {filled.name}/web" in message for message in messages)


def job(corner: Corner, labels: dict[str, str] | None = None, **spec: Any) -> Json:
    pod = template(corner, restartPolicy="Never")
    body = {"parallelism": 2, "completions": 3, "template": pod} | spec
    made = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "train", "labels": labels or {}}}
    return corner.cluster.api.post(BATCH.format(corner.name), made | {"spec": body})


def test_a_job_gets_room_for_the_pods_it_is_about_to_have(filled: Corner) -> None:
    quota(filled, 0)
    job(filled)
    until_left(filled, 2)
    assert f"Job {filled.name}/train (2 more pods)" in victim_event(filled)


def test_a_suspended_job_gets_room_only_where_the_policy_says_so(filled: Corner) -> None:
    job(filled, suspend=True)
    stays_empty(filled.left, 2.0)
    filled.change_policy(announced={"suspendedJobs": True})
    until_left(filled, 2)
    filled.until_running(2)
    assert f"Job {filled.name}/train (2 more pods)" in victim_event(filled)


def test_a_gated_pod_gets_room_only_where_the_policy_says_so(filled: Corner) -> None:
    filled.add_ls("gated", gpus=1, schedulingGates=[{"name": "test.paraset.io/wait"}])
    stays_empty(filled.left, 1.0)
    filled.change_policy(announced={"gatedPods": True})
    until_left(filled, 1)
    filled.until_running(3)
    assert f"Pod {filled.name}/gated" in victim_event(filled)


def test_a_planned_window_gets_room_while_it_is_open(filled: Corner) -> None:
    window = {
        "name": "rush",
        "schedule": "* * * * *",
        "duration": "30m",
        "resources": {GPU: 1, "cpu": "100m"},
        "copies": 2,
    }
    filled.change_policy(announced={"windows": [window]})
    until_left(filled, 2)
    filled.until_running(2)
    assert f"window {filled.name}/rush (2 more copies)" in victim_event(filled)


@pytest.mark.parametrize("source", ["workloads", "jobs"])
def test_what_the_policy_switches_off_gets_no_room(filled: Corner, source: str) -> None:
    filled.change_policy(announced={source: False})
    until_policy_is_seen(filled)
    quota(filled, 0)
    if source == "jobs":
        job(filled)
    else:
        scaled(filled, "Deployment", 2)
    stays_empty(filled.left, 2.0)


def test_work_below_the_ls_priority_gets_no_room(filled: Corner) -> None:
    quota(filled, 0)
    scaled(filled, "Deployment", 2, template=template(filled, priorityClassName=HUMBLE))
    stays_empty(filled.left, 2.0)


def test_room_is_given_up_when_nothing_comes_of_an_announcement(filled: Corner) -> None:
    filled.change_policy(announced={"timeoutSeconds": 2})
    quota(filled, 0)
    path = scaled(filled, "Deployment", 1)
    until_left(filled, 1)
    filled.until_running(4)
    merge(filled.cluster, path, {"spec": {"replicas": 2}})
    eventually("it counts again once it changes", lambda: len(filled.left()) == 3)


def _crd(group: str, version: str, plural: str, kind: str) -> Json:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "https://github.com/kubernetes/enhancements/pull/1111"},
        },
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "scope": "Namespaced",
            "versions": [served],
        },
    }


CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
QUEUED = ("kueue.x-k8s.io", "v1beta2", "workloads", "Workload")
BUFFERS = ("autoscaling.x-k8s.io", "v1beta1", "capacitybuffers", "CapacityBuffer")


@pytest.fixture
def kueue_version() -> str:
    """The version of Kueue's API that is served."""
    return "v1beta2"


@pytest.fixture
def with_crds(lone_corner: Corner, kueue_version: str) -> Iterator[Corner]:
    """A corner in a cluster with the APIs of Kueue and of the autoscaler, and an operator started after them."""
    group, _, plural, kind = QUEUED
    for each in ((group, kueue_version, plural, kind), BUFFERS):
        lone_corner.cluster.api.post(CRDS, _crd(*each))
        path = f"/apis/{each[0]}/{each[1]}/namespaces/{lone_corner.name}/{each[2]}"
        eventually(f"{each[2]} are served", lambda path=path: lone_corner.cluster.api.get(path))
    with lone_corner.operated.operator("announced") as process:
        process.start_ready()
        lone_corner.add_nodes("a", gpus=4)
        lone_corner.add_set()
        lone_corner.until_running(4)
        yield lone_corner
        process.check()
    for each in (QUEUED, BUFFERS):
        lone_corner.cluster.api.delete(f"{CRDS}/{each[2]}.{each[0]}")
    names = {f"{each[2]}.{each[0]}" for each in (QUEUED, BUFFERS)}
    eventually("the APIs are gone", lambda: not names & set(served(lone_corner)))


def served(corner: Corner) -> Iterator[str]:
    """The names of the APIs that are defined, those on their way out included."""
    return (each["metadata"]["name"] for each in corner.cluster.api.get(CRDS)["items"])


@pytest.mark.parametrize("kueue_version", ["v1beta2", "v1beta1"])
def test_a_workload_of_kueue_gets_room_once_its_quota_is_reserved(with_crds: Corner, kueue_version: str) -> None:
    version = f"kueue.x-k8s.io/{kueue_version}"
    path = f"/apis/{version}/namespaces/{with_crds.name}/workloads"
    spec = {"podSets": [{"name": "main", "count": 2, "template": template(with_crds)}]}
    body = {"apiVersion": version, "kind": "Workload", "metadata": {"name": "train"}, "spec": spec}
    with_crds.cluster.api.post(path, body)
    stays_empty(with_crds.left, 1.0)
    reserved = {"status": {"conditions": [{"type": "QuotaReserved", "status": "True"}]}}
    merge(with_crds.cluster, f"{path}/train", reserved)
    until_left(with_crds, 2)
    assert f"Workload {with_crds.name}/train (2 more pods)" in victim_event(with_crds)


def test_the_pods_of_a_queued_job_find_the_room_that_its_workload_asked_for(with_crds: Corner) -> None:
    made = job(with_crds, {"kueue.x-k8s.io/queue-name": "q"}, suspend=True)
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "train", "uid": made["metadata"]["uid"]}
    path = f"/apis/kueue.x-k8s.io/v1beta2/namespaces/{with_crds.name}/workloads"
    body = {
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "Workload",
        "metadata": {"name": "job-train", "ownerReferences": [owner | {"controller": True}]},
        "spec": {"podSets": [{"name": "main", "count": 2, "template": template(with_crds)}]},
        "status": {"conditions": [{"type": kind, "status": "True"} for kind in ("QuotaReserved", "Admitted")]},
    }
    with_crds.cluster.api.post(path, body)
    until_left(with_crds, 2)
    merge(with_crds.cluster, f"{BATCH.format(with_crds.name)}/train", {"spec": {"suspend": False}})
    until_ls_bound(with_crds, 2)
    with_crds.until_running(2)
    assert len(with_crds.left()) == 2


def test_what_a_capacity_buffer_promises_is_kept_free(with_crds: Corner) -> None:
    core = f"/api/v1/namespaces/{with_crds.name}/podtemplates"
    with_crds.cluster.api.post(core, {"metadata": {"name": "chunk"}, "template": template(with_crds)})
    path = f"/apis/autoscaling.x-k8s.io/v1beta1/namespaces/{with_crds.name}/capacitybuffers"
    body = {
        "apiVersion": "autoscaling.x-k8s.io/v1beta1",
        "kind": "CapacityBuffer",
        "metadata": {"name": "spare"},
        "spec": {"podTemplateRef": {"name": "chunk"}, "replicas": 2},
        "status": {"podTemplateRef": {"name": "chunk"}, "replicas": 2},
    }
    with_crds.cluster.api.post(path, body)
    until_left(with_crds, 2)
    with_crds.until_running(2)
    assert f"CapacityBuffer {with_crds.name}/spare (2 more pods)" in victim_event(with_crds)


ROLE = "/apis/rbac.authorization.k8s.io/v1/clusterroles/paraset-operator"


@pytest.fixture
def without_rights(lone_corner: Corner) -> Iterator[Corner]:
    """A corner whose operator may not see Deployments and their kin."""
    rules = lone_corner.cluster.api.get(ROLE)["rules"]
    merge(lone_corner.cluster, ROLE, {"rules": [each for each in rules if each["apiGroups"] != ["apps"]]})
    yield lone_corner
    merge(lone_corner.cluster, ROLE, {"rules": rules})


def test_an_api_that_is_forbidden_holds_up_nothing_and_is_told_of(without_rights: Corner) -> None:
    with without_rights.operated.operator("forbidden") as process:
        process.start_ready()
        without_rights.add_nodes("a", gpus=1)
        without_rights.add_set()
        without_rights.until_running(1)
        told = 'paraset_announced_watch{resource="deployments"}'
        eventually("it is told", lambda: f"{told} 0.0" in process.metrics())


def test_an_api_that_is_absent_holds_up_nothing_and_is_told_of(operator: Operator, corner: Corner) -> None:
    corner.add_nodes("a", gpus=1)
    corner.add_set()
    corner.until_running(1)
    eventually(
        "it is told",
        lambda: (
            'paraset_announced_watch{resource="capacitybuffers"} 0.0' in operator.metrics()
            and 'paraset_announced_watch{resource="deployments"} 1.0' in operator.metrics()
        ),
    )
