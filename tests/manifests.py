"""The objects that tests of the operator apply, in few words. Pods and sets keep to one pool of nodes by its label."""

from collections.abc import Iterable, Mapping
from typing import Any

Json = dict[str, Any]

GPU = "nvidia.com/gpu"
POOL = "test.paraset.io/pool"
FAILURE = "devcluster.paraset.io/failure"
EXIT = "pod-delete.stage.kwok.x-k8s.io/delay"
# LS work that preempts nobody by itself: whatever leaves for it was made to by the operator.
PATIENT = "patient"
# The same below the priority from which work is LS.
HUMBLE = "humble"
# An image that kubelets have anyway; it ends at once when told to.
IMAGE = "registry.k8s.io/pause:3.10"

GPU_SHAPE: Json = {
    "name": "gpu",
    "fixed": {GPU: 1, "memory": "64Mi"},
    "elastic": {"cpu": {"min": "1", "max": "4"}},
    "value": 10,
}
CPU_SHAPE: Json = {"name": "cpu", "fixed": {"memory": "64Mi"}, "elastic": {"cpu": {"min": "1", "max": "16"}}}


def fixed_shape(cpu: str = "1", name: str = "fixed") -> Json:
    """A shape that never changes its size."""
    return {"name": name, "fixed": {"cpu": cpu, "memory": "64Mi"}}


def priority_classes() -> list[Json]:
    common = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "preemptionPolicy": "Never"}
    return [common | {"metadata": {"name": name}, "value": value} for name, value in ((PATIENT, 1000), (HUMBLE, -5))]


def paraset(
    name: str,
    namespace: str,
    pool: str,
    shapes: Iterable[Json] = (GPU_SHAPE,),
    replicas: int = 20,
    annotations: Mapping[str, str] | None = None,
    pod: Mapping[str, Any] | None = None,
    **spec: Any,
) -> Json:
    """A ParaSet for the nodes of a pool; `annotations` and `pod` (its spec) go into the template."""
    template = {
        "metadata": {"annotations": dict(annotations or {})},
        "spec": {"nodeSelector": {POOL: pool}, "containers": [{"name": "main", "image": IMAGE}], **(pod or {})},
    }
    return {
        "apiVersion": "paraset.io/v1alpha1",
        "kind": "ParaSet",
        "metadata": {"name": name, "namespace": namespace},
        # Nobody is told of a move first, so that no test waits for it, unless `spec` says so.
        "spec": {
            "replicas": replicas,
            "shapes": list(shapes),
            "template": template,
            "yield": {"noticeSeconds": 0},
            **spec,
        },
    }


def fill_policy(name: str, pool: str, **spec: Any) -> Json:
    """A FillPolicy for the nodes of a pool, quick in everything unless told otherwise."""
    waits = {"coolDownSeconds": 1, "coolDownMaxSeconds": 1, "backOffSeconds": 1, "backOffMaxSeconds": 8}
    pacing = waits | {"minRunSeconds": 0}
    return {
        "apiVersion": "paraset.io/v1alpha1",
        "kind": "FillPolicy",
        "metadata": {"name": name},
        "spec": {"nodeSelector": {"matchLabels": {POOL: pool}}, **spec, "pacing": pacing | spec.get("pacing", {})},
    }


def ls_pod(
    name: str,
    namespace: str,
    pool: str,
    requests: Mapping[str, str | int],
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> Json:
    """A latency-sensitive pod for the nodes of a pool; a patient one unless `spec` names another priority class."""
    devices = {key: str(amount) for key, amount in requests.items() if "/" in key}
    resources = {"requests": {key: str(amount) for key, amount in requests.items()}, "limits": devices}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "annotations": dict(annotations or {})},
        "spec": {
            "priorityClassName": PATIENT,
            "nodeSelector": {POOL: pool},
            "terminationGracePeriodSeconds": 2,
            "containers": [{"name": "main", "image": IMAGE, "resources": resources}],
            **spec,
        },
    }
