"""How long LS pods wait and why: from the first sight of them until they are bound. Times are given.

The API server's own timestamps have a resolution of a second; the first sight of a pod comes milliseconds after it was
made. A pod with scheduling gates begins to wait when its last gate goes, one that waits when the operator looks for
the first time begins then, and one that is bound already is not measured.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from paraset_operator.model.plan import DeletePod, Reason, ResizePod
from paraset_operator.model.plan import Release as PlannedRelease
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import HeadroomShape, PolicyView
from paraset_operator.model.resources import devices_of, fits
from paraset_operator.runtime.released_room import Release


class Cause(StrEnum):
    """What an LS pod had to wait for."""

    NONE = "none"
    HEADROOM = "headroom"
    ANNOUNCED = "announced"
    SHRINK = "yield-shrink"
    EVICT = "yield-evict"
    NATIVE = "native"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Bound:
    """An LS pod that has been bound, and how long it had waited."""

    pod: Pod
    seconds: float


@dataclass(slots=True)
class _Waiting:
    since: float
    is_nominated: bool = False


class LsWaits:
    """LS pods that wait, and what was done for each."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}
        self._made: dict[str, set[type]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def saw_pod(self, before: Pod | None, after: Pod | None, now: float) -> Bound | None:
        """Take in a change of a pod; return the wait that is over."""
        if after is None or after.is_filler or after.is_ending:
            if before is not None:
                self.forget(before.uid)
            return None
        if not after.node:
            if not after.is_gated:
                waiting = self._waiting.setdefault(after.uid, _Waiting(now))
                waiting.is_nominated = waiting.is_nominated or bool(after.nominated)
            return None
        waited = self._waiting.get(after.uid)
        return Bound(after, now - waited.since) if waited else None

    def released(self, release: PlannedRelease) -> None:
        """Note what is done for an LS pod, even if it is only the nomination."""
        if release.beneficiary.uid:
            self._made.setdefault(release.beneficiary.uid, set()).update(type(each) for each in release.actions)

    def superseded(self, uid: str) -> None:
        """Note that the scheduler was quicker: what was to be done for the pod was not done."""
        self._made.pop(uid, None)

    def has_released_for(self, uid: str) -> bool:
        """Say whether fillers have been told to shrink or leave for a pod."""
        return bool(self._made.get(uid))

    def cause(self, pod: Pod, policy: PolicyView | None, releases: Iterable[Release]) -> Cause:
        """Return what a pod that is bound now has waited for; `releases` are those on its node."""
        if policy is None or pod.priority < policy.ls_priority:
            return Cause.OTHER
        waiting, made = self._waiting.get(pod.uid), self._made.get(pod.uid)
        if made is not None:
            return _cause_of_room(made, releases)
        if waiting is not None and waiting.is_nominated:
            return Cause.NATIVE
        if any(each.reason == Reason.ANNOUNCED for each in releases):
            return Cause.ANNOUNCED
        return Cause.HEADROOM if any(each.copies and _is_for(each, pod) for each in policy.headroom) else Cause.NONE

    def forget(self, uid: str) -> None:
        """Forget a pod that is bound, or gone."""
        self._waiting.pop(uid, None)
        self._made.pop(uid, None)


def _cause_of_room(made: set[type], releases: Iterable[Release]) -> Cause:
    """Return the gravest of what was done; a pod that was only nominated waits for what others leave on its node."""
    kinds = made or {DeletePod if each.is_eviction else ResizePod for each in releases}
    if DeletePod in kinds:
        return Cause.EVICT
    return Cause.SHRINK if ResizePod in kinds else Cause.NONE


def _is_for(shape: HeadroomShape, pod: Pod) -> bool:
    """Say whether headroom is kept for pods of its kind: the same devices, and no more of anything the shape names."""
    wanted = {name: amount for name, amount in pod.requests.items() if name in shape.resources}
    return devices_of(pod.requests).keys() == devices_of(shape.resources).keys() and fits(wanted, shape.resources)
