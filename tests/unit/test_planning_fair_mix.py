"""Fair shares and quotas out of packing every node by itself, on clusters of some hundred nodes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from unittest.mock import patch

import numpy as np
import pytest
from packing_cases import CORES, GPUS, PART, Offer, Room, faults, holes, options, quotas

from bench.oracle.packing import can_pack
from bench.oracle.problem import Devices
from bench.planner_instances import instance
from paraset_operator.planning import choosing
from paraset_operator.planning import fair_mix as mixing
from paraset_operator.planning.fair_mix import FairMix, fair_mix, sample
from paraset_operator.planning.planner import plan
from paraset_operator.planning.problem import Holes, Ints, Options
from paraset_operator.planning.quotas import Limit, Quotas, number_by, used_by

NODES = 150


@dataclass(frozen=True)
class Case:
    """What there is to deal out."""

    holes: Holes
    options: Options
    quotas: Quotas

    def mixed(self) -> FairMix:
        return fair_mix(self.holes, self.options, self.quotas)

    def shares(self, found: FairMix) -> np.ndarray:
        """Return what each set takes, growth left out, of what is fillable."""
        return self.quotas.shares(used_by(found.counts, self.options, len(self.quotas.most)))

    def parts(self, found: FairMix) -> np.ndarray:
        """Return the share of each set in parts of all shares."""
        shares = self.shares(found)
        return np.asarray(shares / shares.sum())

    def with_quotas(self, **changed: object) -> "Case":
        return replace(self, quotas=replace(self.quotas, **changed))  # type: ignore[arg-type]


@cache
def cluster(regime: str, nodes: int = NODES) -> Case:
    """Return what the planner would deal out on a cluster of the benchmark."""
    found: list[Case] = []

    def keep(free: Holes, of: Options, limits: Quotas) -> Ints:
        found.append(Case(free, of, limits))
        return np.zeros((len(free), len(of)), dtype=np.int64)

    with patch("paraset_operator.planning.filling.allocate", keep):
        plan(instance(regime, nodes))
    return found[0]


@cache
def mix_of(regime: str) -> FairMix:
    return cluster(regime).mixed()


def misfits(of: Case, counts: Ints) -> list[int]:
    """Return the nodes on which something does not fit, each device by itself."""
    over = (counts @ of.options.need > of.holes.free.clip(min=0)).any(axis=1)
    found = np.flatnonzero(over).tolist()
    for kind in of.holes.kinds:
        for row in range(len(counts)):
            parts = tuple(sorted(int(each) for each in kind.parts[row] if each))
            asked = np.repeat(of.options.need[:, kind.column], counts[row]).tolist()
            if not can_pack(asked, Devices(kind.resource, kind.unit, int(kind.wholes[row]), parts)):
                found.append(row)
    return found


# Clusters of the benchmark, sets of five kinds of work.


@pytest.mark.parametrize("regime", ["skewed-weights", "ceilings", "tenants", "counted", "cpu-starved"])
def test_no_node_gets_more_than_fits(regime: str) -> None:
    assert misfits(cluster(regime), mix_of(regime).counts) == []


@pytest.mark.parametrize("regime", ["skewed-weights", "ceilings", "tenants", "counted"])
def test_what_is_left_of_nodes_is_what_fillings_do_not_take(regime: str) -> None:
    of, found = cluster(regime), mix_of(regime)
    assert np.array_equal(found.left.free, of.holes.free.clip(min=0) - found.counts @ of.options.need)


@pytest.mark.parametrize("regime", ["ceilings", "tenants"])
def test_ceilings_are_kept_but_for_what_single_nodes_are_off(regime: str) -> None:
    of = cluster(regime)
    numbers = number_by(mix_of(regime).counts, of.options, len(of.quotas.most))
    most = np.maximum(of.quotas.most + 3, of.quotas.most * 1.02)
    assert (numbers <= most).all()


def test_limits_of_tenants_are_kept_but_for_what_single_nodes_are_off() -> None:
    of = cluster("tenants")
    used = used_by(mix_of("tenants").counts, of.options, len(of.quotas.most))
    assert of.quotas.limits
    for limit in of.quotas.limits:
        assert used[limit.members, limit.column].sum() <= 1.02 * limit.left


@pytest.mark.parametrize("regime", ["equal-weights", "skewed-weights", "counted", "memory-starved"])
def test_what_sets_are_due_follows_their_weights_where_nothing_else_bounds_them(regime: str) -> None:
    """Who holds nobody back may have more, but nobody less."""
    of, due = cluster(regime), mix_of(regime).due
    levels = due / of.quotas.due()
    held_back = levels < 1.2 * levels.min()
    assert held_back.sum() >= 2
    assert levels[held_back] == pytest.approx(levels.min(), rel=0.05)


# Sets that want the same: all that decides are weights and quotas.


def alike(*weights: float, nodes: int = 120, of_tenant: Sequence[int] | None = None) -> Case:
    """Return nodes of which devices are the scarce resource, and sets of one shape each."""
    random = Random(3)
    rooms = [
        Room(40, 40, tuple(random.choice((10, 10, 5, 2)) for _ in range(random.randint(1, 6))), admits=(True,) * 4)
        for _ in range(nodes)
    ]
    of = options(*(Offer(cores=1, part=2, owner=owner) for owner in range(len(weights))))
    free = np.array([each.free for each in rooms]).sum(axis=0).tolist()
    tenant = [0] * len(weights) if of_tenant is None else of_tenant
    limits = quotas([10**6] * len(weights), free, weight=weights, tenant=tenant)
    return Case(holes(rooms, of, sets=len(weights)), of, limits)


@pytest.mark.parametrize("weights", [(1, 1), (1, 3), (1, 2, 5), (4, 1, 1, 1)])
def test_sets_share_by_their_weights(weights: tuple[int, ...]) -> None:
    of = alike(*weights)
    assert of.parts(of.mixed()) == pytest.approx(np.array(weights) / sum(weights), rel=0.02)


def test_what_is_due_is_what_comes_of_it() -> None:
    of = alike(1, 2, 5)
    found = of.mixed()
    assert found.due == pytest.approx(of.shares(found), rel=0.02)


def test_tenants_share_by_their_weights_whatever_the_number_of_their_sets() -> None:
    of = alike(1, 1, 1, of_tenant=(0, 1, 1)).with_quotas(tenant_weight=np.array([1.0, 3.0]))
    assert of.parts(of.mixed()) == pytest.approx([0.25, 0.375, 0.375], rel=0.02)


def test_a_set_at_its_ceiling_leaves_its_rest_to_the_others_by_their_weights() -> None:
    of = alike(1, 2, 5)
    total = number_by(of.mixed().counts, of.options, 3).sum()
    few = of.with_quotas(most=np.array([10**6, 10**6, 30]))
    numbers = number_by(few.mixed().counts, of.options, 3)
    assert numbers == pytest.approx([(total - 30) / 3, (total - 30) * 2 / 3, 30], rel=0.02, abs=1)


def test_a_set_at_its_tenants_limit_leaves_its_rest_to_the_others() -> None:
    of = alike(1, 1, 1)
    total = used_by(of.mixed().counts, of.options, 3)[:, PART].sum()
    few = of.with_quotas(limits=(Limit(np.array([1]), PART, 100),))
    used = used_by(few.mixed().counts, of.options, 3)[:, PART]
    assert used == pytest.approx([(total - 100) / 2, 100, (total - 100) / 2], rel=0.02)


def test_what_is_held_already_counts() -> None:
    of = alike(1, 1)
    total = int(of.quotas.fillable[PART])
    held = np.zeros((2, 4), dtype=np.int64)
    held[0, PART] = total // 2
    shares = of.with_quotas(held=held).mixed()
    used = used_by(shares.counts, of.options, 2)[:, PART]
    assert used[0] + total // 2 == pytest.approx(used[1], rel=0.02)


def test_who_holds_more_than_its_share_gets_nothing_while_others_are_short() -> None:
    of = alike(1, 1)
    held = np.zeros((2, 4), dtype=np.int64)
    held[0, PART] = of.quotas.fillable[PART] * 2
    used = used_by(of.with_quotas(held=held).mixed().counts, of.options, 2)[:, PART]
    assert used[0] <= 0.01 * used[1]


def test_a_set_takes_only_what_its_nodes_have_and_holds_nobody_back() -> None:
    of = alike(1, 1)
    of.holes.admits[10:, 0] = False
    counts = of.mixed().counts
    assert not counts[10:, 0].any()
    assert counts[10:, 1].sum() >= 0.97 * number_by(of.mixed().counts, of.options, 2).sum() * 110 / 120


def test_a_set_for_which_nothing_is_left_holds_nobody_back() -> None:
    of = alike(1, 1).with_quotas(most=np.array([0, 10**6]))
    whole = number_by(alike(1, 1).mixed().counts, of.options, 2).sum()
    assert number_by(of.mixed().counts, of.options, 2).tolist() == [0, pytest.approx(whole, rel=0.02)]


def test_sets_are_fair_to_each_other_by_the_resource_each_takes_most_of() -> None:
    """Of counted devices the one, of cores the other; both want cores."""
    of = options(Offer(cores=6, gpus=1, owner=0), Offer(cores=4, owner=1))
    rooms = [Room(cores=24 + 8 * (index % 3), gpus=4) for index in range(100)]
    free = np.array([each.free for each in rooms]).sum(axis=0).tolist()
    case = Case(holes(rooms, of, sets=2), of, quotas([9999, 9999], free))
    first, second = case.shares(case.mixed())
    assert first == pytest.approx(second, rel=0.02)


def test_where_nobody_wants_anything_nothing_is_dealt_out() -> None:
    of = options(Offer(cores=99, owner=0), Offer(cores=1, gpus=1, owner=1))
    found = fair_mix(holes([Room(cores=9)] * 3, of, sets=2), of, quotas([9, 9], [27, 0, 0, 3]))
    assert not found.counts.any()
    assert found.due.tolist() == [0.0, 0.0]


def test_growth_counts_for_shares() -> None:
    """The second grows into as much as the first takes by its size."""
    of = options(Offer(cores=4, part=10, owner=0), Offer(cores=1, part=10, owner=1, span=3, density=0.01))
    rooms = [Room(cores=8, devices=(10,) * 4)] * 60
    case = Case(holes(rooms, of, sets=2), of, quotas([999, 999], [480, 0, 99_999, 0]))
    found = case.mixed()
    assert found.due == pytest.approx([0.5, 0.5], rel=0.03)


def test_options_count_for_less_where_they_take_what_others_are_due() -> None:
    of = alike(1, 9)
    found = of.mixed()
    assert found.gains[0] < found.gains[1]


# The same, and the same otherwise put.


def test_the_same_nodes_get_the_same() -> None:
    assert np.array_equal(cluster("skewed-weights").mixed().counts, mix_of("skewed-weights").counts)


@pytest.mark.parametrize("seed", range(3))
def test_in_another_order_of_nodes_shares_are_as_fair(seed: int) -> None:
    of, order = alike(1, 2, 5), np.random.default_rng(seed).permutation(120)
    mixed = replace(of, holes=of.holes.at(order)).mixed()
    assert of.parts(mixed) == pytest.approx(np.array([1, 2, 5]) / 8, rel=0.02)


def test_in_another_order_of_sets_each_has_its_share() -> None:
    assert alike(5, 2, 1).mixed().due == pytest.approx(alike(1, 2, 5).mixed().due[::-1], rel=0.01)


def test_the_holes_given_stay_as_they_are() -> None:
    of = alike(1, 2)
    before = [each.copy() for each in (of.holes.free, of.holes.admits, of.holes.barred, of.holes.kept)]
    of.mixed()
    after = (of.holes.free, of.holes.admits, of.holes.barred, of.holes.kept)
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


# Many nodes: a sample of them, and only some mixed exactly.


@pytest.mark.parametrize("mixed_at_most", [20, 30])
def test_where_only_some_nodes_are_mixed_shares_are_the_same(
    monkeypatch: pytest.MonkeyPatch, mixed_at_most: int
) -> None:
    whole = alike(1, 2, 5).mixed().due
    monkeypatch.setattr(choosing, "_MOST_MIXED", mixed_at_most)
    assert alike(1, 2, 5).mixed().due == pytest.approx(whole, rel=0.01)


def test_where_only_some_nodes_are_mixed_sums_come_to_what_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "_MOST_MIXED", 40)
    of = alike(1, 2, 5)
    found = of.mixed()
    assert of.shares(found) == pytest.approx(found.due, rel=0.02)


@pytest.mark.parametrize("most", [10, 30, 100])
def test_where_only_some_nodes_are_mixed_a_ceiling_is_kept(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(choosing, "_MOST_MIXED", 40)
    of = alike(1, 2, 5).with_quotas(most=np.array([10**6, 10**6, most]))
    assert number_by(of.mixed().counts, of.options, 3)[2] <= most + 3


def test_a_sample_says_what_all_nodes_would(monkeypatch: pytest.MonkeyPatch) -> None:
    few = cluster("skewed-weights").mixed().due
    monkeypatch.setattr(mixing, "_SAMPLE", NODES)
    assert few == pytest.approx(cluster("skewed-weights").mixed().due, rel=0.03)


@pytest.mark.parametrize("nodes", [1300, 4000])
def test_more_nodes_than_are_mixed_hold_shares_by_weight(nodes: int) -> None:
    of = alike(1, 2, 5, nodes=nodes)
    assert of.parts(of.mixed()) == pytest.approx(np.array([1, 2, 5]) / 8, rel=0.01)


@pytest.mark.parametrize("nodes", [1, 5, 63, 64, 65, 120])
def test_a_sample_is_of_different_nodes_as_many_as_asked_for(nodes: int) -> None:
    rows = sample(alike(1, nodes=nodes).holes, 64)
    assert len(set(rows.tolist())) == min(64, nodes)


def test_a_sample_holds_as_much_as_its_part_of_all() -> None:
    free = alike(1).holes.free
    rows = sample(alike(1).holes, 30)
    assert free[rows].mean(axis=0)[PART] == pytest.approx(free.mean(axis=0)[PART], rel=0.05)


def test_of_large_nodes_and_small_ones_a_sample_has_both() -> None:
    of = options(Offer(cores=1))
    rooms = [Room(cores=1)] * 90 + [Room(cores=100)] * 10
    cores = holes(rooms, of).free[sample(holes(rooms, of), 10), CORES]
    assert sorted(cores.tolist()) == [1] * 9 + [100]


# By hand.


def test_a_filling_is_one_that_was_proposed_and_not_a_part_of_one() -> None:
    of = options(Offer(cores=1, gpus=2, owner=0), Offer(cores=1, gpus=2, owner=1))
    rooms = [Room(cores=9, gpus=2)] * 3
    counts = fair_mix(holes(rooms, of, sets=2), of, quotas([9, 9], [27, 0, 0, 6])).counts
    assert faults(rooms, of, counts) == []
    assert counts.sum(axis=1).tolist() == [1, 1, 1]


def test_of_few_nodes_shares_are_fair_within_a_node() -> None:
    of = options(Offer(cores=1, gpus=2, owner=0), Offer(cores=1, gpus=2, owner=1))
    rooms = [Room(cores=9, gpus=2)] * 5
    found = fair_mix(holes(rooms, of, sets=2), of, quotas([9, 9], [45, 0, 0, 10])).counts
    assert sorted((found @ of.need[:, GPUS] // 2).tolist()) == [1] * 5
    assert abs(int(found[:, 0].sum() - found[:, 1].sum())) == 1
