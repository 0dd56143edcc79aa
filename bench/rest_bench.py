"""The operator at rest: its memory and CPU on a cluster where nothing happens, `python -m bench.rest_bench`.

Half of every node is held by LS pods, the rest by fillers; then nobody does anything. CPU is the process's own time
over the watch, memory its resident set, and of that what is its own (private, not mapped from files).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demo.install import ROOT, install, operator_of
from demo.operator_process import OperatorProcess
from devcluster import ClusterSettings, LocalCluster, NodeSpec

LS_CPU = 8


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.rest_bench", description=__doc__.splitlines()[0])
    parser.add_argument("--nodes", type=int, default=50, help="nodes of 16 cores and 4 GPUs (default 50)")
    parser.add_argument("--seconds", type=float, default=60, help="how long to watch (default 60)")
    parser.add_argument("--settle", type=float, default=60, help="how long nothing has to change before (default 60)")
    parser.add_argument("--policy", action="store_true", help="with examples/fillpolicy.yaml; default: no policy")
    return parser.parse_args(argv)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int) -> dict[str, float]:
    """Resident memory and its parts, MiB."""
    lines = (line.split() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    found = {words[0]: int(words[1]) / 1024 for words in lines if words and words[0] in _PARTS}
    return {name: round(found[key], 1) for key, name in _PARTS.items()}


_PARTS = {"VmRSS:": "resident", "RssAnon:": "anonymous", "RssFile:": "files", "VmHWM:": "peak"}


def ls_pods(nodes: int) -> list[dict[str, Any]]:
    """One LS pod per node, so that every node is half full."""
    container = {"name": "c", "image": "busybox:1.37", "resources": {"requests": {"cpu": str(LS_CPU)}}}
    return [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"ls-{index}", "namespace": "default"},
            "spec": {"containers": [container]},
        }
        for index in range(nodes)
    ]


def until_still(cluster: LocalCluster, seconds: float) -> int:
    """Wait until the fillers have not changed for so long; return how many there are."""
    since, before = time.monotonic(), ""
    while time.monotonic() - since < seconds:
        items = cluster.api.get("/api/v1/pods?labelSelector=app.kubernetes.io%2Fname%3Dparaset-filler")["items"]
        now = json.dumps(sorted((each["metadata"]["uid"], each["metadata"]["resourceVersion"]) for each in items))
        if now != before or not items:
            since, before = time.monotonic(), now
        time.sleep(1)
    return len(items)


def watch(process: OperatorProcess, seconds: float) -> dict[str, Any]:
    """Return millicores and memory over the watch."""
    began, spent = time.monotonic(), cpu_seconds(process.pid)
    time.sleep(seconds)
    elapsed = time.monotonic() - began
    return {"millicores": round((cpu_seconds(process.pid) - spent) / elapsed * 1000, 1)} | memory_mib(process.pid)


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    specs = [NodeSpec(f"node-{index:03}", gpus=4) for index in range(options.nodes)]
    with LocalCluster(ClusterSettings(nodes=specs)) as cluster:
        install(cluster)
        for each in ls_pods(options.nodes):
            cluster.api.post("/api/v1/namespaces/default/pods", each)
        for name in ("trainer", "batch", *(["fillpolicy"] if options.policy else [])):
            cluster.apply(ROOT / "examples" / f"{name}.yaml")
        with operator_of(cluster, "at-rest") as process:
            process.start_ready(60)
            fillers = until_still(cluster, options.settle)
            found = {"nodes": options.nodes, "fillers": fillers} | watch(process, options.seconds)
            process.check()
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
