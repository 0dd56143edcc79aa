"""Planned windows: open from a lead before each time of the schedule, less what LS pods have taken since."""

from datetime import UTC, datetime
from typing import Any

import pytest
from planning_cases import amounts, filler, ls, node, paraset, policy, snapshot

from paraset_operator.model.announced import AnnouncedRules, Source, Window
from paraset_operator.model.constraints import LabelSelector, Requirement
from paraset_operator.model.pod import Pod
from paraset_operator.runtime.windows import Windows

# A Monday.
MORNING = "0 8 * * 1-5"
OTHERS = LabelSelector((Requirement("pool", "In", ("other",)),))


def at(hour: int, minute: int = 0, day: int = 2) -> float:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC).timestamp()


def window(**fields: Any) -> Window:
    given = {"schedule": MORNING, "duration": 7200.0, "lead": 600.0, "resources": amounts(cpu=4, gpus=1), "copies": 3}
    return Window("rush", **(given | fields))


def counts(now: float, *pods: Pod, **fields: Any) -> list[int]:
    taken = policy(announced=AnnouncedRules(windows=(window(**fields),)))
    picture = snapshot([node("n1", gpus=8), node("n2", gpus=8, labels={"pool": "other"})], pods)
    policies = [policy("a", nodes=OTHERS), taken]
    return [each.count for each in Windows().announcements(policies, picture.nodes, picture.waiting, now)]


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (at(7, 49), False),
        (at(7, 50), True),
        (at(8), True),
        (at(9, 59), True),
        (at(10), False),
        (at(8, day=1), False),
    ],
    ids=["before its lead", "in its lead", "as it begins", "to its end", "after", "on a Sunday"],
)
def test_a_window_is_open_from_its_lead_to_its_end(now: float, is_open: bool) -> None:
    assert bool(counts(now)) is is_open


def test_a_window_that_has_ended_opens_again_the_next_day() -> None:
    windows, taken = Windows(), policy(announced=AnnouncedRules(windows=(window(),)))
    assert [bool([*windows.announcements([taken], (), (), now)]) for now in (at(9), at(11), at(9, day=3))] == [
        True,
        False,
        True,
    ]


def test_what_came_since_has_taken_its_copies() -> None:
    assert counts(at(9), ls(cpu=4, gpus=2, node="n1", created=at(8))) == [1]


def test_pods_from_before_have_taken_nothing() -> None:
    assert counts(at(9), ls(cpu=4, gpus=2, node="n1", created=at(7))) == [3]


def test_pods_on_nodes_of_another_policy_have_taken_nothing() -> None:
    assert counts(at(9), ls(cpu=4, gpus=2, node="n2", created=at(8))) == [3]


def test_fillers_have_taken_nothing() -> None:
    assert counts(at(9), filler(paraset("s"), created=at(8)), resources=amounts(cpu=1)) == [3]


def test_a_window_that_is_taken_up_asks_for_nothing() -> None:
    assert counts(at(9), ls(gpus=3, created=at(8))) == []


def test_a_window_asks_for_room_on_the_nodes_of_its_policy_that_it_selects() -> None:
    chosen = window(nodes=LabelSelector((Requirement("disk", "In", ("ssd",)),)))
    taken = policy("mine", ls_priority=7, announced=AnnouncedRules(windows=(chosen,)))
    (each,) = Windows().announcements([taken], (), (), at(9))
    assert (each.source, each.policy, each.priority) == (Source.WINDOWS, "mine", 7)
    assert each.constraints.affinity is not None
    assert each.words == "window mine/rush (3 more copies)"
