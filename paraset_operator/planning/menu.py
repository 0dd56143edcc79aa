"""All that was proposed for some nodes, at which prices, and the best mix of it under what couples the nodes."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.coupling import Coupling, Fair, coupling, floors, rates
from paraset_operator.planning.interior_point import Mixture, Program, best_mixture
from paraset_operator.planning.leftovers import Left, fitting
from paraset_operator.planning.problem import Floats, Holes, Ints, Options
from paraset_operator.planning.proposals import Prices, Proposal, propose, propose_alone
from paraset_operator.planning.quotas import Quotas

# How close a mix is to the best: a part of all worth.
GAP = 1e-4
# A proposal that wins less than this part is not worth another round.
_LITTLE = 5e-4
# Who is held back by less than this part of the most is not held back.
_FREE = 0.01
# A level that rises by less than this part has not changed.
_SAME = 0.01
# While levels are looked for, worth only decides between equal ones.
_HARDLY = 1e-3


@dataclass(slots=True)
class Menu:
    """Nodes that stand for `scale` each, what was proposed for them at which prices, and who shares a level."""

    holes: Holes
    options: Options
    quotas: Quotas
    scale: Floats
    fair: Fair
    can: Ints
    scarce: NDArray[np.bool_]
    prices: list[Prices]
    proposals: list[Proposal]
    all_worth: float

    @classmethod
    def open(cls, holes: Holes, options: Options, quotas: Quotas, scale: Floats) -> "Menu":
        """Return a menu with what each set would take alone, and what all would take if nothing had a price."""
        sets, columns = quotas.held.shape
        present = np.flatnonzero(holes.admits.any(axis=0) & (quotas.most > 0) & np.isin(range(sets), options.owner))
        nothing = np.zeros((sets, columns + 1))
        prices = [*(Prices(nothing, of) for of in present.tolist()), Prices(nothing)]
        proposals = [*propose_alone(holes, options, present.tolist()), propose(holes, options, prices[-1], quick=True)]
        taken = np.zeros((sets, columns + 1))
        for of, proposal in zip(present.tolist(), proposals, strict=False):
            taken[of] = proposal.taken[:, of].sum(axis=0) * scale
        dominant = _dominant(quotas, taken)
        fair = Fair(dominant, rates(quotas, dominant), np.zeros(sets, dtype=np.int64))
        can = np.zeros((sets, columns), dtype=np.int64)
        np.maximum.at(can, options.owner, options.need + options.span)
        all_worth = float(proposals[-1].worth.sum()) * float(scale[-1])
        scarce = _most(holes, options, sets) * scale[-1] > quotas.most
        return cls(
            holes, options, quotas, scale, fair, can, scarce & (dominant >= 0), prices, proposals, max(all_worth, 1e-12)
        )

    @property
    def is_wanted(self) -> bool:
        """Whether any set can take anything."""
        return bool((self.fair.dominant >= 0).any())

    def coupling(self) -> Coupling:
        """Return what couples the nodes."""
        return coupling(self.quotas, self.fair, self.can, self.scarce)

    def program(self) -> Program:
        """Return the choice between all that was proposed."""
        return self.coupling().program(self.proposals, self.scale, self.all_worth)

    def mix(self, gap: float = GAP) -> Mixture:
        """Return the best mix of what was proposed."""
        return best_mixture(self.program(), gap)

    def prices_in(self, mixture: Mixture) -> Prices:
        """Return what a mix says that sets should pay."""
        return Prices(self.coupling().prices(mixture.prices, self.scale, self.all_worth))

    def propose(self, mixture: Mixture) -> bool:
        """Pack at the prices of a mix; say whether that could win anything."""
        self.prices.append(self.prices_in(mixture))
        self.proposals.append(propose(self.holes, self.options, self.prices[-1], quick=True))
        program = self.program()
        net = program.worth - program.use @ mixture.prices
        won = (net[:, -2] - np.delete(net, -2, axis=1).max(axis=1)).clip(min=0).sum()
        return bool(won > _LITTLE)

    def at(self, rows: Ints) -> "Menu":
        """Return the menu of some of the nodes, who stand for all."""
        some = [Proposal(each.counts, each.left, each.worth[rows], each.taken[rows]) for each in self.proposals]
        return replace(self, scale=self.scale * (len(self.holes) / len(rows)), proposals=some)

    def net(self, prices: Prices) -> Floats:
        """Return what every choice is worth at these prices (N x proposals and, last, nothing)."""
        paid = prices.of_set.ravel()
        each = [it.worth - it.taken.reshape(len(it.taken), -1) @ paid for it in self.proposals]
        return np.stack([*each, np.zeros(len(self.holes))], axis=1)

    def taken_in(self, parts: Floats) -> Floats:
        """Return what sets take (sets x columns + 1) where nodes take parts of what was proposed."""
        each = [parts[:, index] @ it.taken.reshape(len(it.taken), -1) for index, it in enumerate(self.proposals)]
        taken: Floats = np.sum(each, axis=0).reshape(self.proposals[0].taken.shape[1:])
        return taken

    def fillings(self, chosen: Ints) -> tuple[Ints, Left]:
        """Return what nodes take by their choices (N x S), and what that leaves."""
        counts, left = np.zeros_like(self.proposals[0].counts), Left.of(self.holes)
        for index, proposal in enumerate(self.proposals):
            rows = np.flatnonzero(chosen == index)
            counts[rows] = proposal.counts[rows]
            left.put_rows(rows, proposal.left.rows(rows))
        return counts, left

    def weights(self, mixture: Mixture) -> Floats:
        """Return how much of what some set takes comes by each proposal: the most for any set."""
        proposals = self.proposals[: mixture.parts.shape[1] - 1]
        taken = np.array([mixture.parts[:, index] @ each.taken[:, :, -1] for index, each in enumerate(proposals)])
        weights: Floats = (taken / taken.sum(axis=0).clip(min=1e-9)).max(axis=1)
        return weights

    def find_tiers(self) -> bool:
        """Find out who holds back whom: all shares rise together until one can't, then those it does not hold back.

        Say whether anything about that is new.
        """
        tier, owner = np.zeros_like(self.fair.tier), np.flatnonzero(self.fair.dominant >= 0)
        reached: list[float] = []
        while len(reached) < len(tier):
            fair = replace(self.fair, tier=tier)
            limits = floors(self.quotas, fair, self.scarce, reached)
            program = limits.program(self.proposals, self.scale, self.all_worth)
            mixture = best_mixture(replace(program, worth=program.worth * _HARDLY), GAP)
            held_back = mixture.prices[-len(owner) :] * fair.rate[owner]
            rising = fair.tier[owner] == len(reached)
            free = rising & (held_back < _FREE * held_back[rising].max(initial=0.0))
            reached.append(float(mixture.others[len(reached)]))
            if not free.any() or free.sum() == rising.sum():
                break
            tier[owner[free]] = len(reached)
        before, self.fair = self.fair, replace(self.fair, tier=tier, reached=tuple(reached))
        return not np.array_equal(before.tier, tier) or not np.allclose(before.reached, reached, rtol=_SAME)


def _dominant(quotas: Quotas, taken: Floats) -> Ints:
    """Return the resource of which each set takes most when it is alone, as far as its ceiling allows; -1 if none."""
    part = np.minimum(1.0, quotas.most / taken[:, -1].clip(min=1))
    shares = (quotas.held + taken[:, :-1] * part[:, None]) / np.where(quotas.fillable > 0, quotas.fillable, np.inf)
    return np.where((taken[:, -1] > 0) & (shares.max(axis=1) > 0), shares.argmax(axis=1), -1)


def _most(holes: Holes, options: Options, sets: int) -> Floats:
    """Return more instances of each set than there can be: as if each shape had all to itself."""
    most: Floats = np.zeros(sets)
    for option in np.flatnonzero(options.twin == np.arange(len(options))).tolist():
        of = options.owner[option]
        most[of] += np.where(holes.admits[:, of], fitting(holes.free, options.need[option]), 0).sum()
    return most
