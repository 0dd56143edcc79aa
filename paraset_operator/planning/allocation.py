"""Who gets which hole, under limits that couple nodes: ceilings, tenants' limits, fair shares.

1. nodes are packed one by one, several times, and a filling of each is chosen so that the sum is fair (fair_mix.py);
   where little or on few nodes, once, with those favoured who have less than their share
   there a set that exceeds a quota is left out of the nodes where that costs least, and these are packed anew
2. single instances are exchanged as far as that brings shares closer to what they should be
3. single instances go where a quota is still exceeded
4. what is left is offered to everybody who may still have it, and where a device is left idle for cores that are worth
   more with it, these too
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from paraset_operator.planning.device_packing import assign
from paraset_operator.planning.exchange import exchange
from paraset_operator.planning.fair_mix import fair_mix
from paraset_operator.planning.growth import GrowthRoom, grown_by_set
from paraset_operator.planning.idle_devices import use_idle_devices
from paraset_operator.planning.leftovers import Left, fitting, put_within
from paraset_operator.planning.packing import Gains, pack
from paraset_operator.planning.problem import DeviceKind, Floats, Holes, Ints, Options
from paraset_operator.planning.quotas import Quotas, number_by, used_by
from paraset_operator.planning.standing_growth import StandingGrowth

# Where no set could take this part of what is fillable, it is dealt out at once.
_LITTLE = 0.05
# So few nodes are packed one by one too: a mix of fillings says little where each has to take one.
_FEW = 4
_MOST_FAVOUR = 4.0
# Shares below this are taken for this: who has nothing is not favoured without end.
_LEAST = 1e-3


def allocate(holes: Holes, options: Options, quotas: Quotas) -> Ints:
    """Return the number of each option on each node (N x S)."""
    admits = holes.admits & (quotas.most > 0)[None, :]
    standing = StandingGrowth.of(holes, options, quotas)
    barred = holes.barred | np.array([_is_dear(options, row, quotas) for row in range(len(options))], dtype=bool)
    deal = Deal(replace(holes, admits=admits, barred=barred | standing.barred(len(holes))), options, quotas, standing)
    if len(holes) and len(options) and admits.any():
        deal.run()
    return deal.counts


def _is_dear(options: Options, option: int, quotas: Quotas) -> bool:
    """Say whether a single instance would exceed a limit."""
    return any(
        limit.left < options.need[option, limit.column] > 0 and options.owner[option] in limit.members
        for limit in quotas.limits
    )


class Deal:
    """The state of one allocation."""

    def __init__(self, holes: Holes, options: Options, quotas: Quotas, standing: StandingGrowth) -> None:
        self.holes, self.options, self.quotas, self.standing = holes, options, quotas, standing
        self.sets = len(quotas.most)
        self.counts: Ints = np.zeros((len(holes), len(options)), dtype=np.int64)
        self.left = Left.of(holes)
        self.gains = Gains(options.value[None, :], np.zeros(len(holes), dtype=np.int64))

    def run(self) -> None:
        """Deal out the holes."""
        everywhere, is_shared = np.arange(len(self.holes)), self.holes.admits.any(axis=0).sum() > 1
        if not is_shared:
            self.pack(everywhere)
            if not self._give_back() and not any(True for _ in self._excesses()):
                return
        is_little = self._is_little()
        if is_little or (is_shared and len(self.holes) <= _FEW):
            self.gains = Gains(self._favoured()[None, :], self.gains.group)
            self.pack(everywhere)
            self.leave_out()
            if not is_little:
                self.measure(exchange(self.holes, self.options, self.quotas, self.counts, self.quotas.due()))
        else:
            mixed = fair_mix(self.holes, self.options, self.quotas)
            self.counts, self.left = mixed.counts, mixed.left
            self.gains = Gains(mixed.gains[None, :], self.gains.group)
            self.measure(exchange(self.holes, self.options, self.quotas, self.counts, mixed.due))
        self._give_back()
        for members, weight, excess in self._excesses():
            self.measure(self._drop(members, weight, excess))
        self.top_up()
        while use_idle_devices(self.holes, self.options, self.quotas, self.counts, self.left):
            self.top_up()

    def _give_back(self) -> bool:
        """Leave growth alone that is not for sets to take; say whether any would have been."""
        rows = self.standing.give_back(self.counts)
        if len(rows):
            self.measure(rows)
        return bool(len(rows))

    def _is_little(self) -> bool:
        """Say whether what is dealt out can't change shares much: no shape could take more than a little of it."""
        known, options = self.quotas.fillable > 0, self.options
        free = self.holes.free.clip(min=0)
        dealt, much = free.sum(axis=0)[known], self.quotas.fillable[known] * _LITTLE
        if (dealt < much).all():
            return True
        # What there is plenty of, such as pod slots, nobody can take much of.
        for option in np.flatnonzero(options.twin == np.arange(len(options))).tolist():
            able = fitting(free, options.need[option])[self.holes.admits[:, options.owner[option]]].sum()
            if (np.minimum(able * (options.need + options.span)[option, known], dealt) >= much).any():
                return False
        return True

    def _favoured(self) -> Floats:
        """Return what options count for: worth by share, more for a set that has less than the others."""
        levels = self.quotas.levels(np.zeros_like(self.quotas.held)).clip(min=_LEAST)
        present = self.holes.admits.any(axis=0)
        favour = (levels[present].mean() / levels).clip(min=1 / _MOST_FAVOUR, max=_MOST_FAVOUR)
        favoured: Floats = self.options.value * (favour / self.quotas.due())[self.options.owner]
        return favoured

    @property
    def numbers(self) -> Ints:
        """How many instances each set gets."""
        return number_by(self.counts, self.options, self.sets)

    @property
    def used(self) -> Ints:
        """What each set takes."""
        return used_by(self.counts, self.options, self.sets)

    def pack(self, rows: Ints) -> None:
        """Pack some of the nodes anew."""
        gains = Gains(self.gains.worth, self.gains.group[rows])
        self.counts[rows], rest = pack(self.holes.at(rows), self.options, gains)
        self.left.put_rows(rows, rest)

    def leave_out(self) -> None:
        """Leave sets out of nodes as far as quotas are exceeded by more than a node."""
        for _ in range(self.sets + 2):
            gone = [self._leave_out(*each) for each in self._excesses()]
            rows = np.unique(np.concatenate(gone)) if gone else np.zeros(0, dtype=np.int64)
            if not len(rows):
                break
            self.pack(rows)

    def _excesses(self) -> Iterator[tuple[NDArray[np.bool_], Ints, int]]:
        """Yield the options that together exceed a quota, how much each counts, and by how much."""
        for of, number in enumerate(self.numbers):
            if number > self.quotas.most[of]:
                mine = self.options.owner == of
                yield mine, mine.astype(np.int64), int(number - self.quotas.most[of])
        for limit in self.quotas.limits:
            mine = np.isin(self.options.owner, limit.members)
            weight = np.where(mine, self.options.need[:, limit.column], 0)
            excess = int((self.counts @ weight).sum()) - limit.left
            if excess > 0:
                yield mine, weight, excess

    def _leave_out(self, members: NDArray[np.bool_], weight: Ints, excess: int) -> Ints:
        """Take sets off the nodes where they win least for what they use, as long as no more than the excess goes."""
        amount = self.counts @ weight
        rows = self.holes.order(np.flatnonzero(amount > 0))[::-1]
        won = self.counts[rows] @ np.where(members, self.options.value, 0.0) / amount[rows]
        rows = rows[np.argsort(won, kind="stable")]
        gone = rows[amount[rows].cumsum() <= excess]
        self.holes.barred[np.ix_(gone, np.flatnonzero(members & (weight > 0)))] = True
        return gone

    def _drop(self, members: NDArray[np.bool_], weight: Ints, excess: int) -> Ints:
        """Drop single instances, those first that win least for what they use; return the nodes concerned."""
        options = np.flatnonzero(members & (weight > 0))
        changed = [np.zeros(0, dtype=np.int64)]
        for option in options[np.lexsort((options, self.options.value[options] / weight[options]))]:
            rows = self.holes.order(np.flatnonzero(self.counts[:, option]))[::-1]
            number = self.counts[rows, option]
            before = number.cumsum() - number
            wanted = -(-max(0, excess) // int(weight[option]))
            taken = np.minimum(number, (wanted - before).clip(min=0))
            self.counts[rows, option] -= taken
            excess -= int(taken.sum()) * int(weight[option])
            changed.append(rows[taken > 0])
        return np.unique(np.concatenate(changed))

    def measure(self, rows: Ints) -> None:
        """Find out anew what is left of nodes whose instances were changed one by one."""
        rest = Left.of(self.holes.at(rows), self.holes)
        rest.free = self.holes.free[rows] - self.counts[rows] @ self.options.need
        for index, kind in enumerate(self.holes.kinds):
            mine = self.options.kind == index
            for place, row in enumerate(rows.tolist()):
                held = np.repeat(self.options.amount[mine], self.counts[row, mine])
                _take_devices(kind, rest.wholes[index], rest.devices[index], place, held.tolist())
        self.left.put_rows(rows, rest)

    def top_up(self) -> None:
        """Offer what is left to everybody who may still have it."""
        for option in self._in_turn():
            # Of those that displace growth, a node is offered one at a time.
            while self._offer(option):
                pass

    def _offer(self, option: int) -> bool:
        """Put an option where there is room left for it, or growth that it is worth more than; say whether any was put.

        Without devices it displaces the growth of its own set alone, whatever others' is worth: shares have been dealt
        out.
        """
        of, there, room = self.options.owner[option], self.holes.kept + self.counts, self.left.free
        if self.options.kind[option] < 0:
            grown = grown_by_set(self.options, there, room, self.sets).astype(np.int64)
            room = room - np.delete(grown, of, axis=1).sum(axis=1)
            there = np.where(self.options.owner == of, there, 0)
        able = np.where(self.holes.admits[:, of], fitting(room, self.options.need[option]), 0)
        able = GrowthRoom(self.options, there, room).worthwhile(option, able)
        most = self.quotas.left_for(self.options, option, self.counts)
        if most <= 0 or not able.any():
            return False
        put = put_within(self.holes, self.options, option, able, self.left, most)
        self.counts[:, option] += put
        return bool(put.any())

    def _in_turn(self) -> list[int]:
        """Return the options as they are offered what is left: with devices first, then who has least of its share."""
        level = self.quotas.levels(self.used)
        keys = (np.arange(len(self.options)), -self.options.value, level[self.options.owner], self.options.kind < 0)
        fits = self.holes.admits[:, self.options.owner]
        for column in np.flatnonzero(self.options.need.any(axis=0)).tolist():
            need = self.options.need[:, column]
            fits &= (self.left.free[:, column, None] >= need) | (need <= 0)
        may = fits.any(axis=0) & (self.options.twin == np.arange(len(self.options)))
        order = np.lexsort(keys)
        found: list[int] = order[may[order]].tolist()
        return found


def _take_devices(kind: DeviceKind, wholes: Ints, devices: Ints, row: int, held: list[int]) -> None:
    if kind.is_counted:
        wholes[row] -= sum(held)
        return
    parts = [amount for amount in held if amount < kind.unit]
    whole = sum(amount for amount in held if amount >= kind.unit) // kind.unit
    free = devices[row].tolist()
    for index in [index for index, room in enumerate(free) if room == kind.unit][:whole]:
        free[index] = 0
    homes = assign(free, parts)
    for home, amount in zip(homes or (), parts, strict=homes is not None):
        free[home] -= amount
    devices[row] = free if homes is not None else 0
