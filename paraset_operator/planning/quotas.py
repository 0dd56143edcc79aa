"""What couples the nodes of a plan: how many fillers and how much each set may still take, and its fair share."""

from dataclasses import dataclass

import numpy as np

from paraset_operator.planning.problem import Floats, Ints, Options

_PLENTY = 2**40


@dataclass(frozen=True, slots=True)
class Limit:
    """The sets of `members` may together take no more than `left` of a resource (a column)."""

    members: Ints
    column: int
    left: int


@dataclass(frozen=True, slots=True)
class Quotas:
    """By set: `most` fillers more, what is `held` already (sets x columns), `weight` among the sets of its `tenant`.

    Shares are dominant shares of `fillable` (DRF, NSDI'11): tenants by their weights first, then the sets of each.
    """

    most: Ints
    held: Ints
    weight: Floats
    tenant: Ints
    tenant_weight: Floats
    fillable: Ints
    limits: tuple[Limit, ...] = ()

    def shares(self, used: Ints | Floats) -> Floats:
        """Return the dominant share of each set, with what it takes now."""
        return _dominant(self.held + used, self.fillable)

    def affordable(self, options: Options, option: int, used: Ints) -> int:
        """Return how many instances of an option the tenants' limits leave, beside what sets take already."""
        most = _PLENTY
        for limit in self.limits:
            need = int(options.need[option, limit.column])
            if need > 0 and options.owner[option] in limit.members:
                taken = int(used[limit.members, limit.column].sum())
                most = min(most, max(0, limit.left - taken) // need)
        return most

    def left_for(self, options: Options, option: int, counts: Ints, freed: int = 0) -> int:
        """Return how many more instances of an option its set may have beside these (N x S): by ceiling and limits.

        `freed` are those of the set that make way for one.
        """
        sets, of = len(self.most), options.owner[option]
        number = int(self.most[of] - number_by(counts, options, sets)[of]) + freed
        return min(number, self.affordable(options, option, used_by(counts, options, sets)))

    def due(self) -> Floats:
        """Return how much each set is due beside the one that is due least, by tenant and weight."""
        of_tenant = np.bincount(self.tenant, weights=self.weight)[self.tenant]
        due: Floats = self.tenant_weight[self.tenant] * self.weight / of_tenant
        least: Floats = due / due.min()
        return least

    def levels(self, used: Ints | Floats) -> Floats:
        """Return how much of its fair share each set has, beside the others: its tenant's share and its own by weight.

        A set has twice the level of another if its tenant has twice as much by weight, or, of one tenant, it itself.
        """
        shares = self.shares(used)
        levels = np.zeros(len(shares))
        for each in np.unique(self.tenant):
            mine = self.tenant == each
            of_tenant = _dominant((self.held + used)[mine].sum(axis=0)[None, :], self.fillable)[0]
            fair = shares[mine].sum() * self.weight[mine] / self.weight[mine].sum()
            levels[mine] = of_tenant / self.tenant_weight[each] * shares[mine] / fair.clip(min=1e-12)
        return levels


def used_by(counts: Ints, options: Options, sets: int) -> Ints:
    """Return what each set takes of each resource (sets x columns)."""
    used = np.zeros((sets, options.need.shape[1]), dtype=np.int64)
    np.add.at(used, options.owner, counts.sum(axis=0)[:, None] * options.need)
    return used


def number_by(counts: Ints, options: Options, sets: int) -> Ints:
    """Return how many instances each set gets."""
    return np.bincount(options.owner, weights=counts.sum(axis=0), minlength=sets).astype(np.int64)


def _dominant(amounts: Ints | Floats, fillable: Ints) -> Floats:
    known = fillable > 0
    if not known.any():
        return np.zeros(len(amounts))
    shares: Floats = (amounts[:, known] / fillable[known]).max(axis=1)
    return shares
