"""From nodes and sets to holes, options and quotas, and back to how many fillers of which shape are new on which node.

Sets below `minReplicas` come first, then everything else is dealt out at once (allocation.py). Shapes with devices may
take what running fillers can give up by shrinking; shapes without take only what nobody else can grow into.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.plan import Limit
from paraset_operator.planning.additions import Additions
from paraset_operator.planning.allocation import allocate
from paraset_operator.planning.contenders import Contender
from paraset_operator.planning.fairness import Shares
from paraset_operator.planning.growth import clearly_better, grown_by_set
from paraset_operator.planning.leftovers import Left, fitting, put_within
from paraset_operator.planning.offers import Offers, as_options, as_shapes, kinds_of, rows_by_units
from paraset_operator.planning.problem import Floats, Holes, Ints, Options
from paraset_operator.planning.quotas import Limit as SharedLimit
from paraset_operator.planning.quotas import Quotas, number_by, used_by
from paraset_operator.planning.survey_rows import Ground, Rows


def fill(
    ground: Ground,
    rows: Rows,
    contenders: Sequence[Contender],
    shares: Shares,
    offers: Offers,
    is_open: NDArray[np.bool_],
    ranks: Callable[[], Floats],
) -> Additions:
    """Return how many new fillers of each shape of the ground are made on which node.

    `is_open` (N x sets) says where a set could put anything at all; who is short of its minimum may do so anywhere.
    """
    new, parts = np.zeros(len(ground.shapes), dtype=np.int64), list[tuple[Ints, Ints]]()
    usable = np.array([each.usable for each in contenders], dtype=bool).reshape(len(contenders), len(rows.counts)).T
    admits = usable & (is_open | (_floors(contenders, new, ground) > 0)[None, :])
    admits &= np.array([each.most > each.count for each in contenders], dtype=bool) & _are_solvent(ground, shares, new)
    held = _once_grown(ground, rows, offers) if admits.any() else np.zeros((0, 0), dtype=np.int64)
    for units, at in rows_by_units(ground, rows, np.flatnonzero(admits.any(axis=1))):
        kinds = kinds_of(ground, rows, units, at)
        options = offers.to(kinds)
        free, barred = rows.room[at] - rows.smallest[at], np.zeros((len(at), len(options)), dtype=bool)
        holes = Holes(free, kinds, admits[at], as_options(rows.counts[at], options), barred, _once(ranks, at))
        quotas = _quotas(ground, contenders, shares, held, new)
        counts = _served(holes, options, quotas, _floors(contenders, new, ground))
        parts.append((at, as_shapes(counts, options, len(new))))
        new += parts[-1][1].sum(axis=0)
    for contender, number in zip(contenders, ground.number(new), strict=True):
        contender.count += int(number)
    _note_limits(ground, contenders, shares, new)
    return Additions.of(parts, len(new))


def _once(ranks: Callable[[], Floats], at: Ints) -> Callable[[], Floats]:
    """Return the ranks of some rows, found once and only if anybody asks."""
    return cache(lambda: ranks()[at])


def _once_grown(ground: Ground, rows: Rows, offers: Offers) -> Ints:
    """Return what each set holds once its fillers have grown into what is free (sets x columns).

    Unlike what they hold now, it is the same before and after they have shrunk for what is new: who gets that is not
    to be decided anew in between.
    """
    held = _made(ground, rows.counts.sum(axis=0))
    for units, at in rows_by_units(ground, rows, np.flatnonzero(rows.counts.any(axis=1))):
        options = offers.to(kinds_of(ground, rows, units, at))
        free, kept = rows.room[at] - rows.smallest[at], as_options(rows.counts[at], options)
        held += grown_by_set(options, kept, free, len(ground.sets)).sum(axis=0).astype(np.int64)
    return held


def _quotas(ground: Ground, contenders: Sequence[Contender], shares: Shares, held: Ints, new: Ints) -> Quotas:
    """Return what is left of the quotas beside what is held and new already."""
    columns = ground.columns
    made = _made(ground, new)
    namespaces = sorted({owner.namespace for owner in ground.sets})
    return Quotas(
        most=np.array([max(0, each.most - each.count) for each in contenders], dtype=np.int64) - ground.number(new),
        held=held + made,
        weight=np.array([float(owner.weight) for owner in ground.sets]),
        tenant=np.array([namespaces.index(owner.namespace) for owner in ground.sets], dtype=np.int64),
        tenant_weight=np.array([float(shares.weight_of(each)) for each in namespaces]),
        fillable=np.array([shares.fillable.get(name, 0) for name in columns], dtype=np.int64),
        limits=tuple(_limits(ground, shares, made)),
    )


def _made(ground: Ground, new: Ints) -> Ints:
    """Return what new fillers, given by shape, hold of each set at their smallest (sets x columns)."""
    made = np.zeros((len(ground.sets), len(ground.columns)), dtype=np.int64)
    np.add.at(made, ground.owners, new[:, None] * ground.needs)
    return made


def _limits(ground: Ground, shares: Shares, made: Ints) -> list[SharedLimit]:
    limits = []
    for namespace, tenant in sorted(shares.tenants.items()):
        members = np.array([row for row, each in enumerate(ground.sets) if each.namespace == namespace], dtype=np.int64)
        for name, amount in sorted(tenant.limits.items()):
            if len(members) and name in ground.columns:
                column = ground.columns.index(name)
                held = shares.by_namespace.get(namespace, {}).get(name, 0)
                limits.append(SharedLimit(members, column, amount - held - int(made[members, column].sum())))
    return limits


def _are_solvent(ground: Ground, shares: Shares, new: Ints) -> NDArray[np.bool_]:
    """Say which sets have a shape that the limits of their tenants leave enough for."""
    is_solvent, allowed = np.zeros(len(ground.sets), dtype=bool), np.ones(len(ground.shapes), dtype=bool)
    for limit in _limits(ground, shares, _made(ground, new)):
        needs = np.where(np.isin(ground.owners, limit.members), ground.needs[:, limit.column], 0)
        allowed &= (needs <= limit.left) | (needs <= 0)
    is_solvent[ground.owners[allowed]] = True
    return is_solvent


def _floors(contenders: Sequence[Contender], new: Ints, ground: Ground) -> Ints:
    """Return how many fillers each set is short of its `minReplicas`."""
    floors = np.array([min(each.owner.floor, each.most) - each.count for each in contenders], dtype=np.int64)
    return (floors - ground.number(new)).clip(min=0)


def _served(holes: Holes, options: Options, quotas: Quotas, floors: Ints) -> Ints:
    counts: Ints = np.zeros((len(holes), len(options)), dtype=np.int64)
    if not len(options) or not len(holes):
        return counts
    if floors.any():
        holes, quotas = _serve_floors(holes, options, quotas, floors, counts)
    more = allocate(holes, options, quotas)
    # Who was served first has to be, whatever it costs others; nobody else shrinks a running filler for little.
    more[~clearly_better(options, holes.kept, holes.free, more)] = 0
    return counts + more


def _serve_floors(holes: Holes, options: Options, quotas: Quotas, floors: Ints, counts: Ints) -> tuple[Holes, Quotas]:
    """Place what sets lack of their minimum, neediest set first; return what is left of holes and quotas."""
    left = Left.of(holes)
    share = options.need / np.maximum(1, quotas.fillable)
    rate = options.value / share.max(axis=1).clip(min=1e-12)
    for of in np.argsort(quotas.shares(np.zeros_like(quotas.held)) / quotas.weight, kind="stable"):
        mine = np.flatnonzero((options.owner == of) & (options.twin == np.arange(len(options))))
        for option in mine[np.lexsort((mine, -rate[mine]))]:
            missing = int(floors[of] - counts[:, mine].sum())
            missing = min(missing, quotas.affordable(options, int(option), used_by(counts, options, len(floors))))
            able = np.where(holes.admits[:, of], fitting(left.free, options.need[option]), 0)
            counts[:, option] += put_within(holes, options, int(option), able.clip(max=missing), left, missing)
    number, used = number_by(counts, options, len(floors)), used_by(counts, options, len(floors))
    return replace(left.holes(holes), kept=holes.kept + counts), replace(
        quotas, most=quotas.most - number, held=quotas.held + used, limits=_without(quotas.limits, used)
    )


def _without(limits: Sequence[SharedLimit], used: Ints) -> tuple[SharedLimit, ...]:
    return tuple(replace(each, left=each.left - int(used[each.members, each.column].sum())) for each in limits)


def _note_limits(ground: Ground, contenders: Sequence[Contender], shares: Shares, new: Ints) -> None:
    """Name what kept sets from taking more, as far as it is a quota."""
    for limit in _limits(ground, shares, _made(ground, new)):
        for row in limit.members:
            needs = [shape.smallest.get(ground.columns[limit.column], 0) for shape in ground.sets[row].shapes]
            if limit.left < max(needs, default=0) and contenders[row].usable.any():
                namespace = ground.sets[row].namespace
                contenders[row].limits[Limit.TENANT] = f"the policy's limits for namespace {namespace} are reached"
    for contender in contenders:
        if contender.bound and contender.count >= contender.most:
            contender.limits.setdefault(*contender.bound)
