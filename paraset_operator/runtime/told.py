"""What the statuses of sets tell of the operator's mind, for who plans beside it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from math import inf

from paraset_operator.api import status
from paraset_operator.api.v1alpha1 import ParaSet
from paraset_operator.model.plan import Limit, LimitReport
from paraset_operator.model.snapshot import Moment
from paraset_operator.planning.pacing import Pacing, Wait

_START = Moment()

# Waits of a whole set, which a plan can be given.
_OF_SETS = frozenset({Limit.CRASHING, Limit.PULLING, Limit.QUOTA})


def told_of(paraset: ParaSet, moment: Moment = _START) -> tuple[LimitReport, ...]:
    """Return the limits in a set's status; words this version does not know are left out.

    Waits end when the operator's clock said they would, by that of the moment: the two may be a little apart.
    """
    known_words = {each.value for each in Limit}
    return tuple(
        LimitReport(Limit(each.reason), each.message, tuple(_waits(each.waits or (), moment)))
        for each in paraset.status.limited_by or ()
        if each.reason in known_words
    )


def _waits(waits: Iterable[status.Wait], moment: Moment) -> Iterator[tuple[str, float]]:
    for each in waits:
        yield each.node or "", moment.monotonic + datetime.fromisoformat(each.until).timestamp() - moment.wall


def fault_in(told: Iterable[LimitReport]) -> str:
    """Return why the API server refuses a set's template, or nothing."""
    return next((each.message for each in told if each.reason is Limit.TEMPLATE), "")


def waits_in(told: Mapping[str, Iterable[LimitReport]]) -> Pacing:
    """Return the waits of sets, told by their uids, and of nodes, as far as they are told."""
    cool_downs, back_offs = dict[str, Wait](), dict[str, Wait]()
    for uid, limits in told.items():
        for each in limits:
            if each.reason in _OF_SETS:
                # An operator of an earlier version does not say when it ends.
                back_offs[uid] = Wait(dict(each.waits).get("", inf), 0.0, each.reason, each.message)
            elif each.reason is Limit.COOL_DOWN:
                cool_downs |= {node: Wait(until, 0.0) for node, until in each.waits}
            elif each.reason is Limit.PENDING:
                back_offs |= {f"{uid}/{node}": Wait(until, 0.0, each.reason) for node, until in each.waits}
    return Pacing(cool_downs=cool_downs, back_offs=back_offs)


def remark_on(paraset: ParaSet) -> str:
    """Return what to know about a status that is behind its set."""
    seen = paraset.status.observed_generation or 0
    if not seen:
        return "No operator has reported on this set yet: is one at work, and has it the Lease?"
    behind = seen < paraset.metadata.generation
    return "The operator has not reported on the set's last change yet." if behind else ""
