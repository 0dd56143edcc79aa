"""The cluster as last seen, and frozen pictures of it.

- Newer wins: an object is only replaced by one of a higher resourceVersion, so that the answer to our own write can be
  taken in at once, and a late watch event does not undo it (read-your-writes).
- Expectations: a write on its way is counted as done from the moment it is decided, until it was answered; no second
  decision is made about the same pod meanwhile.
- A picture costs only what changed: the state of a node is rebuilt when one of its pods changed.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace

import msgspec

from paraset_operator.cluster.decode import decode_node, decode_pod
from paraset_operator.model.node import Node
from paraset_operator.model.pod import Pod, Resize
from paraset_operator.model.snapshot import NodeState

PodListener = Callable[[Pod | None, Pod | None], None]

# Deleted uids are remembered so that a late answer to a write does not bring a pod back.
_MOST_TOMBSTONES = 20_000


class PodStore:
    """All pods that still count, by key, with an index by node."""

    def __init__(self) -> None:
        self._seen: dict[str, Pod] = {}
        self._expected: dict[str, Pod] = {}
        self._by_place: dict[str, set[str]] = {}
        self._tombstones: OrderedDict[str, None] = OrderedDict()
        self._rigid: set[str] = set()
        self._listeners: list[PodListener] = []
        self.stale_places: set[str] = set()

    def listen(self, listener: PodListener) -> None:
        """Call with the old and the new state of a pod whenever it changes; None for not there."""
        self._listeners.append(listener)

    def upsert(self, data: bytes | msgspec.Raw) -> None:
        """Take over a pod that was added or changed, from a watch or from the answer to a write."""
        self.put(decode_pod(data))

    def put(self, pod: Pod) -> None:
        """Take over a pod unless a newer state of it is known, or it is known to be gone."""
        last = self._seen.get(pod.key)
        if pod.uid in self._tombstones or (last and _is_older(pod, last)):
            return
        if last and (last.uid != pod.uid or _counts_no_more(pod)):
            self._bury(last.uid)
            self._forget(last)
        if _counts_no_more(pod):
            return
        before = self.get(pod.key)
        self._seen[pod.key] = replace(pod, resize=Resize.ERROR) if pod.uid in self._rigid else pod
        self._changed(pod.key, before)

    def remove(self, data: msgspec.Raw) -> None:
        """Forget a deleted pod."""
        self.gone(decode_pod(data))

    def prune(self, seen: set[str]) -> None:
        """Forget pods that a complete list did not name."""
        for pod in [pod for pod in self._seen.values() if pod.uid not in seen]:
            self._bury(pod.uid)
            self._forget(pod)

    def expect(self, pod: Pod) -> None:
        """Count a write on its way as done: from here on the pod is seen as this."""
        before = self.get(pod.key)
        self._expected[pod.key] = pod
        self._changed(pod.key, before)

    def settle(self, expected: Pod) -> None:
        """Stop expecting exactly this: the write was answered, or has failed; a later expectation stays."""
        before = self.get(expected.key)
        if self._expected.get(expected.key) is expected:
            del self._expected[expected.key]
            self._changed(expected.key, before)

    def take_answer(self, data: bytes) -> None:
        """Take over the pod that a write was answered with; some are answered with a Status, which says nothing."""
        if _kinds.decode(data).kind == "Pod":
            self.upsert(data)

    def gone(self, pod: Pod) -> None:
        """Forget a pod that the API server says is not there any more."""
        self._bury(pod.uid)
        last = self._seen.get(pod.key)
        if last and last.uid == pod.uid:
            self._forget(last)

    def refuse_resizes(self, pod: Pod) -> None:
        """From here on take the pod for one that can't be resized: its node or an admission rule has said so."""
        self._rigid.add(pod.uid)
        last = self._seen.get(pod.key)
        if last and last.uid == pod.uid:
            self.put(last)

    def is_expected(self, key: str) -> bool:
        """Say whether a write for the pod is on its way."""
        return key in self._expected

    def get(self, key: str) -> Pod | None:
        """Return the pod as it is to be counted, or None."""
        return self._expected.get(key) or self._seen.get(key)

    def at(self, place: str) -> Iterator[Pod]:
        """Return the pods of a node ("" for those without), in the order of their keys."""
        for key in sorted(self._by_place.get(place, ())):
            pod = self.get(key)
            if pod is not None:
                yield pod

    def places(self) -> set[str]:
        """Return every node that pods name."""
        return set(self._by_place)

    def __len__(self) -> int:
        return len(self._seen)

    def __iter__(self) -> Iterator[Pod]:
        return iter([*self._seen.values()])

    def _bury(self, uid: str) -> None:
        self._tombstones[uid] = None
        self._rigid.discard(uid)
        while len(self._tombstones) > _MOST_TOMBSTONES:
            self._tombstones.popitem(last=False)

    def _forget(self, pod: Pod) -> None:
        before = self.get(pod.key)
        del self._seen[pod.key]
        if self._expected.get(pod.key, pod).uid == pod.uid:
            self._expected.pop(pod.key, None)
        self._changed(pod.key, before)

    def _changed(self, key: str, before: Pod | None) -> None:
        after = self.get(key)
        old_place, new_place = before.place if before else None, after.place if after else None
        if old_place != new_place:
            if old_place is not None:
                self._by_place[old_place].discard(key)
                if not self._by_place[old_place]:
                    del self._by_place[old_place]
            if new_place is not None:
                self._by_place.setdefault(new_place, set()).add(key)
        self.stale_places |= {place for place in (old_place, new_place) if place is not None}
        for listener in self._listeners:
            listener(before, after)


