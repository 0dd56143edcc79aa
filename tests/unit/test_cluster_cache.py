"""The cluster as last seen: newer wins, writes on their way count as done, and a picture costs only what changed."""

import itertools
from dataclasses import replace

import msgspec
import pytest
from planning_cases import filler, ls, node, paraset, pending, terminating
from pod_json import Json, raw
from pod_json import node as node_json
from pod_json import pod as pod_json

from paraset_operator.cluster import cache as cache_module
from paraset_operator.cluster.cache import ClusterCache, PodStore
from paraset_operator.model.pod import Pod, Resize

SET = paraset("s")
RUNNING = replace(filler(SET), revision="5")


def sent(obj: Json) -> msgspec.Raw:
    return msgspec.Raw(raw(obj))


def store(*pods: Pod) -> PodStore:
    found = PodStore()
    for pod in pods:
        found.put(pod)
    return found


def at(revision: int, pod: Pod = RUNNING, **fields: object) -> Pod:
    return replace(pod, revision=str(revision), **fields)  # type: ignore[arg-type]


def test_a_newer_state_replaces_an_older_one() -> None:
    pods = store(RUNNING, newer := at(6, is_ready=False))
    assert pods.get(RUNNING.key) == newer


def test_a_late_event_does_not_undo_a_newer_state() -> None:
    pods = store(newer := at(10, is_ready=False), RUNNING)
    assert pods.get(RUNNING.key) == newer


def test_revisions_are_compared_as_numbers() -> None:
    assert store(at(9), newer := at(10)).get(RUNNING.key) == newer


def test_another_pod_of_the_same_name_replaces_the_first() -> None:
    pods = store(RUNNING, second := at(8, uid="second"))
    assert pods.get(RUNNING.key) == second


def test_a_late_answer_about_the_first_pod_does_not_replace_the_second() -> None:
    pods = store(RUNNING, second := at(8, uid="second"), at(7, is_terminating=True))
    assert pods.get(RUNNING.key) == second


def test_a_pod_that_was_replaced_does_not_come_back_when_the_second_is_gone() -> None:
    pods = store(RUNNING, second := at(8, uid="second"))
    pods.gone(second)
    pods.put(at(7))
    assert pods.get(RUNNING.key) is None


def test_a_late_answer_does_not_bring_a_deleted_pod_back() -> None:
    pods = store(RUNNING)
    pods.gone(RUNNING)
    pods.put(at(9))
    assert pods.get(RUNNING.key) is None


def test_a_deletion_of_the_first_pod_does_not_take_the_second_away() -> None:
    pods = store(RUNNING, second := at(8, uid="second"))
    pods.gone(RUNNING)
    assert pods.get(RUNNING.key) == second


def test_the_oldest_tombstones_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "_MOST_TOMBSTONES", 2)
    pods = store()
    for index in range(3):
        pods.gone(filler(SET, index))
    for index in range(3):
        pods.put(filler(SET, index))
    assert [pod.index for pod in pods] == [0]


def test_a_finished_pod_that_is_no_filler_is_forgotten() -> None:
    bound = ls(node="n1", revision="1")
    pods = store(bound, at(2, bound, is_finished=True))
    assert len(pods) == 0


def test_a_late_event_does_not_bring_a_finished_pod_back() -> None:
    bound = ls(node="n1", revision="1")
    pods = store(bound, at(3, bound, is_finished=True), at(2, bound))
    assert len(pods) == 0


def test_a_finished_filler_stays_until_it_is_deleted() -> None:
    assert len(store(RUNNING, at(6, is_finished=True))) == 1


def test_a_complete_list_forgets_what_it_does_not_name() -> None:
    pods = store(RUNNING, other := filler(SET, 1))
    pods.prune({other.uid})
    assert list(pods) == [other]


def test_a_late_event_does_not_bring_a_pruned_pod_back() -> None:
    pods = store(RUNNING)
    pods.prune(set())
    pods.put(at(9))
    assert list(pods) == []


def test_a_write_on_its_way_counts_as_done() -> None:
    pods = store(RUNNING)
    pods.expect(terminating(RUNNING))
    found = pods.get(RUNNING.key)
    assert found is not None
    assert found.is_terminating
    assert pods.is_expected(RUNNING.key)


def test_what_is_seen_meanwhile_does_not_undo_an_expectation() -> None:
    pods = store(RUNNING)
    pods.expect(expected := terminating(RUNNING))
    pods.put(at(6, is_ready=False))
    assert pods.get(RUNNING.key) is expected


def test_a_write_that_failed_leaves_what_was_seen() -> None:
    pods = store(RUNNING)
    pods.expect(expected := terminating(RUNNING))
    pods.settle(expected)
    assert pods.get(RUNNING.key) == RUNNING
    assert not pods.is_expected(RUNNING.key)


def test_settling_an_earlier_expectation_leaves_a_later_one() -> None:
    pods = store(RUNNING)
    pods.expect(first := at(5, sizes={"cpu": 500}))
    pods.expect(second := terminating(RUNNING))
    pods.settle(first)
    assert pods.get(RUNNING.key) is second


