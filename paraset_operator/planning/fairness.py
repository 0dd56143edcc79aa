"""Whose turn it is: progressive filling by weighted dominant share (DRF, NSDI'11) of what is fillable.

Namespaces first, with the weights the policy gives them, then the sets of a namespace with their own; so a tenant gains
nothing by splitting its work into more sets. Ties go to the set whose key comes first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from paraset_operator.model.policy import Tenant
from paraset_operator.model.resources import Resources, dominant_share, plus
from paraset_operator.model.shape import ParaSetView

Turn = tuple[float, float, str]


@dataclass(slots=True)
class Shares:
    """What each set and namespace holds while a plan is made; `paused` are uids of sets and fillers not to grow."""

    fillable: Resources
    tenants: Mapping[str, Tenant] = field(default_factory=dict)
    paused: frozenset[str] = frozenset()
    by_set: dict[str, dict[str, int]] = field(default_factory=dict)
    by_namespace: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, owner: ParaSetView, amounts: Resources) -> None:
        """Count amounts a set takes (or, negative, gives)."""
        self.by_set[owner.key] = plus(self.by_set.get(owner.key, {}), amounts)
        self.by_namespace[owner.namespace] = plus(self.by_namespace.get(owner.namespace, {}), amounts)

    def turn_of(self, owner: ParaSetView) -> Turn:
        """Return the order of a set's turn: who has least of its share comes first."""
        of_namespace = dominant_share(self.by_namespace.get(owner.namespace, {}), self.fillable)
        of_namespace /= self.weight_of(owner.namespace)
        of_set = dominant_share(self.by_set.get(owner.key, {}), self.fillable) / owner.weight
        return (of_namespace, of_set, owner.key)

    def weight_of(self, namespace: str) -> int:
        """Return the weight the policy gives a namespace."""
        tenant = self.tenants.get(namespace)
        return tenant.weight if tenant else 1

    def left_within_limits(self, owner: ParaSetView, name: str, wanted: int) -> int:
        """Return how much of `wanted` of a resource the namespace may still take; below zero when it holds too much."""
        tenant = self.tenants.get(owner.namespace)
        if tenant is None or name not in tenant.limits:
            return wanted
        return min(wanted, tenant.limits[name] - self.by_namespace.get(owner.namespace, {}).get(name, 0))
