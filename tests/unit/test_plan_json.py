"""`paraset plan --json`: what programs read, and that the schema and its page describe it."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from paraset_operator.cli import main
from paraset_operator.model.plan import Limit, Reason
from paraset_operator.model.quantity import parse_quantity
from tests.cluster_dump import (
    EXAMPLES,
    GPU,
    HEARTBEAT,
    as_made,
    dump,
    example,
    filler,
    node,
    pod,
    story,
    template_hashes,
    written,
)

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
SCHEMA = json.loads((REFERENCE / "plan.schema.json").read_text(encoding="utf-8"))
TRAINER = str(EXAMPLES / "trainer.yaml")


@pytest.fixture
def plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Plans over these objects and returns the JSON, which must be as the schema says."""

    def planned(objects: list[Any], *files: str) -> Any:
        cluster = tmp_path / "cluster.json"
        cluster.write_text(dump(objects))
        given = [part for file in files or (TRAINER,) for part in ("-f", file)]
        assert main(["plan", *given, "--cluster", str(cluster), "--json"]) == 0
        made = json.loads(capsys.readouterr().out)
        jsonschema.validate(made, SCHEMA, jsonschema.Draft202012Validator)
        return made

    return planned


def crowded() -> list[Any]:
    """A node full of fillers, two LS pods that need room there, and an empty node whose cores are too few for them."""
    trainer = example("trainer.yaml")
    hashes = template_hashes(trainer)
    requests = {"cpu": "3500m", "memory": "8Gi", GPU: "1"}
    fillers = [filler(trainer, index, "node-a", "gpu", requests, hashes["gpu"]) for index in range(4)]
    waiting = [pod("infer-0", gpus=1, cores="8", gib=32), pod("infer-1", gpus=1, cores="5", gib=8)]
    return [node("node-a", gpus=4, cores=16), node("node-b", gpus=0, cores=4), *fillers, *waiting]


def test_holes_are_filled_within_what_is_free(plan: Any) -> None:
    made = plan(story())
    assert made["sets"][0]["shapes"] == {"gpu": 6, "cpu": 2}
    assert {each["verb"] for each in made["actions"]} == {"create"}
    assert made["actions"][0]["requests"] == {"cpu": "1", "memory": "4Gi", GPU: "1"}
    assert [(each["name"], each["boundBy"]) for each in made["nodes"]] == [(f"node-{it}", "cpu") for it in "abc"]


def test_what_a_node_offers_is_the_sum_of_its_parts(plan: Any) -> None:
    made = plan(crowded(), TRAINER, str(EXAMPLES / "fillpolicy.yaml"))
    for row in made["nodes"]:
        for name, offered in row["allocatable"].items():
            parts = [parse_quantity(name, row[part].get(name, "0")) for part in ("others", "filled", "kept", "free")]
            assert sum(parts) == parse_quantity(name, offered)
            assert min(parts) >= 0


def test_creates_add_up_to_what_nodes_and_sets_say_is_filled(plan: Any) -> None:
    made = plan(story())
    cores = sum(parse_quantity("cpu", each["requests"]["cpu"]) for each in made["actions"])
    assert cores == sum(parse_quantity("cpu", each["filled"]["cpu"]) for each in made["nodes"]) == 26_000
    assert parse_quantity("cpu", made["sets"][0]["resources"]["cpu"]) == cores
    assert made["sets"][0]["replicas"] == len(made["actions"])


def test_room_for_ls_pods_comes_first_and_says_for_whom(plan: Any) -> None:
    made = plan(crowded())
    first = made["actions"][0]
    assert {each["beneficiary"] for each in made["actions"]} >= {"serving/infer-0", "serving/infer-1"}
    assert (first["reason"], first["beneficiary"]) == ("YieldsToLatencySensitive", "serving/infer-0")
    assert {"pod": "serving/infer-0", "node": "node-a"} in made["nominations"]
    assert [each["beneficiary"] for each in made["actions"] if each["verb"] == "create"] == [None]


