"""One real node: containerd and a kubelet with folders, cgroups and a bridge of their own.

Node number i has the address 10.88.i.1 on its bridge, and its pods the rest of 10.88.i.0/24. The nodes route for each
other, because they share one network namespace. The API server listens on the address of the Service `kubernetes` too,
so that pods reach it without kube-proxy; there are no other Services.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devcluster.certificates import KeyPair
from devcluster.realnodes import cgroups, isolation
from devcluster.realnodes.requirements import CNI_PLUGINS, find
from devcluster.settings import GPU_MODEL_LABEL, GPU_PRESENT_LABEL, NodeSpec

SERVICE_ADDRESS = "10.96.0.1"
SERVICE_PORT = 443
#: The image of the container that holds a pod's namespaces.
SANDBOX_IMAGE = "local.test/sandbox:1"
EVICTION_MIB = 100
STATUS_SECONDS = 5


class NodeSizeError(ValueError):
    """A node is to be larger than the machine it runs on."""


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
        (self.folder / "cni" / "bridge.conflist").write_text(json.dumps(self._network()))
        _ip("link", "add", self.bridge, "type", "bridge")
        _ip("address", "add", f"{self.address}/24", "dev", self.bridge)
        _ip("link", "set", self.bridge, "up")

    def containerd(self) -> list[str]:
        """The command line of its containerd."""
        path = self.folder / "containerd.toml"
        path.write_text(self._containerd_config())
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
        path.write_text(yaml.safe_dump(self._kubelet_config(authority, tls)))
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

    def _network(self) -> dict[str, Any]:
        ranges = [[{"subnet": f"10.88.{self.number}.0/24", "rangeStart": f"10.88.{self.number}.10"}]]
        ipam = {"type": "host-local", "dataDir": str(self.folder / "ipam"), "ranges": ranges}
        bridge = {"type": "bridge", "bridge": self.bridge, "isGateway": True, "isDefaultGateway": True}
        return {"cniVersion": "0.4.0", "name": self.name, "plugins": [bridge | {"hairpinMode": True, "ipam": ipam}]}

    def _containerd_config(self) -> str:
        unused = ", ".join(f'"io.containerd.snapshotter.v1.{name}"' for name in ("btrfs", "zfs", "aufs", "devmapper"))
        return f"""\
version = 2
root = "{self.folder / "containerd"}"
state = "{self.folder / "run"}"
disabled_plugins = [{unused}]
[grpc]
  address = "{self.socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{SANDBOX_IMAGE}"
  restrict_oom_score_adj = true  # a machine may not let even root lower it
  disable_tcp_service = true
  stream_server_address = "{self.address}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{CNI_PLUGINS}"
    conf_dir = "{self.folder / "cni"}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""

    def _kubelet_config(self, authority: Path, tls: KeyPair) -> dict[str, Any]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": self.address,
            "healthzBindAddress": self.address,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(authority)},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(tls.certificate),
            "tlsPrivateKeyFile": str(tls.key),
            "containerRuntimeEndpoint": f"unix://{self.socket}",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.cgroup}",
            "failCgroupV1": False,
            "failSwapOn": False,
            "enforceNodeAllocatable": ["pods"],
            "systemReserved": self._reserved(),
            "maxPods": self.spec.pods,
            "evictionHard": {
                "memory.available": f"{EVICTION_MIB}Mi",
                "nodefs.available": "1%",
                "nodefs.inodesFree": "1%",
                "imagefs.available": "1%",
            },
            # The machine's disk is not this node's to tidy.
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
            "podLogsDir": str(self.folder / "logs"),
            "volumePluginDir": str(self.folder / "plugins"),
            "resolvConf": "",
            "clusterDomain": "cluster.local",
            "clusterDNS": ["10.96.0.10"],
            "nodeStatusUpdateFrequency": f"{STATUS_SECONDS}s",
        }

    def _reserved(self) -> dict[str, str]:
        """What the node is smaller by than the machine."""
        cpu, memory = machine()
        cpu, memory = cpu - self.spec.cpu_milli, memory - (self.spec.memory_mib + EVICTION_MIB) * 1024
        if cpu < 0 or memory < 0:
            size = f"{self.spec.cpu_milli}m of CPU and {self.spec.memory_mib} MiB"
            raise NodeSizeError(f"{self.name}: {size} do not fit on this machine; make the node smaller")
        return {"cpu": f"{cpu}m", "memory": f"{memory}Ki"}


def machine() -> tuple[int, int]:
    """CPU in thousandths of a core and memory in KiB of this machine, as a kubelet sees them."""
    total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal:"))
    return (os.cpu_count() or 1) * 1000, int(total.split()[1])


def found(program: str) -> str:
    """The path of a program that requirements.check has seen."""
    return find(program) or program


def take_service_address() -> None:
    """Let this network namespace answer on the address of the Service `kubernetes`."""
    _ip("address", "replace", f"{SERVICE_ADDRESS}/32", "dev", "lo")


def _ip(*arguments: str) -> None:
    subprocess.run([found("ip"), *arguments], check=True)
