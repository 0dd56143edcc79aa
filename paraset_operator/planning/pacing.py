"""Calm: cool-downs of nodes, back-offs of templates. State in, state out; the caller brings the clock.

All times are seconds of one monotonic clock. Nothing here is needed for safety: after a restart it starts empty. Rates
of sets are in `planning.behavior`, storms in `planning.storms`; what both remember is kept here too.

- A node that LS work has reclaimed is not refilled for the policy's cool-down (60 s). A reclaim while it lasts begins
  it anew; one that comes after it, before as long a calm has passed, doubles it, up to the maximum (600 s).
- A set whose pods fail, or whose creation is refused, makes no new ones for the back-off (10 s), doubling up to 300 s.
  Then it is on trial for as long again: it begins with one filler, and may have as many unproven as have proven good.
  What was tried in that time and fails later doubles the wait, too: it may take minutes until an image can't be pulled.
- While a template runs well on at least as many nodes as it fails on, these nodes are to blame: the set keeps off each
  of them for a back-off, and goes on elsewhere.
- A filler whose growth its node has refused does not grow again for a back-off.
- A filler that is unbound for the pending timeout is withdrawn, and its set keeps off that node for a back-off.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from types import MappingProxyType
from typing import NamedTuple, TypeAlias, TypeVar

from paraset_operator.model.plan import Limit
from paraset_operator.model.policy import PacingRules

_Value = TypeVar("_Value")

# What changed when, oldest first.
Entries: TypeAlias = tuple[tuple[float, int], ...]

_GROWTH = "growth-of-"


def _empty() -> Mapping[str, "Wait"]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing new until `until`; the next wait is counted from `seconds`."""

    until: float
    seconds: float
    cause: Limit = Limit.COOL_DOWN
    message: str = ""


@dataclass(frozen=True, slots=True)
class Pacing:
    """What is remembered between plans: cool-downs by node, back-offs by set uid or "uid/node", waits by pod uid.

    By set uid also what it made, what left because it wanted so, and its `spec.replicas` over time (planning.behavior);
    `lapses` say when nodes turned NotReady (planning.storms).
    """

    cool_downs: Mapping[str, Wait] = field(default_factory=_empty)
    back_offs: Mapping[str, Wait] = field(default_factory=_empty)
    unbound_since: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    creations: Mapping[str, Entries] = field(default_factory=lambda: MappingProxyType({}))
    removals: Mapping[str, Entries] = field(default_factory=lambda: MappingProxyType({}))
    targets: Mapping[str, Entries] = field(default_factory=lambda: MappingProxyType({}))
    lapses: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    proofs: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def is_cooling(self, node: str, now: float) -> bool:
        """Say whether LS work has reclaimed the node too recently to fill it again."""
        return node in self.cool_downs and now < self.cool_downs[node].until

    def back_off_of(self, owner_uid: str, now: float, node: str = "") -> Wait | None:
        """Return the back-off a set is under, on one node if named, or None."""
        wait = self.back_offs.get(f"{owner_uid}/{node}" if node else owner_uid)
        return wait if wait and now < wait.until else None

    def trial_of(self, owner_uid: str, now: float) -> Wait | None:
        """Return the back-off after which a set is on trial, or None."""
        wait = self.back_offs.get(owner_uid)
        return wait if wait and wait.until <= now <= wait.until + wait.seconds else None

    def paused_growth(self, now: float) -> frozenset[str]:
        """Return the uids of the fillers whose growth was refused a short while ago."""
        waits = ((key, wait) for key, wait in self.back_offs.items() if now < wait.until)
        return frozenset(key.removeprefix(_GROWTH) for key, _ in waits if key.startswith(_GROWTH))

    def next_expiry(self, now: float) -> float | None:
        """Return when the next wait or trial ends, so that the caller can plan again then; None if nothing waits."""
        ends = [wait.until for wait in (*self.cool_downs.values(), *self.back_offs.values())]
        ends += [wait.until + wait.seconds for wait in self.back_offs.values()]
        return min((end for end in ends if end > now), default=None)


