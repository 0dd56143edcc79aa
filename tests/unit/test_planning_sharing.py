"""LS pods of a burst that are alike share the rooms made for them."""

from dataclasses import replace

import pytest
from planning_cases import amounts, ls, node

from paraset_operator.model.constraints import Constraints
from paraset_operator.model.pod import Pod
from paraset_operator.planning.sharing import Told, gather, share

COUNT = 10
NODES = [f"n{number}" for number in range(COUNT)]
PODS = [ls(f"ls-{number}", cpu=4, nominated=name) for number, name in enumerate(NODES)]
NODE_OF = {name: node(name, cpu=4) for name in NODES}
GIVEN = amounts(cpu=4, pods=1)


def homes(waiting: list[Pod], *, gone: str = "") -> dict[str, str]:
    """Return where pods are nominated anew; room is made on all nodes in their order, and one's victim has gone."""
    told = [Told(name, GIVEN) for name in NODES]
    nominations = share(waiting, PODS[0].likeness, told, NODE_OF, lambda name: name != gone)
    return {each.pod.name: each.node for each in nominations}


def test_all_are_nominated_to_the_node_that_was_told_last() -> None:
    assert homes(PODS) == {pod.name: NODES[-1] for pod in PODS[:-1]}


def test_whom_the_scheduler_has_nominated_elsewhere_shares_too() -> None:
    assert homes([*PODS, ls("by-the-scheduler", cpu=4, nominated="other")])["by-the-scheduler"] == NODES[-1]


def test_where_nobody_is_nominated_nobody_gathers_because_nothing_is_marked_there() -> None:
    assert set(homes(PODS[:-1]).values()) == {NODES[-2]}


def test_few_pods_keep_their_own_rooms() -> None:
    assert homes(PODS[:7]) == {}


def test_once_a_victim_has_gone_it_is_too_late() -> None:
    assert homes(PODS, gone="n3") == {}


@pytest.mark.parametrize(
    ("other", "is_shared"),
    [
        (ls("small", cpu=1), False),
        (ls("large", cpu=5), True),
        (ls("elsewhere", cpu=1, constraints=Constraints((("pool", "other"),))), True),
        (replace(ls("gated", cpu=1), is_gated=True), True),
        (replace(ls("leaving", cpu=1), is_terminating=True), True),
        (ls("alike", cpu=4), False),
        (replace(ls("humble", cpu=4, nominated="n1"), may_preempt=False), False),
    ],
    ids=lambda each: each.name if isinstance(each, Pod) else "",
)
def test_rooms_are_open_only_while_nobody_else_could_take_them(other: Pod, is_shared: bool) -> None:
    assert bool(homes([*PODS, other])) == is_shared


def test_many_pods_gather_on_several_nodes_alternately() -> None:
    pods = [ls(f"ls-{number:02d}", cpu=4) for number in range(60)]
    assert [each.node for each in gather(pods, ["a", "b", "c", "d", "d"])] == ["b", "c", "d"] * 20
