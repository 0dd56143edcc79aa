"""What couples the nodes of a plan: how many fillers and how much each set may still take, and its fair share."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.problem import Floats, Ints, Options


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

    def shares(self, used: Ints) -> Floats:
        """Return the dominant share of each set, with what it takes now."""
        return _dominant(self.held + used, self.fillable)

    def targets(self, used: Ints, hungry: NDArray[np.bool_]) -> Floats:
        """Return what share each set would have if the hungry ones held theirs by weight; the others keep theirs."""
        shares = self.shares(used)
        targets = shares.copy()
        tenants = [int(each) for each in np.unique(self.tenant[hungry])]
        mine = {each: hungry & (self.tenant == each) for each in tenants}
        of_tenant = {
            each: float(_dominant((self.held + used)[mine[each]].sum(axis=0)[None, :], self.fillable)[0])
            for each in tenants
        }
        level = sum(of_tenant.values()) / max(1e-12, float(self.tenant_weight[tenants].sum()))
        for each in tenants:
            part = self.weight[mine[each]] / self.weight[mine[each]].sum()
            growth = level * self.tenant_weight[each] / max(1e-12, of_tenant[each])
            targets[mine[each]] = part * shares[mine[each]].sum() * growth
        return targets


def used_by(counts: Ints, options: Options, sets: int) -> Ints:
    """Return what each set takes of each resource (sets x columns)."""
    used = np.zeros((sets, options.need.shape[1]), dtype=np.int64)
    np.add.at(used, options.owner, counts.sum(axis=0)[:, None] * options.need)
    return used


def number_by(counts: Ints, options: Options, sets: int) -> Ints:
    """Return how many instances each set gets."""
    return np.bincount(options.owner, weights=counts.sum(axis=0), minlength=sets).astype(np.int64)


def _dominant(amounts: Ints, fillable: Ints) -> Floats:
    known = fillable > 0
    if not known.any():
        return np.zeros(len(amounts))
    shares: Floats = (amounts[:, known] / fillable[known]).max(axis=1)
    return shares