def with_reclaim(pacing: Pacing, node: str, now: float, rules: PacingRules) -> Pacing:
    """Return the state after LS work has reclaimed room on a node."""
    last = pacing.cool_downs.get(node)
    if last and now < last.until:
        seconds = last.seconds
    else:
        seconds = _next_seconds(last, now, rules.cool_down, rules.cool_down_max)
    return replace(pacing, cool_downs=_with(pacing.cool_downs, node, Wait(now + seconds, seconds)))


class Failure(NamedTuple):
    """Why a filler failed, and when it was tried, by default as it failed; a pull may take longer to fail than the wait
    before it took.
    """

    cause: Limit
    message: str = ""
    tried: float = inf


def with_back_off(pacing: Pacing, key: str, now: float, rules: PacingRules, failure: Failure) -> Pacing:
    """Return the state after a set (key: its uid, or "uid/node") failed; a back-off under way is not prolonged.

    Whether this wait follows the one before is judged by when it was tried.
    """
    last = pacing.back_offs.get(key)
    if last and now < last.until:
        return pacing
    seconds = _next_seconds(last, min(now, failure.tried), rules.back_off, rules.back_off_max)
    wait = Wait(now + seconds, seconds, failure.cause, failure.message)
    proofs = MappingProxyType({name: count for name, count in pacing.proofs.items() if name != key})
    return replace(pacing, back_offs=_with(pacing.back_offs, key, wait), proofs=proofs)


def with_failure(
    pacing: Pacing, owner_uid: str, node: str, good: int, now: float, rules: PacingRules, failure: Failure
) -> Pacing:
    """Return the state after a filler failed on a node while its template runs well on `good` other nodes."""
    own = f"{owner_uid}/"
    bad = {key for key, wait in pacing.back_offs.items() if key.startswith(own) and now < wait.until}
    key = own + node if len(bad | {own + node}) <= good else owner_uid
    return with_back_off(pacing, key, now, rules, failure)


def with_refused_growth(pacing: Pacing, pod_uid: str, now: float, rules: PacingRules) -> Pacing:
    """Return the state after a node has refused the growth of a filler."""
    return with_back_off(pacing, _GROWTH + pod_uid, now, rules, Failure(Limit.RATE))


def with_proof(pacing: Pacing, owner_uid: str, now: float) -> Pacing:
    """Return the state after a filler of a set on trial has proven good; of any other set nothing need be proven."""
    if pacing.trial_of(owner_uid, now) is None:
        return pacing
    return replace(pacing, proofs=_with(pacing.proofs, owner_uid, pacing.proofs.get(owner_uid, 0) + 1))


def without_back_off(pacing: Pacing, key: str) -> Pacing:
    """Return the state without a set's back-off, as when its template has changed."""
    kept = {name: wait for name, wait in pacing.back_offs.items() if name.partition("/")[0] != key}
    return replace(pacing, back_offs=MappingProxyType(kept)) if len(kept) < len(pacing.back_offs) else pacing


def with_unbound(pacing: Pacing, uids: Iterable[str], now: float) -> Pacing:
    """Return the state that knows since when these fillers wait for the scheduler, and no others."""
    since = {uid: pacing.unbound_since.get(uid, now) for uid in uids}
    return replace(pacing, unbound_since=MappingProxyType(since)) if since != pacing.unbound_since else pacing


def _next_seconds(last: Wait | None, now: float, first: float, longest: float) -> float:
    """Double while one wait follows the other; start anew after as long a calm as the last wait."""
    if last is None or now > last.until + last.seconds:
        return first
    return min(longest, max(first, 2 * last.seconds))


def _with(mapping: Mapping[str, _Value], key: str, value: _Value) -> Mapping[str, _Value]:
    return MappingProxyType({**mapping, key: value})
