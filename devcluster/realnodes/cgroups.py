"""The cgroups of real nodes. Namespaces do not hold them: they have to be made and removed by hand.

Each isolation has one folder at the top of every hierarchy, named after it, and in it one per node, below which its
kubelet keeps its pods. Both cgroup versions are served; on version 1 there are a dozen hierarchies.
"""

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

PREFIX = "paraset-nodes-"
MOUNTS = Path("/proc/self/mountinfo")
REMOVAL_SECONDS = 20.0
CPUSET = ("cpuset.cpus", "cpuset.mems")


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A mounted cgroup hierarchy."""

    root: Path
    version: int


def hierarchies() -> list[Hierarchy]:
    """Those that controllers are on: all of version 1 if there are any, else the one of version 2."""
    found = mounted()
    version = min((each.version for each in found), default=2)
    return [each for each in found if each.version == version]


def mounted() -> list[Hierarchy]:
    """All there are: beside those of version 1 there may be one of version 2, where runc keeps the same folders."""
    found = set()
    for line in MOUNTS.read_text().splitlines():
        head, _, tail = line.partition(" - ")
        kind, point = tail.split()[0], head.split()[4]
        if kind in ("cgroup", "cgroup2") and point.startswith("/sys/fs/cgroup"):
            found.add(Hierarchy(Path(point), 2 if kind == "cgroup2" else 1))
    return sorted(found, key=lambda each: each.root)


def create(name: str) -> None:
    """Make a cgroup, e.g. "paraset-nodes-7/node-0", in every hierarchy, with all controllers."""
    for hierarchy in hierarchies():
        parent = hierarchy.root
        for part in Path(name).parts:
            folder = parent / part
            if hierarchy.version == 2:
                _delegate(parent)
            folder.mkdir(exist_ok=True)
            if hierarchy.version == 1:
                _copy_cpuset(parent, folder)
            parent = folder


def find(name: str) -> list[Path]:
    """Where a cgroup of that name exists."""
    return [folder for each in mounted() if (folder := each.root / name).is_dir()]


def remove(name: str) -> list[Path]:
    """Remove a cgroup with all below it once its processes have ended; returns what is still there at the deadline."""
    deadline = time.monotonic() + REMOVAL_SECONDS
    while left := find(name):
        for folder in left:
            _remove_tree(folder)
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return left


def stale() -> set[str]:
    """The names of isolations whose caller and keeper were both killed: their cgroups are there, without processes."""
    folders = [folder for each in mounted() for folder in each.root.glob(f"{PREFIX}*")]
    in_use = {folder.name for folder in folders if _has_process(folder)}
    owned = {folder.name for folder in folders if Path("/proc", folder.name.removeprefix(PREFIX)).exists()}
    return {folder.name for folder in folders} - in_use - owned


def _has_process(folder: Path) -> bool:
    return any(path.read_text() for path in folder.rglob("cgroup.procs"))


def _remove_tree(folder: Path) -> None:
    below = sorted((path for path in folder.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts))
    for each in (*below, folder):
        with contextlib.suppress(OSError):  # busy, or gone already
            each.rmdir()


def _copy_cpuset(parent: Path, folder: Path) -> None:
    for name in CPUSET:
        if (folder / name).exists():
            (folder / name).write_text((parent / name).read_text())


def _delegate(folder: Path) -> None:
    """Let the children of a version 2 cgroup use every controller it has."""
    for controller in (folder / "cgroup.controllers").read_text().split():
        with contextlib.suppress(OSError):  # some cannot be delegated everywhere, and kubelets say what they miss
            (folder / "cgroup.subtree_control").write_text(f"+{controller}")
