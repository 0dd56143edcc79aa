"""What the replay of headroom counts."""

from bench.headroom_replay import learned, replay
from paraset_operator.model.policy import AutoCopies

FIXED = AutoCopies(floor=2, cap=2)


def test_a_copy_serves_one_pod_until_room_is_freed_again() -> None:
    found = replay([0, 20, 21, 22, 30, 31], learned(FIXED, 10), 10)
    assert (found.arrivals, found.served, found.most) == (6, 4, 2)


def test_what_is_held_back_is_copies_times_time() -> None:
    assert replay([0, 30, 100], learned(FIXED, 10), 10).copy_seconds == 200


def test_a_pod_teaches_only_those_that_come_after_it() -> None:
    found = replay([0, 1, 1000, 1001], learned(AutoCopies(), 10), 10)
    assert (found.served, found.most) == (2, 2)
