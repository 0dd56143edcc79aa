"""What the descheduler does to fillers, and what keeps it off them: one run of it on a full and an empty node."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from corner import Corner

from devcluster import NodeSpec
from devcluster.binaries import DESCHEDULER
from devcluster.build import build

NO_FILLERS = {
    "matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "NotIn", "values": ["paraset-filler"]}]
}


def policy(evictor: dict[str, Any]) -> dict[str, Any]:
    utilization = {"thresholds": {"cpu": 20}, "targetThresholds": {"cpu": 50}}
    configs = [{"name": "DefaultEvictor", "args": evictor}, {"name": "LowNodeUtilization", "args": utilization}]
    profile = {"name": "default", "pluginConfig": configs, "plugins": {"balance": {"enabled": ["LowNodeUtilization"]}}}
    return {"apiVersion": "descheduler/v1alpha2", "kind": "DeschedulerPolicy", "profiles": [profile]}


def evicted_by_a_run(corner: Corner, evictor: dict[str, Any], folder: Path) -> int:
    """How many pods one run evicts, by its own word."""
    file = folder / "policy.yaml"
    file.write_text(yaml.safe_dump(policy(evictor)))
    command = [str(build(DESCHEDULER) / "descheduler"), "--kubeconfig", str(corner.cluster.kubeconfig)]
    options = ["--policy-config-file", str(file), "--descheduling-interval", "0", "--secure-port", "0", "-v", "1"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=120, check=True)
    return int(done.stderr.rpartition("totalEvicted=")[2].split()[0])


@pytest.mark.parametrize(
    ("evictor", "evicts"),
    [
        ({}, True),
        ({"priorityThreshold": {"value": -1000}}, True),
        ({"nodeFit": True}, False),
        ({"labelSelector": NO_FILLERS}, False),
    ],
    ids=["as it is", "priority", "a place elsewhere", "label"],
)
@pytest.mark.timeout(3600)  # it is built first
def test_a_full_node_beside_an_empty_one(corner: Corner, evictor: dict[str, Any], evicts: bool, tmp_path: Path) -> None:
    corner.add_nodes("full", gpus=4, cpu=8)
    corner.add_set(replicas=4)
    corner.until_running(4)
    empty = NodeSpec(f"{corner.name}-empty", cpu_milli=8_000, gpus=4)
    corner.cluster.add_nodes([empty])
    try:
        assert bool(evicted_by_a_run(corner, evictor, tmp_path)) is evicts
        corner.until_running(4)
    finally:
        corner.cluster.remove_node(empty.name)
