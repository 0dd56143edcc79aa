"""LS pods that come one after the other onto nodes full of fillers, and how long each waited to be bound."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from manifests import GPU, IMAGE
from operating import eventually
from release import TEAM, Json

from demo.objects import Pod
from demo.observer import Observer
from devcluster import LocalCluster

COUNT, EVERY_SECONDS = 6, 1.5


@dataclass(frozen=True)
class Waits:
    """Seconds from the time an LS pod was seen to the time it was bound."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def longest(self) -> float:
        return max(self.seconds)

    def __str__(self) -> str:
        each = " ".join(f"{value:.2f}" for value in self.seconds)
        return f"p50 {self.median:.2f} s, longest {self.longest:.2f} s ({each})"


def burst(cluster: LocalCluster, observer: Observer, name: str, meanwhile: Callable[[], None]) -> Waits:
    """Create the pods, calling `meanwhile` after the second, and wait until they are bound; then remove them."""
    names = [f"{name}-{number}" for number in range(COUNT)]
    for number, each in enumerate(names):
        cluster.apply(json.dumps(ls_pod(each)))
        if number == 1:
            meanwhile()
        time.sleep(EVERY_SECONDS)
    eventually("all LS pods are bound", lambda: all(_bound_at(observer, each) for each in names), 120)
    waits = Waits(tuple(_bound_at(observer, each) - _seen_at(observer, each) for each in names))
    cluster.kubectl("delete", "pods", "-n", TEAM, "--wait=true", *names)
    return waits


def ls_pod(name: str) -> Json:
    """A pod of one GPU, of the priority every pod has."""
    resources = {"requests": {"cpu": "10m", "memory": "16Mi", GPU: "1"}, "limits": {GPU: "1"}}
    spec = {
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "main", "image": IMAGE, "resources": resources}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": TEAM}, "spec": spec}


def _changes(observer: Observer, name: str) -> list[tuple[float, Pod]]:
    found = [(each.at, each.new) for each in observer.since(0)]
    return [(at, pod) for at, pod in found if isinstance(pod, Pod) and (pod.namespace, pod.name) == (TEAM, name)]


def _seen_at(observer: Observer, name: str) -> float:
    return min(at for at, _ in _changes(observer, name))


def _bound_at(observer: Observer, name: str) -> float:
    return min((at for at, pod in _changes(observer, name) if pod.node), default=0.0)
