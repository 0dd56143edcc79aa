"""What a scenario does and sees, in the words of a user with kubectl."""

import json
from collections.abc import Sequence
from typing import Any

import yaml
from manifests import fill_policy, ls_pod, paraset
from operating import eventually
from targets import DEVICE, DEVICES, Json, Target, get

NAMESPACE = "paraset-e2e"
# LS work that preempts nobody by itself, so that a victim's Event is sure to be the operator's.
PATIENT = f"{NAMESPACE}-patient"
SET = "filler"

# Small, so that they fit beside whatever runs on the nodes.
DEVICE_SHAPE: Json = {
    "name": "device",
    "fixed": {DEVICE: 1, "memory": "16Mi"},
    "elastic": {"cpu": {"min": "10m", "max": "20m"}},
    "value": 10,
}
CORE_SHAPE: Json = {
    "name": "core",
    "fixed": {"memory": "16Mi"},
    "elastic": {"cpu": {"min": "20m", "max": "40m"}},
    "value": 1,
}


def furniture() -> list[Json]:
    """What has to be there before the first scenario begins."""
    priority = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": PATIENT}}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        priority | {"value": 1000, "preemptionPolicy": "Never"},
        fill_policy(NAMESPACE, NAMESPACE),
    ]


class Scene:
    """One namespace on the nodes of one pool, with one set in it."""

    def __init__(self, target: Target, nodes: Sequence[str]) -> None:
        self.target, self.nodes = target, list(nodes)
        self.devices = DEVICES * len(self.nodes)

    def clear(self) -> None:
        """Remove all that a scenario made, and wait until it is gone."""
        for kind in ("pset", "pod", "event"):
            self.kubectl("delete", kind, "--all", "--wait=false")
        eventually("nothing is left", lambda: not self._list("pods") and not self._list("pset"))

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl in the namespace and return what it prints."""
        return str(self.target.kubectl(*arguments, "-n", NAMESPACE).stdout)

    def apply(self, *shapes: Json, replicas: int = 50, **spec: Any) -> None:
        """Apply the set."""
        body = paraset(SET, NAMESPACE, NAMESPACE, shapes or (DEVICE_SHAPE,), replicas, **spec)
        self.target.apply(json.dumps(body))

    def run_ls(self, name: str) -> None:
        """Apply an LS pod that needs one device."""
        requests = {DEVICE: 1, "cpu": "10m", "memory": "16Mi"}
        self.target.apply(json.dumps(ls_pod(name, NAMESPACE, NAMESPACE, requests, priorityClassName=PATIENT)))

    def set_mode(self, mode: str) -> None:
        """Change the policy."""
        self.target.apply(yaml.safe_dump(fill_policy(NAMESPACE, NAMESPACE, mode=mode)))

    def fillers(self) -> list[Json]:
        """The pods of the set."""
        return self._list("pods", "-l", f"paraset.io/paraset={SET}")

    def until_running(self, count: int, nodes: Sequence[str] = ()) -> list[Json]:
        """Wait until exactly so many fillers run, and if nodes are named, all of them there."""

        def look() -> list[Json] | None:
            found = self.fillers()
            ready = [each for each in found if _is_ready(each) and _is_on(each, nodes)]
            return found if len(ready) == len(found) == count else None

        if count:
            return eventually(f"{count} fillers run", look) or []
        eventually("no filler is there", lambda: not self.fillers())
        return []

    def until_ready(self, reason: str) -> None:
        """Wait until the set's condition Ready has that reason."""
        path = "jsonpath={.status.conditions[?(@.type=='Ready')].reason}"
        eventually(f"Ready is {reason}", lambda: self.kubectl("get", "pset", SET, "-o", path) == reason)

    def object(self, kind: str, name: str) -> Json:
        return get(self.target, kind, name, "-n", NAMESPACE)

    def events(self, reason: str) -> list[Json]:
        return self._list("events", f"--field-selector=reason={reason}")

    def _list(self, *arguments: str) -> list[Json]:
        return list(get(self.target, *arguments, "-n", NAMESPACE)["items"])


def _is_ready(pod: Json) -> bool:
    conditions = {each["type"]: each["status"] for each in pod["status"].get("conditions") or ()}
    return conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"]


def _is_on(pod: Json, nodes: Sequence[str]) -> bool:
    return not nodes or pod["spec"].get("nodeName") in nodes
