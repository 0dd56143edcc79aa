"""Room released for LS work, node by node, until LS pods have taken it or its time is over. Times are given.

A release is taken when an LS pod is bound to its node; who asked for it comes first, then the oldest. Where nobody has
taken anything within a minute after the victim had to be gone, its work was lost for nothing: thrash. Room made for
work that was announced may wait for ten. Headroom is kept on purpose and is never thrash.
"""

from dataclasses import dataclass, field

from paraset_operator.model.plan import DeletePod, Reason, ResizePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources, minus
from paraset_operator.reporting.metrics import in_base_units

# The scheduler has preempted a filler by itself.
PREEMPTED = "PreemptedByScheduler"
# Seconds within which LS work should have taken what was released for it; for other reasons than these _ANNOUNCED.
PATIENCE = 60.0
_PATIENCE = {Reason.YIELDS.value: PATIENCE, PREEMPTED: PATIENCE, Reason.HEADROOM.value: 3600.0}
_ANNOUNCED = 600.0


@dataclass(slots=True)
class Release:
    """Room on its way to LS work; `left` is what nobody has taken yet."""

    reason: str
    uid: str
    is_eviction: bool
    expires: float
    left: dict[str, float]
    is_used: bool = False


@dataclass(slots=True)
class ReleasedRoom:
    """Releases by node, the oldest first."""

    by_node: dict[str, list[Release]] = field(default_factory=dict)

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
        release = Release(reason, uid, is_eviction, free_at + _PATIENCE.get(reason, _ANNOUNCED), dict(amounts))
        self.by_node.setdefault(node, []).append(release)
        return release

    def on(self, node: str) -> list[Release]:
        """Return the releases on a node that have not run out."""
        return self.by_node.get(node, [])

    def take(self, pod: Pod) -> dict[str, dict[str, float]]:
        """Give a bound LS pod what was released on its node; return what it took, by the reason of the release."""
        wanted, taken = given(pod.requests), dict[str, dict[str, float]]()
        for release in sorted(self.on(pod.node), key=lambda each: each.uid != pod.uid):
            for name in wanted.keys() & release.left.keys():
                amount = min(wanted[name], release.left[name])
                if amount > 0:
                    wanted[name] -= amount
                    release.left[name] -= amount
                    release.is_used = True
                    by_name = taken.setdefault(release.reason, {})
                    by_name[name] = by_name.get(name, 0) + amount
        return taken

    def expired(self, now: float) -> list[Release]:
        """Forget the releases whose time is over, and return those of which nobody has taken anything."""
        unused = []
        for node, releases in list(self.by_node.items()):
            over = [each for each in releases if each.expires <= now]
            unused += [each for each in over if not each.is_used and each.reason != Reason.HEADROOM]
            kept = [each for each in releases if each.expires > now]
            if kept:
                self.by_node[node] = kept
            else:
                del self.by_node[node]
        return unused


def given(amounts: Resources) -> dict[str, float]:
    """Return amounts in cores, bytes and pieces, and nothing of which there is none."""
    return {name: amount for name, amount in in_base_units(amounts).items() if amount}
