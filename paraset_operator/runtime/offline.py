"""The planner's picture of a cluster from files: manifests as for `kubectl apply`, and a dump of `kubectl get`.

The dump goes through the cache the operator fills from its watches, so both plan over the same values. What is missing
in a file is not guessed: it is an error, or a note beside the plan. The same files give the same picture: its time is
the newest one in the dump, not that of a clock.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import NAMESPACE_URL, uuid5

import msgspec

from paraset_operator.api.names import FILL_POLICY, GROUP, PARASET
from paraset_operator.api.v1alpha1 import FillPolicy, InvalidObject, ParaSet, parse_fill_policy, parse_paraset
from paraset_operator.cluster.cache import ClusterCache
from paraset_operator.cluster.decode import decode_pod
from paraset_operator.cluster.wire import Condition, Metadata, Wire
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import BUILT_IN_POLICY
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.reporting.headroom_words import notes_on
from paraset_operator.runtime.offline_files import Document, OfflineError, dump_documents, manifest_documents, read
from paraset_operator.runtime.translate import learned_in, paraset_view, policy_view

DUMP_COMMAND = "kubectl get nodes,pods -A -o json"
_NAMESPACE_NAME = "kubernetes.io/metadata.name"

Labels: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class OfflineCluster:
    """What a plan is made of, and `notes`: what the files leave open, each a sentence."""

    snapshot: Snapshot
    moment: Moment
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Objects:
    """What was found in manifests or in a dump; `kinds` are all kinds seen, for messages."""

    sets: dict[str, ParaSet] = field(default_factory=dict)
    policies: dict[str, FillPolicy] = field(default_factory=dict)
    namespaces: dict[str, Labels] = field(default_factory=dict)
    kinds: dict[str, None] = field(default_factory=dict)

    def overlaid(self, above: "_Objects") -> "_Objects":
        """Return both together: of two of one name that of `above` counts.

        But labels of namespaces add up, and what the operator has told of a policy is still told.
        """
        labels = {name: self.namespaces.get(name, {}) | more for name, more in above.namespaces.items()}
        policies = {name: _told(each, self.policies.get(name)) for name, each in above.policies.items()}
        return _Objects(self.sets | above.sets, self.policies | policies, self.namespaces | labels, self.kinds)


def _told(policy: FillPolicy, dumped: FillPolicy | None) -> FillPolicy:
    return policy.model_copy(update={"status": dumped.status}) if dumped else policy


@dataclass(slots=True)
class _Dump:
    """A dump while it is read; `newest` is the newest time in it, in seconds since the epoch."""

    cache: ClusterCache = field(default_factory=ClusterCache)
    objects: _Objects = field(default_factory=_Objects)
    newest: float = 0.0


def load(manifests: Iterable[str], dump: str) -> OfflineCluster:
    """Return the cluster of a dump with the sets and policies of the manifests, each a path or - for standard input.

    Raise OfflineError, in one sentence that names the file, the object and the field, when that can't be done.
    """
    given = _Objects()
    for path in manifests:
        _take_manifest(path, given)
    seen = _read_dump(dump)
    objects = seen.objects.overlaid(given)
    if not objects.sets:
        raise OfflineError("there is no ParaSet, neither with -f nor in the dump: name a file that holds one with -f")
    objects.sets = {key: _identified(each, seen) for key, each in sorted(objects.sets.items())}
    return _assembled(objects, seen)


def _take_manifest(path: str, into: _Objects) -> None:
    found = _Objects()
    for document in manifest_documents(read(path), path):
        _take_object(document, msgspec.json.decode(document.data), found, strict=True)
    if not (found.sets or found.policies or found.namespaces):
        kinds = ", ".join(found.kinds) or "nothing"
        raise OfflineError(f"{path}: holds no {PARASET} and no {FILL_POLICY}, but {kinds}: name a file that does")
    _refuse_twice(path, PARASET, into.sets.keys() & found.sets.keys())
    _refuse_twice(path, FILL_POLICY, into.policies.keys() & found.policies.keys())
    into.sets |= found.sets
    into.policies |= found.policies
    into.namespaces |= found.namespaces


def _refuse_twice(path: str, kind: str, names: Iterable[str]) -> None:
    for name in sorted(names):
        raise OfflineError(f"{path}: {kind} {name} was in another file given with -f already: keep one of them")


def _take_object(document: Document, body: dict[str, Any], into: _Objects, *, strict: bool) -> None:
    into.kinds[document.kind] = None
    try:
        if document.kind == PARASET:
            paraset = parse_paraset(_in_namespace(body), strict=strict)
            _put(into.sets, f"{paraset.metadata.namespace}/{paraset.metadata.name}", paraset, document)
        elif document.kind == FILL_POLICY:
            policy = parse_fill_policy(body, strict=strict)
            _put(into.policies, policy.metadata.name, policy, document)
        elif document.kind == "Namespace":
            meta = _metadata(document)
            into.namespaces[meta.name] = meta.labels or {}
    except InvalidObject as error:
        raise OfflineError(f"{document.source}: {error}") from error


def _put(into: dict[str, Any], name: str, value: object, document: Document) -> None:
    if name in into:
        raise OfflineError(f"{document.source}: holds {document.kind} {name} twice: keep one of them")
    into[name] = value


def _in_namespace(body: dict[str, Any]) -> dict[str, Any]:
    metadata = body.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("namespace"):
        return body
    return body | {"metadata": metadata | {"namespace": "default"}}


def _read_dump(path: str) -> _Dump:
    dump = _Dump()
    for document in dump_documents(read(path), path, DUMP_COMMAND):
        _take_dumped(document, dump)
    if not dump.cache.nodes.nodes:
        kinds = ", ".join(dump.objects.kinds) or "nothing"
        raise OfflineError(f"{path}: holds no Node, but {kinds}: make the dump with `{DUMP_COMMAND}`")
    return dump


def _take_dumped(document: Document, dump: _Dump) -> None:
    try:
        if document.kind == "Node" and document.api_version == "v1":
            _take_node(document, dump)
        elif document.kind == "Pod" and document.api_version == "v1":
            _take_pod(document, dump)
        elif document.api_version == "v1" or document.api_version.startswith(GROUP + "/"):
            _take_object(document, msgspec.json.decode(document.data), dump.objects, strict=False)
        dump.objects.kinds[document.kind] = None
    except (msgspec.DecodeError, ValueError) as error:
        raise OfflineError(f"{document.source}: {document.who} can't be read: {error}") from error


class _Heartbeat(Condition):
    last_heartbeat_time: str | None = None


class _Beating(Wire):
    conditions: list[_Heartbeat] | None = None


class _NodeTimes(Wire):
    status: _Beating = msgspec.field(default_factory=_Beating)


_node_times = msgspec.json.Decoder(_NodeTimes)


def _take_node(document: Document, dump: _Dump) -> None:
    _metadata(document)
    dump.cache.nodes.upsert(msgspec.Raw(document.data))
    for each in _node_times.decode(document.data).status.conditions or ():
        if each.last_heartbeat_time:
            dump.newest = max(dump.newest, datetime.fromisoformat(each.last_heartbeat_time).timestamp())


def _take_pod(document: Document, dump: _Dump) -> None:
    _metadata(document)
    pod = decode_pod(document.data)
    # A dump that somebody has tidied up may lack uids; the planner tells pods apart by them.
    dump.cache.pods.put(pod if pod.uid else replace(pod, uid=pod.key))
    dump.newest = max(dump.newest, pod.created, pod.started)


class _Named(Wire):
    metadata: Metadata = msgspec.field(default_factory=Metadata)


_named = msgspec.json.Decoder(_Named)


def _metadata(document: Document) -> Metadata:
    metadata = _named.decode(document.data).metadata
    if not metadata.name:
        raise OfflineError(f"{document.source}: {document.who} has no metadata.name: give it one")
    return metadata


def _identified(paraset: ParaSet, dump: _Dump) -> ParaSet:
    """Return a set with the uid it has in the dump, or that its fillers name, or one made from its name."""
    meta = paraset.metadata
    if meta.uid:
        return paraset
    key = f"{meta.namespace}/{meta.name}"
    dumped = dump.objects.sets.get(key)
    uid = (dumped.metadata.uid if dumped else "") or _uid_by_fillers(key, dump.cache.pods)
    uid = uid or str(uuid5(NAMESPACE_URL, f"{GROUP}/{key}"))
    return paraset.model_copy(update={"metadata": meta.model_copy(update={"uid": uid})})


def _uid_by_fillers(key: str, pods: Iterable[Pod]) -> str:
    newest = max(((pod.created, pod.owner) for pod in pods if _set_key(pod) == key), default=(0.0, ""))
    return newest[1]


def _set_key(filler: Pod) -> str:
    """Return the set whose filler a pod is by its name; "" for any other pod."""
    return f"{filler.namespace}/{filler.name.rpartition('-')[0]}" if filler.is_filler else ""


def _assembled(objects: _Objects, dump: _Dump) -> OfflineCluster:
    now = datetime.fromtimestamp(dump.newest, UTC) if dump.newest else datetime.now(UTC)
    nodes, waiting = dump.cache.freeze()
    labels = _namespace_labels(objects, dump.cache.pods)
    snapshot = Snapshot(
        nodes=nodes,
        waiting=waiting,
        sets=tuple(_view(each, now) for each in objects.sets.values()),
        policies=tuple(policy_view(each, labels) for _, each in sorted(objects.policies.items())) or (BUILT_IN_POLICY,),
    )
    return OfflineCluster(snapshot, Moment(wall=now.timestamp()), tuple(_notes(objects, dump, snapshot)))


def _view(paraset: ParaSet, now: datetime) -> ParaSetView:
    try:
        # Where nobody is told, a move is shown at once.
        return replace(paraset_view(paraset, "", now), notice_seconds=0)
    except msgspec.ValidationError as error:
        meta = paraset.metadata
        raise OfflineError(f"{PARASET} {meta.namespace}/{meta.name} is invalid: spec.template.spec: {error}") from error


def _namespace_labels(objects: _Objects, pods: Iterable[Pod]) -> dict[str, Labels]:
    """Return the labels of all namespaces known; every namespace has its name as a label."""
    names = (
        {key.partition("/")[0] for key in objects.sets} | {pod.namespace for pod in pods} | objects.namespaces.keys()
    )
    return {name: {_NAMESPACE_NAME: name} | objects.namespaces.get(name, {}) for name in sorted(names)}


def _notes(objects: _Objects, dump: _Dump, snapshot: Snapshot) -> Iterator[str]:
    """Yield what the reader should know about a picture that is not the whole cluster."""
    pods = [*dump.cache.pods]
    if not pods:
        yield "The dump holds no Pod: the nodes are planned as if they were empty."
    strays = sum(bool(pod.place) and pod.place not in dump.cache.nodes.nodes for pod in pods)
    if strays:
        yield f"The dump lacks the nodes of {strays} pods; fillers among them are planned to leave."
    known = {each.uid for each in snapshot.sets}
    for key in sorted({_set_key(pod) for pod in pods if pod.is_filler and pod.owner not in known}):
        yield f"Fillers of ParaSet {key} are counted as foreign pods: it is neither in the dump nor given with -f."
    for policy in objects.policies.values():
        learned = learned_in(policy)
        yield from notes_on(policy.metadata.name, learned)
        for shape in (shape for shape, message in learned if not message):
            yield (
                f"FillPolicy {policy.metadata.name} learns how much room to keep for {shape}: nothing is told of it "
                "here, so the floor is planned with. Add fillpolicies to the dump."
            )
    if not dump.objects.namespaces and any(_selects_namespaces(each) for each in objects.policies.values()):
        yield "A policy selects namespaces by labels that the dump does not hold: add namespaces to the dump."


def _selects_namespaces(policy: FillPolicy) -> bool:
    return any(each.namespace_selector is not None for each in policy.spec.tenants or ())
