"""A dump of a cluster while it is read: `kubectl get -o json`, or what `paraset snapshot` has written."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from paraset_operator.api.names import GROUP
from paraset_operator.cluster.cache import ClusterCache
from paraset_operator.cluster.decode import decode_pod
from paraset_operator.cluster.wire import Condition, EventObject, Wire
from paraset_operator.runtime import snapshot_info
from paraset_operator.runtime.announced_objects import KINDS, AnnouncedObjects
from paraset_operator.runtime.announcements import SETTLE
from paraset_operator.runtime.offline_files import Document, OfflineError, dump_documents
from paraset_operator.runtime.offline_objects import Objects, metadata_of
from paraset_operator.runtime.snapshot_info import SnapshotInfo

DUMP_COMMAND = "kubectl get nodes,pods -A -o json"
_ANNOUNCING = {(version, each.kind): each.path for each in KINDS for version in each.versions}

_infos = msgspec.json.Decoder(SnapshotInfo)
_objects = msgspec.json.Decoder(EventObject)


def _nothing() -> None:
    """Nobody waits for what changes while a file is read."""


@dataclass(slots=True)
class Dump:
    """What was read so far; `newest` is the newest time in it, in seconds since the epoch; only snapshots have `info`.

    Pods that were announced when the dump was made had their moment to come by themselves.
    """

    cache: ClusterCache = field(default_factory=ClusterCache)
    objects: Objects = field(default_factory=Objects)
    announced: AnnouncedObjects = field(init=False)
    info: SnapshotInfo | None = None
    newest: float = 0.0
    _now: float = 0.0
    _classes: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.announced = AnnouncedObjects(_nothing, _nothing, lambda: self._now, lambda *_: None)
        self.cache.pods.listen(self.announced.announcements.saw_pod)

    def take(self, document: Document) -> None:
        """Take over an object; raise OfflineError for one that can't be read."""
        try:
            self._take(document)
            self.objects.kinds[document.kind] = None
        except (msgspec.DecodeError, ValueError) as error:
            raise OfflineError(f"{document.source}: {document.who} can't be read: {error}") from error

    def _take(self, document: Document) -> None:
        path = _ANNOUNCING.get((document.api_version, document.kind))
        if path is not None:
            self.announced.stores[path].upsert(_identified(document))
            if document.kind == "PriorityClass":
                self._classes.add(_objects.decode(document.data).metadata.uid)
        elif document.kind == "Node" and document.api_version == "v1":
            self._take_node(document)
        elif document.kind == "Pod" and document.api_version == "v1":
            self._take_pod(document)
        elif document.kind == snapshot_info.KIND:
            self.info = _infos.decode(document.data)
        elif document.api_version == "v1" or document.api_version.startswith(GROUP + "/"):
            self.objects.take(document, strict=False)

    def _take_node(self, document: Document) -> None:
        metadata_of(document)
        self.cache.nodes.upsert(msgspec.Raw(document.data))
        for each in _node_times.decode(document.data).status.conditions or ():
            if each.last_heartbeat_time:
                self.newest = max(self.newest, datetime.fromisoformat(each.last_heartbeat_time).timestamp())

    def _take_pod(self, document: Document) -> None:
        metadata_of(document)
        pod = decode_pod(document.data)
        # A dump that somebody has tidied up may lack uids; the planner tells pods apart by them.
        self.cache.pods.put(pod if pod.uid else replace(pod, uid=pod.key))
        self.newest = max(self.newest, pod.created, pod.started)

    def close(self) -> None:
        """Take in that this was all."""
        self.announced.classes.prune(self._classes)
        self._now = SETTLE


def read_dump(text: bytes, source: str) -> Dump:
    """Return what a dump holds; raise OfflineError."""
    dump = Dump()
    for document in dump_documents(text, source, DUMP_COMMAND):
        dump.take(document)
    dump.close()
    if dump.info is None:
        for error in dump.objects.problems.values():
            raise OfflineError(f"{source}: {error}") from error
        if not dump.cache.nodes.nodes:
            kinds = ", ".join(dump.objects.kinds) or "nothing"
            raise OfflineError(f"{source}: holds no Node, but {kinds}: make the dump with `{DUMP_COMMAND}`")
    return dump


class _Heartbeat(Condition):
    last_heartbeat_time: str | None = None


class _Beating(Wire):
    conditions: list[_Heartbeat] | None = None


class _NodeTimes(Wire):
    status: _Beating = msgspec.field(default_factory=_Beating)


_node_times = msgspec.json.Decoder(_NodeTimes)


def _identified(document: Document) -> msgspec.Raw:
    """Return the object with a uid, by which stores tell objects apart."""
    if _objects.decode(document.data).metadata.uid:
        return msgspec.Raw(document.data)
    body: dict[str, Any] = msgspec.json.decode(document.data)
    metadata = dict(body.get("metadata") or {})
    return msgspec.Raw(msgspec.json.encode(body | {"metadata": metadata | {"uid": document.who}}))
