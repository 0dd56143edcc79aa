"""What the JSON of a pod or a node says, as the planner's values; and which pod is a filler."""

from typing import Any

import msgspec
import pytest
from pod_json import container, filler, node, pinned, pod, raw

from paraset_operator.cluster.decode import decode_node, decode_pod
from paraset_operator.model.constraints import NodeSelectorTerm, Requirement, Toleration
from paraset_operator.model.node import Taint
from paraset_operator.model.pod import Pod, Resize

Json = dict[str, Any]


def decoded(obj: Json) -> Pod:
    return decode_pod(raw(obj))


def test_a_pod_with_all_marks_is_a_filler() -> None:
    found = decoded(filler(spec=pinned("n1")))
    assert (found.owner, found.index, found.shape, found.template_hash) == ("uid-of-trainer", 3, "gpu", "abc")
    assert (found.node, found.target, found.place) == ("", "n1", "n1")


@pytest.mark.parametrize(
    "obj",
    [
        pytest.param(pod("trainer-3"), id="no mark at all"),
        pytest.param(filler(ownerReferences=[]), id="no owner"),
        pytest.param(filler(owner={"controller": False}), id="an owner that does not control it"),
        pytest.param(filler(owner={"kind": "ReplicaSet"}), id="an owner of another kind"),
        pytest.param(filler(owner={"apiVersion": "apps/v1"}), id="an owner of another group"),
        pytest.param(filler(owner={"apiVersion": "paraset.io.evil/v1"}), id="a group that only begins alike"),
        pytest.param(filler(owner={"name": "other"}), id="another owner than its label says"),
        pytest.param(filler(labels={}), id="no labels"),
        pytest.param(filler(labels={"paraset.io/paraset": "other"}), id="another label than its owner"),
        pytest.param(filler(spec={"priorityClassName": "high"}), id="another priority class"),
        pytest.param(filler("other-3"), id="a name of another set"),
        pytest.param(filler("trainer"), id="a name without index"),
        pytest.param(filler("trainer-x"), id="a name with a word for an index"),
        pytest.param(filler("trainer-03"), id="a name with an index we would not write"),
        pytest.param(filler("trainer-²"), id="a name with a digit that is no number"),
    ],
)
def test_a_pod_is_no_filler_with(obj: Json) -> None:
    found = decoded(obj)
    assert not found.is_filler
    assert (found.owner, found.index, found.target, found.shape) == ("", -1, "", "")


