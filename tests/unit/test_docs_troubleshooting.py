"""docs/troubleshooting.md has every condition, and every word a set, a plan or an Event gives as a reason, once."""

import re
from pathlib import Path

from paraset_operator.api.conditions import ConditionType, Reason
from paraset_operator.model import plan

PAGE = Path(__file__).resolve().parents[2] / "docs" / "troubleshooting.md"
#: Of Events that are no condition's; docs/concepts.md lists them too.
EVENTS = {"AnnotationIgnored", "Withdrawn", "Yielded"}


def words(part: str) -> list[str]:
    """The words in the first cells of the table below a heading."""
    text = PAGE.read_text(encoding="utf-8").split(f"\n## {part}\n")[1].split("\n## ")[0]
    first = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| ")]
    return [word for cell in first for word in re.findall(r"`(\w+)`", cell)]


def test_every_condition_is_there_once_and_no_other() -> None:
    assert sorted(words("By condition")) == sorted(ConditionType)


def test_every_word_is_there_once_and_no_other() -> None:
    known = {each.value for kind in (Reason, plan.Reason, plan.Limit) for each in kind}
    assert sorted(words("By word")) == sorted(known | EVENTS)
