"""LS work that fits nowhere gets room, by as little as will do."""

from corner import Corner
from manifests import CPU_SHAPE, GPU_SHAPE, HUMBLE
from operating import eventually

from demo.workload import EXIT_ANNOTATION


def test_one_gpu_costs_one_filler_its_place(corner: Corner) -> None:
    corner.add_nodes("a", gpus=4)
    corner.add_set()
    corner.until_running(4)
    corner.add_ls("ls", gpus=1)
    corner.until_bound("ls")
    corner.until_running(3)
    assert len(corner.left()) == 1


def test_the_victims_event_names_who_needed_its_room(corner: Corner) -> None:
    corner.add_nodes("a", gpus=1)
    corner.add_set()
    corner.until_running(1)
    corner.add_ls("ls", gpus=1)
    event = eventually("the victim has an Event", lambda: corner.events("Yielded"))[0]
    assert f"{corner.name}/ls" in event["message"]


def test_an_ls_pod_that_lacks_only_cpu_is_served_by_shrinking(corner: Corner) -> None:
    corner.add_nodes("a", cpu=16)
    corner.add_set(shapes=[CPU_SHAPE])
    (filler,) = corner.until_running(1)
    corner.add_ls("ls", cpu="6")
    corner.until_bound("ls")
    assert [pod.uid for pod in corner.until_running(1)] == [filler.uid]
    assert corner.left() == []


def test_a_burst_is_answered_with_the_evictions_it_needs(corner: Corner) -> None:
    corner.add_nodes("a", "b", gpus=4)
    corner.add_set()
    corner.until_running(8)
    burst = [f"ls-{index}" for index in range(5)]
    for name in burst:
        corner.add_ls(name, gpus=1)
    corner.until_bound(*burst)
    corner.until_running(3)
    assert len(corner.left()) == 5


def test_a_burst_uses_the_room_that_is_free_before_any_filler_leaves(corner: Corner) -> None:
    corner.add_nodes("a", gpus=4)
    corner.add_set(replicas=2)
    corner.until_running(2)
    burst = [f"ls-{index}" for index in range(3)]
    for name in burst:
        corner.add_ls(name, gpus=1)
    corner.until_bound(*burst)
    assert len(corner.left()) == 1


def test_a_burst_shares_the_rooms_made_for_it_and_who_comes_later_gets_another(corner: Corner) -> None:
    corner.add_nodes(*"abcdefghi", gpus=1)
    corner.add_set(annotations={EXIT_ANNOTATION: "20s"})
    corner.until_running(9)
    burst = [f"ls-{index}" for index in range(8)]
    # Nobody binds them or preempts for them, so that all the operator does can be seen.
    for name in burst:
        corner.add_ls(name, gpus=1, schedulerName="nobody", priorityClassName=None)
    eventually("all are nominated to one node", lambda: len(homes := nominated(corner, burst)) == 1 and all(homes))
    assert len(corner.left()) == 8
    corner.add_ls("later", gpus=1, schedulerName="nobody", priorityClassName=None)
    eventually("another filler leaves", lambda: len(corner.left()) == 9)


def nominated(corner: Corner, names: list[str]) -> set[str]:
    path = f"/api/v1/namespaces/{corner.name}/pods"
    return {corner.cluster.api.get(f"{path}/{name}")["status"].get("nominatedNodeName", "") for name in names}


def test_an_ls_pod_that_needs_more_than_fillers_hold_evicts_nothing(corner: Corner) -> None:
    corner.add_nodes("a", gpus=4)
    corner.add_set()
    corner.until_running(4)
    corner.add_ls("too-large", gpus=8)
    corner.add_ls("next", gpus=1)
    corner.until_bound("next")
    assert len(corner.left()) == 1


def test_a_gated_pod_evicts_nothing_until_its_gate_goes(corner: Corner) -> None:
    corner.add_nodes("a", gpus=4)
    corner.add_set()
    corner.until_running(4)
    corner.add_ls("gated", gpus=2, schedulingGates=[{"name": "test.paraset.io/wait"}])
    corner.add_ls("next", gpus=1)
    corner.until_bound("next")
    assert len(corner.left()) == 1
    corner.cluster.api.patch(
        f"/api/v1/namespaces/{corner.name}/pods/gated",
        {"spec": {"schedulingGates": [{"$patch": "delete", "name": "test.paraset.io/wait"}]}},
    )
    corner.until_bound("gated")
    assert len(corner.left()) == 3


def test_a_pod_that_is_nominated_already_evicts_nothing(corner: Corner) -> None:
    corner.add_nodes("a", "b", gpus=2)
    corner.add_set()
    corner.until_running(4)
    path = f"/api/v1/namespaces/{corner.name}/pods/nominated"
    gate = {"name": "test.paraset.io/wait"}
    # Of a scheduler that is not there, so that nobody takes the nomination away; it may preempt, as most pods may.
    corner.add_ls("nominated", gpus=1, schedulerName="nobody", schedulingGates=[gate], priorityClassName=None)
    corner.cluster.api.patch(f"{path}/status", {"status": {"nominatedNodeName": f"{corner.name}-b"}})
    corner.cluster.api.patch(path, {"spec": {"schedulingGates": [gate | {"$patch": "delete"}]}})
    corner.add_ls("next", gpus=1)
    corner.until_bound("next")
    assert len(corner.left()) == 1


def test_work_below_the_ls_priority_gets_no_room(corner: Corner) -> None:
    corner.add_nodes("a", gpus=4)
    corner.add_set()
    corner.until_running(4)
    corner.add_ls("humble", gpus=1, priorityClassName=HUMBLE)
    corner.add_ls("next", gpus=1)
    corner.until_bound("next")
    assert len(corner.left()) == 1


def test_room_given_back_is_not_refilled_before_the_cool_down_is_over(corner: Corner) -> None:
    cool_down = 3
    corner.change_policy(pacing={"coolDownSeconds": cool_down, "coolDownMaxSeconds": cool_down})
    corner.add_nodes("a", gpus=2)
    corner.add_set(shapes=[GPU_SHAPE])
    corner.until_running(2)
    corner.add_ls("ls", gpus=1)
    corner.until_bound("ls")
    corner.remove_ls("ls")
    corner.until_running(2)
    (evicted,), refilled = corner.left(), corner.made()[-1]
    # The operator counts from the answer to its write, which comes a little before or after the watch tells of it.
    assert refilled - evicted > cool_down - 0.5
