"""How far the story has come: written by the story, read by the live view and printed by the plain one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum


class PhaseState(Enum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass
class Phase:
    """One chapter: what it shows, by when it has to be over, and how it went."""

    name: str
    title: str
    state: PhaseState = PhaseState.WAITING
    began: float = 0.0
    ended: float = 0.0
    note: str = ""

    def seconds(self, now: float) -> float:
        if self.state is PhaseState.WAITING:
            return 0.0
        return (self.ended or now) - self.began


class PhaseFailedError(RuntimeError):
    """A phase did not come about; the message says what was awaited and what was there instead."""


@dataclass
class Progress:
    """All phases in order. `tell` is called with one line for everything worth a line in a log."""

    phases: list[Phase]
    tell: Callable[[str], None] = field(default=lambda _line: None)
    began: float = field(default_factory=time.monotonic)

    @property
    def current(self) -> Phase | None:
        return next((phase for phase in self.phases if phase.state is PhaseState.RUNNING), None)

    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def note(self, line: str) -> None:
        """Something for the live view alone: too fleeting for a log."""
        if self.current is not None:
            self.current.note = line

    def say(self, line: str) -> None:
        self.note(line)
        self.tell(f"{self.elapsed():6.1f}s  {line}")

    def run(self, name: str, work: Callable[[], str]) -> None:
        """Run one phase; what `work` returns is its result in words. A failure is noted and raised."""
        phase = next(each for each in self.phases if each.name == name)
        phase.state, phase.began = PhaseState.RUNNING, time.monotonic()
        self.say(phase.title)
        try:
            note = work()
        except BaseException as error:
            phase.state, phase.note = (
                PhaseState.FAILED,
                str(error).splitlines()[0] if str(error) else type(error).__name__,
            )
            raise
        else:
            self.say(f"  {note}")
            phase.state, phase.note = PhaseState.DONE, note
        finally:
            phase.ended = time.monotonic()

    def failures(self) -> list[str]:
        """Phases that failed or were never reached, in words."""
        words = {PhaseState.FAILED: "failed", PhaseState.WAITING: "was not reached", PhaseState.RUNNING: "did not end"}
        return [f"{phase.name}: {words[phase.state]}. {phase.note}" for phase in self.phases if phase.state in words]
