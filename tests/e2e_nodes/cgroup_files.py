"""What the kernel enforces for a container: its cgroup files, of version 1 or 2."""

from pathlib import Path

from manifests import Json
from real_corner import container

from devcluster.realnodes import cgroups, isolation


def cpu_shares(pod: Json) -> int:
    """The weight by which the kernel shares cores, in the unit of version 1: 1024 for a core."""
    weight = _files(pod, "cpu.weight")
    if weight:
        return round((int(weight[0].read_text()) - 1) * 262142 / 9999 + 2)
    return int(_files(pod, "cpu.shares")[0].read_text())


def memory_limit(pod: Json) -> int:
    """The bytes above which the kernel kills."""
    (file,) = _files(pod, "memory.max") or _files(pod, "memory.limit_in_bytes")
    return int(file.read_text())


def _files(pod: Json, name: str) -> list[Path]:
    """The file of that name of the pod's only container, in the hierarchies that have it."""
    identifier = container(pod)["containerID"].rpartition("/")[2]
    return [
        file for folder in cgroups.find(isolation.name()) for file in folder.glob(f"*/kubepods/**/{identifier}/{name}")
    ]
