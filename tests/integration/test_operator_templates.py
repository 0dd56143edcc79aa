"""A changed set: what can't be changed in place is replaced, no faster than the budgets allow."""

from corner import Corner
from manifests import EXIT, GPU, GPU_SHAPE, fixed_shape

from demo.objects import Pod
from demo.observer import Observer


def most_leaving(observer: Observer, namespace: str, mark: int) -> int:
    """The most fillers of a namespace that were leaving at one moment."""
    leaving: set[str] = set()
    most = 0
    for change in observer.since(mark):
        pod = change.new or change.old
        if isinstance(pod, Pod) and pod.is_filler and pod.namespace == namespace:
            (leaving.add if change.new and change.new.terminating else leaving.discard)(pod.uid)
            most = max(most, len(leaving))
    return most


def relabel(corner: Corner) -> None:
    corner.change_set(template={"metadata": {"labels": {"version": "2"}}})


def until_replaced(corner: Corner, before: list[Pod]) -> None:
    """Wait until as many fillers run as there were, none of them one of those."""
    uids = {pod.uid for pod in before}
    corner.until_running(len(before), where=lambda pod: pod.uid not in uids)


def test_a_changed_template_replaces_every_filler(corner: Corner) -> None:
    corner.add_nodes("a", gpus=3)
    corner.add_set(budgets=[])
    before = corner.until_running(3)
    relabel(corner)
    until_replaced(corner, before)
    pods = corner.cluster.api.get(f"/api/v1/namespaces/{corner.name}/pods")["items"]
    assert {pod["metadata"]["labels"].get("version") for pod in pods} == {"2"}


def test_fillers_are_replaced_within_the_budgets(corner: Corner) -> None:
    corner.add_nodes("a", gpus=4)
    corner.add_set(annotations={EXIT: "300ms"}, budgets=[{"value": 1, "reasons": ["Rebalance"]}])
    before = corner.until_running(4)
    mark = corner.operated.observer.mark()
    relabel(corner)
    until_replaced(corner, before)
    assert most_leaving(corner.operated.observer, corner.name, mark) == 1


def test_a_budget_of_nothing_keeps_fillers_as_they_are(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set(budgets=[{"value": 0, "reasons": ["Rebalance"]}])
    before = {pod.uid for pod in corner.until_running(2)}
    relabel(corner)
    # The ceiling is obeyed in the same plan that would replace the other one.
    corner.change_set(replicas=1)
    assert {pod.uid for pod in corner.until_running(1)} < before


def test_other_devices_are_had_by_deleting_and_creating(corner: Corner) -> None:
    corner.add_nodes("a", gpus=4)
    corner.add_set(replicas=2)
    before = {pod.uid for pod in corner.until_running(2)}
    corner.change_set(shapes=[GPU_SHAPE | {"fixed": {GPU: 2, "memory": "64Mi"}}])
    after = corner.until_running(2, where=lambda pod: pod.requests[GPU] == 2)
    assert not before & {pod.uid for pod in after}


def test_fillers_of_a_shape_that_is_gone_leave(corner: Corner) -> None:
    corner.add_nodes("a", cpu=4)
    corner.add_set(shapes=[fixed_shape("1", "old")])
    corner.until_running(4)
    corner.change_set(shapes=[fixed_shape("2", "new")])
    corner.until_running(2, where=lambda pod: pod.shape == "new")
