"""A ParaSet is applied: fillers take the room that is free, and are what the documentation says."""

from collections.abc import Iterator

import pytest
from scene import CORE_SHAPE, NAMESPACE, SET, Scene
from targets import Json


@pytest.fixture(scope="module")
def filled(stage: Scene) -> Iterator[Scene]:
    stage.apply()
    stage.until_running(stage.devices)
    stage.until_ready("Filled")
    yield stage
    stage.clear()


@pytest.fixture(scope="module")
def fillers(filled: Scene) -> list[Json]:
    return filled.fillers()


def test_fillers_are_named_after_the_set_with_an_index_below_the_ceiling(fillers: list[Json]) -> None:
    indices = [each["metadata"]["name"].removeprefix(f"{SET}-") for each in fillers]
    assert all(index.isdigit() and int(index) < 50 for index in indices)


def test_fillers_are_pinned_to_the_node_they_run_on(fillers: list[Json]) -> None:
    for each in fillers:
        required = each["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        (term,) = required["nodeSelectorTerms"]
        (field,) = term["matchFields"]
        assert field == {"key": "metadata.name", "operator": "In", "values": [each["spec"]["nodeName"]]}


def test_fillers_are_best_effort_by_priority_and_burstable_by_class(fillers: list[Json]) -> None:
    kinds = {(each["spec"]["priorityClassName"], each["status"]["qosClass"]) for each in fillers}
    assert kinds == {("paraset-filler", "Burstable")}


def test_fillers_are_controlled_by_their_set(filled: Scene, fillers: list[Json]) -> None:
    uid = filled.object("pset", SET)["metadata"]["uid"]
    owners = [owner for each in fillers for owner in each["metadata"]["ownerReferences"]]
    assert all(owner["uid"] == uid and owner["controller"] for owner in owners)


def test_fillers_have_the_standard_labels(filled: Scene) -> None:
    labels = (
        f"app.kubernetes.io/name=paraset-filler,app.kubernetes.io/instance={SET},"
        f"app.kubernetes.io/managed-by=paraset-operator,paraset.io/paraset={SET},paraset.io/shape=device"
    )
    names = filled.kubectl("get", "pods", "-l", labels, "-o", "name").splitlines()
    assert len(names) == filled.devices


def test_get_shows_how_many_there_are_and_why(filled: Scene) -> None:
    header, row = filled.kubectl("get", "pset", SET).splitlines()
    shown = dict(zip(header.split(), row.split(), strict=False))
    assert (shown["CEILING"], shown["PODS"], shown["READY"]) == ("50", str(filled.devices), str(filled.devices))


def test_wide_output_names_what_limits_the_set(filled: Scene) -> None:
    assert "NoRoom" in filled.kubectl("get", "pset", SET, "-o", "wide")


def test_describe_shows_every_condition(filled: Scene) -> None:
    text = filled.kubectl("describe", "pset", SET)
    kinds = ("Ready", "Progressing", "CapacityAvailable", "QuotaAvailable", "TemplateValid", "Degraded", "Suspended")
    assert [kind for kind in (*kinds, "YieldingToLatencySensitive") if kind not in text] == []


def test_a_script_can_wait_for_a_set(filled: Scene) -> None:
    assert "condition met" in filled.kubectl("wait", f"pset/{SET}", "--for=condition=Ready", "--timeout=5s")


def test_the_policy_says_for_how_many_nodes_it_speaks(filled: Scene) -> None:
    assert filled.object("fillpolicy", NAMESPACE)["status"]["nodes"] == len(filled.nodes)


def test_cores_are_filled_up_to_the_ceiling(scene: Scene) -> None:
    scene.apply(CORE_SHAPE, replicas=3)
    scene.until_running(3)
    scene.until_ready("CeilingReached")
