"""Tells the tenant, once for each filler and annotation, that a worker's word about itself was not believed."""

import time
from collections.abc import Callable

from paraset_operator.api.names import ANNOTATION_LAST_CHECKPOINT, ANNOTATION_PROGRESS
from paraset_operator.model.pod import Pod
from paraset_operator.reporting.events import EventRecorder, Subject

# By how much clocks may differ before it is worth a word.
_SKEW = 60.0
_REMEDIES = {
    ANNOTATION_LAST_CHECKPOINT: "write an RFC 3339 time that is not in the future, such as 2026-01-31T12:00:00Z",
    ANNOTATION_PROGRESS: "write a number from 0 to 1, such as 0.25",
}


class WorkerWords:
    """Listens to pods; `may_tell` says whether this replica is the one that speaks."""

    def __init__(
        self, events: EventRecorder, may_tell: Callable[[], bool], clock: Callable[[], float] = time.time
    ) -> None:
        self._events, self._may_tell, self._clock = events, may_tell, clock
        self._told: dict[str, set[str]] = {}

    def saw_pod(self, before: Pod | None, after: Pod | None) -> None:
        """Look at what a filler says."""
        if after is None:
            if before is not None:
                self._told.pop(before.uid, None)
        elif after.is_filler and (ignored := self._ignored(after)) and self._may_tell():
            for name in ignored:
                self._tell(after, name)

    def _ignored(self, pod: Pod) -> tuple[str, ...]:
        is_future = pod.checkpointed > self._clock() + _SKEW
        return (*pod.misread, ANNOTATION_LAST_CHECKPOINT) if is_future else pod.misread

    def _tell(self, pod: Pod, name: str) -> None:
        told = self._told.setdefault(pod.uid, set())
        if name not in told:
            told.add(name)
            message = f"annotation {name} is ignored: {_REMEDIES[name]}"
            self._events.record(Subject.of_pod(pod), "Warning", "AnnotationIgnored", message)
