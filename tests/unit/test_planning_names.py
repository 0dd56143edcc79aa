"""Fillers' names: below the ceiling, unique, and what has to be gone before one can be made."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from planning_cases import creates, filler, ls, node, paraset, shape, snapshot, terminating

from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import DEFAULT_POLICY
from paraset_operator.planning.names import IndexPool, NameCount
from paraset_operator.planning.planner import plan
from paraset_operator.planning.survey import Survey

SET = paraset("s", shape(cpu=1), ceiling=3)


def pool(pods: Sequence[Pod], ceiling: int = 3, leaving: Sequence[Pod] = ()) -> IndexPool:
    picture = snapshot(node(cpu=32), pods, SET)
    survey = Survey()
    survey.look(picture.nodes, picture.sets, (DEFAULT_POLICY,))
    gone = [pod for pod in pods if pod.is_filler and (pod.is_terminating or pod.is_finished or pod in leaving)]
    return IndexPool.of(ceiling, survey.names_with(0, picture.waiting), gone)


def take_all(found: IndexPool) -> list[tuple[int, tuple[str, ...]]]:
    return [found.take() for _ in range(found.size)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("leaving", [(), (1,), (1, 6), (0, 1, 6)])
def test_many_are_taken_as_one_by_one(count: int, leaving: Sequence[int]) -> None:
    pods = [terminating(filler(SET, index)) if index in leaving else filler(SET, index) for index in (0, 1, 3, 6)]
    free, waiting = pool(pods, ceiling=7).take_many(min(count, pool(pods, ceiling=7).size))
    one_by_one = take_all(pool(pods, ceiling=7))
    assert [*((index, ()) for index in free), *waiting] == one_by_one[: len(free) + len(waiting)]


def test_after_many_the_next_index_is_taken() -> None:
    found = pool([filler(SET, 1)], ceiling=5)
    found.take_many(2)
    assert found.take() == (3, ())


def test_the_lowest_free_indices_are_taken() -> None:
    assert take_all(pool([filler(SET, 1)])) == [(0, ()), (2, ())]


def test_a_full_set_has_no_index_left() -> None:
    assert pool([filler(SET, index) for index in range(3)]).size == 0


def test_the_name_of_a_pod_on_its_way_out_waits_for_it() -> None:
    pods = [terminating(filler(SET, 0)), filler(SET, 1), filler(SET, 2)]
    assert take_all(pool(pods)) == [(0, ("a/s-0",))]


def test_the_name_of_a_pod_that_the_plan_takes_away_waits_for_it() -> None:
    pods = [filler(SET, index) for index in range(3)]
    assert take_all(pool(pods, leaving=pods[1:2])) == [(1, ("a/s-1",))]


def test_a_finished_pod_counts_until_it_is_gone() -> None:
    pods = [filler(SET, 0, is_finished=True), filler(SET, 1), filler(SET, 2)]
    assert take_all(pool(pods)) == [(0, ("a/s-0",))]


def test_a_free_name_still_waits_when_as_many_pods_as_the_ceiling_are_there() -> None:
    pods = [filler(SET, 0), filler(SET, 1), terminating(filler(SET, 7))]
    assert take_all(pool(pods)) == [(2, ("a/s-7",))]


def test_above_the_ceiling_as_many_have_to_go_as_there_are_too_many() -> None:
    pods = [filler(SET, 0), *(terminating(filler(SET, index)) for index in (4, 5, 6))]
    assert take_all(pool(pods, ceiling=2)) == [(1, ("a/s-4", "a/s-5", "a/s-6"))]


def test_no_index_is_handed_out_twice() -> None:
    pods = [terminating(filler(SET, index)) for index in range(5)]
    found = take_all(pool(pods, ceiling=5))
    assert sorted(index for index, _ in found) == [0, 1, 2, 3, 4]


def test_a_name_that_another_pod_has_is_left_alone() -> None:
    taken = ls("s-0", node="n1", namespace="a")
    assert [index for index, _ in take_all(pool([taken]))] == [1, 2]


def test_the_fillers_of_an_earlier_set_of_that_name_keep_their_names() -> None:
    old = replace(terminating(filler(SET, 0)), owner="uid-of-old")
    picture = snapshot(node(cpu=32), [old], SET)
    assert [each.index for each in creates(plan(picture))] == [1, 2]


def test_a_pod_so_named_in_another_namespace_does_not_matter() -> None:
    assert pool([ls("s-0", node="n1", namespace="b")]).size == 3


def test_names_that_only_look_like_an_index_do_not_matter() -> None:
    others = [ls(name, node="n1", namespace="a") for name in ("s-x", "s", "other-1", "s-1-a")]
    assert pool(others).size == 3


def test_a_set_whose_names_are_taken_makes_fewer_than_its_ceiling() -> None:
    outcome = plan(snapshot(node(cpu=8), [ls("s-1", node="n1", namespace="a")], SET))
    assert [each.pod for each in creates(outcome)] == ["s-0", "s-2"]
    assert "names" in outcome.sets[0].limited_by[0].message


def test_who_was_evicted_for_ls_work_is_made_anew_elsewhere_once_gone() -> None:
    rigid = paraset("s", shape(cpu=4), ceiling=2)
    picky = ls(cpu=4, node="")
    nodes = [node("n1", cpu=4), node("n2", cpu=8)]
    busy = ls("busy", cpu=5, node="n2")
    pods = [filler(rigid, 0, node="n1"), picky, busy]
    outcome = plan(snapshot(nodes, pods, replace(rigid, ceiling=1, shapes=(shape(cpu=4), shape("tiny", cpu=3)))))
    assert [(each.pod, each.node, each.after) for each in creates(outcome)] == [("s-0", "n2", ("a/s-0",))]


def test_names_are_counted_as_if_they_were_looked_at_anew() -> None:
    random, names, taken = Random(1), NameCount(), list[int]()
    for _ in range(2000):
        if taken and random.random() < 0.5:
            names.take(taken.pop(random.randrange(len(taken))), -1)
        else:
            taken.append(random.randrange(20))
            names.take(taken[-1])
        assert names.lowest_free() == min(set(range(21)) - {*taken})
        assert names.copy() == names == NameCount(dict(Counter(taken)))
        assert names.highest >= max(taken, default=-1)
