"""Pods that are no fillers, however much they look like it, are nobody's to touch; whoever made them."""

from typing import Any

from corner import SETS, Corner
from manifests import IMAGE, POOL

from demo.invariants import foreign_writes


def owner_of(corner: Corner) -> dict[str, Any]:
    """The set `s` as the owner reference that its fillers have."""
    uid = corner.cluster.api.get(f"{SETS.format(corner.name)}/s")["metadata"]["uid"]
    return {"apiVersion": "paraset.io/v1alpha1", "kind": "ParaSet", "name": "s", "uid": uid, "controller": True}


def forge(corner: Corner, name: str, owner: dict[str, Any] | None, labels: dict[str, str], **spec: Any) -> str:
    """Make a pod that a user might make, and return its uid."""
    container = {"name": "main", "image": IMAGE, "resources": {"requests": {"cpu": "10m"}}}
    metadata = {"name": name, "labels": labels, "ownerReferences": [owner] if owner else []}
    body = {"metadata": metadata, "spec": {"nodeSelector": {POOL: corner.name}, "containers": [container], **spec}}
    made = corner.cluster.api.post(f"/api/v1/namespaces/{corner.name}/pods", body)
    return str(made["metadata"]["uid"])


def is_untouched(corner: Corner, name: str, uid: str) -> bool:
    pod = corner.pod(name)
    return pod is not None and pod.uid == uid and not pod.terminating


LABELS = {"paraset.io/paraset": "s", "paraset.io/shape": "gpu", "app.kubernetes.io/name": "paraset-filler"}


def test_a_forged_owner_reference_makes_no_filler(corner: Corner) -> None:
    corner.forgives = True  # the observer goes by the owner reference alone
    corner.add_nodes("a", gpus=2)
    corner.add_set(replicas=2)
    corner.until_running(2)
    uid = forge(corner, "stranger", owner_of(corner), {})
    corner.change_set(suspend=True)
    corner.until_running(1)
    assert is_untouched(corner, "stranger", uid)


def test_forged_labels_make_no_filler(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set(replicas=2)
    corner.until_running(2)
    uid = forge(corner, "s-7", None, LABELS, priorityClassName="paraset-filler")
    corner.change_set(suspend=True)
    corner.until_running(0)
    assert is_untouched(corner, "s-7", uid)


def test_a_name_that_is_taken_is_left_to_who_has_it(corner: Corner) -> None:
    corner.add_nodes("a", gpus=4)
    uid = forge(corner, "s-1", None, {})
    corner.add_set(replicas=3)
    names = {pod.name for pod in corner.until_running(2)}
    assert names == {"s-0", "s-2"}
    assert is_untouched(corner, "s-1", uid)


def test_the_operator_has_written_to_no_pod_but_its_fillers(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set()
    corner.until_running(2)
    corner.add_ls("ls", gpus=1)
    corner.until_bound("ls")
    corner.until_running(1)
    requests = [each for each in corner.operated.audit.poll() if each.namespace == corner.name]
    with corner.operated.observer.lock:
        assert foreign_writes(requests, corner.operated.observer.ever_filler) == []
