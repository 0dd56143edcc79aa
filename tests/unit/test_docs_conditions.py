"""docs/conditions.md has every condition type and every reason, once and with its meaning, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path

from paraset_operator.api.conditions import ConditionType, Reason

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conditions.md"
ROW = re.compile(r"\| `(?P<word>\w+)` \|(?P<cells>.*)\|")


def rows(part: str) -> Iterator[tuple[str, list[str]]]:
    """The first cell and the others of each table row below the heading `part`."""
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {part}\n")[1].split("\n## ")[0]
    for line in text.splitlines():
        if row := ROW.fullmatch(line):
            yield row["word"], [cell.strip() for cell in row["cells"].split("|")]


def test_every_type_is_there_once_and_no_other() -> None:
    assert sorted(word for word, _ in rows("Types")) == sorted(ConditionType)


def test_every_reason_is_there_once_and_no_other() -> None:
    assert sorted(word for word, _ in rows("Reasons")) == sorted(Reason)


def test_every_row_says_what_it_means_and_what_to_do() -> None:
    for word, cells in (*rows("Types"), *rows("Reasons")):
        assert all(cells), word
