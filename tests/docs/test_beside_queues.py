"""Objects of Kueue and CapacityBuffers, under the CRDs that these projects publish, are read as announced demand."""

import pytest
import yaml
from corner import Corner
from go_modules import published
from manifests import GPU, Json, ls_pod
from operating import Operated, eventually, merge, stays_empty

KUEUE = ("sigs.k8s.io/kueue", "v0.17.0", "config/components/crd/bases/kueue.x-k8s.io_workloads.yaml")
KARPENTER = ("sigs.k8s.io/karpenter", "v1.15.0", "pkg/apis/crds/autoscaling.x-k8s.io_capacitybuffers.yaml")
NOW = "2026-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def definitions(operated: Operated) -> None:
    """The CRDs as published. Kueue's conversion webhook is not among them: it takes the program to run."""
    for module, version, path in (KUEUE, KARPENTER):
        definition = yaml.safe_load(published(module, version, path))
        group, plural = definition["spec"]["group"], definition["spec"]["names"]["plural"]
        operated.cluster.api.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
        served = f"/apis/{group}/v1beta1/{plural}"
        eventually(f"{plural} are served", lambda path=served: operated.cluster.api.get(path))


@pytest.fixture
def filled(definitions: None, corner: Corner) -> Corner:
    corner.add_nodes("a", gpus=4)
    corner.add_set(replicas=4)
    corner.until_running(4)
    return corner


def template(corner: Corner) -> Json:
    """An LS pod of a GPU that preempts nobody by itself."""
    spec = ls_pod("x", corner.name, corner.name, {"cpu": "100m", GPU: 1})["spec"]
    return {"metadata": {"labels": {"app": "x"}}, "spec": spec | {"restartPolicy": "Never"}}


def test_a_workload_gets_room_once_its_quota_is_reserved(filled: Corner) -> None:
    path = f"/apis/kueue.x-k8s.io/v1beta2/namespaces/{filled.name}/workloads"
    spec = {"podSets": [{"name": "main", "count": 2, "template": template(filled)}], "queueName": "q"}
    filled.cluster.api.post(
        path, {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Workload", "metadata": {"name": "train"}, "spec": spec}
    )
    stays_empty(filled.left, 1.0)
    reserved = {"type": "QuotaReserved", "status": "True", "reason": "x", "message": "x", "lastTransitionTime": NOW}
    admission = {"clusterQueue": "q", "podSetAssignments": [{"name": "main", "count": 2}]}
    merge(filled.cluster, f"{path}/train/status", {"status": {"conditions": [reserved], "admission": admission}})
    eventually("two fillers leave", lambda: len(filled.left()) == 2, 120)
    asker = f"Workload {filled.name}/train"
    eventually("an Event names it", lambda: any(asker in each["message"] for each in filled.events("Yielded")))


def test_what_a_capacity_buffer_promises_is_kept_free(filled: Corner) -> None:
    core = f"/api/v1/namespaces/{filled.name}/podtemplates"
    filled.cluster.api.post(core, {"metadata": {"name": "chunk"}, "template": template(filled)})
    path = f"/apis/autoscaling.x-k8s.io/v1beta1/namespaces/{filled.name}/capacitybuffers"
    named = {"podTemplateRef": {"name": "chunk"}, "replicas": 2}
    body = {"apiVersion": "autoscaling.x-k8s.io/v1beta1", "kind": "CapacityBuffer", "metadata": {"name": "spare"}}
    filled.cluster.api.post(path, body | {"spec": named})
    merge(filled.cluster, f"{path}/spare/status", {"status": named})
    filled.until_running(2)
