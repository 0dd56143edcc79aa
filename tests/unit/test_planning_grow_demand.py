"""LS pods that run and wait to grow in place get room on their node, and nobody else does."""

from dataclasses import replace

from planning_cases import amounts, deletes, filler, ls, node, paraset, policy, resizes, shape, snapshot, terminating

from paraset_operator.model.plan import Plan
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.resources import plus
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Moment
from paraset_operator.planning.planner import plan, plan_yield

NOW = Moment(wall=1000.0)
FIXED = paraset("s", shape(cpu=2))
ELASTIC = paraset("e", shape(cpu=(1, 8)))


def growing(pod: Pod, cpu: float = 0, memory: float = 0) -> Pod:
    """Return a bound pod that wants so much more, and is charged for it."""
    more = amounts(cpu, memory)
    wants = plus(pod.requests, more)
    return replace(pod, requests=wants, held=wants, wanting=more, resize=Resize.DEFERRED)


def made(pods: list[Pod], *sets: ParaSetView, policies: tuple[PolicyView, ...] = (), cpu: float = 8) -> Plan:
    picture = snapshot(node(cpu=cpu), pods, sets, policies)
    found = plan(picture, moment=NOW)
    assert plan_yield(picture, NOW) == found.releases
    return found


def test_fillers_shrink_for_what_is_missing_and_no_more() -> None:
    found = made([growing(ls(cpu=2, node="n1"), cpu=3), filler(ELASTIC, cpu=6)], ELASTIC)
    assert [resize.sizes["cpu"] for resize in resizes(found)] == [3000]
    assert not deletes(found)


def test_what_shrinking_does_not_give_is_evicted() -> None:
    found = made([growing(ls(cpu=2, node="n1"), cpu=3), *(filler(FIXED, index) for index in range(3))], FIXED)
    assert len(deletes(found)) == 2


def test_the_release_names_who_grows_and_nominates_nobody() -> None:
    (release,) = made([growing(ls(cpu=2, node="n1"), cpu=3), filler(ELASTIC, cpu=6)], ELASTIC).releases
    assert (release.beneficiary.key, release.nomination) == ("ls/ls", None)


def test_nobody_gives_anything_where_the_node_has_the_room() -> None:
    found = made([growing(ls(cpu=2, node="n1"), cpu=3), filler(FIXED)], replace(FIXED, ceiling=1))
    assert not found.releases
    assert not found.actions


def test_nobody_goes_where_all_fillers_together_would_not_be_enough() -> None:
    found = made([growing(ls(cpu=2, node="n1"), cpu=9), filler(FIXED)], FIXED)
    assert not found.releases
    assert not found.actions


def test_nobody_goes_where_enough_is_leaving_already() -> None:
    pods = [growing(ls(cpu=2, node="n1"), cpu=2), terminating(filler(FIXED, 0)), filler(FIXED, 1), filler(FIXED, 2)]
    assert not deletes(made(pods, FIXED))


def test_a_pod_below_the_ls_priority_waits_for_what_comes_free() -> None:
    humble = growing(ls(cpu=2, node="n1", priority=-5), cpu=3)
    found = made([humble, filler(ELASTIC, cpu=6)], ELASTIC)
    assert not found.releases
    assert not found.actions


def test_a_pod_below_the_ls_priority_of_its_nodes_policy_gets_nothing() -> None:
    strict = policy("strict", ls_priority=10_000)
    found = made([growing(ls(cpu=2, node="n1"), cpu=3), filler(ELASTIC, cpu=6)], ELASTIC, policies=(strict,))
    assert not found.actions


def test_room_that_a_pod_is_to_grow_into_is_not_filled() -> None:
    found = made([growing(ls(cpu=2, node="n1"), cpu=4)], FIXED)
    assert len(found.actions) == 1


def test_a_pod_that_waits_elsewhere_does_not_get_the_room_made_for_growth() -> None:
    pods = [growing(ls(cpu=2, node="n1"), cpu=2), *(filler(FIXED, index) for index in range(3)), ls("new", cpu=2)]
    assert len(deletes(made(pods, FIXED))) == 2
