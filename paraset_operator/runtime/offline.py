"""The planner's picture of a cluster from files: manifests as for `kubectl apply`, and a dump of a cluster.

The dump goes through the cache the operator fills from its watches, so both plan over the same values. What is missing
in a file is not guessed: it is an error, or a note beside the plan. The same files give the same picture: its time is
the newest one in the dump, not that of a clock.

A dump by kubectl may be of any age, so that statuses in it are not believed, and nobody is there to be told of a move.
A snapshot is of one moment: it is planned for as the operator would have, then.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

import msgspec

from paraset_operator.api.names import GROUP, PARASET
from paraset_operator.api.v1alpha1 import FillPolicy, ParaSet
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import BUILT_IN_POLICY, Mode, PolicyView
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.reporting.headroom_words import notes_on
from paraset_operator.runtime.memory_json import pacing_in
from paraset_operator.runtime.offline_dump import DUMP_COMMAND, Dump, read_dump
from paraset_operator.runtime.offline_files import OfflineError, read
from paraset_operator.runtime.offline_objects import Labels, Objects, take_manifest
from paraset_operator.runtime.scene import Scene
from paraset_operator.runtime.told import fault_in, remark_on, told_of, waits_in
from paraset_operator.runtime.translate import learned_in, paraset_view, policy_view

_NAMESPACE_NAME = "kubernetes.io/metadata.name"
# Where the clock of waits stands: far enough from its beginning that what was remembered is after that.
_CLOCK = 1_000_000.0


def load(manifests: Iterable[str], dump: str) -> Scene:
    """Return the cluster of a dump with the sets and policies of the manifests, each a path or - for standard input.

    Raise OfflineError, in one sentence that names the file, the object and the field, when that can't be done.
    """
    return _load(_given(manifests), read(dump), dump)


def load_text(manifests: Iterable[str], dump: bytes, source: str) -> Scene:
    """Return the same for a dump that was read already, from where `source` says."""
    return _load(_given(manifests), dump, source)


def _given(manifests: Iterable[str]) -> Objects:
    given = Objects()
    for path in manifests:
        take_manifest(path, given)
    return given


def _load(given: Objects, text: bytes, source: str) -> Scene:
    seen = read_dump(text, source)
    objects = seen.objects.overlaid(given)
    if not objects.sets and seen.info is None:
        raise OfflineError("there is no ParaSet, neither with -f nor in the dump: name a file that holds one with -f")
    objects.sets = {key: _identified(each, seen) for key, each in sorted(objects.sets.items())}
    return _Assembly(objects, seen, frozenset(given.sets)).scene()


def _identified(paraset: ParaSet, dump: Dump) -> ParaSet:
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


class _Assembly:
    """Makes a scene of what was read; `given` are the sets of manifests, of which no status tells anything."""

    def __init__(self, objects: Objects, dump: Dump, given: frozenset[str]) -> None:
        self._objects, self._dump, self._info = objects, dump, dump.info
        moment = dump.info.taken_at if dump.info else dump.newest
        self._now = datetime.fromtimestamp(moment, UTC) if moment else datetime.now(UTC)
        self._problems = {} if dump.info is None else dict(dump.info.problems)
        told = {} if dump.info is None else {key: each for key, each in objects.sets.items() if key not in given}
        self._memory = dump.info.memory if dump.info else None
        self._moment = Moment(_CLOCK if self._memory else 0.0, self._now.timestamp())
        self._seen, self._told = told, {key: told_of(each, self._moment) for key, each in told.items()}

    def scene(self) -> Scene:
        """Return it; raise OfflineError."""
        nodes, waiting = self._dump.cache.freeze()
        labels = _namespace_labels(self._objects, self._dump.cache.pods)
        policies = tuple(_policy(name, each, labels) for name, each in sorted(self._objects.policies.items()))
        policies = policies or (BUILT_IN_POLICY,)
        announced = self._dump.announced.now(policies, nodes, waiting, self._moment.wall)
        memory = self._memory
        answered = frozenset(memory.answered if memory else ())
        sets = tuple(self._views())
        by_uid = {self._seen[key].metadata.uid: each for key, each in self._told.items()}
        snapshot = Snapshot(nodes, waiting, sets, policies, answered=answered, announced=announced)
        return Scene(
            snapshot=snapshot,
            moment=self._moment,
            pacing=pacing_in(memory, _CLOCK) if memory else waits_in(by_uid),
            told=self._told,
            problems=self._problems,
            remarks={key: remark for key, each in self._seen.items() if (remark := remark_on(each))},
            desired={key: each.status.desired_replicas for key, each in self._seen.items()},
            namespaces=frozenset(self._objects.namespaces) if self._info and self._objects.namespaces else None,
            notes=tuple(_notes(self._objects, self._dump, snapshot)),
        )

    def _views(self) -> Iterator[ParaSetView]:
        for key, each in self._objects.sets.items():
            try:
                yield self._view(key, each)
            except msgspec.ValidationError as error:
                problem = f"spec.template.spec: {error}"
                if self._info is None:
                    raise OfflineError(f"{PARASET} {key} is invalid: {problem}") from error
                self._problems[key] = problem

    def _view(self, key: str, paraset: ParaSet) -> ParaSetView:
        view = paraset_view(paraset, fault_in(self._told.get(key, ())), self._now)
        if self._info is None:
            # Where nobody is told, a move is shown at once.
            return replace(view, notice_seconds=0)
        hashes = self._info.template_hashes.get(key, {}) if key in self._seen else {}
        shapes = (replace(each, template_hash=hashes.get(each.name, each.template_hash)) for each in view.shapes)
        return replace(view, shapes=tuple(shapes))


def _policy(name: str, policy: FillPolicy | None, labels: dict[str, Labels]) -> PolicyView:
    """Return the planner's view; of a policy that can't be read nobody knows what it wants to be spared."""
    return policy_view(policy, labels) if policy else PolicyView(name, Mode.OBSERVE)


def _namespace_labels(objects: Objects, pods: Iterable[Pod]) -> dict[str, Labels]:
    """Return the labels of all namespaces known; every namespace has its name as a label."""
    names = (
        {key.partition("/")[0] for key in objects.sets} | {pod.namespace for pod in pods} | objects.namespaces.keys()
    )
    return {name: {_NAMESPACE_NAME: name} | objects.namespaces.get(name, {}) for name in sorted(names)}


def _notes(objects: Objects, dump: Dump, snapshot: Snapshot) -> Iterator[str]:
    """Yield what the reader should know about a picture that is not the whole cluster."""
    if dump.info is not None:
        yield from dump.info.notes
    yield from _invalid(objects, dump)
    pods = [*dump.cache.pods]
    if not pods and dump.info is None:
        yield "The dump holds no Pod: the nodes are planned as if they were empty."
    strays = sum(bool(pod.place) and pod.place not in dump.cache.nodes.nodes for pod in pods)
    if strays:
        yield f"The dump lacks the nodes of {strays} pods; fillers among them are planned to leave."
    known = {each.uid for each in snapshot.sets}
    for key in sorted({_set_key(pod) for pod in pods if pod.is_filler and pod.owner not in known}):
        yield f"Fillers of ParaSet {key} are counted as foreign pods: it is neither in the dump nor given with -f."
    yield from _learning(objects)
    if not dump.objects.namespaces and any(_selects_namespaces(each) for each in objects.policies.values()):
        yield "A policy selects namespaces by labels that the dump does not hold: add namespaces to the dump."


def _invalid(objects: Objects, dump: Dump) -> Iterator[str]:
    for name, error in sorted(objects.problems.items()):
        yield (
            f"{error.who} is invalid, so that nothing is done on its nodes: {'; '.join(error.problems)}"
            if (name in objects.policies)
            else str(error)
        )
    for key, problem in sorted((dump.info.problems if dump.info else {}).items()):
        if key not in objects.sets:
            yield f"{PARASET} {key} is invalid and not planned for: {problem}"


def _learning(objects: Objects) -> Iterator[str]:
    for policy in filter(None, objects.policies.values()):
        learned = learned_in(policy)
        yield from notes_on(policy.metadata.name, learned)
        for shape in (shape for shape, message in learned if not message):
            yield (
                f"FillPolicy {policy.metadata.name} learns how much room to keep for {shape}: nothing is told of it "
                "here, so the floor is planned with. Add fillpolicies to the dump."
            )


def _selects_namespaces(policy: FillPolicy | None) -> bool:
    return policy is not None and any(each.namespace_selector is not None for each in policy.spec.tenants or ())


__all__ = ["DUMP_COMMAND", "load", "load_text"]
