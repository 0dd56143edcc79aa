"""What each set's fillers have held in all, for its status, which carries it from one leader to the next.

A status says until when its number counts, and is not written because time has passed: only together with something
else that has changed. Between two leaders counts what was held before and after.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from paraset_operator.api.v1alpha1 import ParaSet
from paraset_operator.model.quantity import parse_quantity
from paraset_operator.reporting.ledger import Amounts, least, plus, times
from paraset_operator.reporting.status_writer import Status
from paraset_operator.runtime.accounts import Accounts
from paraset_operator.runtime.objects import Known
from paraset_operator.runtime.released_room import given

FIELD = "filledWork"


@dataclass(frozen=True, slots=True)
class _Base:
    """What had been counted when a leader began."""

    began: float
    amounts: Amounts


class FilledWork:
    """The totals of sets, by uid."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._bases: dict[str, _Base] = {}
        # By uid: the last status without and with the total.
        self._reported: dict[str, tuple[Status, Status]] = {}

    def added_to(self, wanted: Status, known: Known[ParaSet]) -> Status:
        """Return a status with the total: that of now if the status changes anyway, else the one it has."""
        if FIELD in known.status and wanted == {name: part for name, part in known.status.items() if name != FIELD}:
            return wanted | {FIELD: known.status[FIELD]}
        # What has been reported may be on its way: saying it again must not be news.
        reported = self._reported.get(known.uid)
        if reported is None or reported[0] != wanted:
            reported = self._reported[known.uid] = (wanted, wanted | {FIELD: self._total(known)})
        return reported[1]

    def forget(self, known: Known[ParaSet]) -> None:
        """Drop what is kept of a set that is gone."""
        self._bases.pop(known.uid, None)
        self._reported.pop(known.uid, None)
        self._accounts.filled.pop(known.key, None)

    def _total(self, known: Known[ParaSet]) -> Status:
        base = self._bases.get(known.uid)
        if base is None or base.began != self._accounts.began:
            base = self._bases[known.uid] = self._base(known)
        total = plus(base.amounts, self._accounts.filled.get(known.key, {}))
        stamp = datetime.fromtimestamp(self._accounts.now(), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return {"resourceSeconds": {name: round(total[name]) for name in sorted(total)}, "asOf": stamp}

    def _base(self, known: Known[ParaSet]) -> _Base:
        began, told = self._accounts.began, known.status.get(FIELD)
        if not told:
            return _Base(began, {})
        resources = known.status.get("resources") or {}
        then = given({name: parse_quantity(name, str(text)) for name, text in resources.items()})
        gap = max(0.0, began - datetime.fromisoformat(told["asOf"]).timestamp())
        between = times(least(then, self._accounts.held_then.get(known.key, {})), gap)
        return _Base(began, plus(told["resourceSeconds"], between))
