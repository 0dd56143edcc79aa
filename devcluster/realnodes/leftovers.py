"""What a machine looks like from outside, as far as real nodes could change it, so that "nothing is left" is checked.

Processes, cgroups, mounts and interfaces are told by the names that real nodes give them: other programs on the machine
come and go meanwhile. Of settings all are compared that kubelets and container networks are known to touch.
"""

import contextlib
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

from devcluster.realnodes import cgroups

SETTINGS = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/*",
    "net/ipv4/conf/default/*",
    "net/ipv6/conf/all/*",
    "net/bridge/*",
)
INTERFACES = ("paraset", "cni")
FOLDERS = ("/run/netns", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers", "/var/log/pods")


@dataclass(frozen=True, slots=True)
class Host:
    """One look at the machine."""

    processes: frozenset[str]
    mounts: frozenset[str]
    cgroups: frozenset[str]
    interfaces: frozenset[str]
    settings: frozenset[str]
    files: frozenset[str]

    @classmethod
    def seen(cls, isolation: str) -> Self:
        """Look now, for an isolation of that name."""
        return cls(
            processes=frozenset(_processes(isolation)),
            mounts=frozenset(_mounts()),
            cgroups=frozenset(str(folder) for folder in cgroups.find(isolation)),
            interfaces=frozenset(each for each in _interfaces() if each.startswith(INTERFACES)),
            settings=frozenset(_settings()),
            files=frozenset(str(path) for folder in FOLDERS for path in Path(folder).glob("*")),
        )

    def more_than(self, before: Self) -> list[str]:
        """What is there now and was not before, in words."""
        new = [(field.name, getattr(self, field.name) - getattr(before, field.name)) for field in fields(self)]
        return [f"{kind}: {each}" for kind, found in new for each in sorted(found)]


def sentence(left: list[str], scratch: str) -> str:
    """What people read."""
    found = left + ([f"folder: {scratch}"] if Path(scratch).exists() else [])
    if found:
        return "\n".join(["Left behind:", *(f"  {each}" for each in found)])
    return "Left behind: no process, no mount, no cgroup, no interface, no file, no changed setting."


def _processes(isolation: str) -> list[str]:
    """Those whose environment or cgroups bear the isolation's name; the keeper has ended by now."""
    marked = []
    for folder in Path("/proc").glob("[0-9]*"):
        if folder.name == str(os.getpid()):
            continue
        with contextlib.suppress(OSError):  # it has ended meanwhile
            traces = (folder / "environ").read_bytes() + (folder / "cgroup").read_bytes()
            if isolation.encode() in traces:
                marked.append(f"{folder.name} {(folder / 'comm').read_text().strip()}")
    return marked


def _mounts() -> list[str]:
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [each for each in points if "paraset" in each or each.startswith(FOLDERS)]


def _interfaces() -> list[str]:
    return [path.name for path in Path("/sys/class/net").iterdir()]


def _settings() -> list[str]:
    found = []
    for path in sorted(path for pattern in SETTINGS for path in Path("/proc/sys").glob(pattern)):
        with contextlib.suppress(OSError):  # some can only be written
            found.append(f"{path.relative_to('/proc/sys')} = {path.read_text().strip()}")
    return found
