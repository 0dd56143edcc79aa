"""Notice before a planned move: a filler that is drained or replaced is told when, and leaves no sooner.

- Only moves that nobody waits for: a node that is cordoned or no longer admits the set, a template that has changed. A
  node that fails or is under pressure, a lowered ceiling and LS work give none; a filler that does not run needs none.
- The notice is an annotation (`paraset.io/leaving-at`), so that it outlives a restart of the operator. A time further
  away than the set's own notice is nobody's word of ours: it is written anew, and buys its author nothing.
- A filler that was told and may stay after all is told that too.
- Who was told takes its part of the disruption budget from then on (departures.py).
"""

from collections.abc import Collection, Sequence
from typing import TypeAlias

from paraset_operator.model.plan import Notice, Reason
from paraset_operator.model.pod import Pod
from paraset_operator.model.snapshot import Moment
from paraset_operator.planning.lost_work import Owners
from paraset_operator.planning.room import NodeRoom

# A filler that has to leave its node, why, and in what words.
Wanted: TypeAlias = tuple[NodeRoom, Pod, Reason, str]

_CALM = ("", "Cordoned")


def announced(
    wanted: Sequence[Wanted], rooms: Collection[NodeRoom], owners: Owners, moment: Moment
) -> tuple[list[Wanted], list[Notice], float | None]:
    """Return who leaves now, what is to be told to whom, and when (monotonic) the first time that was told comes."""
    due, notices, times = list[Wanted](), list[Notice](), list[float]()
    for room, pod, reason, detail in wanted:
        owner = owners[pod.owner]
        if not owner.notice_seconds or not _can_wait(pod, room, reason) or 0 < pod.leaving_at <= moment.wall:
            due.append((room, pod, reason, detail))
            continue
        at = pod.leaving_at
        # Times are told in whole seconds.
        if not 0 < at <= moment.wall + owner.notice_seconds + 1:
            at = float(-(-(moment.wall + owner.notice_seconds) // 1))
            notices.append(Notice(pod, owner, reason, detail, at))
        times.append(at)
    told = {pod.uid for _, pod, _, _ in wanted}
    notices += [
        Notice(pod, owners[pod.owner], Reason.NODE)
        for room in rooms
        for pod in room.fillers
        if pod.leaving_at and pod.uid not in told
    ]
    return due, notices, moment.monotonic + min(times) - moment.wall if times else None


def _can_wait(pod: Pod, room: NodeRoom, reason: Reason) -> bool:
    if not pod.is_running or reason not in (Reason.NODE, Reason.OUTDATED):
        return False
    return room.node.trouble in _CALM
