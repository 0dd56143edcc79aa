"""What holds of holes that are dealt out, whatever the nodes, sets and quotas: small ones and odd ones.

Cases are made of a random number's seed: all tests look at the same, which are dealt out once. Warnings of numpy are
errors here: what is divided by nothing is not sound.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packing_cases import Offer, Room, faults, holes, options, quotas, small_node, small_offers

from paraset_operator.planning.allocation import allocate
from paraset_operator.planning.fair_mix import FairMix, fair_mix
from paraset_operator.planning.problem import Holes, Ints, Options
from paraset_operator.planning.quotas import Limit, Quotas, number_by, used_by

SEEDS = st.integers(0, 59)
SETTINGS = settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def _nothing_is_divided_by_nothing() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


@dataclass(frozen=True)
class Case:
    """Nodes, what could be put there, and what couples them."""

    rooms: list[Room]
    holes: Holes
    options: Options
    quotas: Quotas

    def dealt(self) -> Ints:
        return allocate(self.holes, self.options, self.quotas)

    def mixed(self) -> FairMix:
        return fair_mix(self.holes, self.options, self.quotas)


def drawn(seed: int) -> Case:
    random = Random(seed)
    sets = random.randint(1, 4)
    of = options(*_offers(random, sets))
    rooms = [_room(random, sets) for _ in range(random.choice((1, 1, 2, 5, 20, 40)))]
    small = [int(each) for each in of.twin == np.arange(len(of))]
    kept = [[random.choice((0, 0, 0, 1, 2)) * each for each in small] for _ in rooms]
    found = holes(rooms, of, sets, kept if random.random() < 0.4 else None)
    if random.random() < 0.25:
        for row in range(0, len(rooms), 3):
            # Fillers that were there before somebody took their room.
            found.free[row, random.randrange(2)] = -random.randint(1, 5)
    return Case(rooms, found, of, _quotas(random, sets, found))


def _offers(random: Random, sets: int) -> list[Offer]:
    made = []
    for owner in range(sets):
        grows = random.random() < 0.5
        made += [replace(each, owner=owner) for each in small_offers(random, grows=grows)[: random.randint(0, 3)]]
    return made or [Offer(cores=1)]


def _room(random: Random, sets: int) -> Room:
    choice, node = random.random(), small_node(random)
    if choice < 0.15:
        node = Room()
    elif choice < 0.25:
        node = Room(cores=random.randint(0, 8))
    return replace(node, admits=tuple(random.random() < 0.85 for _ in range(sets)))


def _quotas(random: Random, sets: int, found: Holes) -> Quotas:
    fillable = found.free.clip(min=0).sum(axis=0) * random.choice((1, 1, 2)) + 1
    tenant = [random.randrange(2) for _ in range(sets)]
    limits = []
    for _ in range(random.choice((0, 0, 1, 2))):
        members = np.array(sorted(random.sample(range(sets), random.randint(1, sets))))
        limits.append(Limit(members, random.randrange(4), random.choice((-3, 0, 1, 5, 30))))
    made = quotas(
        [random.choice((0, 1, 3, 20, 999, 999)) for _ in range(sets)],
        fillable.tolist(),
        [random.choice((1.0, 2.0, 5.0)) for _ in range(sets)],
        tenant,
        [random.choice((1.0, 3.0)) for _ in range(max(tenant) + 1)],
        limits,
    )
    if random.random() < 0.3:
        made.held[:] = [[random.randint(0, 5) for _ in range(4)] for _ in range(sets)]
    return made


@cache
def dealt(seed: int) -> tuple[Case, Ints]:
    return drawn(seed), drawn(seed).dealt()


@cache
def mixed_of(seed: int) -> tuple[Case, FairMix]:
    return drawn(seed), drawn(seed).mixed()


@SETTINGS
@given(SEEDS)
def test_no_set_gets_more_than_its_ceiling(seed: int) -> None:
    of, counts = dealt(seed)
    assert (number_by(counts, of.options, len(of.quotas.most)) <= of.quotas.most).all()


@SETTINGS
@given(SEEDS)
def test_no_tenant_gets_more_than_its_limits(seed: int) -> None:
    of, counts = dealt(seed)
    used = used_by(counts, of.options, len(of.quotas.most))
    assert all(used[each.members, each.column].sum() <= max(0, each.left) for each in of.quotas.limits)


@SETTINGS
@given(SEEDS)
def test_nothing_goes_to_a_node_that_does_not_admit_it(seed: int) -> None:
    of, counts = dealt(seed)
    assert not counts[~of.holes.admits[:, of.options.owner]].any()


@SETTINGS
@given(SEEDS)
def test_no_node_is_dealt_more_than_it_has(seed: int) -> None:
    of, counts = dealt(seed)
    fits = (of.holes.free >= 0).all(axis=1)
    assert (counts @ of.options.need <= of.holes.free.clip(min=0)).all()
    assert faults([room for room, each in zip(of.rooms, fits, strict=True) if each], of.options, counts[fits]) == []


@SETTINGS
@given(SEEDS)
def test_fillings_that_are_mixed_fit_their_nodes(seed: int) -> None:
    of, found = mixed_of(seed)
    counts, fits = found.counts, (of.holes.free >= 0).all(axis=1)
    assert (counts @ of.options.need <= of.holes.free.clip(min=0)).all()
    assert faults([room for room, each in zip(of.rooms, fits, strict=True) if each], of.options, counts[fits]) == []


@SETTINGS
@given(SEEDS)
def test_fillings_that_are_mixed_are_where_they_are_admitted(seed: int) -> None:
    of, found = mixed_of(seed)
    assert not found.counts[~of.holes.admits[:, of.options.owner]].any()


@SETTINGS
@given(SEEDS)
def test_what_is_left_and_what_is_taken_are_all_there_is(seed: int) -> None:
    of, found = mixed_of(seed)
    assert np.array_equal(found.left.free, of.holes.free.clip(min=0) - found.counts @ of.options.need)


@SETTINGS
@given(SEEDS)
def test_shares_that_are_due_are_possible(seed: int) -> None:
    """Nobody is due less than nothing, nor more than what it holds and all that is free."""
    of, found = mixed_of(seed)
    due = found.due
    most = of.quotas.shares(np.tile(of.holes.free.clip(min=0).sum(axis=0), (len(due), 1)))
    assert (due <= most + 1e-6).all()
    assert np.isfinite(due).all()


# Odd ones, one by one.

ROOM = Room(cores=8, gib=8, devices=(10, 5), gpus=1)
TWO = options(Offer(cores=1, part=5, owner=0), Offer(cores=1, owner=1))
PLENTY = quotas([9, 9], [80, 80, 150, 10])


def both(rooms: list[Room], of: Options = TWO, limits: Quotas = PLENTY) -> tuple[list[int], list[int]]:
    """Return how many instances of each set are mixed and dealt."""
    case = Case(rooms, holes(rooms, of, sets=2), of, limits)
    numbers = [number_by(counts, of, 2).tolist() for counts in (case.mixed().counts, case.dealt())]
    return numbers[0], numbers[1]


def test_shapes_that_fit_nowhere_are_placed_nowhere() -> None:
    assert both([ROOM] * 3, options(Offer(cores=9, owner=0), Offer(cores=1, gpus=2, owner=1))) == ([0, 0], [0, 0])


def test_nodes_with_nothing_free_get_nothing() -> None:
    assert both([Room()] * 3) == ([0, 0], [0, 0])


def test_nodes_that_lack_something_already_get_nothing_that_needs_it() -> None:
    found = holes([ROOM] * 3, TWO, sets=2)
    found.free[:, 0] = -4
    assert not allocate(found, TWO, PLENTY).any()
    assert not fair_mix(found, TWO, PLENTY).counts.any()


def test_without_devices_whoever_needs_none_gets_the_rest() -> None:
    mixed, dealt = both([Room(cores=4)])
    assert (mixed, dealt) == ([0, 4], [0, 4])


def test_ceilings_of_nothing_leave_nothing_to_deal_out() -> None:
    assert both([ROOM], limits=quotas([0, 0], [80, 80, 150, 10])) == ([0, 0], [0, 0])


@pytest.mark.parametrize("left", [0, -3])
def test_a_limit_that_is_used_up_leaves_all_to_the_other(left: int) -> None:
    limits = quotas([99, 99], [80, 80, 150, 10], limits=[Limit(np.array([0]), 0, left)])
    _, dealt = both([ROOM] * 4, limits=limits)
    assert dealt == [0, 32]


def test_one_node_is_dealt_out_as_well() -> None:
    assert min(both([ROOM])[1]) > 0


def test_a_column_of_which_nothing_is_fillable_does_not_count() -> None:
    assert min(both([ROOM] * 4, limits=quotas([99, 99], [32, 0, 0, 0]))[1]) > 0


def test_sets_that_take_only_what_is_not_fillable_are_served_all_the_same() -> None:
    assert min(both([ROOM] * 4, TWO, quotas([99, 99], [0, 32, 0, 4]))[1]) > 0


def test_a_set_without_shapes_keeps_nothing_from_others() -> None:
    assert both([ROOM], options(Offer(cores=1, owner=1)))[1] == [0, 8]


@SETTINGS
@given(SEEDS)
def test_the_same_case_is_dealt_out_the_same_way(seed: int) -> None:
    assert np.array_equal(drawn(seed).dealt(), dealt(seed)[1])
