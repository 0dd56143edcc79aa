"""The yield ladder: growth is taken back, CPU shrinks, memory shrinks where it may, and only then somebody leaves."""

from dataclasses import replace

from planning_cases import GIB, filler, ls, node, paraset, refused, shape, snapshot

from paraset_operator.model.plan import DeletePod, Release, ResizePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Moment
from paraset_operator.planning.planner import plan, plan_yield

NOW = Moment(wall=1000.0)
SET = paraset("s", shape(cpu=(1, 8), memory=(2, 16), growth={"memory": 1}))
STUCK = paraset(
    "t",
    replace(
        SET.shapes[0],
        elastic=tuple(
            replace(each, shrinks=each.resource == "cpu", maximum=each.maximum if each.resource == "cpu" else 2 * GIB)
            for each in SET.shapes[0].elastic
        ),
    ),
)


def released(pods: list[Pod], *sets: ParaSetView, nodes: int = 1, cpu: float = 8, memory: float = 16) -> list[Release]:
    hosts = [node(f"n{index + 1}", cpu, memory) for index in range(nodes)]
    return list(plan_yield(snapshot(hosts, pods, sets), NOW))


def steps(releases: list[Release]) -> list[tuple[str, str]]:
    """Return what is done to whom."""
    return [
        ("evict" if isinstance(action, DeletePod) else "shrink", action.pod.name)
        for each in releases
        for action in each.actions
    ]


def sizes(releases: list[Release]) -> dict[str, tuple[float, float]]:
    """Return the cores and GiB of everybody who is resized."""
    return {
        action.pod.name: (action.sizes["cpu"] / 1000, action.sizes["memory"] / GIB)
        for each in releases
        for action in each.actions
        if isinstance(action, ResizePod)
    }


def test_who_lacks_only_cpu_evicts_nobody_and_takes_no_memory() -> None:
    found = released([filler(SET, cpu=8, memory=8), ls(cpu=3, memory=2)], SET)
    assert sizes(found) == {"s-0": (5, 8)}
    assert steps(found) == [("shrink", "s-0")]


def test_who_lacks_only_memory_gets_it_by_a_shrink_where_the_set_says_that_it_can() -> None:
    found = released([filler(SET, cpu=4, memory=16), ls(cpu=3, memory=2)], SET)
    assert sizes(found) == {"s-0": (4, 14)}


def test_memory_that_can_not_be_given_back_in_place_comes_free_by_eviction() -> None:
    found = released([filler(STUCK, cpu=4, memory=16), ls(cpu=3, memory=2)], STUCK)
    assert steps(found) == [("evict", "t-0")]


def test_cpu_shrinks_though_memory_can_not() -> None:
    found = released([filler(STUCK, cpu=8, memory=8), ls(cpu=3, memory=2)], STUCK)
    assert sizes(found) == {"t-0": (5, 8)}


def test_no_memory_is_shrunk_where_shrinking_cpu_elsewhere_will_do() -> None:
    pods = [filler(SET, 0, "n1", cpu=4, memory=16), filler(SET, 1, "n2", cpu=8, memory=8), ls(cpu=3, memory=2)]
    found = released(pods, SET, nodes=2)
    assert sizes(found) == {"s-1": (5, 8)}


def test_nobody_is_evicted_where_shrinking_memory_elsewhere_will_do() -> None:
    pods = [filler(STUCK, 0, "n1", cpu=4, memory=16), filler(SET, 1, "n2", cpu=4, memory=16), ls(cpu=3, memory=2)]
    found = released(pods, SET, STUCK, nodes=2)
    assert steps(found) == [("shrink", "s-1")]


def test_one_filler_gives_both_rather_than_two_one_each() -> None:
    pods = [filler(SET, 0, cpu=5, memory=6), filler(SET, 1, cpu=3, memory=10), ls(cpu=2, memory=2)]
    assert len(steps(released(pods, SET))) == 1


def test_a_grow_that_was_put_off_is_taken_back_before_anybody_shrinks() -> None:
    waiting = refused(filler(SET, 0, cpu=4, memory=2), {"cpu": 1000})
    found = released([waiting, filler(SET, 1, cpu=4, memory=2), ls(cpu=2, memory=2)], SET)
    assert sizes(found) == {"s-0": (1, 2)}


def test_all_steps_are_in_one_plan_where_each_is_needed() -> None:
    pods = [filler(SET, 0, cpu=4, memory=8), filler(STUCK, 0, cpu=4, memory=8), ls(cpu=6, memory=13)]
    assert sorted(steps(released(pods, SET, STUCK))) == [("evict", "t-0"), ("shrink", "s-0")]


def test_a_filler_that_can_not_give_memory_back_keeps_what_it_has() -> None:
    picture = snapshot(node(cpu=8, memory=16), [filler(STUCK, cpu=8, memory=8)], replace(STUCK, ceiling=1))
    assert plan(picture, moment=NOW).actions == ()


def test_a_filler_that_can_not_give_memory_back_leaves_where_others_hold_it() -> None:
    bound = ls(memory=12, node="n1")
    made = plan(snapshot(node(cpu=8, memory=16), [filler(STUCK, memory=8), bound], STUCK), moment=NOW)
    assert [type(action) for action in made.actions if action.pod == filler(STUCK, memory=8)] == [DeletePod]
