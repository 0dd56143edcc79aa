"""What couples nodes, as limits of a program: ceilings, tenants' limits, and levels of fair shares by tiers."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from packing_cases import CORES, GPUS, PART, Offer, Room, holes, options, quotas

from paraset_operator.planning.coupling import Coupling, Fair, coupling, floors, rates
from paraset_operator.planning.interior_point import best_mixture
from paraset_operator.planning.problem import Floats, Ints
from paraset_operator.planning.proposals import Prices, Proposal, propose
from paraset_operator.planning.quotas import Limit, Quotas

NUMBER = -1
PLENTY = quotas([999, 999], [100, 0, 200, 0])


def fair(
    dominant: Sequence[int] = (CORES, CORES),
    rate: Sequence[float] = (1.0, 1.0),
    tier: Sequence[int] = (0, 0),
    reached: tuple[float, ...] = (),
) -> Fair:
    return Fair(np.array(dominant), np.array(rate), np.array(tier), reached)


def coupled(
    of: Quotas = PLENTY,
    sharing: Fair | None = None,
    taken: Sequence[Sequence[int]] = ((1, 0, 0, 0), (1, 0, 0, 0)),
    scarce: Sequence[bool] = (False, False),
) -> Coupling:
    return coupling(of, sharing or fair(), np.array(taken), np.array(scarce))


def sums(*each: tuple[int, int, float]) -> Floats:
    """Return what two sets take, of (set, column, amount)."""
    taken = np.zeros((2, 5))
    for of, column, amount in each:
        taken[of, column] = amount
    return taken


def is_kept(limits: Coupling, taken: Floats, level: Sequence[float] = (0.0,)) -> bool:
    """Say whether no limit is exceeded by what sets take in all, at these levels of the tiers."""
    used = np.tensordot(limits.weights, taken, axes=([1, 2], [0, 1])) + limits.level @ np.array(level)
    return bool((used <= limits.bound + 1e-9).all())


# Ceilings.


def only_ceilings(scarce: Sequence[bool]) -> Coupling:
    return coupled(quotas([10, 10], [100, 0, 200, 0]), fair(dominant=(-1, -1)), scarce=scarce)


def test_a_scarce_ceiling_is_a_limit_in_number() -> None:
    limits = only_ceilings([True, False])
    assert [is_kept(limits, sums((0, NUMBER, number))) for number in (10, 11)] == [True, False]


def test_the_ceiling_of_one_set_does_not_concern_another() -> None:
    assert is_kept(only_ceilings([True, False]), sums((1, NUMBER, 99)))


def test_a_ceiling_that_can_not_be_reached_is_no_limit() -> None:
    assert len(only_ceilings([True, True]).bound) == len(only_ceilings([True, False]).bound) + 1


def test_ceilings_and_limits_may_not_be_exceeded_whatever_it_costs() -> None:
    of = quotas([10, 10], [100, 0, 200, 0], limits=[Limit(np.array([0, 1]), CORES, 30)])
    limits = coupled(of, scarce=[True, True])
    assert limits.may_exceed.tolist() == [False] * 3 + [True] * 4


# Tenants' limits.


def limited(left: int, members: Sequence[int] = (0, 1)) -> Coupling:
    of = quotas([999, 999], [100, 0, 200, 0], limits=[Limit(np.array(members), PART, left)])
    return coupled(of, fair(dominant=(-1, -1)))


def test_sets_of_a_tenant_share_its_limit() -> None:
    limits = limited(30)
    assert [is_kept(limits, sums((0, PART, 10), (1, PART, more))) for more in (20, 21)] == [True, False]


def test_the_last_unit_of_a_limit_may_be_taken_and_no_more() -> None:
    assert [is_kept(limited(1), sums((0, PART, amount))) for amount in (1, 2)] == [True, False]


def test_a_limit_is_of_one_resource() -> None:
    assert is_kept(limited(30), sums((0, CORES, 99)))


def test_who_is_no_member_is_not_limited() -> None:
    assert is_kept(limited(30, members=[0]), sums((1, PART, 99)))


@pytest.mark.parametrize("left", [0, -7])
def test_of_a_limit_that_is_used_up_nothing_more_may_be_taken(left: int) -> None:
    assert [is_kept(limited(left), sums((0, PART, amount))) for amount in (0, 1)] == [True, False]


# Shares.


@pytest.mark.parametrize(("amount", "kept"), [(19, False), (20, True), (21, False)])
def test_a_share_is_the_level_and_neither_less_nor_more(amount: int, kept: bool) -> None:
    assert is_kept(coupled(), sums((0, CORES, amount), (1, CORES, 20)), [0.2]) is kept


@pytest.mark.parametrize(("amount", "kept"), [(9, False), (10, True), (11, False)])
def test_a_share_rises_with_its_rate(amount: int, kept: bool) -> None:
    limits = coupled(sharing=fair(rate=(1.0, 0.5)))
    assert is_kept(limits, sums((0, CORES, 20), (1, CORES, amount)), [0.2]) is kept


def test_what_is_held_already_counts() -> None:
    PLENTY.held[0] = [5, 0, 0, 0]
    limits = coupled()
    PLENTY.held[0] = 0
    assert is_kept(limits, sums((0, CORES, 15), (1, CORES, 20)), [0.2])


def test_of_no_resource_more_is_taken_than_of_the_dominant_one() -> None:
    limits = coupled(taken=((1, 0, 1, 0), (1, 0, 1, 0)))
    both = sums((0, CORES, 20), (1, CORES, 20))
    found = [is_kept(limits, both + sums((0, PART, amount)), [0.2]) for amount in (40, 41)]
    assert found == [True, False]


def test_of_other_resources_less_may_be_taken() -> None:
    limits = coupled(taken=((1, 0, 1, 0), (1, 0, 1, 0)))
    assert is_kept(limits, sums((0, CORES, 20), (1, CORES, 20), (0, PART, 1)), [0.2])


def test_what_nothing_is_fillable_of_bounds_no_share() -> None:
    limits = coupled(taken=((1, 0, 0, 1), (1, 0, 0, 1)))
    assert is_kept(limits, sums((0, CORES, 20), (1, CORES, 20), (0, GPUS, 99)), [0.2])


def test_a_set_that_takes_nothing_has_no_share() -> None:
    assert is_kept(coupled(sharing=fair(dominant=(CORES, -1))), sums((0, CORES, 20)), [0.2])


def test_who_holds_more_than_its_share_already_may_keep_it() -> None:
    assert coupled().may_exceed.all()


def test_sets_of_two_tiers_have_levels_of_their_own() -> None:
    limits = coupled(sharing=fair(tier=(0, 1), reached=(0.0, 0.0)))
    assert is_kept(limits, sums((0, CORES, 20), (1, CORES, 50)), [0.2, 0.5])


def test_most_of_the_level_that_was_reached_is_kept() -> None:
    """Levels are counted from there on."""
    limits = coupled(sharing=fair(reached=(0.2,)))
    kept = [is_kept(limits, sums((0, CORES, each), (1, CORES, each))) for each in (19.0, 19.4, 20.0)]
    assert kept == [False, True, False]


def test_a_level_is_worth_more_the_more_sets_share_it() -> None:
    two, one = coupled(), coupled(sharing=fair(dominant=(CORES, -1)))
    assert two.worth[0] == pytest.approx(2 * one.worth[0])


def test_who_holds_nobody_back_and_shares_its_level_with_nobody_is_worth_little() -> None:
    found = coupled(sharing=fair(tier=(0, 1), reached=(0.0, 0.0))).worth
    assert 0 < found[1] < found[0] / 2


# The highest level.


def test_the_level_of_the_first_tier_is_all_that_counts_at_first() -> None:
    limits = floors(PLENTY, fair(tier=(0, 1)), np.array([False, False]), [])
    assert limits.worth.tolist() == [1.0, -1.0]


def test_then_that_of_the_next_one_counts() -> None:
    limits = floors(PLENTY, fair(tier=(0, 1)), np.array([False, False]), [0.3])
    assert limits.worth.tolist() == [-1.0, 1.0]


def test_tiers_before_keep_what_they_have_reached() -> None:
    limits = floors(PLENTY, fair(tier=(0, 1)), np.array([False, False]), [0.3])
    kept = [is_kept(limits, sums((0, CORES, each), (1, CORES, 20)), [0.0, 0.2]) for each in (29, 30)]
    assert kept == [False, True]


def test_only_tiers_before_may_be_off_what_they_have_reached() -> None:
    limits = floors(PLENTY, fair(tier=(0, 1)), np.array([False, False]), [0.3])
    assert limits.may_exceed.tolist() == [True, False]


def test_while_the_highest_level_is_looked_for_more_than_a_share_may_be_taken() -> None:
    limits = floors(PLENTY, fair(), np.array([False, False]), [])
    assert is_kept(limits, sums((0, CORES, 99), (1, CORES, 20)), [0.2])


def test_the_highest_level_is_within_ceilings_too() -> None:
    limits = floors(quotas([10, 10], [100, 0, 200, 0]), fair(), np.array([True, False]), [])
    assert not is_kept(limits, sums((0, CORES, 20), (1, CORES, 20), (0, NUMBER, 11)), [0.2])


# Rates.


def rated(of: Quotas, dominant: Sequence[int]) -> list[float]:
    return [float(each) for each in rates(of, np.array(dominant, dtype=np.int64))]


def test_sets_of_one_tenant_rise_by_their_weights() -> None:
    of = quotas([9] * 3, [100, 0, 0, 0], weight=[1.0, 2.0, 5.0], tenant=[0, 0, 0])
    assert rated(of, [CORES] * 3) == pytest.approx([0.2, 0.4, 1.0])


def test_tenants_rise_by_their_weights() -> None:
    of = quotas([9] * 2, [100, 0, 0, 0], tenant_weight=[1.0, 4.0])
    assert rated(of, [CORES] * 2) == pytest.approx([0.25, 1.0])


def test_sets_that_take_the_same_resource_share_their_tenants_rate() -> None:
    of = quotas([9] * 3, [100, 0, 0, 0], tenant=[0, 1, 1])
    assert rated(of, [CORES] * 3) == pytest.approx([1.0, 0.5, 0.5])


def test_sets_that_take_different_resources_rise_each_at_their_tenants_rate() -> None:
    """A tenant's share is that of the resource of which it takes most."""
    of = quotas([9] * 3, [100, 0, 100, 0], tenant=[0, 1, 1])
    assert rated(of, [CORES, CORES, PART]) == pytest.approx([1.0, 1.0, 1.0])


