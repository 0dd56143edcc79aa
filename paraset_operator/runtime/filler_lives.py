"""Fillers that lived for a shorter time than they took to start: what they did was hardly worth its start.

A filler starts from its creation until it is ready, and lives from then until it begins to leave. Those that were
ready at the first look are not judged: nobody knows how long they took. Times are given.
"""

from paraset_operator.model.pod import Pod


class FillerLives:
    """Fillers by uid: when each was first seen, and when it was first ready."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self._ready: dict[str, float] = {}

    def saw_pod(self, before: Pod | None, after: Pod | None, now: float) -> bool:
        """Take in a change of a pod; say whether a filler's life has ended that was shorter than its start."""
        pod = after or before
        if pod is None or not pod.is_filler or not pod.uid:
            return False
        if after is None or after.is_ending:
            return self._ended(pod.uid, now)
        if after.is_ready:
            if pod.uid in self._seen:
                self._ready.setdefault(pod.uid, now)
        elif pod.uid not in self._ready:
            self._seen.setdefault(pod.uid, now)
        return False

    def _ended(self, uid: str, now: float) -> bool:
        seen, ready = self._seen.pop(uid, None), self._ready.pop(uid, now)
        return seen is not None and now - ready < ready - seen
