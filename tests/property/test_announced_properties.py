"""What holds of room for announced pods, whatever the cluster: it costs no more than the pods themselves would."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from plan_clusters import CALM, NOW, SETTINGS, clusters
from planning_cases import amounts, deletes, ls, snapshot
from planning_outcome import all_pods, applied, paced, scheduled

from paraset_operator.model.announced import Announcement, Source
from paraset_operator.model.plan import Reason
from paraset_operator.model.policy import DEFAULT_POLICY
from paraset_operator.model.snapshot import NodeState, Snapshot
from paraset_operator.planning.planner import plan, plan_yield
from paraset_operator.planning.room import room_of

COUNTS, CORES, GPUS = st.integers(1, 4), st.integers(1, 16), st.integers(0, 2)


def announced(cpu: int, gpus: int, count: int = 1, name: str = "web") -> Announcement:
    key = f"Deployment shop/{name}"
    return Announcement(Source.WORKLOADS, key, key, count, amounts(cpu=cpu / 2, gpus=gpus, pods=1))


def with_announced(picture: Snapshot, *announcements: Announcement) -> Snapshot:
    return replace(picture, announced=announcements)


def alone(picture: Snapshot) -> Snapshot:
    """Return the picture without LS pods that wait, and without headroom: nothing else asks for room."""
    pods = [pod for pod in all_pods(picture) if pod.is_filler or pod.node]
    policies = [replace(each, headroom=()) for each in picture.policies]
    return snapshot([state.node for state in picture.nodes], pods, picture.sets, policies)


def without_trouble(picture: Snapshot) -> Snapshot:
    nodes = tuple(NodeState(replace(state.node, trouble="", is_cordoned=False), state.pods) for state in picture.nodes)
    return replace(picture, nodes=nodes)


@SETTINGS
@given(clusters(), CORES, GPUS)
def test_an_announced_pod_that_fits_evicts_no_one(picture: Snapshot, cpu: int, gpus: int) -> None:
    picture, asked = alone(picture), announced(cpu, gpus)
    owners = {owner.uid: owner for owner in picture.sets}
    rooms = [room_of(state, (picture.policies or (DEFAULT_POLICY,))[0], owners) for state in picture.nodes]
    outcome = plan(with_announced(picture, asked), moment=NOW)
    if any(room.fits_soon(asked.requests) and not (room.node.trouble or room.node.taints) for room in rooms):
        assert outcome.releases == ()


@SETTINGS
@given(clusters(), CORES, GPUS)
def test_an_announced_pod_costs_no_more_than_one_that_waits(picture: Snapshot, cpu: int, gpus: int) -> None:
    """On nodes without trouble: a pod that waits may be bound to a cordoned one that it tolerates."""
    picture = without_trouble(alone(picture))
    waiting = ls("waiting", cpu=cpu / 2, gpus=gpus)
    nodes = [state.node for state in picture.nodes]
    waits = snapshot(nodes, [*all_pods(picture), waiting], picture.sets, picture.policies)
    ahead = [each for each in plan_yield(with_announced(picture, announced(cpu, gpus)), NOW) if each.actions]
    late = [each for each in plan_yield(waits, NOW) if each.actions]
    assert [[action.pod.key for action in each.actions] for each in ahead] == [
        [action.pod.key for action in each.actions] for each in late
    ]


@SETTINGS
@given(clusters(CALM), COUNTS, CORES, GPUS)
def test_the_pods_that_replace_their_announcement_make_no_one_else_leave(
    picture: Snapshot, count: int, cpu: int, gpus: int
) -> None:
    """Once the room is there: all of them that got room find it, one after the other."""
    picture = without_trouble(alone(picture))
    outcome = plan(with_announced(picture, announced(cpu, gpus, count)), moment=NOW)
    after = applied(picture, outcome)
    pods = [ls(f"ls-{index}", cpu=cpu / 2, gpus=gpus) for index in range(count)]
    nodes = [state.node for state in after.nodes]
    arrived = snapshot(nodes, [*all_pods(after), *pods], picture.sets, picture.policies)
    again = plan(arrived, paced(outcome, now=NOW.monotonic), NOW)
    assert not [each for each in deletes(again) if each.reason is Reason.YIELDS]


@SETTINGS
@given(clusters(CALM), COUNTS, CORES, GPUS)
def test_planning_again_for_the_same_announcement_makes_no_one_else_leave(
    picture: Snapshot, count: int, cpu: int, gpus: int
) -> None:
    picture, asked = without_trouble(alone(picture)), announced(cpu, gpus, count)
    outcome = plan(with_announced(picture, asked), moment=NOW)
    after = with_announced(applied(picture, outcome), asked)
    assert plan(after, paced(outcome, now=NOW.monotonic), NOW).releases == ()


@SETTINGS
@given(clusters(), COUNTS, CORES, GPUS)
def test_a_smaller_announcement_of_the_same_pods_changes_nothing(
    picture: Snapshot, count: int, cpu: int, gpus: int
) -> None:
    """An autoscaler and its target: the larger number counts."""
    large = replace(announced(cpu, gpus, count), source=Source.AUTOSCALERS)
    both = (large, replace(announced(cpu, gpus, count), count=max(1, count - 1)))
    assert plan(with_announced(picture, *both), moment=NOW) == plan(with_announced(picture, large), moment=NOW)


@SETTINGS
@given(clusters(), COUNTS, CORES, GPUS)
def test_the_order_of_announcements_does_not_matter(picture: Snapshot, count: int, cpu: int, gpus: int) -> None:
    both = (announced(cpu, gpus, count), announced(gpus + 1, 0, 1, "api"))
    forth, back = (plan(with_announced(picture, *order), moment=NOW) for order in (both, both[::-1]))
    assert repr(forth) == repr(back)


@SETTINGS
@given(clusters(), COUNTS, CORES, GPUS)
def test_the_urgent_path_decides_as_the_whole_plan_does(picture: Snapshot, count: int, cpu: int, gpus: int) -> None:
    ahead = with_announced(picture, announced(cpu, gpus, count))
    assert plan_yield(ahead, NOW) == plan(ahead, moment=NOW).releases


@SETTINGS
@given(clusters(CALM), COUNTS, CORES, GPUS)
def test_an_announcement_never_takes_from_pods_that_wait(picture: Snapshot, count: int, cpu: int, gpus: int) -> None:
    picture = scheduled(picture)
    plain = [each for each in plan(picture, moment=NOW).releases if each.beneficiary.uid]
    ahead = plan(with_announced(picture, announced(cpu, gpus, count)), moment=NOW)
    assert [each for each in ahead.releases if each.beneficiary.uid] == plain