def test_a_pod_whose_creation_is_on_its_way_takes_room_at_once() -> None:
    pods = store()
    pods.expect(made := replace(pending(filler(SET)), uid=""))
    assert list(pods.at("n1")) == [made]
    pods.settle(made)
    assert list(pods.at("n1")) == []


def test_a_deleted_pod_is_expected_no_more() -> None:
    pods = store(RUNNING)
    pods.expect(terminating(RUNNING))
    pods.gone(RUNNING)
    assert pods.get(RUNNING.key) is None


def test_the_successor_of_a_pod_is_not_hidden_by_what_was_expected_of_the_first() -> None:
    pods = store(RUNNING)
    pods.expect(terminating(RUNNING))
    pods.put(second := at(8, uid="second"))
    assert pods.get(RUNNING.key) == second


def test_a_pod_that_moves_is_found_at_its_new_node_only() -> None:
    waiting = ls(revision="1")
    pods = store(waiting, at(2, waiting, node="n1"))
    assert [list(pods.at(place)) for place in ("", "n1")] == [[], [at(2, waiting, node="n1")]]
    assert pods.places() == {"n1"}


def test_a_filler_on_its_way_is_found_where_it_is_pinned() -> None:
    assert list(store(made := pending(filler(SET))).at("n1")) == [made]


def test_listeners_hear_of_the_old_and_the_new_state() -> None:
    heard: list[tuple[Pod | None, Pod | None]] = []
    pods = store()
    pods.listen(lambda before, after: heard.append((before, after)))
    pods.put(RUNNING)
    pods.gone(RUNNING)
    assert heard == [(None, RUNNING), (RUNNING, None)]


def test_an_answer_that_is_a_status_says_nothing() -> None:
    pods = store()
    pods.take_answer(raw({"kind": "Status", "metadata": {}}))
    pods.take_answer(raw(pod_json("web")))
    assert [pod.key for pod in pods] == ["a/web"]


def test_a_pod_that_refuses_resizes_is_taken_for_rigid_from_then_on() -> None:
    pods = store(RUNNING)
    pods.refuse_resizes(RUNNING)
    pods.put(at(7))
    assert [pod.resize for pod in pods] == [Resize.ERROR]


def test_a_node_without_pods_is_in_the_picture() -> None:
    cache = ClusterCache()
    cache.nodes.upsert(sent(node_json("n1")))
    states, waiting = cache.freeze()
    assert [(state.node.name, state.pods) for state in states] == [("n1", ())]
    assert waiting == ()


def test_ls_pods_without_a_node_wait() -> None:
    cache = ClusterCache()
    cache.pods.put(waiting := ls())
    assert cache.freeze() == ((), (waiting,))


def test_of_the_pods_of_a_node_that_is_gone_only_fillers_wait() -> None:
    cache = ClusterCache()
    cache.pods.put(RUNNING)
    cache.pods.put(ls(node="n1"))
    assert cache.freeze() == ((), (RUNNING,))


def test_a_deleted_node_leaves_the_picture() -> None:
    cache = ClusterCache()
    cache.nodes.upsert(sent(node_json("n1")))
    cache.pods.put(RUNNING)
    cache.freeze()
    cache.nodes.remove(sent(node_json("n1")))
    assert cache.freeze() == ((), (RUNNING,))


def test_a_complete_list_of_nodes_forgets_those_it_does_not_name() -> None:
    cache = ClusterCache()
    for name in ("n1", "n2"):
        cache.nodes.upsert(sent(node_json(name)))
    cache.nodes.prune({"uid-n2"})
    assert [state.node.name for state in cache.freeze()[0]] == ["n2"]


def test_a_heartbeat_of_a_node_is_no_change() -> None:
    heard: list[None] = []
    cache = ClusterCache(lambda: heard.append(None))
    for revision in ("1", "2"):
        cache.nodes.upsert(sent(node_json("n1", resourceVersion=revision)))
    assert len(heard) == 1


def test_the_state_of_a_node_is_kept_until_one_of_its_pods_changes() -> None:
    cache = ClusterCache()
    for name in ("n1", "n2"):
        cache.nodes.upsert(sent(node_json(name)))
    before, _ = cache.freeze()
    cache.pods.put(RUNNING)
    after, _ = cache.freeze()
    assert after[0].pods == (RUNNING,)
    assert after[1] is before[1]


def test_the_picture_does_not_depend_on_the_order_in_which_pods_came_in() -> None:
    pods = [filler(SET, 0), filler(SET, 1), ls("b"), ls("a")]
    pictures = []
    for order in itertools.permutations(pods):
        cache = ClusterCache()
        cache.nodes.nodes["n1"] = node("n1")
        for pod in order:
            cache.pods.put(pod)
        pictures.append(cache.freeze())
    assert all(picture == pictures[0] for picture in pictures)
