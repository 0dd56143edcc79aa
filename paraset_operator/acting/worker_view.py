"""What a worker is told of itself: at its start by environment variables, and afterwards by files that follow it.

- PARASET_SET, PARASET_SHAPE: whose filler it is, and which of the set's shapes
- PARASET_CPU_MILLICORES, PARASET_MEMORY_BYTES: what it may use at its start; an environment never changes afterwards
- /etc/paraset/cpu_millicores, memory_bytes, annotations: the same as files of a downward API volume, which the kubelet
  writes anew when the pod is resized or annotated

What a template says itself is left alone: a variable of the same name, a volume named `paraset-info`, a mount at
/etc/paraset. None of it is part of the template's hash, so that an upgrade of the operator replaces no filler. The
volume is of a kind that every Pod Security Standard allows.
"""

from typing import Any

from paraset_operator.api.names import INFO_PATH, INFO_VOLUME
from paraset_operator.model.quantity import CPU, MEMORY

_CPU_FILE, _MEMORY_FILE, _ANNOTATIONS_FILE = "cpu_millicores", "memory_bytes", "annotations"
# In which unit amounts are told: whole numbers in both.
_DIVISORS = {CPU: "1m", MEMORY: "1"}


def show_worker(spec: dict[str, Any], target: dict[str, Any], owner: str, shape: str) -> None:
    """Tell the container `target` of the pod spec what it may use; changes both in place."""
    named = {each.get("name") for each in target.get("env") or ()}
    # Ours first, so that the template's can refer to them, as in $(PARASET_SHAPE).
    target["env"] = [*(each for each in _env(owner, shape) if each["name"] not in named), *(target.get("env") or ())]
    mounts = target.get("volumeMounts") or []
    volumes = spec.get("volumes") or []
    if any(each.get("name") == INFO_VOLUME for each in volumes) or any(
        str(each.get("mountPath", "")).rstrip("/") == INFO_PATH for each in mounts
    ):
        return
    spec["volumes"] = [*volumes, _volume(target["name"])]
    target["volumeMounts"] = [*mounts, {"name": INFO_VOLUME, "mountPath": INFO_PATH, "readOnly": True}]


def _env(owner: str, shape: str) -> list[dict[str, Any]]:
    sizes = {"PARASET_CPU_MILLICORES": CPU, "PARASET_MEMORY_BYTES": MEMORY}
    return [
        {"name": "PARASET_SET", "value": owner},
        {"name": "PARASET_SHAPE", "value": shape},
        *({"name": name, "valueFrom": {"resourceFieldRef": _request(each)}} for name, each in sizes.items()),
    ]


def _volume(container: str) -> dict[str, Any]:
    sizes = {_CPU_FILE: CPU, _MEMORY_FILE: MEMORY}
    items: list[dict[str, Any]] = [
        {"path": path, "resourceFieldRef": {"containerName": container} | _request(each)}
        for path, each in sizes.items()
    ]
    items.append({"path": _ANNOTATIONS_FILE, "fieldRef": {"fieldPath": "metadata.annotations"}})
    return {"name": INFO_VOLUME, "downwardAPI": {"items": items}}


def _request(resource: str) -> dict[str, str]:
    return {"resource": f"requests.{resource}", "divisor": _DIVISORS[resource]}
