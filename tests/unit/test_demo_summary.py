"""What the demo reports: the keys other programs rely on, and when it calls the story a success."""

import json

import pytest
from demo_timeline import SET, Timeline, filler, node, pod
from rich.console import Console

from demo.fragments import fragments
from demo.invariants import Violation
from demo.measure import Needed, Yielded, allocation, filled, usable
from demo.objects import CPU, GPU
from demo.progress import PhaseFailedError, PhaseState, Progress
from demo.state import Wait
from demo.story import Record, phases
from demo.summary import Summary
from demo.workload import LsPod


def told() -> Progress:
    progress = Progress(phases())
    for phase in progress.phases:
        progress.run(phase.name, lambda: "as promised")
    return progress


def record() -> Record:
    before = Timeline(node("n1"), SET, pod("ls", "n1", 1, 8)).state
    after = Timeline(node("n1"), SET, pod("ls", "n1", 1, 8), filler("s-0", cores=8)).state
    return Record(
        before=allocation(before),
        after=allocation(after),
        usable=usable(after),
        filled=filled(after),
        fragments=fragments(after),
        placements=1,
        quiet_writes=[],
        burst=[LsPod("b", 1, 1000, 1024, 1.0)],
        waits=[Wait(1.0, 1.5)],
        needed=Needed(1, 1),
        yielded=Yielded(2, 1, 1),
    )


def test_the_json_has_the_promised_keys() -> None:
    numbers = json.loads(json.dumps(Summary(record(), [], told()).as_json()))
    assert numbers["fill"]["usable"][GPU] == numbers["fill"]["filled"][GPU] == 1
    assert numbers["fill"]["filled"][CPU] == 8
    assert numbers["fragments"].items() >= {"idle_before": 1, "idle_after": 0, "fragment_after": 0.0}.items()
    assert numbers["ls"] == {"count": 1, "bound": 1, "wait_p50_s": 0.5, "wait_p99_s": 0.5}
    assert numbers["yield"].items() >= {"shrinks": 2, "evictions": 1, "evictions_needed": 1}.items()
    assert numbers["writes"].items() >= {"per_placement": 0, "quiet_minute": 0}.items()
    assert numbers["violations"] == []


def test_a_story_that_never_began_is_reported_without_numbers_and_is_no_success() -> None:
    summary = Summary(Record(), [], Progress(phases()))
    assert not summary.good
    assert summary.as_json()["ls"]["wait_p99_s"] is None
    assert summary.as_json()["writes"]["quiet_minute"] is None
    Console(file=None, quiet=True).print(summary.table())


def test_one_violation_is_enough_to_fail() -> None:
    assert Summary(record(), [], told()).good
    broken = Summary(record(), [Violation("I1", "n1", "too much")], told())
    assert not broken.good
    assert broken.as_json()["violations"][0]["invariant"] == "I1"


def test_a_phase_that_does_not_come_about_fails_the_story_and_is_named() -> None:
    progress = told()
    progress.phases[1].state = PhaseState.WAITING

    def fail() -> str:
        raise PhaseFailedError("waited 45 s in vain")

    with pytest.raises(PhaseFailedError):
        progress.run("fill", fail)
    assert progress.failures() == ["fill: failed. waited 45 s in vain"]
    assert not Summary(record(), [], progress).good