def test_a_set_that_takes_nothing_leaves_its_tenants_rate_to_the_others() -> None:
    of = quotas([9] * 3, [100, 0, 0, 0], tenant=[0, 1, 1])
    assert rated(of, [CORES, CORES, -1]) == pytest.approx([1.0, 1.0, 0.0])


def test_where_nobody_takes_anything_nobody_rises() -> None:
    assert rated(PLENTY, [-1, -1]) == [0.0, 0.0]


# Programs, and prices of units.

TWO = options(Offer(cores=1, owner=0), Offer(cores=1, owner=1))


def proposals(*prices: Floats) -> list[Proposal]:
    found = holes([Room(cores=10)] * 2, TWO, sets=2)
    return [propose(found, TWO, Prices(each), quick=True) for each in prices]


def only(of: int) -> Floats:
    """Return prices at which nobody else takes anything."""
    paid = np.zeros((2, 5))
    paid[1 - of, NUMBER] = 9.0
    return paid


def test_nothing_at_all_is_the_last_choice() -> None:
    of = coupled().program(proposals(only(0), only(1)), np.ones(5), 20.0)
    assert of.worth.shape == (2, 3)
    assert not of.use[:, -1].any()
    assert not of.worth[:, -1].any()


def test_all_that_is_proposed_is_worth_one_beside_all_worth() -> None:
    of = coupled().program(proposals(only(0)), np.ones(5), 20.0)
    assert of.worth[:, 0].sum() == pytest.approx(1.0)


