"""How fast a set follows its target and the room: `spec.behavior`, which means what it means to autoscaling/v2.

The target is `spec.replicas`. Times are those of `planning.pacing`, whose state this reads and makes anew.

- `policies` bound how many fillers are made, or leave of the set's own will, within a period. A percentage is of the
  number at the start of the period, rounded up; `selectPolicy` says which of several counts.
- `stabilizationWindowSeconds` makes the most careful target of the past count: downwards the highest `spec.replicas`
  of the window, upwards the lowest. What is new obeys the ceiling of now all the same.
- Of its own will leaves what is above `spec.replicas`, or is replaced because the template has changed. Yields to LS
  work, `suspend`, nodes that are lost and fillers that fail are none of that and are never held up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType

from paraset_operator.model.plan import Reason
from paraset_operator.model.rates import RateLimit, ScaleRules
from paraset_operator.model.shape import ParaSetView
from paraset_operator.planning.pacing import Entries, Pacing

# What `scaleDown` limits.
VOLUNTARY = frozenset({Reason.ABOVE_CEILING, Reason.OUTDATED})
# The longest period and the longest window that the API takes, in seconds: what is older is forgotten.
LONGEST_PERIOD, LONGEST_WINDOW = 1800.0, 3600.0
# Changes within so many seconds are remembered as one entry, so that a large set does not fill the memory.
_TOGETHER = 1.0


def with_creations(pacing: Pacing, owner_uid: str, count: int, now: float, window: float = LONGEST_PERIOD) -> Pacing:
    """Return the state after a set made `count` fillers; entries older than the window are forgotten."""
    return replace(pacing, creations=_with_count(pacing.creations, owner_uid, count, now, window))


def with_removals(pacing: Pacing, owner_uid: str, count: int, now: float, window: float = LONGEST_PERIOD) -> Pacing:
    """Return the state after `count` fillers of a set left of its own will."""
    return replace(pacing, removals=_with_count(pacing.removals, owner_uid, count, now, window))


def with_target(pacing: Pacing, owner_uid: str, ceiling: int, now: float) -> Pacing:
    """Return the state that knows a set's `spec.replicas` from now on; one that has not changed is no news."""
    known = pacing.targets.get(owner_uid, ())
    if known and known[-1][1] == ceiling:
        return pacing
    # The last one before the window was in force when it began.
    old = sum(later[0] <= now - LONGEST_WINDOW for later in known[1:])
    return replace(pacing, targets=_with(pacing.targets, owner_uid, (*known[old:], (now, ceiling))))


def without_targets(pacing: Pacing, owner_uid: str) -> Pacing:
    """Return the state without what a set that is gone has asked for and done."""
    parts = {name: getattr(pacing, name) for name in ("targets", "creations", "removals")}
    if not any(owner_uid in part for part in parts.values()):
        return pacing
    kept = {name: {uid: each for uid, each in part.items() if uid != owner_uid} for name, part in parts.items()}
    return replace(pacing, **{name: MappingProxyType(part) for name, part in kept.items()})


def created_within(pacing: Pacing, owner_uid: str, seconds: float, now: float) -> int:
    """Return how many fillers a set made in the last seconds."""
    return _within(pacing.creations.get(owner_uid, ()), seconds, now)


def removed_within(pacing: Pacing, owner_uid: str, seconds: float, now: float) -> int:
    """Return how many fillers left in the last seconds because the set wanted it."""
    return _within(pacing.removals.get(owner_uid, ()), seconds, now)


def ceiling_to_fill(pacing: Pacing, owner: ParaSetView, now: float) -> int:
    """Return up to how many fillers may be made: the lowest `spec.replicas` of `scaleUp`'s window."""
    return min(_targets(pacing, owner, owner.scale_up.stabilization, now))


def ceiling_to_keep(pacing: Pacing, owner: ParaSetView, now: float) -> int:
    """Return above how many fillers some leave: the highest `spec.replicas` of `scaleDown`'s window."""
    return max(_targets(pacing, owner, owner.scale_down.stabilization, now))


def creations_allowed(pacing: Pacing, owner: ParaSetView, current: int, now: float, unproven: int = 0) -> int:
    """Return how many fillers a set may make now: under its `behavior.scaleUp`, and while it is on trial."""
    changes = ((limit, created_within(pacing, owner.uid, limit.period, now)) for limit in owner.scale_up.limits)
    allowed = _allowed(owner.scale_up, [(limit, current - made, made) for limit, made in changes], owner.ceiling)
    if pacing.trial_of(owner.uid, now):
        allowed = min(allowed, max(0, max(1, pacing.proofs.get(owner.uid, 0)) - unproven))
    return allowed


def removals_allowed(pacing: Pacing, owner: ParaSetView, current: int, now: float) -> int:
    """Return how many of its `current` fillers may leave now because the set wants it: under `behavior.scaleDown`."""
    changes = ((limit, removed_within(pacing, owner.uid, limit.period, now)) for limit in owner.scale_down.limits)
    return _allowed(owner.scale_down, [(limit, current + gone, gone) for limit, gone in changes], current)


def _allowed(rules: ScaleRules, changes: list[tuple[RateLimit, int, int]], unlimited: int) -> int:
    """Return what rules allow, given for each limit the number at the start of its period and what changed since."""
    if rules.is_disabled:
        return 0
    allowed = [max(0, limit.allows(max(0, start)) - changed) for limit, start, changed in changes]
    return (min(allowed) if rules.takes_smallest else max(allowed)) if allowed else unlimited


def _targets(pacing: Pacing, owner: ParaSetView, window: float, now: float) -> Iterator[int]:
    """Yield the ceilings that were in force at some time of the window: what each set asked for until the next."""
    yield owner.ceiling
    known = pacing.targets.get(owner.uid, ())
    for (_, ceiling), (until, _) in pairwise(known):
        if until > now - window:
            yield ceiling
    if known and window:
        yield known[-1][1]


def _within(entries: Entries, seconds: float, now: float) -> int:
    return sum(count for when, count in entries if when > now - seconds)


def _with_count(
    changes: Mapping[str, Entries], owner_uid: str, count: int, now: float, window: float
) -> Mapping[str, Entries]:
    recent = tuple(each for each in changes.get(owner_uid, ()) if each[0] > now - window)
    if recent and now - recent[-1][0] < _TOGETHER:
        recent, count = recent[:-1], recent[-1][1] + count
    return _with(changes, owner_uid, (*recent, (now, count)))


def _with(changes: Mapping[str, Entries], owner_uid: str, entries: Entries) -> Mapping[str, Entries]:
    return MappingProxyType({**changes, owner_uid: entries})
