"""A corner of a cluster of real nodes: they cannot be made to measure, so it takes of those that are there."""

from typing import Any

from corner import Corner
from manifests import POOL, Json
from operating import eventually

# An image that has a shell (devcluster/realnodes/nodes.py).
SHELL_IMAGE = "local.test/busybox:1"


def shell(script: str) -> Json:
    """The pod of a template whose main container runs a shell script as process 1."""
    return {"containers": [{"name": "main", "image": SHELL_IMAGE, "command": ["sh", "-c", script]}]}


class RealCorner(Corner):
    """Its nodes have 2 GiB, 4 GPUs and all the cores of this machine each."""

    def claim(self, count: int = 1) -> list[str]:
        """Take nodes into the pool; returns their names."""
        self._nodes = sorted(self.cluster.real.nodes)[:count]
        for node in self._nodes:
            self._label(node, self.name)
        return self._nodes

    def close(self) -> None:
        """Give the nodes back, with nothing left on them."""
        nodes, self._nodes = self._nodes, []
        super().close()
        eventually("its pods are gone", lambda: not self.objects("pods"))
        for node in nodes:
            self.cluster.kubectl("uncordon", node)
            self._label(node, None)

    def cores(self) -> int:
        """Thousandths of a core that each node can hand out."""
        return next(iter(self.cluster.real.nodes.values())).spec.cpu_milli

    def objects(self, kind: str) -> list[Json]:
        """All objects of the core API group's kind in the namespace, as they are."""
        return list(self.cluster.api.get(f"/api/v1/namespaces/{self.name}/{kind}")["items"])

    def raw_pod(self, name: str) -> Json:
        """A pod as it is; ApiError if it is gone."""
        return dict(self.cluster.api.get(f"/api/v1/namespaces/{self.name}/pods/{name}"))

    def is_there(self, pod: str) -> bool:
        """Whether the API server knows the pod, running or leaving."""
        return any(each["metadata"]["name"] == pod for each in self.objects("pods"))

    def filler(self) -> Json:
        """The only filler, with a container that has started."""

        def look() -> Json | None:
            fillers = [each for each in self.objects("pods") if is_filler(each)]
            return fillers[0] if len(fillers) == 1 and container(fillers[0]).get("containerID") else None

        return eventually("one filler runs", look) or {}

    def resize(self, name: str, **requests: str) -> None:
        """Ask for other requests, as a vertical autoscaler does."""
        path = f"/api/v1/namespaces/{self.name}/pods/{name}/resize"
        body: dict[str, Any] = {"spec": {"containers": [{"name": "main", "resources": {"requests": requests}}]}}
        eventually("the resize is taken", lambda: self.cluster.api.patch(path, body))

    def logs(self, pod: str) -> str:
        return self.cluster.kubectl("logs", pod, "-n", self.name, check=False).stdout

    def read(self, pod: str, path: str) -> str:
        """What a file in a pod's container holds."""
        return self.cluster.kubectl("exec", pod, "-n", self.name, "--", "cat", path).stdout

    def _label(self, node: str, value: str | None) -> None:
        self.cluster.api.patch(f"/api/v1/nodes/{node}", {"metadata": {"labels": {POOL: value}}})


def is_filler(pod: Json) -> bool:
    return "paraset.io/paraset" in pod["metadata"].get("labels", {})


def container(pod: Json) -> Json:
    """The status of the only container, {} if there is none yet."""
    return next(iter(pod["status"].get("containerStatuses") or ()), {})
