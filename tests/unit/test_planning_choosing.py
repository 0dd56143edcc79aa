"""One filling for each node, so that sums come to those of the best mix."""

import numpy as np
import pytest
from packing_cases import Offer, Room, holes, options, quotas

from paraset_operator.planning import choosing
from paraset_operator.planning.choosing import _chosen, _whole_parts, choose
from paraset_operator.planning.interior_point import Mixture, Program
from paraset_operator.planning.menu import Menu
from paraset_operator.planning.problem import Floats, Ints

NODES = 40
# Two sets that are worth the same want the same devices.
SAME = options(Offer(cores=1, part=5, owner=0), Offer(cores=1, part=5, owner=1))
LEFT = 1e-3


def opened(nodes: int = NODES) -> tuple[Menu, Mixture]:
    """Return a menu of equal nodes, and the best mix of what was proposed for them."""
    rooms = [Room(cores=20, devices=(10, 10))] * nodes
    limits = quotas([999, 999], [20 * nodes, 0, 20 * nodes, 0])
    menu = Menu.open(holes(rooms, SAME, sets=2), SAME, limits, np.ones(5))
    for _ in range(3):
        menu.find_tiers()
        menu.propose(menu.mix())
    return menu, menu.mix()


def choice_of(menu: Menu, mixture: Mixture) -> tuple[Ints, Floats]:
    return choose(menu, menu.prices_in(mixture), mixture.left * menu.all_worth)


def numbers(menu: Menu, chosen: Ints) -> list[int]:
    """Return how many instances each set gets by these choices."""
    counts, _ = menu.fillings(chosen)
    return [int(counts[:, SAME.owner == of].sum()) for of in range(2)]


def program(use: list[list[float]]) -> Program:
    """Return a program of one limit, in which each node has these choices."""
    each = np.array(use)
    return Program(np.zeros(each.shape), each[:, :, None], np.zeros(0), np.zeros((1, 0)), np.ones(1))


# What all choose at prices.


def test_each_node_makes_one_choice() -> None:
    net = np.arange(60, dtype=np.float64).reshape(20, 3) % 7 / 7
    assert _whole_parts(net, LEFT).sum(axis=1).tolist() == [1.0] * 20


def test_a_node_that_makes_clearly_most_of_a_choice_makes_that() -> None:
    net = np.tile([[0.1, 0.9, 0.0], [0.8, 0.2, 0.0]], (100, 1))
    assert _whole_parts(net, LEFT).argmax(axis=1).tolist() == [1, 0] * 100


def test_nodes_to_which_choices_are_worth_the_same_take_turns() -> None:
    taken = _whole_parts(np.tile([0.5, 0.5, 0.0], (1000, 1)), LEFT).sum(axis=0)
    assert taken[:2] == pytest.approx([500, 500], abs=5)


def test_what_few_nodes_would_take_now_and_then_is_left_to_others() -> None:
    seldom = LEFT / 0.02
    net = np.tile([0.5, 0.5 - seldom, 0.0], (200, 1))
    assert _whole_parts(net, LEFT)[:, 1].sum() == 0


# What those choose of whom the mix takes parts.


def test_who_takes_one_choice_whole_makes_it() -> None:
    parts = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert _chosen(program([[1, 0], [1, 0]]), parts).tolist() == [0, 1]


def test_nodes_with_parts_of_two_choices_come_to_the_same_sum() -> None:
    chosen = _chosen(program([[1, 0]] * 8), np.full((8, 2), 0.5))
    assert (chosen == 0).sum() == 4


def test_a_small_node_makes_good_what_a_large_one_is_off() -> None:
    use = [[4, 0], [1, 0], [1, 0], [1, 0], [1, 0]]
    chosen = _chosen(program(use), np.full((5, 2), 0.5))
    taken = sum(row[each] for row, each in zip(use, chosen.tolist(), strict=True))
    assert taken == 4


def test_a_choice_that_the_mix_does_not_take_is_not_made() -> None:
    parts = np.array([[0.5, 0.0, 0.5]] * 6)
    assert 1 not in _chosen(program([[1, 0.5, 0]] * 6), parts).tolist()


# All together.


def test_sums_are_those_of_the_mix() -> None:
    menu, mixture = opened()
    chosen, taken = choice_of(menu, mixture)
    assert numbers(menu, chosen) == pytest.approx(taken[:, -1], abs=4)
    assert taken == pytest.approx(menu.taken_in(mixture.parts), rel=0.02)


def test_two_sets_that_differ_in_nothing_get_the_same() -> None:
    menu, mixture = opened()
    first, second = numbers(menu, choice_of(menu, mixture)[0])
    assert first == pytest.approx(second, abs=4)


def test_of_many_nodes_some_make_good_what_the_sums_are_off(monkeypatch: pytest.MonkeyPatch) -> None:
    menu, mixture = opened(200)
    monkeypatch.setattr(choosing, "_MOST_MIXED", 20)
    chosen, _ = choice_of(menu, mixture)
    assert numbers(menu, chosen) == pytest.approx(menu.taken_in(mixture.parts)[:, -1], abs=8)


def test_the_same_menu_is_chosen_from_in_the_same_way() -> None:
    menu, mixture = opened()
    assert choice_of(menu, mixture)[0].tolist() == choice_of(menu, mixture)[0].tolist()
