"""What is new is kept of the nodes where there is anything."""

import numpy as np

from paraset_operator.planning.additions import Additions
from paraset_operator.planning.problem import Ints


def ints(*values: object) -> Ints:
    return np.array(values, dtype=np.int64)


def test_nodes_are_in_order_whatever_the_parts() -> None:
    new = Additions.of([(ints(4, 7), ints([1, 0], [0, 2])), (ints(2), ints([3, 3]))], 2)
    assert (new.at.tolist(), new.counts.tolist()) == ([2, 4, 7], [[3, 3], [1, 0], [0, 2]])


def test_nodes_with_nothing_new_are_left_out() -> None:
    assert Additions.of([(ints(4, 7), ints([0, 0], [0, 2]))], 2).at.tolist() == [7]


def test_nothing_is_new_without_parts() -> None:
    new = Additions.of([], 3)
    assert (new.at.tolist(), new.counts.shape) == ([], (0, 3))


def test_nothing_is_new_elsewhere() -> None:
    new = Additions.of([(ints(4, 7), ints([1, 0], [0, 2]))], 2)
    assert new.on(ints(0, 7, 5, 4, 9)).tolist() == [[0, 0], [0, 2], [0, 0], [1, 0], [0, 0]]


def test_nothing_new_anywhere_is_nothing_new_on_a_node() -> None:
    assert Additions.of([], 2).on(ints(0, 3)).tolist() == [[0, 0], [0, 0]]
