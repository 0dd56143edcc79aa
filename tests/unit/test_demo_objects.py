"""The observer's own reading of quantities, pods, nodes and ParaSets."""

from typing import Any

import msgspec
import pytest

from demo.objects import CPU, GPU, MEMORY, amount, node_of, paraset_of, pod_of
from demo.wire import WireNode, WireParaSet, WirePod


def pod(spec: dict[str, Any], status: dict[str, Any] | None = None, **meta: Any) -> Any:
    wire = {"metadata": {"name": "p", "namespace": "ns", "uid": "u", **meta}, "spec": spec, "status": status or {}}
    return pod_of(msgspec.convert(wire, WirePod))


def container(name: str, restart: str = "", **requests: str) -> dict[str, Any]:
    return {"name": name, "restartPolicy": restart, "resources": {"requests": requests}}


@pytest.mark.parametrize(
    ("resource", "quantity", "expected"),
    [
        (CPU, "1", 1000),
        (CPU, "250m", 250),
        (CPU, "0.1", 100),
        (CPU, "100u", 1),
        (CPU, 2, 2000),
        (MEMORY, "1Ki", 1024),
        (MEMORY, "1.5Gi", 3 << 29),
        (MEMORY, "5M", 5_000_000),
        (MEMORY, "1e3", 1000),
        (MEMORY, "1E", 10**18),
        (MEMORY, "128974848000m", 128974848),
        (GPU, "8", 8),
    ],
)
def test_amounts_are_whole_numbers_rounded_up(resource: str, quantity: str | int, expected: int) -> None:
    assert amount(resource, quantity) == expected


def test_a_pod_holds_the_largest_of_spec_allocated_and_actual() -> None:
    status = {
        "containerStatuses": [
            {
                "name": "a",
                "allocatedResources": {"cpu": "3", "memory": "1Gi"},
                "resources": {"requests": {"cpu": "2", "memory": "4Gi"}},
            }
        ]
    }
    shrinking = pod({"containers": [container("a", cpu="1", memory="2Gi")]}, status)
    assert shrinking.requests == {CPU: 3000, MEMORY: 4 << 30}
    assert shrinking.spec_requests == {CPU: 1000, MEMORY: 2 << 30}


def test_init_containers_count_by_their_peak_and_sidecars_with_everything_after_them() -> None:
    spec = {
        "initContainers": [
            container("first", cpu="5"),
            container("side", "Always", cpu="1"),
            container("last", cpu="6"),
        ],
        "containers": [container("a", cpu="2"), container("b", cpu="3")],
        "overhead": {"cpu": "100m"},
    }
    assert pod(spec).requests == {CPU: 7100}


def test_a_filler_is_a_pod_whose_controller_is_a_paraset() -> None:
    owner = {"apiVersion": "paraset.io/v1alpha1", "kind": "ParaSet", "name": "s", "uid": "7"}
    controlled = pod({}, ownerReferences=[{**owner, "controller": True}])
    merely_owned = pod({}, ownerReferences=[owner])
    other_group = pod({}, ownerReferences=[{**owner, "apiVersion": "example.com/v1", "controller": True}])
    assert (controlled.is_filler, controlled.set_uid) == (True, "7")
    assert not merely_owned.is_filler
    assert not other_group.is_filler


def test_what_pins_a_pod_is_read_from_required_match_fields() -> None:
    field = {"key": "metadata.name", "operator": "In", "values": ["n1"]}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": [field]}]}}
    assert pod({"affinity": {"nodeAffinity": required}}).pinned == ("n1",)
    assert pod({}).pinned == ()


def test_a_node_is_ready_only_if_its_condition_says_so() -> None:
    def node(status: str) -> Any:
        conditions = [{"type": "Ready", "status": status}]
        wire = {
            "metadata": {"name": "n"},
            "spec": {},
            "status": {"allocatable": {"cpu": "2"}, "conditions": conditions},
        }
        return node_of(msgspec.convert(wire, WireNode))

    assert node("True").ready
    assert not node("Unknown").ready
    assert node("True").allocatable == {CPU: 2000}


def test_a_shape_has_a_smallest_and_a_largest_form() -> None:
    shape = {"name": "gpu", "fixed": {GPU: 1}, "elastic": {"cpu": {"min": "500m", "max": 8}}}
    wire = {"metadata": {"name": "s", "namespace": "ns", "uid": "7"}, "spec": {"replicas": 3, "shapes": [shape]}}
    [read] = paraset_of(msgspec.convert(wire, WireParaSet)).shapes
    assert read.least == {GPU: 1, CPU: 500}
    assert read.most == {GPU: 1, CPU: 8000}
