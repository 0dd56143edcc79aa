"""Which binaries make up the control plane, and where they lie: in a per-user cache keyed by everything they are built
from.

A binary is complete as soon as it exists, because the build puts it in place by an atomic rename.
"""

import hashlib
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from devcluster.toolchain import Toolchain, find_toolchain

MODULE = Path(__file__).parent / "gomodule"
OVERRIDE = "PARASET_CONTROL_PLANE_BIN"
VERSION = "k8s.io/component-base/version"
#: Without a version stamped in, the API server calls itself v0.0.0-master.
BUILD_FLAGS = (
    "-trimpath",
    "-ldflags",
    f"-s -w -X {VERSION}.gitVersion=v1.36.3 -X {VERSION}.gitMajor=1 -X {VERSION}.gitMinor=36",
)


@dataclass(frozen=True, slots=True)
class Program:
    """A binary and the Go package it is built from."""

    name: str
    package: str


#: In the order in which they are built: quick ones first, the API server fills the Go build cache for those after it.
PROGRAMS = (
    Program("etcd", "go.etcd.io/etcd/server/v3"),
    Program("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
    Program("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
    Program("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
    Program("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    Program("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
)


class BinariesMissingError(RuntimeError):
    """The control plane is not built yet, or the folder named instead lacks some of it."""


def find_binaries() -> Path:
    """The folder with all binaries; BinariesMissingError says what to do if one is missing."""
    override = os.environ.get(OVERRIDE)
    folder = Path(override) if override else cache_folder(find_toolchain(MODULE / "go.mod"))
    absent = missing(folder)
    if absent and override:
        raise BinariesMissingError(f"{OVERRIDE}={override} lacks {', '.join(absent)}")
    if absent:
        raise BinariesMissingError(
            f"{', '.join(absent)} not built yet: run `make control-plane` (about 9 minutes, once)"
        )
    return folder


def missing(folder: Path, programs: tuple[Program, ...] = PROGRAMS) -> list[str]:
    """The names of the programs that `folder` does not have."""
    return [program.name for program in programs if not os.access(folder / program.name, os.X_OK)]


def cache_folder(toolchain: Toolchain, module: Path = MODULE) -> Path:
    """Where the binaries of this module, built with these flags by this Go for this machine, lie."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "paraset" / "control-plane" / cache_key(toolchain, module)


def cache_key(toolchain: Toolchain, module: Path = MODULE) -> str:
    """A hash of everything that goes into the binaries."""
    parts = [*BUILD_FLAGS, toolchain.version, platform.system(), platform.machine()]
    digest = hashlib.sha256("\0".join(parts).encode())
    for name in ("go.mod", "go.sum"):
        digest.update((module / name).read_bytes())
    return digest.hexdigest()[:16]
