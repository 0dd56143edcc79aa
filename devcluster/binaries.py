"""Which programs are built from Go modules, and where they lie: in a per-user cache keyed by everything they are built
from.

A binary is complete as soon as it exists, because the build puts it in place by an atomic rename.
"""

import hashlib
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from devcluster.toolchain import Toolchain, find_toolchain

MODULES = Path(__file__).parent / "gomodules"
OVERRIDE = "PARASET_CONTROL_PLANE_BIN"
VERSION = "k8s.io/component-base/version"
BUILD_FLAGS = ("-trimpath", "-ldflags", "-s -w")
#: Without a version stamped in, the API server calls itself v0.0.0-master.
KUBERNETES_FLAGS = (
    "-trimpath",
    "-ldflags",
    f"-s -w -X {VERSION}.gitVersion=v1.36.3 -X {VERSION}.gitMajor=1 -X {VERSION}.gitMinor=36",
)


@dataclass(frozen=True, slots=True)
class Program:
    """A binary and the Go package it is built from."""

    name: str
    package: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """Programs of one Go module, built together."""

    name: str
    programs: tuple[Program, ...]
    flags: tuple[str, ...] = BUILD_FLAGS

    @property
    def module(self) -> Path:
        """The folder of its go.mod."""
        return MODULES / self.name

    @property
    def built_by(self) -> str:
        """The command that builds it, for people."""
        return "`make control-plane` (about 9 minutes, once)" if self.name == "control-plane" else _build(self.name)


#: In the order in which they are built: quick ones first, the API server fills the Go build cache for those after it.
CONTROL_PLANE = Bundle(
    "control-plane",
    (
        Program("etcd", "go.etcd.io/etcd/server/v3"),
        Program("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
        Program("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
        Program("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
        Program("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
        Program("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
    ),
    KUBERNETES_FLAGS,
)
KUBELET = Bundle("kubelet", (Program("kubelet", "k8s.io/kubernetes/cmd/kubelet"),), KUBERNETES_FLAGS)
HELM = Bundle("helm", (Program("helm", "helm.sh/helm/v4/cmd/helm"),))
KIND = Bundle("kind", (Program("kind", "sigs.k8s.io/kind"),))
PROMETHEUS = Bundle(
    "prometheus",
    (
        Program("promtool", "github.com/prometheus/prometheus/cmd/promtool"),
        Program("prometheus", "github.com/prometheus/prometheus/cmd/prometheus"),
    ),
    # Targets are named: the clients of every cloud are most of what there would be to compile.
    ("-tags", "remove_all_sd", *BUILD_FLAGS),
)
#: What a kind node image holds besides the control plane and kubelet.
CONTAINERD = Bundle(
    "containerd",
    tuple(
        Program(name, f"github.com/containerd/containerd/v2/cmd/{name}")
        for name in ("containerd", "containerd-shim-runc-v2", "ctr")
    ),
)
COREDNS = Bundle("coredns", (Program("coredns", "."),))
KUBEADM = Bundle(
    "kubeadm",
    (Program("kubeadm", "k8s.io/kubernetes/cmd/kubeadm"), Program("kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy")),
    KUBERNETES_FLAGS,
)
BUNDLES = {
    bundle.name: bundle for bundle in (CONTROL_PLANE, KUBELET, HELM, KIND, PROMETHEUS, CONTAINERD, COREDNS, KUBEADM)
}


def _build(name: str) -> str:
    return f"`.venv/bin/python -m devcluster build {name}` (minutes, once)"


class BinariesMissingError(RuntimeError):
    """Something is not built yet, or the folder named instead lacks some of it."""


def find_binaries(bundle: Bundle = CONTROL_PLANE) -> Path:
    """The folder with all binaries; BinariesMissingError says what to do if one is missing."""
    override = os.environ.get(OVERRIDE) if bundle is CONTROL_PLANE else None
    folder = Path(override) if override else cache_folder(find_toolchain(bundle.module / "go.mod"), bundle)
    absent = missing(folder, bundle.programs)
    if absent and override:
        raise BinariesMissingError(f"{OVERRIDE}={override} lacks {', '.join(absent)}")
    if absent:
        raise BinariesMissingError(f"{', '.join(absent)} not built yet: run {bundle.built_by}")
    return folder


def missing(folder: Path, programs: tuple[Program, ...]) -> list[str]:
    """The names of the programs that `folder` does not have."""
    return [program.name for program in programs if not os.access(folder / program.name, os.X_OK)]


def cache_folder(toolchain: Toolchain, bundle: Bundle) -> Path:
    """Where the binaries of a bundle, built by this Go for this machine, lie."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "paraset" / bundle.name / cache_key(toolchain, bundle.module, bundle.flags)


def cache_key(toolchain: Toolchain, module: Path, flags: tuple[str, ...]) -> str:
    """A hash of everything that goes into the binaries."""
    parts = [*flags, toolchain.version, platform.system(), platform.machine()]
    digest = hashlib.sha256("\0".join(parts).encode())
    for file in sorted(module.glob("*.*")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
