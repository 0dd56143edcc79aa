"""The pod of a filler: what a template may say, and what is said for it."""

import copy
from typing import Any

import pytest
from api_cases import PARASET
from planning_cases import GIB, GPU
from runtime_cases import NOW

from paraset_operator.acting.manifest import labels_of, pod_manifest, resize_manifest, template_hash
from paraset_operator.api.v1alpha1 import ParaSet, parse_paraset
from paraset_operator.model.constraints import Toleration
from paraset_operator.model.plan import CreatePod
from paraset_operator.runtime.translate import paraset_view

Json = dict[str, Any]
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PINNED = {"key": "metadata.name", "operator": "In", "values": ["n1"]}


def made_with(spec: Json | None = None, metadata: Json | None = None, **fields: Any) -> ParaSet:
    """The example set with this pod spec and metadata in its template, and these fields in its own spec."""
    obj = copy.deepcopy(PARASET)
    obj["metadata"]["uid"] = "uid-1"
    obj["spec"]["template"]["spec"] |= spec or {}
    obj["spec"]["template"]["metadata"] |= metadata or {}
    obj["spec"] |= fields
    return parse_paraset(obj)


def filler_of(paraset: ParaSet, shape: str = "gpu", grace: int = 7, **fields: Any) -> Json:
    """The pod of a filler with 2 cores and 8 GiB on node n1."""
    sizes = {"cpu": 2000, "memory": 8 * GIB} if shape == "gpu" else {"cpu": 2000}
    owner = paraset_view(paraset, "", NOW)
    return pod_manifest(paraset, CreatePod(owner, shape, 3, "n1", sizes, {}, **fields), grace)


def worker_of(pod: Json) -> Json:
    return next(dict(each) for each in pod["spec"]["containers"] if each["name"] == "worker")


def test_a_filler_is_named_after_its_set_and_index() -> None:
    metadata = filler_of(made_with())["metadata"]
    assert (metadata["namespace"], metadata["name"]) == ("default", "trainer-3")


def test_a_filler_is_controlled_by_its_set() -> None:
    (owner,) = filler_of(made_with())["metadata"]["ownerReferences"]
    assert owner == {
        "apiVersion": "paraset.io/v1alpha1",
        "kind": "ParaSet",
        "name": "trainer",
        "uid": "uid-1",
        "controller": True,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [("nodeName", "n2"), ("priority", 9), ("preemptionPolicy", "Never"), ("schedulerName", "default-scheduler")],
)
def test_what_the_template_says_of_place_and_priority_is_dropped(field: str, value: Any) -> None:
    paraset = made_with()
    paraset.spec.template["spec"][field] = value
    view = paraset_view(made_with(), "", NOW)
    action = CreatePod(view, "gpu", 0, "n1", {"cpu": 1000, "memory": GIB}, {})
    assert field not in pod_manifest(paraset, action, 1)["spec"]


def test_priority_class_and_grace_are_not_the_templates() -> None:
    paraset = made_with({"terminationGracePeriodSeconds": 3600})
    paraset.spec.template["spec"]["priorityClassName"] = "system-node-critical"
    spec = filler_of(paraset, grace=7)["spec"]
    assert (spec["priorityClassName"], spec["terminationGracePeriodSeconds"]) == ("paraset-filler", 7)


def test_a_finalizer_does_not_come_along() -> None:
    metadata = filler_of(made_with(metadata={"finalizers": ["a/b"], "name": "other", "ownerReferences": []}))[
        "metadata"
    ]
    assert metadata.keys() == {"name", "namespace", "labels", "annotations", "ownerReferences"}


@pytest.mark.parametrize("key", ["karpenter.sh/do-not-disrupt", "cluster-autoscaler.kubernetes.io/safe-to-evict"])
def test_a_template_can_not_keep_its_node_from_an_autoscaler(key: str) -> None:
    metadata = filler_of(made_with(metadata={"annotations": {key: "true"}}))["metadata"]
    assert key not in metadata["annotations"]


def test_labels_and_annotations_of_the_template_are_kept_beside_ours() -> None:
    metadata = filler_of(made_with(metadata={"labels": {"team": "x"}, "annotations": {"note": "y"}}))["metadata"]
    paraset = made_with(metadata={"labels": {"team": "x"}, "annotations": {"note": "y"}})
    assert metadata["labels"] == {"team": "x"} | labels_of(paraset, paraset.spec.shapes[0])
    assert metadata["annotations"] == {"note": "y", "paraset.io/container": "worker"}


def test_a_label_of_ours_is_not_the_templates_to_set() -> None:
    labels = {"paraset.io/paraset": "another", "paraset.io/shape": "another"}
    found = filler_of(made_with(metadata={"labels": labels}))["metadata"]["labels"]
    assert (found["paraset.io/paraset"], found["paraset.io/shape"]) == ("trainer", "gpu")


def test_only_the_tolerations_of_the_decision_are_kept() -> None:
    paraset = made_with({"tolerations": [{"operator": "Exists"}]})
    assert filler_of(paraset)["spec"]["tolerations"] == []
    kept = (Toleration(key=GPU, operator="Exists", effect="NoSchedule"),)
    expected = [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}]
    assert filler_of(paraset, tolerations=kept)["spec"]["tolerations"] == expected


def test_a_filler_is_pinned_to_its_node() -> None:
    required = filler_of(made_with())["spec"]["affinity"]["nodeAffinity"][REQUIRED]
    assert required == {"nodeSelectorTerms": [{"matchFields": [PINNED]}]}


