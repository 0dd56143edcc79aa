"""The command blocks of a Markdown page: fences of language `sh`, what marks them, and the output shown below them.

Comments that say what a test does with a page, invisible to its readers:

    <!-- not run: REASON -->              before a block that needs something a test does not have
    <!-- output -->                       before a `text` block that the block above it prints, numbers aside
    <!-- commands run on: WORLD -->       once in a page, see worlds.py; else a cluster where ParaSet is at work
"""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]+?) -->\n+)?^(?P<ticks>```+)(?P<language>\w*)[^\n]*\n(?P<text>.*?)^(?P=ticks)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
WORLD = re.compile(r"^<!-- commands run on: (?P<world>[^\n]+?) -->$", re.MULTILINE)
NOT_RUN = "not run: "


@dataclass
class Block:
    """One block of commands; `line` is where it begins, `reason` why it is not run, `shown` what it should print."""

    line: int
    text: str
    reason: str = ""
    shown: str = ""


def blocks_of(page: str) -> list[Block]:
    """The command blocks of a page in order; ValueError for a mark that means nothing."""
    found: list[Block] = []
    for fence in FENCE.finditer(page):
        mark, line = fence["mark"] or "", page.count("\n", 0, fence.start("ticks")) + 1
        if fence["language"] in ("sh", "bash", "shell", "console"):
            if mark and not mark.startswith(NOT_RUN):
                raise ValueError(f"line {line}: `{mark}` is no mark of a command block")
            found.append(Block(line, fence["text"], reason=mark.removeprefix(NOT_RUN)))
        elif mark == "output":
            if not found:
                raise ValueError(f"line {line}: no commands before this output")
            found[-1].shown = fence["text"]
    return found


def world_of(page: str) -> str:
    """What the commands of a page run on; empty if the page does not say."""
    found = WORLD.search(page)
    return found["world"] if found else ""


def pages(root: Path) -> list[Path]:
    """All pages for readers, from the root folder down; what targets make beside them is left out."""
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "examples").rglob("*.md")])


def loosely(text: str) -> list[str]:
    """The lines of an output as they have to be alike: without numbers, times, hashes and the width of columns."""
    lines = (re.sub(r"[-=─]{2,}", "", line) for line in text.splitlines())
    return [" ".join(re.sub(r"\S*\d\S*", "#", line).split()) for line in lines if line.strip()]


def missing(shown: str, printed: str) -> list[str]:
    """The lines that a page shows and the commands did not print; `...` stands for any lines."""
    there = set(loosely(printed))
    return [line for line in loosely(shown) if line != "..." and line not in there]
