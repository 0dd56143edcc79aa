"""The real nodes of a cluster, from nothing to kubelets that run, and what can be done with them."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from devcluster import images, kubeconfig
from devcluster.api import ApiClient
from devcluster.binaries import KUBELET, find_binaries
from devcluster.certificates import Authority
from devcluster.processes import Processes
from devcluster.readiness import Readiness
from devcluster.realnodes import isolation
from devcluster.realnodes.configs import SANDBOX_IMAGE, machine
from devcluster.realnodes.node import RealNode
from devcluster.settings import GPU_RESOURCE, ClusterSettings, NodeSpec

#: The image that tests and examples name for a container that does nothing, and the one pods are held together with.
#: The originals cannot be had without a registry; these do the same: nothing, and they end as soon as they are told to.
IDLE_IMAGES = ("registry.k8s.io/pause:3.10", SANDBOX_IMAGE)
IDLE = ("/bin/sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done")
BUSYBOX_IMAGE = "local.test/busybox:1"
MEMORY_MIB = 2048
#: Short, so that a kubelet that has stopped is missed soon; long enough for a busy machine.
REAL_LEASE_SECONDS = 20
START_SECONDS = 180.0


def real_settings(count: int, gpus: int, audit: bool = True) -> ClusterSettings:
    """A cluster of so many real nodes."""
    return ClusterSettings(
        nodes=real_specs(count, gpus),
        real=True,
        lease_seconds=REAL_LEASE_SECONDS,
        audit=audit,
        start_timeout=START_SECONDS,
    )


def real_specs(count: int, gpus: int) -> list[NodeSpec]:
    """So many nodes, each with all the cores of this machine and a little of its memory."""
    cpu, _ = machine()
    return [NodeSpec(f"node-{index}", cpu, MEMORY_MIB, gpus, "G2" if gpus else "") for index in range(count)]


class RealNodes:
    """The nodes of one cluster; all of them have the same images."""

    def __init__(self, specs: Iterable[NodeSpec], folder: Path, processes: Processes) -> None:
        """Nothing is made yet. What the containers write lies in the isolation's scratch folder. An isolation takes one
        cluster, because the nodes' bridges and cgroups end with it.
        """
        base = isolation.scratch() / "nodes"
        self.nodes = {spec.name: RealNode(spec, number, base / spec.name) for number, spec in enumerate(specs, start=1)}
        self._folder, self._processes = folder, processes

    def start(self, server: str, authority: Authority, ready: Readiness) -> None:
        """Start them all; they register themselves."""
        kubelet = find_binaries(KUBELET) / "kubelet"
        for node in self.nodes.values():
            node.prepare()
            self._processes.start(node.runtime, node.containerd())
        for node in self.nodes.values():
            ready.until(f"containerd of {node.name}", node.has_runtime)
        for archive in self._basic_images():
            self.load_image(archive)
        for node in self.nodes.values():
            user = f"system:node:{node.name}"
            account = self._folder / f"{node.name}.kubeconfig"
            pair = authority.client(user, "system:nodes")
            kubeconfig.write_with_certificate(account, server, authority.certificate, user, pair)
            tls = authority.server(node.address, name=node.kubelet)
            self._processes.start(node.kubelet, node.kubelet_command(kubelet, account, authority.certificate, tls))

    def load_image(self, archive: Path, nodes: Iterable[str] = ()) -> None:
        """Give an image, as a docker-archive or OCI tar, to these nodes, by default to all."""
        for name in nodes or self.nodes:
            self.nodes[name].ctr("images", "import", str(archive))

    def give_devices(self, api: ApiClient) -> None:
        """Have the nodes report the GPUs of their settings; no device plugin stands behind them."""
        for node in self.nodes.values():
            if node.spec.gpus:
                set_devices(api, node.name, node.spec.gpus)

    def _basic_images(self) -> list[Path]:
        base = isolation.scratch()
        root = images.busybox_root(Path(tempfile.mkdtemp(dir=base)) / "busybox")
        wanted = [images.Image(name, IDLE) for name in IDLE_IMAGES] + [images.Image(BUSYBOX_IMAGE, ("/bin/sh",))]
        return [images.write_archive(image, root, root.parent / f"{number}.tar") for number, image in enumerate(wanted)]


def set_devices(api: ApiClient, node: str, count: int, resource: str = GPU_RESOURCE) -> None:
    """Say in a node's status that it has so many devices; its kubelet keeps to it, also after a restart."""
    amounts: dict[str, Any] = {resource: str(count)}
    body = {"status": {"capacity": amounts, "allocatable": amounts}}
    api.patch(f"/api/v1/nodes/{node}/status", body)
