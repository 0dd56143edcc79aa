"""The live view draws at any size, and its bars add up."""

import io
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from demo_timeline import SET, Timeline, filler, node, pod, resized
from rich.console import Console

from demo.feed import Feed
from demo.measure import allocation
from demo.objects import CPU, GPU
from demo.progress import Progress
from demo.story import phases
from demo.view import LiveView, bar, split


def observer(seen: Timeline) -> Any:
    """What the view needs of an observer, at rest."""
    return SimpleNamespace(
        lock=threading.RLock(),
        state=seen.state,
        changes=seen.changes,
        events=[],
        ever_filler={("tenant", "s-0")},
        read=lambda of: of(seen.state),
    )


@pytest.mark.parametrize("cells", [1, 7, 8, 20])
def test_a_bar_has_as_many_cells_as_it_was_given(cells: int) -> None:
    pods = [pod("ls", "n1", 1, 5), filler("s-0", cores=3), filler("s-1", gpus=0, cores=1, terminating=True)]
    held = split(node("n1"), pods, CPU)
    assert (held.ls, held.filler, held.leaving, held.free) == (5000, 3000, 1000, 7000)
    assert len(bar(held, cells, "x")) == cells


def test_gpus_are_drawn_one_by_one() -> None:
    assert bar(split(node("n1"), [pod("ls", "n1", 1)], GPU), 2, "x").plain == "x·"


@pytest.mark.parametrize(("width", "height"), [(100, 40), (160, 60), (100, 20)])
def test_the_view_fills_the_screen_and_no_more(width: int, height: int) -> None:
    seen = Timeline(*(node(f"openb-node-{number}") for number in range(24)), SET, filler("s-0", "openb-node-3"))
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    view = LiveView(observer(seen), Progress(phases()), console)
    lines = console.render_lines(view, console.options.update(height=height))
    assert len(lines) == height
    text = "\n".join("".join(segment.text for segment in line) for line in lines)
    assert "node-3" in text
    assert "1/4" in text
    assert allocation(seen.state).share(GPU, with_fillers=True) > 0


def test_changes_of_a_kind_within_a_moment_are_one_line() -> None:
    one, two = filler("s-0", cores=4), filler("s-1", "n2", cores=4)
    seen = Timeline(node("n1"), node("n2"), SET, one, two).see(resized(one, 2), after=10)
    feed = Feed(observer(seen))
    feed.update()
    feed.update()
    assert [(line.verb, line.words()) for line in feed.lines] == [
        ("fill", "2 fillers of s on 2 nodes"),
        ("shrink", "s-0 on n1"),
    ]


def test_an_ls_pod_that_was_bound_is_told_once_with_its_wait() -> None:
    seen = Timeline(node("n1"), SET, pod("ls", gpus=1)).see(pod("ls", "n1", 1), after=2).see(pod("ls", "n1", 1))
    feed = Feed(observer(seen))
    feed.update()
    assert [line.words() for line in feed.lines] == ["ls (1 GPU, 1 cores) bound to n1 after 2.00 s"]