def _counts_no_more(pod: Pod) -> bool:
    return pod.is_finished and not pod.is_filler


def _is_older(pod: Pod, last: Pod) -> bool:
    return int(pod.revision or 0) < int(last.revision or 0)


class NodeStore:
    """All nodes by name."""

    def __init__(self, on_change: Callable[[str], None] = lambda _name: None) -> None:
        self.nodes: dict[str, Node] = {}
        self._uids: dict[str, str] = {}
        self._on_change = on_change

    def upsert(self, data: msgspec.Raw) -> None:
        """Take over a node that was added or changed; a heartbeat alone is no change."""
        node = decode_node(data)
        self._uids[node.name] = _uid_of(data)
        if self.nodes.get(node.name) != node:
            self.nodes[node.name] = node
            self._on_change(node.name)

    def remove(self, data: msgspec.Raw) -> None:
        """Forget a deleted node."""
        self._forget(decode_node(data).name)

    def prune(self, seen: set[str]) -> None:
        """Forget nodes that a complete list did not name."""
        for name in [name for name, uid in self._uids.items() if uid not in seen]:
            self._forget(name)

    def _forget(self, name: str) -> None:
        self._uids.pop(name, None)
        if self.nodes.pop(name, None) is not None:
            self._on_change(name)


class _Kind(msgspec.Struct, gc=False):
    kind: str = ""


_kinds = msgspec.json.Decoder(_Kind)


class _Identity(msgspec.Struct, gc=False):
    uid: str = ""


class _Identified(msgspec.Struct, gc=False):
    metadata: _Identity


_identities = msgspec.json.Decoder(_Identified)


def _uid_of(data: msgspec.Raw) -> str:
    return _identities.decode(data).metadata.uid


class ClusterCache:
    """Nodes and pods together; makes the node part of a snapshot."""

    def __init__(self, on_node_change: Callable[[], None] = lambda: None) -> None:
        self.pods = PodStore()
        self.nodes = NodeStore(self._node_changed)
        self._on_node_change = on_node_change
        self._states: dict[str, NodeState] = {}

    def _node_changed(self, name: str) -> None:
        self.pods.stale_places.add(name)
        self._on_node_change()

    def freeze(self) -> tuple[tuple[NodeState, ...], tuple[Pod, ...]]:
        """Return the nodes by name with their pods, and the pods that have no node."""
        for name in self.pods.stale_places:
            node = self.nodes.nodes.get(name)
            if node is None:
                self._states.pop(name, None)
            else:
                self._states[name] = NodeState(node, tuple(self.pods.at(name)))
        self.pods.stale_places = set()
        states = tuple(self._states[name] for name in sorted(self._states))
        return states, tuple(self._waiting())

    def _waiting(self) -> Iterator[Pod]:
        for place in sorted(self.pods.places() - self._states.keys()):
            yield from (pod for pod in self.pods.at(place) if pod.is_filler or not pod.node)
