"""Room that is not made yet is given up where less is needed than before."""

from dataclasses import replace

import pytest
from planning_cases import amounts, node, policy, snapshot

from paraset_operator.model.announced import Announcement, Source
from paraset_operator.model.policy import HeadroomShape
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.runtime.standing_needs import StandingNeeds


def picture(copies: int = 0, announced: int = 0) -> Snapshot:
    headroom = (HeadroomShape("server", amounts(cpu=1), copies=copies),)
    web = Announcement(Source.WORKLOADS, "Deployment shop/web", "Deployment shop/web", announced, amounts(cpu=1))
    found = snapshot(node(), policies=policy(headroom=headroom))
    return replace(found, announced=(web,) if announced else ())


@pytest.mark.parametrize(
    ("before", "after", "has_shrunk"),
    [
        (picture(copies=2), picture(copies=2), False),
        (picture(copies=2), picture(copies=3), False),
        (picture(copies=2), picture(copies=1), True),
        (picture(announced=2), picture(announced=2), False),
        (picture(announced=2), picture(announced=5), False),
        (picture(announced=2), picture(announced=1), True),
        (picture(announced=2), picture(), True),
        (picture(announced=2), picture(copies=2), True),
    ],
)
def test_needs(before: Snapshot, after: Snapshot, has_shrunk: bool) -> None:
    needs = StandingNeeds()
    assert not needs.has_shrunk(before)
    assert needs.has_shrunk(after) is has_shrunk
    assert not needs.has_shrunk(after)
