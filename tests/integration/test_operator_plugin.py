"""`kubectl paraset` by the real kubectl against the real API server: what it shows is what is, and what will be."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from corner import Corner
from manifests import CPU_SHAPE, GPU, GPU_SHAPE, Json
from operating import Operated, Operator, eventually

SECRET = "hunter2"


def run(corner: Corner, *arguments: str, text: str = "", kubeconfig: Path | None = None) -> Json:
    """What `kubectl paraset` ends with and prints."""
    cluster = corner.cluster
    path = f"{cluster.binaries}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [str(cluster.binaries / "kubectl"), "paraset", *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env=os.environ | {"PATH": path, "KUBECONFIG": str(kubeconfig or cluster.kubeconfig)},
    )
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr}


def said(corner: Corner, *arguments: str, text: str = "") -> str:
    done = run(corner, *arguments, text=text)
    assert done["code"] == 0, done
    return str(done["out"])


def node_of(found: Json, name: str) -> Json:
    return next(each for each in found["nodes"] if each["name"] == name)


@pytest.fixture
def mortal(bare: Operated) -> Iterator[Operator]:
    with bare.operator() as process:
        yield process


def test_a_snapshot_replays_the_live_plan_and_the_operator_carries_it_out(
    lone_corner: Corner, mortal: Operator, tmp_path: Path
) -> None:
    lone_corner.add_nodes("a", "b", gpus=4)
    lone_corner.add_ls("web", gpus=3, cpu="13")
    lone_corner.until_bound("web")
    secret = {"containers": [{"name": "main", "image": "pause", "env": [{"name": "TOKEN", "value": SECRET}]}]}
    lone_corner.add_set(shapes=[GPU_SHAPE, CPU_SHAPE], pod=secret | {"nodeSelector": {}})
    live = json.loads(said(lone_corner, "plan", "-n", lone_corner.name, "-o", "json"))
    for name in ("whole.json", "packed.json.gz"):
        said(lone_corner, "snapshot", str(tmp_path / name))
        replayed = json.loads(
            said(lone_corner, "plan", "-n", lone_corner.name, "-o", "json", "--cluster", str(tmp_path / name))
        )
        assert replayed["actions"] == live["actions"]
        assert replayed["sets"] == live["sets"]
    assert SECRET not in (tmp_path / "whole.json").read_text()
    planned = {each["pod"]: (each["node"], each["shape"]) for each in live["actions"] if each["verb"] == "create"}
    mortal.start_ready()
    made = {pod.name: (pod.node, pod.shape) for pod in lone_corner.until_running(len(planned))}
    assert made == planned


def test_which_nodes_cool_down_is_asked_of_the_operator(corner: Corner, operator: Operator) -> None:
    corner.let_cool_down("a")
    taken = said(corner, "snapshot", "-", "--operator", f"http://127.0.0.1:{operator.health_port}")
    told = json.loads(said(corner, "plan", "-o", "json", "--cluster", "-", text=taken))
    assert node_of(told, f"{corner.name}-a")["boundBy"] == "coolDown"
    alone = json.loads(said(corner, "plan", "-o", "json"))
    assert any("cool-downs are known as far as the statuses of sets tell them" in note for note in alone["notes"])


def test_top_tells_what_is_held_now(corner: Corner) -> None:
    corner.add_nodes("a", cpu=8, gpus=2)
    corner.add_ls("web", gpus=1, cpu="4")
    corner.until_bound("web")
    corner.add_set(shapes=[GPU_SHAPE], replicas=1)
    corner.until_running(1)
    eventually("the filler has grown", lambda: _filled(corner) == {GPU: "1", "cpu": "4", "memory": "64Mi"})
    found = json.loads(said(corner, "top", "-n", corner.name, "-o", "json"))
    (only,) = found["sets"]
    assert (only["current"], only["ready"], only["ceiling"], only["nodes"]) == (1, 1, 1, 1)
    held = node_of(found, f"{corner.name}-a")
    assert (held["others"][GPU], held["others"]["cpu"], held["idle"].get("cpu", "0")) == ("1", "4", "0")
    as_yaml = yaml.safe_load(said(corner, "top", "-n", corner.name, "-o", "yaml"))
    assert as_yaml["sets"] == found["sets"]
    lines = said(corner, "top", "nodes").splitlines()
    assert [line.split()[:4] for line in lines if line.startswith(f"{corner.name}-a ")] == [
        [f"{corner.name}-a", "1", "1", "0"]
    ]


def _filled(corner: Corner) -> Json:
    found = json.loads(said(corner, "top", "nodes", "-o", "json"))
    return dict(node_of(found, f"{corner.name}-a")["filled"])


def test_who_may_not_read_the_cluster_is_told_which_right_to_ask_for(corner: Corner) -> None:
    account = corner.cluster.service_account_kubeconfig(corner.name, _account(corner))
    for arguments in (["top"], ["snapshot", "-"]):
        done = run(corner, *arguments, kubeconfig=account)
        assert (done["out"], done["err"].count("\n")) == ("", 1)
        assert done["err"].startswith("kubectl paraset: error: parasets can't be listed at https://")
        assert done["err"].endswith("ask for that right, or read a file with --cluster\n")


def _account(corner: Corner) -> str:
    path = f"/api/v1/namespaces/{corner.name}/serviceaccounts"
    corner.cluster.api.post(path, {"metadata": {"name": "nobody"}})
    return "nobody"
