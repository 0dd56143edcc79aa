"""The examples on machines of the public trace under LS load: one plan fills them, and what was decided stays.

Here sets of different namespaces meet whose shares are bounded by different resources, on nodes with headroom: what
the small clusters of the other properties hardly ever have.
"""

from dataclasses import replace

import pytest
from cluster_dump import EXAMPLES, dump
from cluster_dump import node as dumped_node
from planning_cases import GIB, GPU, ls, node, snapshot
from planning_outcome import all_pods, applied, applied_at_once, scheduled

from demo.workload import draw_base_load, draw_nodes
from paraset_operator.model.resources import minus, total_of
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.planning.planner import plan
from paraset_operator.runtime.offline import load_text

NODES, SEEDS = 24, range(4)
NOW = Moment(monotonic=50.0, wall=1000.0)
SETS = ("trainer", "batch")


def demo_cluster(seed: int, *, headroom: bool) -> Snapshot:
    """Return the cluster with all LS pods that fit, and no filler yet."""
    files = [str(EXAMPLES / f"{name}.yaml") for name in (*SETS, *(["fillpolicy"] if headroom else []))]
    given = load_text(files, dump([dumped_node("any")]).encode(), "a test").snapshot
    machines = draw_nodes(NODES, seed)
    nodes = [
        node(each.name, each.cpu_milli / 1000, each.memory_mib / 1024, each.gpus, each.pods, dict(each.labels))
        for each in machines
    ]
    pods = [
        ls(each.name, each.cpu_milli / 1000, each.memory_mib / 1024, each.gpus)
        for each in draw_base_load(machines, 0.8, seed)
    ]
    bound = scheduled(snapshot(nodes, pods, given.sets, given.policies))
    return snapshot(nodes, [pod for pod in all_pods(bound) if pod.node], given.sets, given.policies)


def gpus_that_fit(picture: Snapshot) -> int:
    """Return how many of the smallest fillers with a GPU fit beside LS pods: one core and 4 GiB each."""
    fitting = 0
    for state in picture.nodes:
        reserve = picture.policies[0].reserve_on(state.node.allocatable) if picture.policies else {}
        left = minus(minus(state.node.allocatable, total_of(pod.held for pod in state.pods)), reserve)
        fitting += max(0, min(left.get(GPU, 0), left["cpu"] // 1000, left["memory"] // (4 * GIB)))
    return fitting


@pytest.mark.parametrize("headroom", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_one_plan_fills_what_there_is_to_fill(seed: int, headroom: bool) -> None:
    picture = demo_cluster(seed, headroom=headroom)
    outcome = plan(picture, moment=NOW)
    again = plan(applied(picture, outcome), moment=NOW)
    assert outcome.filled[GPU] == gpus_that_fit(picture)
    assert (again.releases, again.actions) == ((), ())


@pytest.mark.parametrize("weights", [(1, 1), (1, 5), (5, 1)])
@pytest.mark.parametrize("seed", SEEDS)
def test_fillers_that_shrink_for_new_ones_get_these_beside_them(seed: int, weights: tuple[int, int]) -> None:
    """What is new waits until they have shrunk: the plan that is made then must not think otherwise."""
    picture = demo_cluster(seed, headroom=True)
    ceilings = [{"batch": 40, "trainer": 10 + 30 * (seed % 2)}[owner.name] for owner in picture.sets]
    sets = [
        replace(owner, weight=weight, ceiling=ceiling)
        for owner, weight, ceiling in zip(picture.sets, weights, ceilings, strict=True)
    ]
    picture = replace(picture, sets=tuple(sets))
    for _ in range(6):
        outcome = plan(picture, moment=NOW)
        picture = applied_at_once(picture, outcome)
    assert (outcome.releases, outcome.actions) == ((), ())


@pytest.mark.parametrize("seed", SEEDS)
def test_room_beside_devices_that_nobody_takes_stays_headroom(seed: int) -> None:
    """Where few fillers take GPUs, those without do not grow into what is kept beside idle ones."""
    picture = demo_cluster(seed, headroom=True)
    few = [replace(owner, ceiling=10 if owner.name == "trainer" else 400) for owner in picture.sets]
    picture = replace(picture, sets=tuple(few))
    first = plan(picture, moment=NOW)
    again = plan(applied(picture, first), moment=NOW)
    assert again.usable["cpu"] == first.usable["cpu"]
    assert again.actions == ()
