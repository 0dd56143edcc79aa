"""What is said of learned headroom is true and plain."""

import pytest

from paraset_operator.model.policy import AutoCopies
from paraset_operator.planning.arrivals import NO_ARRIVALS, Arrivals, Slot
from paraset_operator.reporting.headroom_words import arrivals_in, lines_of, sentence

RULES = AutoCopies()


def arrivals(*ranks: int) -> Arrivals:
    return Arrivals((Slot(500_000, ranks),))


def said(copies: int, of: Arrivals, rules: AutoCopies = RULES, **fields: bool) -> str:
    return sentence(copies, of, rules, 10.0, **({"is_measured": True} | fields))


WITHIN = "within the time it takes to free room (now 10 s)"


@pytest.mark.parametrize(
    ("copies", "of", "rules", "words"),
    [
        (
            2,
            arrivals(400, 10, 2),
            RULES,
            "2 copies: 99.5 % of the 412 LS pods of the last 24 h came with at most 1 other",
        ),
        (1, arrivals(1), RULES, "1 copy: 100 % of the 1 LS pod of the last 24 h came with no other"),
        (
            3,
            arrivals(1, 1, 1),
            AutoCopies(window_hours=1),
            "3 copies: 100 % of the 3 LS pods of the last hour came with",
        ),
        (2, arrivals(1, 1, 4), AutoCopies(cap=2), "2 copies, the cap: 33.3 % of the 6 LS pods"),
        (2, arrivals(1, 1), AutoCopies(cap=2), "2 copies: 100 % of the 2 LS pods"),
        (4, arrivals(9), AutoCopies(floor=4), "4 copies, the floor: 100 % of the 9 LS pods"),
        (
            3,
            arrivals(9),
            RULES,
            "3 copies, 1 from the next hour on: 100 % of the 9 LS pods of the last 24 h came with at ",
        ),
        (0, NO_ARRIVALS, RULES, "0 copies, the floor: no LS pod of this shape came in the last 24 h"),
        (2, NO_ARRIVALS, RULES, "2 copies, 0 from the next hour on: no LS pod of this shape came in the last 24 h"),
        (0, arrivals(5), AutoCopies(cap=0), "0 copies, the cap: 5 LS pods of this shape came in the last 24 h"),
    ],
)
def test_the_sentence_says_what_was_seen(copies: int, of: Arrivals, rules: AutoCopies, words: str) -> None:
    assert said(copies, of, rules).startswith(words)


def test_the_sentence_says_how_long_it_takes_to_free_room() -> None:
    assert said(1, arrivals(1)).endswith(WITHIN)
    assert said(1, arrivals(1), is_measured=False).endswith(
        "(now 10 s, the longest grace, as no victim was seen to leave yet)"
    )


def test_a_share_is_never_rounded_up() -> None:
    assert "99.9 % of the 100000" in said(1, arrivals(99_999, 1))


def test_lines_can_be_read_by_people_too() -> None:
    assert lines_of(Arrivals((Slot(496_000, (40, 3)), Slot(496_001, (7,))))) == [
        "2026-08-01T16:00Z 40 3",
        "2026-08-01T17:00Z 7",
    ]


@pytest.mark.parametrize(
    "line", ["", "yesterday 1", "2026-08-01T16:00Z", "2026-08-01T16:00Z one", "2026-08-01T16:00Z -1"]
)
def test_a_line_that_is_none_is_left_out(line: str) -> None:
    assert arrivals_in([line, "2026-08-01T17:00Z 7"]).slots == (Slot(496_001, (7,)),)
