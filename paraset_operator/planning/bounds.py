"""What keeps the free room of each node empty, in one word: what a shape lacks, or who has all it may have.

What a node lacks is its own affair; it is kept until its row changes. Only whether a set that would fit is full, and
which nodes cool down, is asked anew each time.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from paraset_operator.model.resources import is_device
from paraset_operator.planning.contenders import Contender
from paraset_operator.planning.problem import Ints
from paraset_operator.planning.survey import Survey
from paraset_operator.planning.survey_rows import Ground, Rows

# What a node is bound by when it is not a resource.
NO_POLICY, NO_SET, COOL_DOWN, CEILING = "noPolicy", "noEligibleSet", "coolDown", "ceiling"
# Devices of which enough is free in sum, and not on one of them.
DEVICE_PARTS = "deviceParts"

Words: TypeAlias = NDArray[np.object_]

# Beyond any number of resources that a shape can lack, and of columns.
_LAST, _MANY = 2**20, 2**10
# In place of the set that would fit: there is none, and nothing may be put there anyway.
_NOBODY, _CLOSED = -1, -2


class Bounds:
    """The words of all nodes."""

    def __init__(self) -> None:
        self.words: Words = np.zeros(0, dtype=object)
        self._lacking: Words = self.words
        self._fitting: Ints = np.zeros(0, dtype=np.int64)
        self._cooling: NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self._full: list[bool] = []

    def look(
        self, survey: Survey, rows: Rows, cooling: NDArray[np.bool_], contenders: Sequence[Contender], stale: Ints
    ) -> Ints:
        """Bring the words up to date where rows are `stale`; return the rows whose words may have changed."""
        if len(self.words) != len(cooling):
            self._begin(len(cooling))
            stale = np.arange(len(cooling))
        self._lacking[stale], self._fitting[stale] = _lacking(survey.ground, rows, stale)
        for row in stale.tolist():
            if word := _closed(survey, row):
                self._lacking[row], self._fitting[row] = word, _CLOSED
        full = [_is_full(each) for each in contenders]
        others = self._cooling | cooling
        if full != self._full:
            others |= self._fitting >= 0
        at = np.union1d(stale, np.flatnonzero(others))
        self._cooling, self._full = cooling, full
        self.words[at] = self._words(at)
        return at

    def _begin(self, nodes: int) -> None:
        self.words, self._lacking = np.zeros(nodes, dtype=object), np.zeros(nodes, dtype=object)
        self._fitting, self._cooling = np.zeros(nodes, dtype=np.int64), np.zeros(nodes, dtype=bool)

    def _words(self, at: Ints) -> Words:
        words, fitting = self._lacking[at], self._fitting[at]
        full = np.array([*self._full, False], dtype=bool)
        words[fitting >= 0] = COOL_DOWN
        words[full[fitting.clip(min=_NOBODY)]] = CEILING
        words[self._cooling[at] & (fitting != _CLOSED)] = COOL_DOWN
        return words


def _closed(survey: Survey, row: int) -> str:
    """Return why a node takes no fillers whatever its room, if there is a reason."""
    trouble = survey.states[row].node.trouble
    if survey.policies[row] is None:
        return NO_POLICY
    return trouble[0].lower() + trouble[1:] if trouble else ""


def _lacking(ground: Ground, rows: Rows, at: Ints) -> tuple[Words, Ints]:
    """Return the resource that the shape which lacks least lacks: it says what would have to come free.

    And the set whose shape lacks nothing, the first in order, if there is one.
    """
    order = sorted(range(len(ground.columns)), key=lambda column: _device_first(ground.columns[column]))
    free, needs = (rows.room[at] - rows.held[at])[:, order], ground.needs[:, order]
    admits, has_device = rows.admits[at][:, ground.owners], _has_device(ground, rows, at)
    number, first = np.zeros(admits.shape, dtype=np.int64), np.zeros(admits.shape, dtype=np.int64)
    for place in reversed(range(len(order))):
        lacks = (free[:, place, None] < needs[:, place]) & (needs[:, place] > 0)
        number += lacks
        np.putmask(first, lacks, place)
    lacks_device = (admits & (number == 0) & ~has_device).any(axis=1)
    number += ~has_device * _LAST
    none = np.full((len(at), 1), _LAST * _MANY * 2)
    ranks = np.concatenate((np.where(admits, number * _MANY + first, none), none), axis=1)
    best = ranks.argmin(axis=1)
    least, at_least = np.divmod(ranks[np.arange(len(at)), best], _MANY)
    words = np.full(len(at), NO_SET, dtype=object)
    found = (least > 0) & (least < _LAST)
    words[found] = np.array([ground.columns[column] for column in order], dtype=object)[at_least[found]]
    words[lacks_device & (least > 0)] = DEVICE_PARTS
    return words, np.where(least == 0, np.append(ground.owners, _NOBODY)[best], _NOBODY)


def _has_device(ground: Ground, rows: Rows, at: Ints) -> NDArray[np.bool_]:
    """Say where single devices have room for which shape, beside fillers that run; new ones are on none yet."""
    has: NDArray[np.bool_] = np.ones((len(at), len(ground.shapes)), dtype=bool)
    for kind, name in enumerate(ground.tracked):
        amounts = ground.needs[:, ground.columns.index(name)]
        devices, unit = rows.devices[at, kind], rows.unit[at, kind][:, None]
        whole = (devices == unit).sum(axis=1)[:, None] * unit >= amounts
        part = devices.max(axis=1, initial=-1)[:, None] >= amounts
        has &= (amounts <= 0) | (unit == 0) | np.where(amounts >= unit, whole, part)
    return has


def _device_first(name: str) -> tuple[bool, str]:
    return not is_device(name), name


def _is_full(contender: Contender) -> bool:
    return bool(contender.limits) or contender.count >= contender.owner.ceiling