def test_the_pin_holds_beside_every_alternative_of_the_template() -> None:
    terms = [{"matchExpressions": [{"key": key, "operator": "Exists"}]} for key in ("a", "b")]
    paraset = made_with({"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": terms}}}})
    found = filler_of(paraset)["spec"]["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    assert found == [term | {"matchFields": [PINNED]} for term in terms]


def test_other_affinity_of_the_template_is_kept() -> None:
    preferred = {"preferredDuringSchedulingIgnoredDuringExecution": []}
    affinity = {"podAntiAffinity": preferred, "nodeAffinity": preferred}
    found = filler_of(made_with({"affinity": affinity}))["spec"]["affinity"]
    assert found["podAntiAffinity"] == preferred
    assert found["nodeAffinity"].keys() == {*preferred, REQUIRED}


def test_memory_and_devices_are_limited_to_the_request_and_cores_are_not() -> None:
    resources = worker_of(filler_of(made_with()))["resources"]
    assert resources == {
        "requests": {"cpu": "2", "memory": "8Gi", GPU: "1"},
        "limits": {"memory": "8Gi", GPU: "1"},
    }


def test_resources_that_no_shape_sets_are_the_templates() -> None:
    own = {"requests": {"ephemeral-storage": "1Gi"}, "limits": {"ephemeral-storage": "2Gi"}}
    containers = [{"name": "worker", "image": "i", "resources": own}]
    resources = worker_of(filler_of(made_with({"containers": containers})))["resources"]
    assert resources["requests"]["ephemeral-storage"] == "1Gi"
    assert resources["limits"]["ephemeral-storage"] == "2Gi"


def test_other_containers_keep_what_they_ask_for() -> None:
    side = {"name": "side", "image": "i", "resources": {"requests": {"cpu": "100m"}}}
    containers = [{"name": "worker", "image": "i"}, side]
    assert filler_of(made_with({"containers": containers}))["spec"]["containers"][1] == side


def test_the_named_container_gets_the_resources() -> None:
    pod = filler_of(made_with(container="side"))
    assert ["resources" in each for each in pod["spec"]["containers"]] == [False, True]
    assert pod["metadata"]["annotations"]["paraset.io/container"] == "side"


def test_variables_of_the_shape_replace_those_of_the_template() -> None:
    env = [{"name": "DEVICE", "value": "none"}, {"name": "OTHER", "value": "kept"}]
    containers = [{"name": "worker", "image": "i", "env": env}]
    found = worker_of(filler_of(made_with({"containers": containers})))["env"]
    assert found[-2:] == [{"name": "OTHER", "value": "kept"}, {"name": "DEVICE", "value": "cuda"}]


def test_a_template_without_metadata_will_do() -> None:
    paraset = made_with()
    del paraset.spec.template["metadata"]
    assert filler_of(paraset)["metadata"]["name"] == "trainer-3"


def test_the_template_itself_is_left_as_it_was() -> None:
    paraset = made_with()
    before = copy.deepcopy(paraset.spec.template)
    filler_of(paraset)
    assert paraset.spec.template == before


SHAPES = PARASET["spec"]["shapes"]
GPU_SHAPE = SHAPES[0]


@pytest.mark.parametrize(
    "changed",
    [
        made_with({"hostname": "x"}),
        made_with(metadata={"labels": {"team": "other"}}),
        made_with(container="side"),
        made_with(shapes=[GPU_SHAPE | {"fixed": {GPU: 2}}]),
        made_with(shapes=[GPU_SHAPE | {"env": [{"name": "DEVICE", "value": "rocm"}]}]),
        made_with(shapes=[GPU_SHAPE | {"elastic": {"cpu": {"min": "1", "max": "8"}}}]),
    ],
    ids=["spec", "metadata", "container", "fixed", "env", "elastic"],
)
def test_what_can_not_be_changed_in_place_has_another_hash(changed: ParaSet) -> None:
    before = made_with()
    assert template_hash(changed, changed.spec.shapes[0]) != template_hash(before, before.spec.shapes[0])


@pytest.mark.parametrize(
    "changed",
    [
        made_with(replicas=1),
        made_with(shapes=[GPU_SHAPE | {"value": 5}]),
        made_with(shapes=[GPU_SHAPE | {"elastic": {key: {"min": "2", "max": "3"} for key in ("memory", "cpu")}}]),
        made_with(**{"yield": {"gracePeriodSeconds": 1}}),
    ],
    ids=["replicas", "value", "range", "grace"],
)
def test_what_can_be_changed_in_place_leaves_the_hash(changed: ParaSet) -> None:
    before = made_with()
    assert template_hash(changed, changed.spec.shapes[0]) == template_hash(before, before.spec.shapes[0])


def test_a_resize_of_cores_leaves_memory_alone() -> None:
    (container,) = resize_manifest("worker", {"cpu": 1500})["spec"]["containers"]
    assert container == {"name": "worker", "resources": {"requests": {"cpu": "1500m"}}}


def test_a_resize_of_memory_moves_its_limit_too() -> None:
    (container,) = resize_manifest("worker", {"cpu": 1000, "memory": GIB})["spec"]["containers"]
    assert container["resources"] == {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}


def test_a_resize_names_no_device() -> None:
    (container,) = resize_manifest("worker", {"cpu": 1000, GPU: 1})["spec"]["containers"]
    assert container["resources"] == {"requests": {"cpu": "1"}}
