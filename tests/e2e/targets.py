"""The clusters that the scenarios run on: any that a kubeconfig names, be it a user's, a kind cluster or a local one.

A target has `kubeconfig`, `kubectl`, `apply` and `service_account_kubeconfig`, as a LocalCluster has. What a scenario
needs of nodes is given to nodes that are there: a label, and devices that no kubelet knows of.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import yaml
from manifests import POOL

DEVICE = "example.com/gpu"
NODES, DEVICES = 2, 4

Json = dict[str, Any]


class Target(Protocol):
    """What scenarios need of a cluster."""

    @property
    def kubeconfig(self) -> Path: ...

    def kubectl(self, *arguments: str, input: str | None = None, check: bool = True) -> Any: ...  # noqa: A002

    def apply(self, manifest: str | Path) -> None: ...

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path: ...


class ForeignCluster:
    """The cluster of a kubeconfig, its current context, used through kubectl alone."""

    def __init__(self, kubeconfig: Path, kubectl: str, folder: Path) -> None:
        self.kubeconfig, self._kubectl, self._folder = kubeconfig.resolve(), kubectl, folder

    def kubectl(self, *arguments: str, input: str | None = None, check: bool = True) -> Any:  # noqa: A002
        argv = [self._kubectl, f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(argv, input=input, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)} exited with {done.returncode}: {done.stderr.strip()}")
        return done

    def apply(self, manifest: str | Path) -> None:
        given, text = (str(manifest), None) if isinstance(manifest, Path) else ("-", manifest)
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", given, input=text)

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        token = self.kubectl("create", "token", name, "-n", namespace, "--duration=2h").stdout.strip()
        config = yaml.safe_load(self.kubectl("config", "view", "--raw", "--minify", "--flatten").stdout)
        user = {"name": name, "user": {"token": token}}
        context = {"name": name, "context": {"cluster": config["clusters"][0]["name"], "user": name}}
        config |= {"users": [user], "contexts": [context], "current-context": name}
        path = self._folder / f"{namespace}-{name}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(json.dumps(config))
        return path


def get(target: Target, *arguments: str) -> Json:
    """An object or a list."""
    return dict(json.loads(target.kubectl("get", *arguments, "-o", "json").stdout))


@contextmanager
def pool(target: Target, name: str) -> Iterator[list[str]]:
    """Make a pool of nodes that can be used: labelled, with devices. They are left as they were found."""
    nodes = [each["metadata"]["name"] for each in get(target, "nodes")["items"] if _is_usable(each)][:NODES]
    if not nodes:
        raise RuntimeError("the cluster has no node that is ready and takes pods without tolerations")
    path = DEVICE.replace("/", "~1")
    give = [{"op": "add", "path": f"/status/{part}/{path}", "value": str(DEVICES)} for part in _PARTS]
    take = [{"op": "remove", "path": f"/status/{part}/{path}"} for part in _PARTS]
    try:
        for node in nodes:
            target.kubectl("label", "node", node, f"{POOL}={name}", "--overwrite")
            _patch_status(target, node, give)
        yield nodes
    finally:
        for node in nodes:
            target.kubectl("uncordon", node)
            target.kubectl("label", "node", node, f"{POOL}-")
            _patch_status(target, node, take)


_PARTS = ("capacity", "allocatable")


def _patch_status(target: Target, node: str, patch: list[Json]) -> None:
    target.kubectl("patch", "node", node, "--subresource=status", "--type=json", "-p", json.dumps(patch))


def _is_usable(node: Json) -> bool:
    spec, conditions = node["spec"], node["status"]["conditions"]
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and not spec.get("unschedulable") and not spec.get("taints")
