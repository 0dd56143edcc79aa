"""What docs/beside-other-systems.md says of the controllers that are there, and of the marks that others make."""

import json

import pytest
from corner import Corner
from operating import eventually, merge, stays_empty

AUTOSCALERS = "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers"


def set_of(corner: Corner) -> dict[str, object]:
    path = f"/apis/paraset.io/v1alpha1/namespaces/{corner.name}/parasets/s"
    return dict(corner.cluster.api.get(path)["spec"])


def autoscaler(low: int, high: int) -> dict[str, object]:
    """An HPA of the set; without metrics it keeps the number within its bounds, which needs none."""
    target = {"apiVersion": "paraset.io/v1alpha1", "kind": "ParaSet", "name": "s"}
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
    spec = {"scaleTargetRef": target, "minReplicas": low, "maxReplicas": high, "metrics": [cpu]}
    return {"apiVersion": "autoscaling/v2", "metadata": {"name": "s"}, "spec": spec}


def test_a_horizontal_pod_autoscaler_moves_the_ceiling(corner: Corner) -> None:
    corner.add_nodes("a", gpus=8)
    corner.add_set(replicas=8)
    corner.until_running(8)
    corner.cluster.api.post(AUTOSCALERS.format(corner.name), autoscaler(1, 3))
    corner.until_running(3)
    merge(corner.cluster, f"{AUTOSCALERS.format(corner.name)}/s", {"spec": {"minReplicas": 5, "maxReplicas": 6}})
    corner.until_running(5)
    assert set_of(corner)["replicas"] == 5


@pytest.mark.parametrize("key", ["karpenter.sh/disrupted", "ToBeDeletedByClusterAutoscaler"])
def test_a_node_that_an_autoscaler_is_about_to_remove_is_left(corner: Corner, key: str) -> None:
    corner.add_nodes("going", "staying", gpus=2)
    corner.add_set(replicas=8)
    corner.until_running(4)
    going = f"{corner.name}-going"
    taint(corner, going, {"key": key, "effect": "NoSchedule"})
    eventually("the node is left", lambda: {pod.node for pod in corner.until_running(2)} == {f"{corner.name}-staying"})
    stays_empty(lambda: [pod for pod in corner.fillers() if pod.node == going], 3)


def test_a_node_that_is_only_a_candidate_for_removal_is_kept(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set(replicas=8)
    corner.until_running(2)
    before = {pod.uid for pod in corner.fillers()}
    taint(corner, f"{corner.name}-a", {"key": "DeletionCandidateOfClusterAutoscaler", "effect": "PreferNoSchedule"})
    stays_empty(lambda: [uid for uid in before if uid not in {pod.uid for pod in corner.fillers()}], 3)


def taint(corner: Corner, node: str, mark: dict[str, str]) -> None:
    corner.cluster.kubectl("taint", "node", node, f"{mark['key']}=true:{mark['effect']}")


def test_kubectl_drain_ends_and_the_node_is_not_refilled(corner: Corner) -> None:
    corner.add_nodes("a", "b", gpus=2)
    corner.add_set(replicas=8)
    corner.until_running(4)
    node = f"{corner.name}-a"
    corner.cluster.kubectl("drain", node, "--timeout=60s")
    corner.until_running(2)
    stays_empty(lambda: [pod for pod in corner.fillers() if pod.node == node], 3)


def test_a_size_that_somebody_else_gives_a_filler_is_taken_back(corner: Corner) -> None:
    """As VerticalPodAutoscaler does in its mode InPlaceOrRecreate."""
    corner.add_nodes("a", gpus=1)
    corner.add_set(replicas=1)
    (filler,) = corner.until_running(1)
    path = f"/api/v1/namespaces/{corner.name}/pods/{filler.name}"
    spec = corner.cluster.api.get(path)["spec"]["containers"][0]
    size = spec["resources"]["requests"]["cpu"]
    other = {"spec": {"containers": [{"name": spec["name"], "resources": {"requests": {"cpu": "777m"}}}]}}
    corner.cluster.kubectl(
        "patch", "pod", filler.name, "-n", corner.name, "--subresource=resize", "-p", json.dumps(other)
    )

    def restored() -> bool:
        container = corner.cluster.api.get(path)["spec"]["containers"][0]
        return bool(container["resources"]["requests"]["cpu"] == size)

    eventually("the filler has the size of the plan again", restored)
    assert {pod.uid for pod in corner.fillers()} == {filler.uid}
