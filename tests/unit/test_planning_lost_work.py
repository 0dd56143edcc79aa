"""What an eviction costs, and who goes first of those that lose as much."""

from dataclasses import replace

from planning_cases import amounts, filler, ls, node, owners_of, paraset, pending, room, shape, snapshot

from paraset_operator.model.plan import DeletePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Moment
from paraset_operator.planning.lost_work import seconds_lost
from paraset_operator.planning.planner import plan_yield
from paraset_operator.planning.victims import sacrifice_for

NOW = 1000.0
SET = paraset("s", shape(cpu=4))
CAREFUL = replace(SET, checkpoint_seconds=300)


def lost(pod: Pod, owner: ParaSetView = SET) -> float:
    return seconds_lost(pod, owners_of(owner), NOW)


def first(*pods: Pod) -> str:
    """Return who leaves one node of eight cores for a pod of four."""
    found = sacrifice_for(amounts(cpu=4), room(node(cpu=8), pods, SET), owners_of(SET), NOW)
    assert found is not None
    return found.victims[0].name


def evicted(pods: list[Pod], *sets: ParaSetView, nodes: int = 1, cpu: float = 8) -> list[str]:
    """Return who leaves a cluster for an LS pod of four cores."""
    hosts = [node(f"n{index + 1}", cpu=cpu) for index in range(nodes)]
    releases = plan_yield(snapshot(hosts, [*pods, ls(cpu=4)], sets), Moment(wall=NOW))
    return [action.pod.key for each in releases for action in each.actions if isinstance(action, DeletePod)]


def test_without_a_word_everything_since_the_start_is_lost() -> None:
    assert lost(filler(SET, started=400.0)) == 600.0


def test_who_has_not_started_loses_nothing() -> None:
    assert lost(pending(filler(SET))) == 0.0


def test_a_start_in_the_future_loses_nothing() -> None:
    assert lost(filler(SET, started=2000.0)) == 0.0


def test_a_declared_interval_bounds_what_is_lost() -> None:
    assert lost(filler(CAREFUL, started=350.0), CAREFUL) == 50.0


def test_the_workers_word_overrides_the_interval() -> None:
    assert lost(filler(CAREFUL, started=350.0, checkpointed=800.0), CAREFUL) == 200.0


def test_a_word_makes_nobody_dearer_than_silence() -> None:
    assert lost(filler(SET, started=400.0, checkpointed=1.0)) == 600.0


def test_a_checkpoint_just_now_leaves_nothing_to_lose() -> None:
    assert lost(filler(SET, started=400.0, checkpointed=NOW)) == 0.0


def test_a_checkpoint_in_the_future_is_no_word() -> None:
    assert lost(filler(SET, started=400.0, checkpointed=NOW + 1)) == 600.0


def test_who_has_saved_last_goes_first() -> None:
    assert first(filler(SET, 0, checkpointed=500.0), filler(SET, 1, checkpointed=900.0)) == "s-1"


def test_of_equal_losses_who_has_come_less_far_goes_first() -> None:
    assert first(filler(SET, 0, progress=0.9), filler(SET, 1, progress=0.2, created=50.0)) == "s-1"


def test_of_equal_progress_the_youngest_goes_first() -> None:
    assert first(filler(SET, 0, created=90.0), filler(SET, 1, created=95.0)) == "s-1"


def test_of_equal_victims_a_set_at_its_minimum_gives_last() -> None:
    poor = replace(paraset("a", shape(cpu=4)), floor=1)
    assert evicted([filler(poor), filler(SET)], poor, SET) == ["a/s-0"]


def test_of_equal_victims_the_set_with_most_of_its_share_gives_first() -> None:
    heavy = replace(paraset("a", shape(cpu=4)), weight=1)
    light = replace(SET, weight=4)
    pods = [filler(heavy, 0), filler(light, 0), filler(light, 1)]
    assert evicted(pods, heavy, light, cpu=12) == ["a/a-0"]


def test_a_burst_does_not_take_a_set_below_its_minimum_while_others_have_fillers() -> None:
    poor = replace(paraset("a", shape(cpu=4)), floor=1)
    pods = [*(filler(poor, index) for index in range(2)), *(filler(SET, index) for index in range(2))]
    picture = snapshot(node(cpu=16), [*pods, *(ls(f"ls-{index}", cpu=4) for index in range(3))], [poor, SET])
    releases = plan_yield(picture, Moment(wall=NOW))
    gone = [action.pod.owner for each in releases for action in each.actions]
    assert gone.count(poor.uid) == 1


def test_work_on_a_small_node_costs_no_more_than_the_same_on_a_large_one() -> None:
    """What is lost is measured by the cluster, not by the node it is lost on."""
    pods = [filler(SET, 0, "n1", started=500.0), *(filler(SET, index, "n2", started=400.0) for index in range(1, 5))]
    hosts = [node("n1", cpu=4), node("n2", cpu=16)]
    releases = plan_yield(snapshot(hosts, [*pods, ls(cpu=4)], SET), Moment(wall=NOW))
    assert [each.node for each in releases] == ["n1"]


def test_between_nodes_progress_decides_between_equal_losses() -> None:
    pods = [filler(SET, index, f"n{index + 1}", progress=0.5 - index / 10) for index in range(3)]
    assert evicted(pods, SET, nodes=3, cpu=4) == ["a/s-2"]
