"""The configuration files of one node: of its pod network, its containerd and its kubelet."""

import os
from pathlib import Path
from typing import Any

from devcluster.certificates import KeyPair
from devcluster.realnodes.requirements import CNI_PLUGINS
from devcluster.settings import NodeSpec

#: The image of the container that holds a pod's namespaces.
SANDBOX_IMAGE = "local.test/sandbox:1"
EVICTION_MIB = 100
STATUS_SECONDS = 5
UNUSED_SNAPSHOTTERS = ("btrfs", "zfs", "aufs", "devmapper")


class NodeSizeError(ValueError):
    """A node is to be larger than the machine it runs on."""


def network(name: str, number: int, bridge: str, folder: Path) -> dict[str, Any]:
    """A bridge that hands out the addresses of 10.88.<number>.0/24."""
    ranges = [[{"subnet": f"10.88.{number}.0/24", "rangeStart": f"10.88.{number}.10"}]]
    ipam = {"type": "host-local", "dataDir": str(folder / "ipam"), "ranges": ranges}
    plugin = {"type": "bridge", "bridge": bridge, "isGateway": True, "isDefaultGateway": True, "hairpinMode": True}
    return {"cniVersion": "0.4.0", "name": name, "plugins": [plugin | {"ipam": ipam}]}


def containerd(folder: Path, socket: Path, address: str) -> str:
    """Containerd with runc, everything in the node's folder."""
    unused = ", ".join(f'"io.containerd.snapshotter.v1.{name}"' for name in UNUSED_SNAPSHOTTERS)
    return f"""\
version = 2
root = "{folder / "containerd"}"
state = "{folder / "run"}"
disabled_plugins = [{unused}]
[grpc]
  address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{SANDBOX_IMAGE}"
  restrict_oom_score_adj = true  # a machine may not let even root lower it
  disable_tcp_service = true
  stream_server_address = "{address}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{CNI_PLUGINS}"
    conf_dir = "{folder / "cni"}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def kubelet(spec: NodeSpec, address: str, cgroup: str, folder: Path, socket: Path) -> dict[str, Any]:
    """A kubelet with stock behaviour; NodeSizeError if the machine is too small for it."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": address,
        "healthzBindAddress": address,
        "containerRuntimeEndpoint": f"unix://{socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroup,
        "failCgroupV1": False,
        "failSwapOn": False,
        "enforceNodeAllocatable": ["pods"],
        "systemReserved": _reserved(spec),
        "maxPods": spec.pods,
        "evictionHard": {
            "memory.available": f"{EVICTION_MIB}Mi",
            "nodefs.available": "1%",
            "nodefs.inodesFree": "1%",
            "imagefs.available": "1%",
        },
        # The machine's disk is not this node's to tidy.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "podLogsDir": str(folder / "logs"),
        "volumePluginDir": str(folder / "plugins"),
        "resolvConf": "",
        "clusterDomain": "cluster.local",
        "clusterDNS": ["10.96.0.10"],
        "nodeStatusUpdateFrequency": f"{STATUS_SECONDS}s",
    }


def kubelet_security(authority: Path, tls: KeyPair) -> dict[str, Any]:
    """Who may ask a kubelet, and who it says it is."""
    return {
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(authority)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(tls.certificate),
        "tlsPrivateKeyFile": str(tls.key),
    }


def machine() -> tuple[int, int]:
    """CPU in thousandths of a core and memory in KiB of this machine, as a kubelet sees them."""
    total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal:"))
    return (os.cpu_count() or 1) * 1000, int(total.split()[1])


def _reserved(spec: NodeSpec) -> dict[str, str]:
    """What a node is smaller by than the machine."""
    cpu, memory = machine()
    cpu, memory = cpu - spec.cpu_milli, memory - (spec.memory_mib + EVICTION_MIB) * 1024
    if cpu < 0 or memory < 0:
        size = f"{spec.cpu_milli}m of CPU and {spec.memory_mib} MiB"
        raise NodeSizeError(f"{spec.name}: {size} do not fit on this machine; make the node smaller")
    return {"cpu": f"{cpu}m", "memory": f"{memory}Ki"}
