"""Whether the API server would take a set's fillers: asked once for every generation, by a dry-run create.

Only a refusal counts as a fault; when the question can't be asked, the first real create will tell. A fault is asked
about again now and then, because what refuses a pod (a namespace's security level, an admission rule) can change.
"""

import asyncio
import time
from collections.abc import Iterable

import structlog

from paraset_operator.acting.writes import PodWriter
from paraset_operator.api.v1alpha1 import ParaSet
from paraset_operator.cluster.client import EXPECTED_ERRORS, ApiError
from paraset_operator.model.plan import CreatePod
from paraset_operator.model.shape import ParaSetView
from paraset_operator.runtime.memory import is_quota

_log = structlog.get_logger(__name__)

_ASK_AGAIN = 30.0
_AT_A_TIME = 16
_LONGEST_MESSAGE = 500
# The API server has told us of a set that its admission policy paraset-filler-namespaces has not heard of yet.
_SET_NOT_SEEN = "no params found for policy binding"
# The filler that is asked about is pinned to no real node.
_NOWHERE = "template-check"


class TemplateChecks:
    """Faults by set; `fault_of` is "" for what has been taken or could not be asked about."""

    def __init__(self, writer: PodWriter) -> None:
        self._writer = writer
        self._answers: dict[str, tuple[int, str, float]] = {}
        self._slots = asyncio.Semaphore(_AT_A_TIME)

    def fault_of(self, uid: str) -> str:
        """Return why the API server refuses the set's fillers, or ""."""
        return self._answers.get(uid, (0, "", 0.0))[1]

    def forget(self, uid: str) -> None:
        """Drop what is known of a set that is gone."""
        self._answers.pop(uid, None)

    async def ask(self, sets: Iterable[tuple[ParaSetView, ParaSet]]) -> None:
        """Ask about every set whose present generation has not been asked about."""
        await asyncio.gather(*(self._ask(view, paraset) for view, paraset in sets if self._is_open(view)))

    def _is_open(self, view: ParaSetView) -> bool:
        generation, fault, asked_at = self._answers.get(view.uid, (-1, "", 0.0))
        return generation != view.generation or (bool(fault) and time.monotonic() - asked_at > _ASK_AGAIN)

    async def _ask(self, view: ParaSetView, paraset: ParaSet) -> None:
        shape = view.shapes[0]
        action = CreatePod(view, shape.name, 0, _NOWHERE, {each.resource: each.minimum for each in shape.elastic}, {})
        fault = ""
        try:
            async with self._slots:
                await self._writer.check(action, paraset)
        except ApiError as error:
            fault = fault_in(error)
        except EXPECTED_ERRORS as error:
            _log.warning("template not checked", paraset=view.key, error=str(error) or type(error).__name__)
        if fault:
            _log.warning("template refused", paraset=view.key, fault=fault)
        self._answers[view.uid] = (view.generation, fault, time.monotonic())


def fault_in(error: ApiError) -> str:
    """Return the fault an answer tells of, or "": a name that is taken is taken by a pod that was fine."""
    if error.status in (400, 403, 422) and not is_quota(error.message) and _SET_NOT_SEEN not in error.message:
        return error.message[:_LONGEST_MESSAGE]
    return ""
