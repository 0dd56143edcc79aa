"""Room released for LS work, node by node, until LS pods have taken it or its time is over. Times are given.

A release is taken when an LS pod is bound to its node; who asked for it comes first, then the oldest. Where nobody has
taken anything within a minute after the victim had to be gone, its work was lost for nothing: thrash. Room made for
work that was announced may wait for ten. Headroom is kept on purpose and is never thrash.
"""

from dataclasses import dataclass, field

from paraset_operator.model.plan import DeletePod, Reason, ResizePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources, minus
from paraset_operator.reporting.amounts import in_base_units

# The scheduler has preempted a filler by itself.
PREEMPTED = "PreemptedByScheduler"
# Seconds within which LS work should have taken what was released for it; for other reasons than these _ANNOUNCED.
PATIENCE = 60.0
_PATIENCE = {Reason.YIELDS.value: PATIENCE, PREEMPTED: PATIENCE, Reason.HEADROOM.value: 3600.0}
_ANNOUNCED = 600.0
# Seconds by which the answer to a write may come after the LS pod was bound.
_LATE = 10.0


@dataclass(slots=True)
class Release:
    """Room on its way to LS work on a node; `left` is what nobody has taken yet."""

    node: str
    reason: str
    uid: str
    is_eviction: bool
    expires: float
    left: dict[str, float]
    is_used: bool = False


@dataclass(slots=True)
class _Want:
    """What a bound LS pod that room was made for has not found released yet: a write may be answered after that."""

    until: float
    left: dict[str, float]


@dataclass(slots=True)
class ReleasedRoom:
    """Releases by node, the oldest first."""

    by_node: dict[str, list[Release]] = field(default_factory=dict)
    _wants: dict[str, list[_Want]] = field(default_factory=dict)

    def released(self, action: DeletePod | ResizePod, now: float) -> Release:
        """Note what a filler gives for LS work."""
        uid = action.beneficiary.uid if action.beneficiary else ""
        node, reason = action.pod.place, action.reason.value
        if isinstance(action, DeletePod):
            return self._add(node, reason, uid, given(action.pod.requests), now + action.grace_seconds, True)
        return self._add(node, reason, uid, given(minus(action.pod.requests, action.requests)), now, False)

    def preempted(self, pod: Pod, now: float) -> Release:
        """Note that the scheduler has preempted a filler."""
        return self._add(pod.place, PREEMPTED, "", given(pod.requests), now, True)

    def _add(
        self, node: str, reason: str, uid: str, amounts: dict[str, float], free_at: float, is_eviction: bool
    ) -> Release:
        release = Release(node, reason, uid, is_eviction, free_at + _PATIENCE.get(reason, _ANNOUNCED), dict(amounts))
        self.by_node.setdefault(node, []).append(release)
        return release

    def on(self, node: str) -> list[Release]:
        """Return the releases on a node that have not run out."""
        return self.by_node.get(node, [])

    def take(self, pod: Pod, now: float, *, is_expected: bool) -> dict[str, dict[str, float]]:
        """Give a bound LS pod what was released on its node; return what it took, by the reason of the release.

        With `is_expected` something was released for it, and what is not known of yet is taken when it is.
        """
        wanted, taken = given(pod.requests), dict[str, dict[str, float]]()
        for release in sorted(self.on(pod.node), key=lambda each: each.uid != pod.uid):
            for name, amount in _take(release, wanted).items():
                by_name = taken.setdefault(release.reason, {})
                by_name[name] = by_name.get(name, 0) + amount
        if is_expected and wanted:
            self._wants.setdefault(pod.node, []).append(_Want(now + _LATE, wanted))
        return taken

    def take_late(self, node: str, release: Release) -> dict[str, float]:
        """Give a release to LS pods that were bound before it was known of; return what they took."""
        taken: dict[str, float] = {}
        for want in self._wants.get(node, []):
            for name, amount in _take(release, want.left).items():
                taken[name] = taken.get(name, 0) + amount
        return taken

    def expired(self, now: float) -> list[Release]:
        """Forget the releases whose time is over, and return those of which nobody has taken anything."""
        unused = []
        late = {node: [want for want in wants if want.until > now and want.left] for node, wants in self._wants.items()}
        self._wants = {node: wants for node, wants in late.items() if wants}
        for node, releases in list(self.by_node.items()):
            over = [each for each in releases if each.expires <= now]
            unused += [each for each in over if not each.is_used and each.reason != Reason.HEADROOM]
            kept = [each for each in releases if each.expires > now]
            if kept:
                self.by_node[node] = kept
            else:
                del self.by_node[node]
        return unused


def _take(release: Release, wanted: dict[str, float]) -> dict[str, float]:
    """Take what is wanted of a release from both."""
    taken = {name: min(wanted[name], release.left[name]) for name in wanted.keys() & release.left.keys()}
    for name, amount in taken.items():
        release.is_used = True
        for side in (wanted, release.left):
            side[name] -= amount
            if not side[name]:
                del side[name]
    return taken


def given(amounts: Resources) -> dict[str, float]:
    """Return amounts in cores, bytes and pieces, and nothing of which there is none."""
    return {name: amount for name, amount in in_base_units(amounts).items() if amount}
