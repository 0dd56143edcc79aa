"""Which GPU a pod holds, by the cluster's own book."""

import json

import pytest

from paraset_operator.cluster.decode import decode_node, decode_pod
from paraset_operator.cluster.gpu_shares import GPU_INDEX, GPU_MILLI
from paraset_operator.model.devices import DeviceShare


def pod(milli: str, index: str | None, node: str = "n1") -> bytes:
    annotations = {} if index is None else {GPU_INDEX: index}
    container = {"name": "c", "resources": {"requests": {GPU_MILLI: milli}}}
    spec = {"nodeName": node, "containers": [container]}
    return json.dumps({"metadata": {"name": "p", "namespace": "a", "annotations": annotations}, "spec": spec}).encode()


def node(**allocatable: str) -> bytes:
    names = {"milli": GPU_MILLI, "gpu": "nvidia.com/gpu", "cpu": "cpu"}
    offered = {names[key]: value for key, value in allocatable.items()}
    return json.dumps({"metadata": {"name": "n1"}, "status": {"allocatable": offered}}).encode()


def test_a_node_that_shares_its_gpus_out_lists_them() -> None:
    assert decode_node(node(cpu="8", milli="4000")).devices == {GPU_MILLI: (1000, 1000, 1000, 1000)}


def test_whole_gpus_are_counted() -> None:
    assert decode_node(node(cpu="8", gpu="4")).devices == {}


def test_a_part_is_on_the_gpu_that_the_annotation_names() -> None:
    assert decode_pod(pod("300", "2")).on_devices == (DeviceShare(GPU_MILLI, 2, 300),)


def test_whole_gpus_are_on_those_that_the_annotation_names() -> None:
    shares = decode_pod(pod("2000", "0-3")).on_devices
    assert shares == (DeviceShare(GPU_MILLI, 0, 1000), DeviceShare(GPU_MILLI, 3, 1000))


@pytest.mark.parametrize("index", [None, "", "x", "-1", "0-x", "0-0"])
def test_an_annotation_that_cannot_be_true_says_nothing(index: str | None) -> None:
    assert decode_pod(pod("2000", index)).on_devices == ()
