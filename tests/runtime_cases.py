"""Decisions and what came of them, for tests of what the operator makes of both."""

from datetime import UTC, datetime
from typing import Any

from planning_cases import filler, paraset

from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.model.plan import Action, Beneficiary, CreatePod, DeletePod, Reason, ResizePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.shape import ParaSetView

# A Monday, 10:30.
NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)

SET = paraset("s")
LS = Beneficiary("serving/ls", "uid-ls")


class Clock:
    """A clock that the test sets."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def create(owner: ParaSetView = SET, index: int = 0, node: str = "n1", **fields: Any) -> CreatePod:
    shape = owner.shapes[0]
    return CreatePod(owner, shape.name, index, node, {}, shape.smallest, **fields)


def delete(
    reason: Reason = Reason.YIELDS, pod: Pod | None = None, owner: ParaSetView = SET, **fields: Any
) -> DeletePod:
    return DeletePod(pod or filler(owner), owner, reason, **fields)


def resize(
    reason: Reason = Reason.YIELDS, pod: Pod | None = None, owner: ParaSetView = SET, **fields: Any
) -> ResizePod:
    return ResizePod(pod or filler(owner), owner, {"cpu": 500}, {"cpu": 500, "pods": 1}, reason, **fields)


def done(action: Action) -> Outcome:
    return Outcome(action, Result.DONE, 200)


def refused(action: Action, message: str = "no") -> Outcome:
    return Outcome(action, Result.REFUSED, 403, message)
