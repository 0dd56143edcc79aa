"""Room kept free for LS work before it asks."""

from collections import Counter

from planning_cases import (
    GPU,
    amounts,
    creates,
    deletes,
    filler,
    ls,
    node,
    paraset,
    policy,
    resizes,
    shape,
    snapshot,
    terminating,
)

from paraset_operator.model.constraints import LabelSelector, Requirement
from paraset_operator.model.plan import Reason
from paraset_operator.model.policy import HeadroomShape
from paraset_operator.model.snapshot import Moment
from paraset_operator.planning.planner import plan, plan_yield

SMALL = paraset("s", shape(cpu=2))


def test_headroom_that_is_there_is_not_filled() -> None:
    outcome = plan(
        snapshot(node(cpu=8), sets=SMALL, policies=policy(headroom=(HeadroomShape("h", amounts(cpu=4), 1),)))
    )
    assert len(creates(outcome)) == 2
    assert outcome.releases == ()


def test_each_copy_is_kept() -> None:
    headroom = (HeadroomShape("h", amounts(cpu=2), 3),)
    assert len(creates(plan(snapshot(node(cpu=8), sets=SMALL, policies=policy(headroom=headroom))))) == 1


def test_a_copy_takes_a_pod_slot_too() -> None:
    headroom = (HeadroomShape("h", amounts(cpu=1), 1),)
    assert len(creates(plan(snapshot(node(cpu=8, pods=2), sets=SMALL, policies=policy(headroom=headroom))))) == 1


def test_missing_headroom_is_made_by_eviction() -> None:
    pods = [filler(SMALL, index) for index in range(4)]
    headroom = (HeadroomShape("h", amounts(cpu=2), 1),)
    outcome = plan(snapshot(node(cpu=8), pods, SMALL, policy(headroom=headroom)))
    assert [each.reason for each in deletes(outcome)] == [Reason.HEADROOM]
    assert outcome.releases[0].beneficiary.key == "headroom default/h copy 1"
    assert outcome.releases[0].nomination is None


def test_missing_headroom_is_made_by_a_shrink_where_that_is_enough() -> None:
    owner = paraset("s", shape(cpu=(1, 8)))
    headroom = (HeadroomShape("h", amounts(cpu=3), 1),)
    outcome = plan(snapshot(node(cpu=8), [filler(owner, cpu=8)], owner, policy(headroom=headroom)))
    assert [each.sizes["cpu"] for each in resizes(outcome)] == [5000]


def test_no_filler_leaves_for_headroom_that_no_node_could_hold() -> None:
    headroom = (HeadroomShape("h", amounts(cpu=9), 1),)
    assert plan(snapshot(node(cpu=8), [filler(SMALL)], SMALL, policy(headroom=headroom))).releases == ()


def test_room_that_is_coming_free_is_waited_for() -> None:
    pods = [terminating(filler(SMALL, 0)), *(filler(SMALL, index) for index in (1, 2, 3))]
    headroom = (HeadroomShape("h", amounts(cpu=2), 1),)
    assert plan(snapshot(node(cpu=8), pods, SMALL, policy(headroom=headroom))).releases == ()


def test_a_waiting_ls_pod_is_served_beside_the_headroom() -> None:
    headroom = (HeadroomShape("h", amounts(cpu=2), 1),)
    outcome = plan(snapshot(node(cpu=8), [ls(cpu=4)], SMALL, policy(headroom=headroom)))
    assert len(creates(outcome)) == 1


def test_headroom_is_kept_on_the_nodes_that_its_selector_names() -> None:
    on_ssd = LabelSelector((Requirement("disk", "In", ("ssd",)),))
    headroom = (HeadroomShape("h", amounts(cpu=8), 1, on_ssd),)
    nodes = [node("n1", cpu=8), node("n2", cpu=8, labels={"disk": "ssd"})]
    outcome = plan(snapshot(nodes, sets=SMALL, policies=policy(headroom=headroom)))
    assert {each.node for each in creates(outcome)} == {"n1"}


def test_headroom_is_not_kept_on_a_node_in_trouble() -> None:
    headroom = (HeadroomShape("h", amounts(cpu=8), 1),)
    nodes = [node("n1", cpu=8, trouble="NotReady"), node("n2", cpu=8)]
    assert creates(plan(snapshot(nodes, sets=SMALL, policies=policy(headroom=headroom)))) == []


def test_headroom_of_devices_keeps_fillers_off_them() -> None:
    owner = paraset("s", shape("gpu", cpu=1, gpus=1))
    headroom = (HeadroomShape("h", amounts(cpu=1, gpus=1), 1),)
    assert len(creates(plan(snapshot(node(gpus=2), sets=owner, policies=policy(headroom=headroom))))) == 1


