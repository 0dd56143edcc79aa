"""The yield ladder on a real API server: LS pods that wait to grow in place, and memory that is given back or not."""

from corner import Corner
from manifests import CPU_SHAPE, FAILURE, HUMBLE, IMAGE, fixed_shape
from operating import eventually, stays_empty

from demo.objects import Pod


def add_growing(corner: Corner, cpu: str, **fields: object) -> None:
    """Bind an LS pod of two cores whose grow its node puts off."""
    corner.forgives = True  # what the kubelet has put off is charged to the node all the same
    corner.add_ls("ls", cpu="2", annotations={FAILURE: "resize-deferred"}, **fields)
    corner.until_bound("ls")
    eventually("the pod runs", lambda: (pod := corner.pod("ls")) and pod.phase == "Running")


def grow(corner: Corner, cpu: str) -> None:
    """Ask for more cores, as a vertical autoscaler does."""
    path = f"/api/v1/namespaces/{corner.name}/pods/ls/resize"
    body = {"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": cpu}}}]}}
    eventually("the resize is taken", lambda: corner.cluster.api.patch(path, body))


def test_fillers_shrink_for_an_ls_pod_whose_grow_is_put_off(corner: Corner) -> None:
    corner.add_nodes("a", cpu=8)
    add_growing(corner, "2")
    corner.add_set(shapes=[CPU_SHAPE], replicas=1)
    (before,) = corner.until_running(1, where=lambda pod: pod.requests["cpu"] == 6000)
    grow(corner, "5")
    (after,) = corner.until_running(1, where=lambda pod: pod.requests["cpu"] == pod.spec_requests["cpu"] == 3000)
    assert before.uid == after.uid


def test_fillers_leave_for_an_ls_pod_whose_grow_is_put_off_where_they_can_not_shrink(corner: Corner) -> None:
    corner.add_nodes("a", cpu=8)
    add_growing(corner, "2")
    corner.add_set(shapes=[fixed_shape("2")])
    corner.until_running(3)
    grow(corner, "5")
    corner.until_running(1)
    assert len(corner.left()) == 2
    event = eventually("a victim has an Event", lambda: corner.events("Yielded"))[0]
    assert f"{corner.name}/ls" in event["message"]


def memory_set(corner: Corner, *, shrinks: bool) -> Pod:
    """Fill a node with one filler that could use all of its memory, and return it once it has its size."""
    elastic = {"memory": {"min": "1Gi", "max": "1Ti", "growthValue": 1, "shrinks": shrinks}}
    corner.add_nodes("a", cpu=8)
    corner.add_set(shapes=[{"name": "m", "fixed": {"cpu": "1"}, "elastic": elastic}], replicas=1)
    (filler,) = corner.until_running(1)
    return filler


def test_memory_is_given_back_in_place_where_the_set_says_that_it_can_be(corner: Corner) -> None:
    before = memory_set(corner, shrinks=True)
    requests = {"cpu": "1", "memory": "2Gi"}
    corner.add_ls("ls", containers=[{"name": "main", "image": IMAGE, "resources": {"requests": requests}}])
    corner.until_bound("ls")
    (after,) = corner.until_running(1, where=lambda pod: pod.requests == pod.spec_requests)
    assert after.uid == before.uid
    assert before.requests["memory"] - after.requests["memory"] >= 2 * 2**30


def test_memory_that_could_not_be_given_back_is_not_taken(corner: Corner) -> None:
    assert memory_set(corner, shrinks=False).requests["memory"] == 2**30


def test_nobody_leaves_for_the_growth_of_lesser_work(corner: Corner) -> None:
    corner.add_nodes("a", cpu=8)
    add_growing(corner, "2", priorityClassName=HUMBLE)
    corner.add_set(shapes=[fixed_shape("2")])
    corner.until_running(3)
    grow(corner, "5")
    stays_empty(corner.left, 2)
