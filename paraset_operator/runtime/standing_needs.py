"""What room is made for that no LS pod waits for yet: headroom and announcements, and whether any of it is gone."""

from collections import Counter

from paraset_operator.model.snapshot import Snapshot


class StandingNeeds:
    """Fed by one picture after the other."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def has_shrunk(self, snapshot: Snapshot) -> bool:
        """Take in a picture; say whether less is needed of something than in the one before."""
        before, self._counts = self._counts, _counts(snapshot)
        return not before <= self._counts


def _counts(snapshot: Snapshot) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for policy in snapshot.policies:
        counts.update({(policy.name, shape.name): shape.copies for shape in policy.headroom})
    for each in snapshot.announced:
        counts[each.source, each.key] += each.count
    return counts
