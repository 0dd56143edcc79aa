"""Room that is not made yet is given up where less is needed than before."""

from dataclasses import replace

import pytest
from planning_cases import amounts, node, policy, snapshot

from paraset_operator.model.announced import Announcement, Source
from paraset_operator.model.plan import Reason
from paraset_operator.model.policy import HeadroomShape
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.runtime.standing_needs import StandingNeeds


def picture(copies: int = 0, announced: int = 0) -> Snapshot:
    headroom = (HeadroomShape("server", amounts(cpu=1), copies=copies),)
    web = Announcement(Source.WORKLOADS, "Deployment shop/web", "Deployment shop/web", announced, amounts(cpu=1))
    found = snapshot(node(), policies=policy(headroom=headroom))
    return replace(found, announced=(web,) if announced else ())


@pytest.mark.parametrize(
    ("before", "after", "shrunk"),
    [
        (picture(copies=2), picture(copies=2), set()),
        (picture(copies=2), picture(copies=3), set()),
        (picture(copies=2), picture(copies=1), {Reason.HEADROOM}),
        (picture(announced=2), picture(announced=2), set()),
        (picture(announced=2), picture(announced=5), set()),
        (picture(announced=2), picture(announced=1), {Reason.ANNOUNCED}),
        (picture(announced=2), picture(copies=2), {Reason.ANNOUNCED}),
        (picture(copies=2, announced=2), picture(), {Reason.ANNOUNCED, Reason.HEADROOM}),
    ],
)
def test_needs(before: Snapshot, after: Snapshot, shrunk: set[Reason]) -> None:
    needs = StandingNeeds()
    assert not needs.shrunk(before)
    assert needs.shrunk(after) == shrunk
    assert not needs.shrunk(after)