def test_a_delete_says_what_is_given_up_and_what_is_lost(plan: Any) -> None:
    deletes = [each for each in plan(crowded())["actions"] if each["verb"] == "delete"]
    assert deletes
    assert all(each["requests"] == {} and each["requestsBefore"][GPU] == "1" for each in deletes)
    assert {(each["gracePeriodSeconds"], each["lostSeconds"]) for each in deletes} == {(10, 295)}


def test_a_resize_says_what_the_pod_holds_before_and_after(plan: Any, tmp_path: Path) -> None:
    trainer = example("trainer.yaml")
    trainer["spec"]["shapes"].pop()
    requests = {"cpu": "2", "memory": "4Gi", GPU: "1"}
    running = filler(trainer, 0, "node-a", "gpu", requests, template_hashes(trainer)["gpu"])
    (grow,) = plan([node("node-a", gpus=1), running], written(tmp_path, trainer))["actions"]
    assert (grow["verb"], grow["reason"], grow["requestsBefore"]) == ("resize", "GrowsIntoFreeRoom", requests)
    assert grow["requests"]["cpu"] == "8"


def test_requests_are_those_of_the_pod_with_its_sidecars(plan: Any, tmp_path: Path) -> None:
    trainer = example("trainer.yaml")
    sidecar = {"name": "proxy", "image": "busybox:1.37", "resources": {"requests": {"cpu": "500m"}}}
    trainer["spec"]["template"]["spec"]["containers"].append(sidecar)
    made = plan([node("node-a", gpus=1, cores=2)], written(tmp_path, trainer))
    assert made["actions"][0]["requests"] == {"cpu": "2", "memory": "4Gi", GPU: "1"}


def test_a_plan_that_is_carried_out_leaves_nothing_to_do(plan: Any) -> None:
    trainer = example("trainer.yaml")
    objects = story()
    made = plan(objects)
    assert made["actions"]
    fillers = [as_made(trainer, action) for action in made["actions"]]
    again = plan([*objects, *fillers])
    assert again["actions"] == []
    assert again["sets"][0]["current"] == made["sets"][0]["replicas"]
    assert again["fragmentation"]["before"] == made["fragmentation"]["after"]


def test_fragmentation_falls_as_holes_are_filled(plan: Any) -> None:
    measured = plan(story())["fragmentation"]
    assert measured["workloads"] == 2
    assert measured["before"] == {GPU: {"idle": 10, "fragment": 8.0, "rate": 0.8}}
    assert measured["after"] == {GPU: {"idle": 4, "fragment": 4.0, "rate": 1.0}}


def test_the_plan_is_made_for_the_newest_time_in_the_dump(plan: Any) -> None:
    assert plan(story())["asOf"] == HEARTBEAT


def test_the_same_files_give_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cluster = tmp_path / "cluster.json"
    cluster.write_text(dump(crowded()))
    arguments = ["plan", "-f", TRAINER, "--cluster", str(cluster), "--json"]
    outputs = [(main(arguments), capsys.readouterr().out) for _ in range(2)]
    assert outputs[0] == outputs[1]


def test_the_schema_knows_every_reason() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    definitions = SCHEMA["$defs"]
    assert definitions["action"]["properties"]["reason"]["enum"] == [each.value for each in Reason]
    limits = definitions["set"]["properties"]["limitedBy"]["items"]["properties"]["reason"]["enum"]
    assert limits == [each.value for each in Limit]


def test_the_page_names_every_key() -> None:
    page = (REFERENCE / "plan.md").read_text(encoding="utf-8")
    definitions = SCHEMA["$defs"]
    keys = {*SCHEMA["properties"], *SCHEMA["properties"]["fragmentation"]["properties"]}
    keys |= {key for name in ("action", "node", "set") for key in definitions[name]["properties"]}
    assert [key for key in sorted(keys) if f"`{key}" not in page] == []
