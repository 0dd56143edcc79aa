"""What just happened, in words: fillers that came, grew, shrank or left, LS pods that were bound, and the operator's
own reasons.

Changes of the same kind within a moment become one line, so that a hundred new fillers do not push a single eviction
out of sight.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from demo.measure import begins_to_leave, filler_change, is_shrink
from demo.objects import CPU, GPU, Pod
from demo.observer import Observer, Reported
from demo.state import Change, ClusterState

KEPT_LINES = 60
TOGETHER_SECONDS = 2.0


@dataclass
class Line:
    """One line of the feed; `pods` and `nodes` are those it stands for."""

    at: float
    verb: str
    subject: str
    text: str = ""
    pods: set[str] = field(default_factory=set)
    nodes: set[str] = field(default_factory=set)

    def words(self) -> str:
        if self.text:
            return self.text
        if len(self.pods) == 1:
            return f"{next(iter(self.pods))} on {next(iter(self.nodes))}"
        where = next(iter(self.nodes)) if len(self.nodes) == 1 else f"{len(self.nodes)} nodes"
        return f"{len(self.pods)} fillers of {self.subject} on {where}"


class Feed:
    """`lines`, newest last, after each `update()`."""

    def __init__(self, observer: Observer) -> None:
        self.lines: deque[Line] = deque(maxlen=KEPT_LINES)
        self._observer = observer
        self._changes = self._events = 0
        self._told: set[str] = set()

    def update(self) -> None:
        """Take in what was watched since the last call."""
        with self._observer.lock:
            changes = self._observer.changes[self._changes :]
            events = self._observer.events[self._events :]
            self._changes += len(changes)
            self._events += len(events)
            fresh = [*self._of_pods(changes), *self._of_events(events)]
        for line in sorted(fresh, key=lambda each: each.at):
            self._add(line)

    def _add(self, line: Line) -> None:
        for last in reversed(self.lines):
            if line.at - last.at > TOGETHER_SECONDS:
                break
            if not line.text and not last.text and (last.verb, last.subject) == (line.verb, line.subject):
                last.pods |= line.pods
                last.nodes |= line.nodes
                return
        self.lines.append(line)

    def _of_pods(self, changes: list[Change]) -> Iterator[Line]:
        for change in changes:
            old, new = filler_change(change)
            if (verb := _verb(old, new)) and (pod := new or old) is not None:
                owner = pod.owner.name if pod.owner else ""
                yield Line(change.at, verb, owner, pods={pod.name}, nodes={pod.node})
            elif isinstance(change.new, Pod):
                yield from self._ls_bound(self._observer.state, change.new, change.at)

    def _ls_bound(self, state: ClusterState, pod: Pod, at: float) -> Iterator[Line]:
        if pod.is_filler or not pod.node or pod.uid in self._told:
            return
        self._told.add(pod.uid)
        wait = state.wait_of(pod)
        if self._observer.ever_filler and wait.bound is not None:
            size = f"{pod.requests.get(GPU, 0)} GPU, {pod.requests.get(CPU, 0) / 1000:g} cores"
            text = f"{pod.name} ({size}) bound to {pod.node} after {wait.bound - wait.created:.2f} s"
            yield Line(at, "LS", pod.name, text)

    def _of_events(self, events: list[tuple[float, Reported]]) -> Iterator[Line]:
        for at, event in events:
            known = event.metadata.uid in self._told
            self._told.add(event.metadata.uid)
            if not known and "paraset" in event.reporting_component:
                about = event.involved_object.get("name", "")
                yield Line(at, event.reason, about, f"{about}: {event.message}")


def _verb(old: Pod | None, new: Pod | None) -> str:
    if begins_to_leave(old, new):
        return "leave"
    if new is None or new.terminating:
        return ""
    if new.node and (old is None or not old.node):
        return "fill"
    if is_shrink(old, new):
        return "shrink"
    if old is not None and old.spec_requests != new.spec_requests:
        return "grow"
    return ""
