"""Which conditions a set has, from what was observed, what is planned and what holds it back. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from paraset_operator.api.conditions import ConditionType, Reason
from paraset_operator.model.plan import Limit, SetReport
from paraset_operator.reporting.observed import Observed

_DEGRADED = (Limit.CRASHING, Limit.PULLING, Limit.PENDING)
_QUOTA = (Limit.QUOTA, Limit.TENANT)
_ROOM = (Limit.STORM, Limit.NO_NODE, Limit.TOO_LARGE, Limit.COOL_DOWN, Limit.NO_ROOM)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the conditions of a set follow from. `changes` are its planned actions; `is_yielding`: some for LS work."""

    report: SetReport
    observed: Observed
    is_observing: bool = False
    is_yielding: bool = False
    creates: int = 0
    removals: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """One condition, without its times."""

    kind: ConditionType
    status: bool
    reason: Reason
    message: str


def verdicts(facts: Facts) -> list[Verdict]:
    """Return all conditions of a set, Ready first."""
    return [
        _ready(facts),
        _progressing(facts),
        _room(facts),
        _held_back(
            facts, ConditionType.QUOTA_AVAILABLE, _QUOTA, Reason.WITHIN_QUOTA, "no quota or tenant limit is reached"
        ),
        _held_back(
            facts,
            ConditionType.TEMPLATE_VALID,
            (Limit.TEMPLATE,),
            Reason.TEMPLATE_ACCEPTED,
            "the API server takes the pod",
        ),
        _degraded(facts),
        _suspended(facts),
        _yielding(facts),
    ]


def invalid(message: str) -> list[Verdict]:
    """Return the conditions of a set that can't be read as one."""
    return [
        Verdict(ConditionType.READY, False, Reason.INVALID, message),
        Verdict(ConditionType.TEMPLATE_VALID, False, Reason.INVALID, message),
    ]


def _ready(facts: Facts) -> Verdict:
    seen, owner = facts.observed, facts.report.owner
    status, reason = False, Reason.NOTHING_FITS
    message = f"{seen.ready} of {seen.replicas} fillers are ready, the ceiling is {owner.ceiling}"
    if owner.is_suspended:
        reason = Reason.SUSPENDED
    elif facts.is_observing and not seen.replicas:
        reason = Reason.OBSERVE_ONLY
        message = f"{facts.report.replicas} fillers would run; the policy's mode is Observe"
    elif facts.creates or seen.ready < seen.replicas:
        reason = Reason.STARTING
    elif seen.ready >= owner.ceiling:
        status, reason = True, Reason.CEILING_REACHED
    elif seen.ready:
        status, reason = True, Reason.FILLED
    return Verdict(ConditionType.READY, status, reason, message)


def _progressing(facts: Facts) -> Verdict:
    seen = facts.observed
    if facts.creates or seen.ready < seen.replicas or (seen.is_resizing and not facts.is_yielding):
        return Verdict(ConditionType.PROGRESSING, True, Reason.FILLING, "fillers are being started or resized")
    if facts.removals or seen.leaving:
        return Verdict(ConditionType.PROGRESSING, True, Reason.LEAVING, "fillers are leaving")
    return Verdict(ConditionType.PROGRESSING, False, Reason.SETTLED, "nothing is to be done")


def _room(facts: Facts) -> Verdict:
    found = _first(facts.report, _ROOM)
    if found is None:
        return Verdict(ConditionType.CAPACITY_AVAILABLE, True, Reason.ROOM_LEFT, "room is not what limits the set")
    return Verdict(ConditionType.CAPACITY_AVAILABLE, False, *found)


def _held_back(facts: Facts, kind: ConditionType, limits: Iterable[Limit], good: Reason, words: str) -> Verdict:
    found = _first(facts.report, limits)
    return Verdict(kind, True, good, words) if found is None else Verdict(kind, False, *found)


def _degraded(facts: Facts) -> Verdict:
    found = _first(facts.report, _DEGRADED)
    if found is None:
        return Verdict(ConditionType.DEGRADED, False, Reason.AS_EXPECTED, "fillers run as they should")
    return Verdict(ConditionType.DEGRADED, True, *found)


def _suspended(facts: Facts) -> Verdict:
    if facts.report.owner.is_suspended:
        return Verdict(ConditionType.SUSPENDED, True, Reason.SUSPENDED, "spec.suspend is true")
    return Verdict(ConditionType.SUSPENDED, False, Reason.RUNNING, "spec.suspend is false")


def _yielding(facts: Facts) -> Verdict:
    if facts.is_yielding:
        words = "fillers shrink or leave for latency-sensitive work"
        return Verdict(ConditionType.YIELDING, True, Reason.MAKING_ROOM, words)
    words = "no latency-sensitive work waits for this set's room"
    return Verdict(ConditionType.YIELDING, False, Reason.NO_DEMAND, words)


def _first(report: SetReport, limits: Iterable[Limit]) -> tuple[Reason, str] | None:
    by_reason = {each.reason: each.message for each in report.limited_by}
    return next(((Reason(limit.value), by_reason[limit]) for limit in limits if limit in by_reason), None)
