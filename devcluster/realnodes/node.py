"""One real node: containerd and a kubelet with folders, cgroups and a bridge of their own.

Node number i has the address 10.88.i.1 on its bridge, and its pods the rest of 10.88.i.0/24. The nodes route for each
other, because they share one network namespace. The API server listens on the address of the Service `kubernetes` too,
so that pods reach it without kube-proxy; there are no other Services.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from devcluster.certificates import KeyPair
from devcluster.realnodes import cgroups, configs, isolation
from devcluster.realnodes.requirements import find
from devcluster.settings import GPU_MODEL_LABEL, GPU_PRESENT_LABEL, NodeSpec

SERVICE_ADDRESS = "10.96.0.1"
SERVICE_PORT = 443


@dataclass(frozen=True, slots=True)
class RealNode:
    """Names and places of one node."""

    spec: NodeSpec
    number: int
    folder: Path

    @property
    def name(self) -> str:
        """Its name, and its host name."""
        return self.spec.name

    @property
    def address(self) -> str:
        """Where its kubelet answers."""
        return f"10.88.{self.number}.1"

    @property
    def bridge(self) -> str:
        """The interface its pods are connected to."""
        return f"paraset{self.number}"

    @property
    def cgroup(self) -> str:
        """Below it its pods live."""
        return f"{isolation.name()}/{self.name}"

    @property
    def socket(self) -> Path:
        """Where containerd answers."""
        return self.folder / "containerd.sock"

    @property
    def runtime(self) -> str:
        """The name of the process containerd."""
        return f"containerd-{self.name}"

    @property
    def kubelet(self) -> str:
        """The name of the process kubelet."""
        return f"kubelet-{self.name}"

    def prepare(self) -> None:
        """Make its folders, cgroups, bridge and network configuration."""
        for part in ("cni", "logs", "plugins"):
            (self.folder / part).mkdir(parents=True)
        cgroups.create(self.cgroup)
        (self.folder / "cni" / "bridge.conflist").write_text(
            json.dumps(configs.network(self.name, self.number, self.bridge, self.folder))
        )
        _ip("link", "add", self.bridge, "type", "bridge")
        _ip("address", "add", f"{self.address}/24", "dev", self.bridge)
        _ip("link", "set", self.bridge, "up")

    def containerd(self) -> list[str]:
        """The command line of its containerd."""
        path = self.folder / "containerd.toml"
        path.write_text(configs.containerd(self.folder, self.socket, self.address))
        return [found("containerd"), "--config", str(path)]

    def has_runtime(self) -> bool:
        """Whether containerd answers."""
        return not self.ctr("version", check=False).returncode

    def ctr(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ctr on its containerd, in the namespace of the kubelet's containers and images."""
        argv = [found("ctr"), "--address", str(self.socket), "--namespace", "k8s.io", *arguments]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise RuntimeError(f"{self.name}: ctr {' '.join(arguments)} failed: {done.stderr.strip()}")
        return done

    def kubelet_command(self, binary: Path, kubeconfig: Path, authority: Path, tls: KeyPair) -> list[str]:
        """The command line of its kubelet."""
        path = self.folder / "kubelet.yaml"
        config = configs.kubelet(self.spec, self.address, f"/{self.cgroup}", self.folder, self.socket)
        path.write_text(yaml.safe_dump(config | configs.kubelet_security(authority, tls)))
        labels = {
            **({GPU_MODEL_LABEL: self.spec.model} if self.spec.model else {}),
            **({GPU_PRESENT_LABEL: "true"} if self.spec.gpus else {}),
            **self.spec.labels,
        }
        return [
            str(binary),
            f"--config={path}",
            f"--kubeconfig={kubeconfig}",
            f"--hostname-override={self.name}",
            f"--node-ip={self.address}",
            f"--node-labels={','.join(f'{key}={value}' for key, value in sorted(labels.items()))}",
            f"--root-dir={self.folder / 'kubelet'}",
            f"--cert-dir={self.folder / 'pki'}",
        ]


def found(program: str) -> str:
    """The path of a program that requirements.check has seen."""
    return find(program) or program


def take_service_address() -> None:
    """Let this network namespace answer on the address of the Service `kubernetes`."""
    _ip("address", "replace", f"{SERVICE_ADDRESS}/32", "dev", "lo")


def _ip(*arguments: str) -> None:
    subprocess.run([found("ip"), *arguments], check=True)
