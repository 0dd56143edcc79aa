"""What a snapshot keeps of each object, and that a plan from it is the plan from the objects themselves."""

import gzip
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec
import pytest

from paraset_operator.api.v1alpha1 import parse_paraset
from paraset_operator.cluster.decode import decode_node, decode_pod
from paraset_operator.model.plan import Limit
from paraset_operator.planning.pacing import Pacing, Wait
from paraset_operator.planning.planner import plan
from paraset_operator.reporting.plan_json import as_json
from paraset_operator.reporting.plan_view import view_of
from paraset_operator.runtime.anonymous import anonymized
from paraset_operator.runtime.memory_json import MemoryWire, WaitWire, memory_json, pacing_in
from paraset_operator.runtime.offline import load
from paraset_operator.runtime.snapshot_info import SnapshotInfo
from paraset_operator.runtime.snapshot_objects import hashes_of, reduced_set, reducer
from tests.cluster_dump import GPU, Object, dump, example, filler, pod, story, template_hashes

NOON = 1_772_366_400.0
SECRET = "hunter2"
Json = dict[str, Any]


def raw(value: Object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def trainer() -> Object:
    """The example as the API server stores it, with a secret wherever a template can hold one."""
    made = example("trainer.yaml")
    made["metadata"] |= {"uid": "set-1", "generation": 1, "annotations": {"last-applied": SECRET}}
    container = made["spec"]["template"]["spec"]["containers"][0]
    container |= {"command": ["sh", SECRET], "env": [{"name": "TOKEN", "value": SECRET}]}
    made["spec"]["shapes"][0]["env"] = [{"name": "TOKEN", "value": SECRET}]
    made["spec"]["yield"] = {"noticeSeconds": 0}
    made["spec"]["template"]["metadata"] = {"annotations": {"note": SECRET}}
    return made


def secretive(name: str = "web-0", on: str = "node-a") -> Object:
    """An LS pod with a secret wherever a pod can hold one."""
    made = pod(name, on, gpus=2, cores="14", gib=32)
    made["metadata"] |= {"annotations": {"note": SECRET}, "labels": {"note": SECRET}}
    made["spec"]["containers"][0] |= {"env": [{"name": "TOKEN", "value": SECRET}], "args": [SECRET], "image": SECRET}
    made["spec"]["volumes"] = [{"name": SECRET, "secret": {"secretName": SECRET}}]
    return made


def objects() -> list[Object]:
    """A cluster where a set runs two fillers, one of them outdated, and an LS pod waits."""
    made, hashes = trainer(), template_hashes(trainer())
    requests = {"cpu": "1", "memory": "4Gi", GPU: "1"}
    fillers = [
        filler(made, 0, "node-c", "gpu", requests, hashes["gpu"]),
        filler(made, 1, "node-c", "gpu", requests, "outdated"),
    ]
    rest = [each for each in story() if each["metadata"]["name"] != "web-0"]
    made_up = [*rest, secretive(), *fillers, pod("late-0", gpus=3, cores="2")]
    for each in made_up:
        each["metadata"]["uid"] = str(uuid5(NAMESPACE_URL, each["metadata"]["uid"]))
    return made_up


def snapshot(found: Iterable[Object], sets: Iterable[Object], **info: Any) -> bytes:
    """A snapshot of these objects, as one is taken of a live cluster."""
    head = SnapshotInfo(
        taken_at=NOON,
        template_hashes={f"research/{each['metadata']['name']}": hashes_of(parse_paraset(each)) for each in sets},
        **info,
    )
    reduced = [reducer("v1", each["kind"])(raw(each)) for each in found]
    return dump([head.as_object(), *map(reduced_set, sets), *reduced]).encode()


@pytest.fixture
def planned(tmp_path: Path) -> Callable[[bytes], Json]:
    """Returns the plan from a dump, as JSON."""

    def of(text: bytes) -> Json:
        path = tmp_path / "dump.json"
        path.write_bytes(text)
        scene = load((), str(path))
        made = plan(scene.snapshot, scene.pacing, scene.moment)
        return as_json(view_of(scene.snapshot, made, scene.moment, scene.notes))

    return of


@pytest.mark.parametrize("each", objects(), ids=lambda each: str(each["metadata"]["name"]))
def test_what_the_planner_sees_of_an_object_is_kept(each: Object) -> None:
    decode: Callable[[bytes], object] = decode_node if each["kind"] == "Node" else decode_pod
    kept = reducer("v1", each["kind"])(raw(each))
    assert decode(raw(kept)) == decode(raw(each))


def test_nothing_secret_is_kept() -> None:
    text = snapshot(objects(), [trainer()])
    assert SECRET in json.dumps([*objects(), trainer()])
    assert SECRET.encode() not in text


def test_a_set_without_its_template_knows_its_outdated_fillers(planned: Callable[[bytes], Json]) -> None:
    whole = planned(dump([*objects(), trainer()]).encode())
    kept = planned(snapshot(objects(), [trainer()]))
    assert [each["pod"] for each in whole["actions"] if each["reason"] == "TemplateOutdated"] == ["trainer-1"]
    assert kept["actions"] == whole["actions"]
    assert kept["nodes"] == whole["nodes"]


def test_a_move_that_is_only_announced_yet_is_told(planned: Callable[[bytes], Json]) -> None:
    patient = trainer()
    patient["spec"]["yield"] = {"noticeSeconds": 30}
    found = planned(snapshot(objects(), [patient]))
    assert "delete" not in {each["verb"] for each in found["actions"]}
    assert "1 filler is told first that it will be moved: research/trainer-1." in found["notes"]


def test_a_gzipped_snapshot_is_read_as_well(planned: Callable[[bytes], Json]) -> None:
    text = snapshot(objects(), [trainer()])
    assert planned(gzip.compress(text)) == planned(text)


def test_what_the_operator_remembers_is_planned_with(planned: Callable[[bytes], Json]) -> None:
    memory = MemoryWire(cool_downs={"node-c": WaitWire(left=30.0, seconds=60.0)})
    creates = [
        each["node"] for each in planned(snapshot(objects(), [trainer()]))["actions"] if each["verb"] == "create"
    ]
    cooling = planned(snapshot(objects(), [trainer()], memory=memory))
    assert "node-c" in creates
    assert {each["boundBy"] for each in cooling["nodes"] if each["name"] == "node-c"} == {"coolDown"}
    assert "node-c" not in {each["node"] for each in cooling["actions"] if each["verb"] == "create"}


def test_a_memory_is_the_same_by_another_clock() -> None:
    pacing = Pacing(
        cool_downs={"node-a": Wait(105.0, 60.0)},
        back_offs={"set-1": Wait(90.0, 10.0, Limit.CRASHING, "s-0 on n1: Error")},
        unbound_since={"pod-1": 99.0},
        creations={"set-1": ((70.0, 3), (98.5, 1))},
        removals={"set-1": ((71.0, 2),)},
        targets={"set-1": ((20.0, 200),)},
        lapses={"node-b": 95.0},
        proofs={"set-1": 2},
    )
    told = msgspec.json.decode(json.dumps(memory_json(pacing, ["pod-9"], 100.0)), type=MemoryWire)
    assert told.answered == ["pod-9"]
    assert told.cool_downs["node-a"].left == 5.0
    assert pacing_in(told, 100.0) == pacing
    assert pacing_in(told, 0.0).lapses == {"node-b": -5.0}


def test_an_anonymous_snapshot_has_the_same_plan_under_other_names(planned: Callable[[bytes], Json]) -> None:
    text = snapshot(
        objects(), [trainer()], memory=MemoryWire(back_offs={"set-1/node-b": WaitWire(30.0, 60.0, "Pending")})
    )
    open_plan, hidden = planned(text), planned(anonymized(text))
    shape = ("verb", "requests", "reason", "gracePeriodSeconds")
    assert [[each.get(key) for key in shape] for each in hidden["actions"]] == [
        [each.get(key) for key in shape] for each in open_plan["actions"]
    ]
    assert [each["free"] for each in hidden["nodes"]] == [each["free"] for each in open_plan["nodes"]]
    assert anonymized(text) == anonymized(text)
    for name in ("research", "trainer", "serving", "node-a", "web", "late"):
        assert re.search(rf"\b{name}\b", text.decode()), name
        assert not re.search(rf"\b{name}\b", anonymized(text).decode()), name


def test_an_invalid_set_is_told_and_the_others_are_planned(planned: Callable[[bytes], Json]) -> None:
    problems = {"research/bad": "spec.shapes: is empty"}
    found = planned(snapshot(objects(), [trainer()], problems=problems))
    assert [each["name"] for each in found["sets"]] == ["trainer"]
    assert "ParaSet research/bad is invalid and not planned for: spec.shapes: is empty" in found["notes"]


def test_pods_that_are_announced_get_room(planned: Callable[[bytes], Json]) -> None:
    web = {
        "metadata": {"name": "web", "namespace": "serving", "uid": "d-1"},
        "spec": {
            "replicas": 1,
            "template": {
                "spec": {
                    "priorityClassName": "patient",
                    "containers": [{"name": "web", "resources": {"requests": {GPU: "4", "cpu": "2"}}}],
                }
            },
        },
    }
    patient = {"metadata": {"name": "patient", "uid": "c-1"}, "value": 10, "preemptionPolicy": "Never"}
    found = [each for each in objects() if each["metadata"]["name"] not in ("late-0", "node-a", "web-0")]
    more = [
        reducer("apps/v1", "Deployment")(raw(web)),
        reducer("scheduling.k8s.io/v1", "PriorityClass")(raw(patient)),
    ]
    body = json.loads(snapshot(found, [trainer()]))
    body["items"] += more
    actions = planned(json.dumps(body).encode())["actions"]
    assert [each for each in actions if each["reason"] == "MakesRoomForAnnounced"]
