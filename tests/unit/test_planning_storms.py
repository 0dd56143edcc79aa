"""Many nodes NotReady at once: nothing new is begun, and what is there is left alone."""

from dataclasses import replace

import pytest
from planning_cases import creates, deletes, filler, ls, node, paraset, policy, resizes, shape, snapshot

from paraset_operator.model.constraints import LabelSelector, Requirement
from paraset_operator.model.plan import Limit, Plan, Reason
from paraset_operator.model.policy import PacingRules, PolicyView
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.planning.pacing import Pacing
from paraset_operator.planning.planner import plan
from paraset_operator.planning.storms import with_lapses

SET = paraset("s", shape(cpu=1), ceiling=1000)
POLICY = policy()


def cluster(ready: int, away: int, fillers: bool = True, policies: tuple[PolicyView, ...] = ()) -> Snapshot:
    """Return nodes of two cores with a filler each; those called b are NotReady."""
    nodes = [node(f"a{i:02}", cpu=2) for i in range(ready)]
    nodes += [node(f"b{i:02}", cpu=2, trouble="NotReady") for i in range(away)]
    pods = [filler(SET, index, node=each.name) for index, each in enumerate(nodes)] if fillers else []
    return snapshot(nodes, pods, SET, policies)


def looked(*pictures: tuple[float, Snapshot]) -> Pacing:
    pacing = Pacing()
    for count, (now, picture) in enumerate(pictures):
        pacing = with_lapses(pacing, picture.nodes, now, is_first=not count)
    return pacing


def at(picture: Snapshot, now: float = 0.0, pacing: Pacing | None = None) -> Plan:
    return plan(picture, looked((now, picture)) if pacing is None else pacing, Moment(now, 1000.0))


def test_in_a_storm_nothing_is_made() -> None:
    assert creates(at(cluster(7, 3))) == []


@pytest.mark.parametrize(("ready", "away"), [(98, 2), (12, 3), (2, 2)])
def test_a_few_nodes_are_no_storm(ready: int, away: int) -> None:
    assert len(creates(at(cluster(ready, away)))) >= ready
    assert at(cluster(ready, away)).storms == ()


def test_in_a_storm_nothing_grows() -> None:
    elastic = paraset("s", shape(cpu=(1, 8)))
    nodes = [node("a"), *(node(f"b{index}", trouble="NotReady") for index in range(3))]
    picture = snapshot(nodes, [filler(elastic, node="a")], elastic)
    assert resizes(at(picture)) == []
    assert resizes(plan(picture)) != []


def test_in_a_storm_fillers_on_nodes_that_are_not_ready_are_left_alone() -> None:
    assert deletes(at(cluster(7, 3))) == []


def test_fillers_on_single_nodes_that_are_not_ready_leave() -> None:
    assert [each.reason for each in deletes(at(cluster(7, 2)))] == [Reason.NODE] * 2


def test_in_a_storm_nothing_is_replaced() -> None:
    picture = cluster(7, 3)
    older = replace(SET, shapes=(replace(SET.shapes[0], template_hash="newer"),), budgets=())
    assert deletes(at(replace(picture, sets=(older,)))) == []


def test_in_a_storm_ls_work_gets_its_room() -> None:
    picture = cluster(7, 3)
    outcome = at(replace(picture, waiting=(ls("ls", cpu=2),)))
    assert [each.reason for each in deletes(outcome)] == [Reason.YIELDS]


def test_in_a_storm_a_suspended_set_leaves() -> None:
    picture = cluster(7, 3)
    assert len(deletes(at(replace(picture, sets=(replace(SET, is_suspended=True),))))) == 10


def test_the_storm_is_told() -> None:
    outcome = at(cluster(7, 3))
    assert [(each.policy, each.not_ready, each.nodes) for each in outcome.storms] == [("default", 3, 10)]
    assert "3 of 10 nodes" in next(each.message for each in outcome.sets[0].limited_by if each.reason is Limit.STORM)


def test_nodes_that_came_back_count_for_a_minute() -> None:
    calm, stormy = cluster(10, 0), cluster(7, 3)
    back = snapshot(
        [*(node(f"a{i:02}", cpu=2) for i in range(7)), *(node(f"b{i:02}", cpu=2) for i in range(3))], (), SET
    )
    pacing = looked((0, calm), (10, stormy), (20, back))
    assert creates(at(back, 69, pacing)) == []
    assert creates(at(back, 71, with_lapses(pacing, back.nodes, 71))) != []


def test_nodes_that_stay_away_go_on_counting() -> None:
    picture = cluster(7, 3)
    pacing = looked((0, cluster(10, 0)), (10, picture), (500, picture))
    assert creates(at(picture, 500, pacing)) == []


def test_a_storm_among_the_nodes_of_one_policy_leaves_the_others() -> None:
    one = policy("one", nodes=LabelSelector((Requirement("pool", "In", ("a",)),)))
    nodes = [node(f"a{i}", cpu=1, trouble="NotReady" if i else "", labels={"pool": "a"}) for i in range(4)]
    picture = snapshot([*nodes, node("z", cpu=1)], (), SET, [one, policy("two")])
    assert [each.node for each in creates(at(picture))] == ["z"]


def test_an_administrator_says_how_many_are_a_storm() -> None:
    calm = policy(pacing=PacingRules(storm_percent=100))
    assert at(cluster(0, 5, policies=(calm,))).storms == ()
    assert at(cluster(7, 3, policies=(policy(pacing=PacingRules(storm_percent=30)),))).storms == ()


def test_a_calm_cluster_leaves_the_same_state() -> None:
    pacing = Pacing()
    assert with_lapses(pacing, cluster(3, 0).nodes, 0) is pacing
