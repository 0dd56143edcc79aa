"""docs/explain.md has every reason and every way that `paraset explain` tells, once and with its meaning."""

import re
from pathlib import Path

from paraset_operator.model.plan import Limit
from paraset_operator.planning.reports import COOL_DOWN, DEVICE_PARTS, NO_POLICY
from paraset_operator.reporting.admission import NODE_AFFINITY, NODE_SELECTOR, TAINT, TOLERATION, word_for
from paraset_operator.reporting.explanation import REMEMBERED
from paraset_operator.reporting.idle_nodes import KEPT_FOR_LS, PLANNED, SET_LIMIT
from paraset_operator.reporting.remedies import Way

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explain.md"
TROUBLES = ("Cordoned", "NotReady", "MemoryPressure", "DiskPressure", "PIDPressure")


def rows(part: str) -> dict[str, list[str]]:
    """The cells of each table row below a heading, by the words in its first cell."""
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {part}\n")[1].split("\n## ")[0]
    lines = (re.split(r"\s+\|\s+", line.strip("| ")) for line in text.splitlines() if line.startswith("| "))
    return {word: cells for first, *cells in lines for word in re.findall(r"`([\w]+)`", first) if cells}


def test_every_limit_is_there_and_no_other() -> None:
    assert rows("What limits a set").keys() == {each.value for each in Limit}


def test_what_only_the_operator_knows_is_marked() -> None:
    marked = {word for word, cells in rows("What limits a set").items() if "(operator)" in cells[0]}
    assert marked == {each.value for each in REMEMBERED}


def test_every_reason_of_a_node_is_there_and_no_other() -> None:
    found = rows("What keeps a node's idle room empty").keys() - {"cpu"}
    barred = {NO_POLICY, NODE_SELECTOR, NODE_AFFINITY, TAINT, TOLERATION} | {word_for(each) for each in TROUBLES}
    assert found == barred | {KEPT_FOR_LS, PLANNED, SET_LIMIT, COOL_DOWN, DEVICE_PARTS}


def test_every_way_is_there_and_no_other() -> None:
    assert rows("Ways to cover what a shape lacks").keys() - {"way"} == {each.value for each in Way}


def test_every_row_says_what_it_means() -> None:
    for part in ("What limits a set", "What keeps a node's idle room empty", "Ways to cover what a shape lacks"):
        assert all(all(cells) for cells in rows(part).values())
