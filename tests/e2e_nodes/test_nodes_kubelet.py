"""Kubelets that restart, stop and come back, and nodes that are drained."""

import pytest
from manifests import GPU, GPU_SHAPE, Json
from operating import eventually
from real_corner import RealCorner, container

SHAPE: Json = GPU_SHAPE | {"elastic": {"cpu": {"min": "100m", "max": "1"}}}
GPUS = 4


@pytest.fixture
def filled(corner: RealCorner) -> "Filled":
    """Two nodes on which a filler holds each GPU."""
    nodes = corner.claim(2)
    corner.add_set(shapes=[SHAPE])
    corner.until_running(2 * GPUS)
    return corner, nodes


Filled = tuple[RealCorner, list[str]]


def containers(corner: RealCorner) -> dict[str, str]:
    """By pod uid, the container and how often it was restarted."""
    return {
        each["metadata"]["uid"]: f"{container(each).get('containerID')} {container(each).get('restartCount')}"
        for each in corner.objects("pods")
    }


def uids(corner: RealCorner, node: str) -> set[str]:
    """The pods of a node, leaving ones included."""
    return {each["metadata"]["uid"] for each in corner.objects("pods") if each["spec"].get("nodeName") == node}


def is_ready(corner: RealCorner, node: str) -> bool:
    conditions = corner.cluster.api.get(f"/api/v1/nodes/{node}")["status"]["conditions"]
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def test_fillers_live_through_a_restart_of_the_kubelet(filled: Filled) -> None:
    corner, nodes = filled
    before, kubelet = containers(corner), corner.cluster.real.nodes[nodes[0]].kubelet
    beat = heartbeat(corner, nodes[0])
    corner.cluster.stop_process(kubelet)
    corner.cluster.start_process(kubelet)
    eventually("the kubelet reports again", lambda: heartbeat(corner, nodes[0]) != beat)
    corner.until_running(2 * GPUS)
    assert containers(corner) == before
    assert corner.cluster.api.get(f"/api/v1/nodes/{nodes[0]}")["status"]["allocatable"][GPU] == str(GPUS)
    assert corner.left() == []


def heartbeat(corner: RealCorner, node: str) -> str:
    """When its kubelet last renewed its lease."""
    path = f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{node}"
    return str(corner.cluster.api.get(path)["spec"]["renewTime"])


def test_a_node_whose_kubelet_has_stopped_is_left_and_filled_again_when_it_is_back(filled: Filled) -> None:
    corner, nodes = filled
    before = {node: uids(corner, node) for node in nodes}
    kubelet = corner.cluster.real.nodes[nodes[0]].kubelet
    corner.cluster.stop_process(kubelet)
    try:
        eventually("it is not ready", lambda: not is_ready(corner, nodes[0]), 120)
        eventually("its fillers are to leave", lambda: not [pod for pod in corner.fillers() if pod.node == nodes[0]])
        # Their containers run on, and only the kubelet can say when they do not.
        assert {node: uids(corner, node) for node in nodes} == before
    finally:
        corner.cluster.start_process(kubelet)
    eventually("it is ready", lambda: is_ready(corner, nodes[0]), 120)
    corner.until_running(2 * GPUS)
    assert not uids(corner, nodes[0]) & before[nodes[0]]
    assert uids(corner, nodes[1]) == before[nodes[1]]


def test_a_drained_node_is_left_and_filled_again_when_it_may_be_used(filled: Filled) -> None:
    corner, nodes = filled
    corner.cluster.kubectl("drain", nodes[0], "--timeout=90s")
    rest = corner.until_running(GPUS)
    assert {pod.node for pod in rest} == {nodes[1]}
    corner.cluster.kubectl("uncordon", nodes[0])
    corner.until_running(2 * GPUS)