def test_nodes_that_stand_for_others_use_as_much_as_these() -> None:
    made, scale = proposals(only(0)), np.array([3.0, 1.0, 1.0, 1.0, 2.0])
    limits = coupled(quotas([10, 10], [20, 0, 0, 0]), scarce=[True, False])
    alone, standing = (limits.program(made, each, 20.0).use[0, 0] for each in (np.ones(5), scale))
    # The ceiling first, then shares of cores: at most, and at least.
    assert (standing[:3] / alone[:3]).tolist() == pytest.approx([2.0, 3.0, 3.0])


def test_mixed_under_shares_each_set_gets_half() -> None:
    made, limits = proposals(only(0), only(1)), coupled(quotas([999, 999], [20, 0, 0, 0]))
    mix = best_mixture(limits.program(made, np.ones(5), 20.0), 1e-6)
    assert mix.parts[:, :2].sum(axis=0) == pytest.approx([1.0, 1.0], abs=1e-3)


def test_mixed_under_shares_each_set_gets_what_its_rate_says() -> None:
    made, limits = proposals(only(0), only(1)), coupled(quotas([999, 999], [20, 0, 0, 0]), fair(rate=(1.0, 0.25)))
    mix = best_mixture(limits.program(made, np.ones(5), 20.0), 1e-6)
    assert mix.parts[:, :2].sum(axis=0) == pytest.approx([1.6, 0.4], abs=1e-3)


