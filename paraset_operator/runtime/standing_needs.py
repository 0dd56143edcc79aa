"""What room is made for that no LS pod waits for yet: headroom and announcements, and whether any of it is gone."""

from collections import Counter

from paraset_operator.model.plan import Reason
from paraset_operator.model.snapshot import Snapshot


class StandingNeeds:
    """Fed by one picture after the other."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[Reason, str, str]] = Counter()

    def shrunk(self, snapshot: Snapshot) -> frozenset[Reason]:
        """Take in a picture; return for what less is needed of anything than in the one before."""
        before, self._counts = self._counts, _counts(snapshot)
        return frozenset(need[0] for need in before - self._counts)


def _counts(snapshot: Snapshot) -> Counter[tuple[Reason, str, str]]:
    counts: Counter[tuple[Reason, str, str]] = Counter()
    for policy in snapshot.policies:
        counts.update({(Reason.HEADROOM, policy.name, shape.name): shape.copies for shape in policy.headroom})
    for each in snapshot.announced:
        counts[Reason.ANNOUNCED, each.source, each.key] += each.count
    return counts