def test_the_controller_is_found_among_several_owners() -> None:
    both = [{"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "x"}, filler()["metadata"]["ownerReferences"][0]]
    assert decoded(filler(ownerReferences=both)).is_filler


def test_only_a_filler_takes_room_where_it_is_pinned() -> None:
    assert decoded(pod(spec=pinned("n1"))).place == ""


def test_the_sizes_are_those_of_the_first_container() -> None:
    spec = {"containers": [container("a", {"cpu": "2"}), container("b", {"cpu": "3"})]}
    assert decoded(filler(spec=spec)).sizes == {"cpu": 2000}


def test_the_sizes_are_those_of_the_container_that_the_annotation_names() -> None:
    spec = {"containers": [container("a", {"cpu": "2"}), container("b", {"cpu": "3"})]}
    assert decoded(filler(spec=spec, annotations={"paraset.io/container": "b"})).sizes == {"cpu": 3000}


def test_what_the_kubelet_granted_is_read_from_the_status() -> None:
    status = {"containerStatuses": [{"name": "worker", "allocatedResources": {"cpu": "1500m"}}]}
    assert decoded(filler(status=status)).allocated == {"cpu": 1500}


@pytest.mark.parametrize(
    ("conditions", "resize"),
    [
        ([], Resize.NONE),
        ([{"type": "PodResizePending", "status": "True", "reason": "Deferred"}], Resize.DEFERRED),
        ([{"type": "PodResizePending", "status": "True", "reason": "Infeasible"}], Resize.INFEASIBLE),
        ([{"type": "PodResizeInProgress", "status": "True"}], Resize.IN_PROGRESS),
        ([{"type": "PodResizeInProgress", "status": "True", "reason": "Error"}], Resize.ERROR),
        ([{"type": "PodResizePending", "status": "False", "reason": "Deferred"}], Resize.NONE),
    ],
)
def test_the_conditions_say_how_a_resize_goes(conditions: list[Json], resize: Resize) -> None:
    assert decoded(filler(status={"conditions": conditions})).resize is resize


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        ({}, ""),
        ({"containerStatuses": [{"name": "w", "state": {"waiting": {"reason": "ContainerCreating"}}}]}, ""),
        ({"containerStatuses": [{"name": "w", "state": {"waiting": {"reason": "ErrImagePull"}}}]}, ""),
        (
            {"containerStatuses": [{"name": "w", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]},
            "ImagePullBackOff",
        ),
        ({"phase": "Failed"}, "Failed"),
        ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
    ],
)
def test_a_filler_says_what_waiting_will_not_cure(status: Json, trouble: str) -> None:
    assert decoded(filler(status=status)).trouble == trouble


@pytest.mark.parametrize(
    ("reason", "trouble"),
    [("CrashLoopBackOff", "CrashLoopBackOff (OOMKilled, exit code 137)"), ("ImagePullBackOff", "ImagePullBackOff")],
)
def test_a_filler_that_crashes_says_how_it_ended_last(reason: str, trouble: str) -> None:
    end = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
    container = {"name": "w", "state": {"waiting": {"reason": reason}}, "lastState": end}
    assert decoded(filler(status={"containerStatuses": [container]})).trouble == trouble


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_finished_pod_holds_nothing(phase: str) -> None:
    found = decoded(pod(spec={"containers": [container(requests={"cpu": "2"})]}, status={"phase": phase}))
    assert found.is_finished
    assert (found.held, found.requests) == ({}, {})


@pytest.mark.parametrize(("node", "held"), [("", 0), ("n1", 2000)])
def test_of_the_pods_that_leave_only_a_bound_one_holds_something(node: str, held: int) -> None:
    spec = {"containers": [container(requests={"cpu": "2"})]} | ({"nodeName": node} if node else {})
    found = decoded(pod(spec=spec, status={"phase": "Pending"}, deletionTimestamp="2026-01-01T00:01:00Z"))
    assert (found.held.get("cpu", 0), found.requests.get("cpu", 0)) == (held, held)


def test_a_pod_says_where_it_is_bound_and_how_it_fares() -> None:
    ready = {"conditions": [{"type": "Ready", "status": "True"}], "startTime": "2026-01-01T00:00:10Z"}
    found = decoded(
        pod(
            spec={"nodeName": "n1", "priority": 1000},
            status=ready,
            creationTimestamp="2026-01-01T00:00:00Z",
            deletionTimestamp="2026-01-01T00:01:00Z",
        )
    )
    assert (found.node, found.priority) == ("n1", 1000)
    assert found.is_ready
    assert found.is_running
    assert found.is_terminating
    assert found.started - found.created == 10


def test_a_bound_pod_is_nominated_no_more() -> None:
    status = {"phase": "Pending", "nominatedNodeName": "n1"}
    assert decoded(pod(status=status)).nominated == "n1"
    assert decoded(pod(spec={"nodeName": "n1"}, status=status)).nominated == ""


def test_a_pod_with_scheduling_gates_is_gated() -> None:
    assert decoded(pod(spec={"schedulingGates": [{"name": "wait"}]})).is_gated


def test_a_pod_that_the_scheduler_preempts_says_so() -> None:
    condition = {"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}
    assert decoded(pod(status={"conditions": [condition]})).is_preempted


def test_node_selector_affinity_and_tolerations_are_read() -> None:
    expression = {"key": "disk", "operator": "In", "values": ["ssd"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    spec = {
        "nodeSelector": {"zone": "b", "arch": "arm"},
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}},
        "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}, {"key": "team", "value": "x"}],
    }
    found = decoded(pod(spec=spec)).constraints
    assert found.node_selector == (("arch", "arm"), ("zone", "b"))
    assert found.affinity == (NodeSelectorTerm((Requirement("disk", "In", ("ssd",)),)),)
    assert found.tolerations == (Toleration("gpu", "Exists", "", "NoSchedule"), Toleration("team", "Equal", "x"))


_RULE = [{"topologyKey": "zone"}]


@pytest.mark.parametrize(
    ("spec", "is_judgeable"),
    [
        ({}, True),
        ({"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": _RULE}}}, False),
        ({"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": _RULE}}}, False),
        ({"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}}, True),
        ({"topologySpreadConstraints": [{"whenUnsatisfiable": "DoNotSchedule"}]}, False),
        ({"topologySpreadConstraints": [{"whenUnsatisfiable": "ScheduleAnyway"}]}, True),
        ({"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]}, False),
        ({"volumes": [{"name": "v", "ephemeral": {}}]}, False),
        ({"volumes": [{"name": "v", "emptyDir": {}}]}, True),
        ({"containers": [container(ports=[{"hostPort": 80}])]}, False),
        ({"containers": [container(ports=[{"containerPort": 80}])]}, True),
        ({"resourceClaims": [{"name": "gpu"}]}, False),
    ],
)
def test_a_pod_is_judged_only_by_rules_that_its_node_alone_decides(spec: Json, is_judgeable: bool) -> None:
    assert decoded(pod(spec=spec)).constraints.is_judgeable is is_judgeable


@pytest.mark.parametrize(
    ("obj", "trouble"),
    [
        (node(), ""),
        (node(spec={"unschedulable": True}), "Cordoned"),
        (node(status={"conditions": []}), "NotReady"),
        (node(status={"conditions": [{"type": "Ready", "status": "Unknown"}]}), "NotReady"),
        (
            node(status={"conditions": [{"type": t, "status": "True"} for t in ("Ready", "DiskPressure")]}),
            "DiskPressure",
        ),
        (node(deletionTimestamp="2026-01-01T00:00:00Z"), "Deleting"),
    ],
)
def test_a_node_says_why_no_filler_may_stay(obj: Json, trouble: str) -> None:
    assert decode_node(raw(obj)).trouble == trouble


def test_a_node_says_what_it_offers_and_whom_it_repels() -> None:
    found = decode_node(raw(node(spec={"taints": [{"key": "gpu", "effect": "NoExecute"}]}, labels={"disk": "ssd"})))
    assert found.allocatable == {"cpu": 8000, "memory": 32 * 2**30}
    assert found.labels == {"disk": "ssd"}
    assert found.taints == (Taint("gpu", "", "NoExecute"),)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_pod(b"<html>")
