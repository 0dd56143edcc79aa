"""The promises that must hold at every observed instant, checked after every single change.

I1 no overcommit: what the pods bound to a node hold (largest of spec, allocated and actual, leaving ones included) is
   within its allocatable.
I2 own pods only: the operator deletes, evicts, resizes or patches nothing but fillers; for other pods it may only set
   a nomination.
I3 LS first: no filler is created or grown on a node while an LS pod is known to wait that would fit there.
I4 bounds: never more fillers of a set than its ceiling, leaving ones included; no name twice; each filler owned,
   pinned and of the BE class.

I1, I3 and I4 are derived from the watch, I2 from the audit log of the API server. Nothing here is shared with the
operator.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import chain

from demo.audit import Request
from demo.fitting import admits, asked, covers, minus, room_soon
from demo.objects import FILLER_PRIORITY_CLASS, Amounts, Node, Pod
from demo.state import Change, ClusterState, Key

KNOWN_AFTER_SECONDS = 1.0
"""An LS pod counts as known to the operator this long after the observer saw it: a write already on its way is no
offence.
"""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken promise: which, whose, and what was seen."""

    invariant: str
    subject: str
    detail: str
    at: float = 0.0

    def as_json(self) -> dict[str, object]:
        return asdict(self)


class InvariantChecker:
    """Feed it every change, right after `ClusterState.apply`; read `violations`."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self._overcommitted: set[str] = set()

    def observe(self, state: ClusterState, change: Change) -> None:
        """Check what this change can have broken. Amortised cost: the pods of one node and the LS pods waiting."""
        if not isinstance(change.new, Pod):
            return
        old = change.old if isinstance(change.old, Pod) else None
        found = chain(
            self._overcommit(state, change.new),
            _ls_first(state, change.at, old, change.new),
            _bounds(state, old, change.new),
        )
        self.violations += [Violation(each.invariant, each.subject, each.detail, round(change.at, 3)) for each in found]

    def _overcommit(self, state: ClusterState, pod: Pod) -> Iterable[Violation]:
        node = state.nodes.get(pod.node)
        if node is None:
            return
        held = state.held(node.name)
        over = {resource: value for resource, value in held.items() if value > node.allocatable.get(resource, 0)}
        if over and node.name not in self._overcommitted:
            self._overcommitted.add(node.name)
            yield Violation(
                "I1", node.name, f"pods hold {over} of {_part(node.allocatable, over)} after {pod.namespace}/{pod.name}"
            )
        elif not over:
            self._overcommitted.discard(node.name)


def _part(amounts: Amounts, keys: Iterable[str]) -> dict[str, int]:
    return {key: amounts.get(key, 0) for key in keys}


def _grown(old: Pod | None, new: Pod) -> bool:
    if old is None or old.uid != new.uid:
        return True
    return any(value > old.spec_requests.get(resource, 0) for resource, value in new.spec_requests.items())


def _ls_first(state: ClusterState, at: float, old: Pod | None, filler: Pod) -> Iterable[Violation]:
    if not filler.is_filler or filler.terminating or not _grown(old, filler):
        return
    node = state.nodes.get(filler.node or next(iter(filler.pinned), ""))
    if node is None:
        return
    for pod in state.waiting.values():
        known = at - state.first_seen[pod.uid] >= KNOWN_AFTER_SECONDS
        elsewhere = pod.nominated not in {"", node.name}
        if not known or elsewhere or pod.gated or pod.terminating or not admits(node, pod):
            continue
        if _takes_room(state, node, old, filler, pod):
            verb = "created" if old is None else "grown"
            detail = f"{verb} on {node.name} where {pod.namespace}/{pod.name} waits and fits"
            yield Violation("I3", f"{filler.namespace}/{filler.name}", detail)
            return


def _takes_room(state: ClusterState, node: Node, old: Pod | None, filler: Pod, pod: Pod) -> bool:
    """True if the LS pod fits beside the filler as it was before; where it is nominated, only if it no longer does."""
    before = minus(room_soon(state, node, without=filler, for_pod=pod), old.requests if old and old.node else {})
    harmless = pod.nominated == node.name and covers(room_soon(state, node, for_pod=pod), asked(pod))
    return covers(before, asked(pod)) and not harmless


def _bounds(state: ClusterState, old: Pod | None, pod: Pod) -> Iterable[Violation]:
    new_here = old is None or old.uid != pod.uid
    if not pod.is_filler or pod.owner is None or not new_here:
        return
    subject = f"{pod.namespace}/{pod.name}"
    if old is not None:
        yield Violation("I4", subject, "created while a pod of that name was still there")
    if pod.priority_class != FILLER_PRIORITY_CLASS:
        yield Violation(
            "I4", subject, f"has priority class {pod.priority_class!r} instead of {FILLER_PRIORITY_CLASS!r}"
        )
    if len(pod.pinned) != 1:
        yield Violation("I4", subject, f"is pinned to {list(pod.pinned)} instead of one node")
    owner = state.sets.get((pod.namespace, pod.owner.name))
    count = len(state.fillers_of[pod.set_uid])
    if owner is not None and count > owner.replicas:
        yield Violation("I4", subject, f"is filler {count} of {owner.name}, whose ceiling is {owner.replicas}")


_HARMLESS = {"get", "list", "watch"}


def foreign_writes(requests: Iterable[Request], ever_filler: set[Key]) -> list[Violation]:
    """I2 from the operator's requests in the audit log; `ever_filler` names every pod that was seen as a filler at
    some time.
    """
    own = set(ever_filler)
    found = []
    for request in requests:
        if request.resource not in {"pods", "nodes"} or request.verb in _HARMLESS:
            continue
        target = f"{request.namespace}/{request.name}" if request.namespace else request.name
        if request.resource == "pods" and request.verb == "create" and not request.subresource:
            own.add((request.namespace, request.name))
            continue
        nomination = request.subresource == "status" and request.verb == "patch"
        if request.resource == "pods" and (nomination or (request.namespace, request.name) in own):
            continue
        found.append(
            Violation("I2", target, f"{request.verb} of {request.resource}/{request.subresource} by the operator")
        )
    return found
