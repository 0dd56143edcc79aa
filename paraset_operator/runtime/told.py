"""What the statuses of sets tell of the operator's mind, for who plans beside it."""

from collections.abc import Iterable, Mapping
from math import inf

from paraset_operator.api.v1alpha1 import ParaSet
from paraset_operator.model.plan import Limit, LimitReport
from paraset_operator.planning.pacing import Pacing, Wait

# Waits of a whole set, which a plan can be given. Which nodes cool down no status says.
_OF_SETS = frozenset({Limit.CRASHING, Limit.PULLING, Limit.QUOTA})


def told_of(paraset: ParaSet) -> tuple[LimitReport, ...]:
    """Return the limits in a set's status; words this version does not know are left out."""
    known_words = {each.value for each in Limit}
    return tuple(
        LimitReport(Limit(each.reason), each.message)
        for each in paraset.status.limited_by or ()
        if each.reason in known_words
    )


def fault_in(told: Iterable[LimitReport]) -> str:
    """Return why the API server refuses a set's template, or nothing."""
    return next((each.message for each in told if each.reason is Limit.TEMPLATE), "")


def waits_in(told: Mapping[str, Iterable[LimitReport]]) -> Pacing:
    """Return the waits of whole sets, by their uids; how long they last is not told."""
    return Pacing(
        back_offs={
            uid: Wait(inf, 0.0, each.reason, each.message)
            for uid, limits in told.items()
            for each in limits
            if each.reason in _OF_SETS
        }
    )


def remark_on(paraset: ParaSet) -> str:
    """Return what to know about a status that is behind its set."""
    seen = paraset.status.observed_generation or 0
    if not seen:
        return "No operator has reported on this set yet: is one at work, and has it the Lease?"
    behind = seen < paraset.metadata.generation
    return "The operator has not reported on the set's last change yet." if behind else ""
