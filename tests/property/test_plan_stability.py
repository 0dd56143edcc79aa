"""What holds from one plan to the next: nothing flaps, LS work never makes fillers grow, less room never fills more."""

from hypothesis import given
from hypothesis import strategies as st
from plan_clusters import CALM, NOW, ONE_SHAPE, SETTINGS, clusters
from planning_cases import ls, resizes, snapshot
from planning_outcome import all_pods, applied, paced, scheduled

from paraset_operator.model.plan import Reason
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.planner import plan


def settled(picture: Snapshot) -> Snapshot:
    """Return the picture after plans have been carried out until there is nothing more to do, or for ten rounds."""
    for _ in range(10):
        outcome = plan(picture, moment=NOW)
        if not (outcome.actions or outcome.releases):
            break
        picture = applied(picture, outcome)
    return picture


@SETTINGS
@given(clusters(CALM))
def test_a_plan_that_is_carried_out_leaves_nothing_to_do(picture: Snapshot) -> None:
    """All at once, with the nodes that gave room cooling down, and LS pods that fit bound before the plan is made.

    Where nothing changes by itself (a resize under way ends, a budget lets the next outdated filler go), and without
    headroom: what a plan makes leave can be a better place for it, which only the next plan sees.
    """
    before = scheduled(picture)
    outcome = plan(before, moment=NOW)
    after = applied(before, outcome)
    again = plan(after, paced(outcome, now=NOW.monotonic), NOW)
    assert not again.releases
    assert not again.actions


@SETTINGS
@given(clusters())
def test_plans_that_are_carried_out_come_to_rest(picture: Snapshot) -> None:
    """Whatever there is: outdated fillers, refused grows, headroom; even if no node cools down."""
    outcome = plan(settled(scheduled(picture)), moment=NOW)
    assert not outcome.releases
    assert not outcome.actions


@SETTINGS
@given(clusters(CALM), st.integers(1, 16), st.integers(0, 3))
def test_an_ls_arrival_never_grows_a_filler(picture: Snapshot, cpu: int, gpus: int) -> None:
    """From a state where nothing was to be done: what changes is the arrival alone.

    Without headroom: when an arrival leaves no node that could hold a headroom shape, the room kept for it is lent.
    """
    calm = settled(scheduled(picture))
    arrival = ls("arrival", cpu=cpu / 2, gpus=gpus, priority=2000)
    nodes = [state.node for state in calm.nodes]
    outcome = plan(snapshot(nodes, [*all_pods(calm), arrival], calm.sets, calm.policies), moment=NOW)
    assert not [each for each in resizes(outcome) if each.reason is Reason.GROWS]


@SETTINGS
@given(clusters(ONE_SHAPE), st.integers(0, 5), st.integers(1, 16), st.integers(0, 2))
def test_less_room_never_makes_more_instances_of_one_shape(picture: Snapshot, where: int, cpu: int, gpus: int) -> None:
    """On an empty cluster, for one set of one shape.

    It does not hold of the worth in general: one instance less can leave the others room for growth that a set rates
    higher than the instance, and of several shapes the one that is tried first need not be the one that packs best.
    """
    nodes = [state.node for state in picture.nodes]
    taken = ls("taken", cpu=cpu / 2, gpus=gpus, node=nodes[where % len(nodes)].name)
    less = snapshot(nodes, [*all_pods(picture), taken], picture.sets, picture.policies)
    assert plan(less, moment=NOW).sets[0].replicas <= plan(picture, moment=NOW).sets[0].replicas