def test_who_holds_more_than_all_get_keeps_the_others_from_nothing() -> None:
    """It exceeds the level by what it holds, at a cost that nothing can change."""
    of = quotas([999, 999], [20, 0, 0, 0])
    held: Ints = np.array([[30, 0, 0, 0], [0, 0, 0, 0]])
    limits = coupled(replace(of, held=held))
    mix = best_mixture(limits.program(proposals(only(0), only(1)), np.ones(5), 20.0), 1e-6)
    assert mix.parts[:, :2].sum(axis=0) == pytest.approx([0.0, 2.0], abs=1e-2)


def test_a_limit_is_paid_for_by_whom_it_concerns_unit_by_unit() -> None:
    limits = limited(30)
    paid = limits.prices(np.array([0.6]), np.ones(5), 50.0)
    assert paid[:, PART] == pytest.approx([0.6 * 50 / 30] * 2)
    assert np.flatnonzero(paid.any(axis=0)).tolist() == [PART]


def test_a_ceiling_is_paid_for_by_instance() -> None:
    paid = only_ceilings([False, True]).prices(np.array([0.6]), np.ones(5), 50.0)
    assert paid[1, NUMBER] == pytest.approx(0.6 * 50 / 10)
    assert np.count_nonzero(paid) == 1


def test_who_is_to_take_more_is_paid() -> None:
    limits = coupled(sharing=fair(dominant=(CORES, -1)))
    most, least = limits.weights[:, 0, CORES] > 0, limits.weights[:, 0, CORES] < 0
    assert limits.prices(least * 1.0, np.ones(5), 50.0)[0, CORES] == pytest.approx(-0.5)
    assert limits.prices(most * 1.0, np.ones(5), 50.0)[0, CORES] == pytest.approx(0.5)


def test_at_the_prices_of_a_mix_a_proposal_in_it_wins_as_much_as_in_the_program() -> None:
    """Worth less what is paid for what is taken, of nodes that stand for several, is what a program makes of it."""
    made, limits = proposals(only(0), only(1)), coupled(quotas([999, 999], [60, 0, 0, 0]))
    scale, prices = np.array([3.0, 3.0, 3.0, 3.0, 3.0]), np.linspace(0.1, 0.9, len(limits.bound))
    of = limits.program(made, scale, 60.0)
    paid = limits.prices(prices, scale, 60.0)
    for index, each in enumerate(made):
        net = each.worth - each.taken.reshape(2, -1) @ paid.reshape(-1)
        assert net * 3.0 / 60.0 == pytest.approx(of.worth[:, index] - of.use[:, index] @ prices)
