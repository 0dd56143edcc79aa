"""A part of a cluster that one test has to itself: a pool of nodes, the policy for it, and a namespace."""

from collections.abc import Callable
from typing import Any

from manifests import GPU, GPU_SHAPE, POOL, Json, fill_policy, ls_pod, paraset
from operating import Operated, eventually, merge

from demo.objects import Pod
from devcluster import NodeSpec

SETS = "/apis/paraset.io/v1alpha1/namespaces/{}/parasets"
POLICIES = "/apis/paraset.io/v1alpha1/fillpolicies"


class Corner:
    """Named like its pool, policy and namespace. Times of pods are those of the observer's clock."""

    def __init__(self, operated: Operated, name: str) -> None:
        self.operated, self.cluster, self.name = operated, operated.cluster, name
        self._nodes: list[str] = []
        self._namespaces: list[str] = []
        #: Set where the test itself breaks an invariant, such as by forging a pod.
        self.forgives = False
        self.cluster.api.post(POLICIES, fill_policy(name, name))
        self.add_namespace(name)
        self._mark = len(operated.observer.violations)

    def close(self) -> None:
        """Give everything back; nothing waits for it."""
        for namespace in self._namespaces:
            for each in self.cluster.api.get(SETS.format(namespace))["items"]:
                self.cluster.api.delete(f"{SETS.format(namespace)}/{each['metadata']['name']}")
            self.cluster.api.delete(f"/api/v1/namespaces/{namespace}")
        for node in self._nodes:
            self.cluster.remove_node(node)
        self.cluster.api.delete(f"{POLICIES}/{self.name}")

    def violations(self) -> list[object]:
        """What the observer found since the test began, unless the test has broken it itself."""
        return [] if self.forgives else list(self.operated.observer.violations[self._mark :])

    def add_namespace(self, name: str, labels: dict[str, str] | None = None) -> None:
        body = {"metadata": {"name": name, "labels": labels or {}}}
        self.cluster.api.post("/api/v1/namespaces", body)
        self._namespaces.append(name)

    def add_nodes(self, *suffixes: str, cpu: int = 16, gpus: int = 0) -> None:
        """Add nodes of so many cores and GPUs to the pool, named <pool>-<suffix>."""
        names = [f"{self.name}-{suffix}" for suffix in suffixes]
        self._nodes += names
        self.cluster.add_nodes(
            NodeSpec(name, cpu_milli=cpu * 1000, gpus=gpus, labels={POOL: self.name}) for name in names
        )

    def change_policy(self, **spec: Any) -> None:
        merge(self.cluster, f"{POLICIES}/{self.name}", {"spec": spec})

    def add_set(self, name: str = "s", namespace: str = "", **fields: Any) -> None:
        where = namespace or self.name
        self.cluster.api.post(SETS.format(where), paraset(name, where, self.name, **fields))

    def change_set(self, name: str = "s", **spec: Any) -> None:
        merge(self.cluster, f"{SETS.format(self.name)}/{name}", {"spec": spec})

    def add_ls(self, name: str, gpus: int = 0, cpu: str = "100m", **fields: Any) -> None:
        devices = {GPU: gpus} if gpus else {}
        body = ls_pod(name, self.name, self.name, {"cpu": cpu, "memory": "64Mi", **devices}, **fields)
        self.cluster.api.post(f"/api/v1/namespaces/{self.name}/pods", body)

    def remove_ls(self, name: str) -> None:
        self.cluster.api.delete(f"/api/v1/namespaces/{self.name}/pods/{name}")
        eventually(f"{name} is gone", lambda: self.pod(name) is None)

    def let_cool_down(self, suffix: str) -> None:
        """Add a node of one GPU that LS work takes from the filler there, and leaves: for ten minutes it cools down."""
        self.change_policy(pacing={"coolDownSeconds": 600, "coolDownMaxSeconds": 600})
        self.add_nodes(suffix, cpu=4, gpus=1)
        self.add_set(shapes=[GPU_SHAPE])
        self.until_running(1)
        self.add_ls("web", gpus=1, cpu="1")
        self.until_bound("web")
        self.remove_ls("web")

    def pod(self, name: str) -> Pod | None:
        return self.operated.pod(self.name, name)

    def fillers(self, name: str = "", namespace: str = "") -> list[Pod]:
        """The fillers that stay, of all sets of the namespace or of one."""
        every = self.operated.fillers(namespace or self.name, name)
        return [pod for pod in every if not pod.terminating]

    def left(self, name: str = "") -> list[float]:
        """When each filler of the namespace or of one set began to leave."""
        return self.operated.left(self.name, name)

    def made(self, name: str = "s") -> list[float]:
        """When each filler a set ever had was first seen."""
        return self.operated.made(self.name, name)

    def until_running(
        self, count: int, name: str = "", namespace: str = "", where: Callable[[Pod], bool] = lambda _: True
    ) -> list[Pod]:
        """Wait until exactly so many fillers run, all of them as `where` says, and none is leaving or on its way."""

        def look() -> list[Pod]:
            every = self.operated.fillers(namespace or self.name, name)
            good = [pod for pod in every if pod.phase == "Running" and not pod.terminating and where(pod)]
            return good if len(good) == len(every) == count else []

        if count:
            return eventually(f"{count} fillers run", look)
        eventually("no filler is there", lambda: not self.operated.fillers(namespace or self.name, name))
        return []

    def until_bound(self, *names: str) -> None:
        """Wait until all these LS pods are bound."""
        eventually(f"{', '.join(names)} bound", lambda: all((pod := self.pod(name)) and pod.node for name in names))

    def until_condition(self, kind: str, status: str, reason: str, name: str = "s", namespace: str = "") -> None:
        where = namespace or self.name
        eventually(
            f"{kind} of {name} is {status}, {reason}",
            lambda: self.operated.condition(where, name, kind) == (status, reason),
        )

    def message(self, kind: str, name: str = "s") -> str:
        """The message of a condition."""
        conditions: list[Json] = self.operated.status(self.name, name)["conditions"]
        return next(str(each["message"]) for each in conditions if each["type"] == kind)

    def events(self, reason: str) -> list[Json]:
        return [each for each in self.operated.events(self.name) if each["reason"] == reason]
