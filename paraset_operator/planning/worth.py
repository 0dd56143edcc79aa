"""What an instance is worth.

Worth ranks the shapes of one set. Between sets it is scaled, so that no tenant gains by writing bigger numbers: the
set's best shape is worth the dominant share of what is fillable that it takes, times the set's weight.
"""

import math
from collections.abc import Mapping
from typing import TypeAlias

from paraset_operator.model.quantity import CPU
from paraset_operator.model.resources import Resources, dominant_share
from paraset_operator.model.shape import Elastic, ParaSetView, Shape

Scales: TypeAlias = Mapping[str, float]

# Between sets worth is compared in steps of 1/100: it need not be weighed anew for every node that comes or goes.
_STEPS = 100


def default_growth_value(resource: str, minimum: int, maximum: int, value: float, *, has_devices: bool) -> float:
    """Return the extra worth at the maximum of a resource that names none: cores count, other resources do not."""
    if resource != CPU or maximum <= minimum:
        return 0.0
    return value / 2 if has_devices or minimum <= 0 else value * (maximum - minimum) / minimum


def worth_of(shape: Shape, sizes: Resources) -> float:
    """Return value + sum of growthValue x (size - min) / (max - min)."""
    return shape.value + sum(
        density(each) * (sizes.get(each.resource, each.minimum) - each.minimum) for each in shape.elastic
    )


def density(elastic: Elastic) -> float:
    """Return the worth that one more unit of the resource adds."""
    span = elastic.maximum - elastic.minimum
    return elastic.growth_value / span if span > 0 else 0.0


def largest(shape: Shape) -> dict[str, int]:
    """Return the sizes of an instance grown as far as growth is worth anything."""
    return {each.resource: each.maximum if density(each) > 0 else each.minimum for each in shape.elastic}


def scale_of(owner: ParaSetView, fillable: Resources) -> float:
    """Return the factor from the set's own worth to the plan's; 0 when nothing of the set could ever fit."""
    best: tuple[float, float] | None = None
    for shape in owner.shapes:
        for sizes in ({}, largest(shape)):
            share = dominant_share(shape.at(sizes), fillable)
            if share <= 0:
                continue
            rate = worth_of(shape, sizes) / share
            if best is None or rate > best[0]:
                best = (rate, owner.weight / rate)
    return best[1] if best else 0.0


def _in_steps(fillable: Resources) -> dict[str, int]:
    return {name: _coarse(amount) for name, amount in fillable.items() if amount > 0}


class KnownScales:
    """The factors last asked for, kept as long as neither sets nor, in steps, what there is to fill have changed."""

    def __init__(self) -> None:
        self._owners: tuple[ParaSetView, ...] = ()
        self._coarse: Resources = {}
        self._scales: Scales = {}

    def of(self, owners: tuple[ParaSetView, ...], fillable: Resources) -> Scales:
        """Return the factors of all sets, by key, in steps: a little more or less to fill does not change them."""
        coarse = _in_steps(fillable)
        if coarse != self._coarse or owners != self._owners:
            self._owners, self._coarse = owners, coarse
            self._scales = {owner.key: scale_of(owner, coarse) for owner in owners}
        return self._scales


def _coarse(amount: int) -> int:
    return round(math.exp(round(math.log(amount) * _STEPS) / _STEPS))
