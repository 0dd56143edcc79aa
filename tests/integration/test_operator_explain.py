"""`paraset explain` against the real API server: it names what binds, and never writes."""

import json
import subprocess
import sys
import time

from corner import Corner
from manifests import GPU, POOL, Json
from operating import eventually


def run(corner: Corner, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from paraset_operator.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "explain", *arguments, "--kubeconfig", str(corner.cluster.kubeconfig)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def explained(corner: Corner, name: str = "s") -> Json:
    done = run(corner, f"pset/{name}", "-n", corner.name, "--json", "--all")
    assert (done.returncode, done.stderr) == (0, "")
    return dict(json.loads(done.stdout))


def limits(found: Json) -> dict[str, str]:
    return {each["reason"]: each["source"] for each in found["limits"]}


def node(corner: Corner, found: Json, suffix: str = "a") -> Json:
    return next(each for each in found["nodes"] if each["name"] == f"{corner.name}-{suffix}")


def test_a_hole_that_cannot_be_filled_is_explained_by_the_resource_it_lacks(corner: Corner) -> None:
    corner.add_nodes("a", cpu=4, gpus=3)
    corner.add_ls("web", cpu="3500m")
    corner.until_bound("web")
    corner.add_set()
    corner.until_condition("CapacityAvailable", "False", "NoRoom")
    began = time.time()
    found = explained(corner)
    assert corner.operated.writes(began, "pods") == []
    assert limits(found)["NoRoom"] == "plan"
    hole = node(corner, found)
    assert (hole["boundBy"], hole["left"][GPU]) == ("cpu", "3")
    (gap,) = hole["shapes"]
    assert gap["lacks"] == {"cpu": "500m"}
    assert {each["way"]: each["text"] for each in gap["remedies"]} == {
        "smallerShape": "a min of at most 0.166 cores, for 3 more",
        "otherPodLeaves": f"room from pod {corner.name}/web (3.5 cores)",
    }
    done = run(corner, "pset/s", "-n", corner.name)
    assert f"{corner.name}-a: 3 nvidia.com/gpu, 0.5 cores" in done.stdout


def test_what_is_held_and_which_nodes_are_not_for_the_set_is_told(corner: Corner) -> None:
    corner.add_nodes("a", cpu=2, gpus=1)
    corner.add_set(replicas=1)
    corner.until_running(1)
    corner.add_set("elsewhere", pod={"nodeSelector": {POOL: "nowhere"}})
    corner.until_condition("CapacityAvailable", "False", "NoNodeSelected", name="elsewhere")
    found = explained(corner)
    assert (found["current"], found["planned"], found["shapes"][0]["nodes"]) == (1, 1, {f"{corner.name}-a": 1})
    assert limits(found) == {"Ceiling": "plan"}
    corner.add_nodes("b", cpu=2, gpus=1)
    eventually("the new node is explained", lambda: f"{corner.name}-b" in str(explained(corner, "elsewhere")["nodes"]))
    barred = node(corner, explained(corner, "elsewhere"), "b")
    assert barred["boundBy"] == "nodeSelector"


def test_a_wait_that_only_the_operator_knows_of_is_read_from_the_status(corner: Corner) -> None:
    corner.let_cool_down("a")
    eventually("the status tells of the cool-down", lambda: "CoolDown" in _reasons(corner))
    found = explained(corner)
    assert limits(found)["CoolDown"] == "operator"
    (wait,) = next(each["waits"] for each in found["limits"] if each["reason"] == "CoolDown")
    assert wait["node"] == f"{corner.name}-a"
    assert 0 < wait["secondsLeft"] <= 601
    eventually("the node says so", lambda: node(corner, explained(corner))["boundBy"] == "coolDown")


def _reasons(corner: Corner) -> list[str]:
    return [each["reason"] for each in corner.operated.status(corner.name, "s").get("limitedBy") or ()]


def test_what_is_not_there_gets_one_line_and_status_2(corner: Corner) -> None:
    corner.add_set()
    for arguments, said in (
        (["pset/s", "-n", "no-such-namespace"], "there is no namespace no-such-namespace"),
        (["pset/other", "-n", corner.name], f"there is no ParaSet {corner.name}/other; the namespace has s"),
        (["pset/s"], f"there is no ParaSet default/s, but {corner.name}/s"),
    ):
        done = run(corner, *arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert said.partition(", but")[0] in done.stderr