def test_lent_devices_are_filled_and_only_the_rest_is_kept_beside_them() -> None:
    owner = paraset("s", shape("gpu", cpu=1, gpus=1), shape("plain", cpu=1))
    headroom = (HeadroomShape("h", amounts(cpu=4, gpus=1), 1, lends_devices=True),)
    made = creates(plan(snapshot(node(cpu=8, gpus=1), sets=owner, policies=policy(headroom=headroom))))
    held = sum(each.requests["cpu"] for each in made)
    assert sum(each.requests.get(GPU, 0) for each in made) == 1
    assert held == 5000


def test_what_was_filled_does_not_move_the_headroom_to_where_fillers_are() -> None:
    """Filling n1 leaves it fewer cores open than n2 has: the room kept on n1 stays there, and no one is evicted."""
    owner = paraset("s", shape("gpu", cpu=1, gpus=1))
    headroom = (HeadroomShape("h", amounts(cpu=4, gpus=1), 1),)
    nodes = [node("n1", cpu=9, gpus=4), node("n2", cpu=7, gpus=2)]
    first = plan(snapshot(nodes, sets=owner, policies=policy(headroom=headroom)))
    assert Counter(each.node for each in creates(first)) == {"n1": 3, "n2": 2}
    pods = [filler(owner, each.index, node=each.node) for each in creates(first)]
    again = plan(snapshot(nodes, pods, owner, policy(headroom=headroom)))
    assert (again.releases, again.actions) == ((), ())


def test_room_of_a_nominated_pod_is_taken_and_no_headroom() -> None:
    headroom = (HeadroomShape("h", amounts(cpu=2), 1),)
    waiting = ls(cpu=2, nominated="n1")
    assert len(creates(plan(snapshot(node(cpu=6), [waiting], SMALL, policy(headroom=headroom))))) == 1


def test_a_placeholder_holds_room_of_its_own_bound_or_not() -> None:
    """A pod of low priority that holds room for others, as overprovisioning does, is no headroom of ours."""
    headroom = (HeadroomShape("h", amounts(cpu=2), 1),)
    for where in ("n1", ""):
        placeholder = ls("pause", cpu=2, priority=-10, node=where)
        assert len(creates(plan(snapshot(node(cpu=6), [placeholder], SMALL, policy(headroom=headroom))))) == 1


def test_headroom_is_made_where_least_work_is_lost() -> None:
    headroom = (HeadroomShape("h", amounts(cpu=2), 1),)
    old, young = filler(SMALL, 0, "n1", started=100.0), filler(SMALL, 1, "n2", started=900.0)
    nodes = [node("n1", cpu=2), node("n2", cpu=2)]
    outcome = plan(snapshot(nodes, [old, young], SMALL, policy(headroom=headroom)), moment=Moment(wall=1000.0))
    assert [each.pod.name for each in deletes(outcome)] == ["s-1"]


def test_headroom_that_ls_work_took_is_made_again_elsewhere_on_the_urgent_path() -> None:
    headroom = (HeadroomShape("h", amounts(cpu=2), 1),)
    nodes, pods = [node("n1", cpu=2), node("n2", cpu=2)], [ls(cpu=2, node="n1"), filler(SMALL, 0, "n2")]
    (release,) = plan_yield(snapshot(nodes, pods, SMALL, policy(headroom=headroom)))
    assert (release.node, release.beneficiary.key) == ("n2", "headroom default/h copy 1")


def test_headroom_of_cores_is_kept_off_nodes_with_devices_as_long_as_others_have_room() -> None:
    headroom = (HeadroomShape("h", amounts(cpu=4), 2),)
    nodes = [node("n1", cpu=16, gpus=1), node("n2", cpu=4)]
    made = creates(plan(snapshot(nodes, sets=SMALL, policies=policy(headroom=headroom))))
    assert Counter(each.node for each in made) == {"n1": 6}


def test_headroom_is_kept_on_nodes_of_its_own_policy_alone() -> None:
    of_a, of_b = (LabelSelector((Requirement("pool", "In", (name,)),)) for name in ("a", "b"))
    policies = (policy("a", nodes=of_a, headroom=(HeadroomShape("h", amounts(cpu=8), 2),)), policy("b", nodes=of_b))
    nodes = [node("n1", cpu=8, labels={"pool": "a"}), node("n2", cpu=8, labels={"pool": "b"})]
    made = creates(plan(snapshot(nodes, sets=SMALL, policies=policies)))
    assert {each.node for each in made} == {"n2"}
