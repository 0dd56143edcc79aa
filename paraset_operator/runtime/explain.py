"""`paraset explain`: why a set holds what it does, read from a live cluster or from files, without acting.

A live cluster is listed once and frozen the way the operator does it. What only the operator knows, its waits and what
it asked the API server, is taken from the statuses it has written, so that the plan made here resembles its own.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import inf
from typing import Any

import msgspec

from paraset_operator.api.names import PARASET
from paraset_operator.api.v1alpha1 import FillPolicy, ParaSet
from paraset_operator.cluster.cache import ClusterCache
from paraset_operator.cluster.client import EXPECTED_ERRORS, ApiError, Client, ExpiredError
from paraset_operator.cluster.connection import ConnectionFailedError, connect
from paraset_operator.cluster.wire import ListWire
from paraset_operator.model.plan import Limit, LimitReport
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.planning.pacing import Pacing, Wait
from paraset_operator.planning.planner import plan
from paraset_operator.reporting.explanation import FEW, Explanation, explain
from paraset_operator.reporting.headroom_words import notes_on
from paraset_operator.runtime.namespaces import NamespaceStore
from paraset_operator.runtime.objects import Known, ObjectStore, paraset_store, policy_store
from paraset_operator.runtime.offline import load
from paraset_operator.runtime.offline_files import OfflineError
from paraset_operator.runtime.picture import Picture
from paraset_operator.runtime.translate import learned_in

_lists = msgspec.json.Decoder(ListWire)
_KINDS = frozenset({"pset", "psets", "paraset", "parasets", "parasets.paraset.io"})
# Waits of a whole set, which a plan can be given.
_OF_SETS = frozenset({Limit.CRASHING, Limit.PULLING, Limit.QUOTA})


_START = Moment()


class ExplainError(Exception):
    """Why nothing can be explained, in one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is explained: the picture, what the operator told of each set, by key, and what is wrong with the others.

    `namespaces` are all that exist, None if nobody knows; `remarks` are notes on single sets.
    """

    snapshot: Snapshot
    moment: Moment
    pacing: Pacing = field(default_factory=Pacing)
    told: Mapping[str, tuple[LimitReport, ...]] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    namespaces: frozenset[str] | None = None
    remarks: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def explained(scene: Scene, name: str, namespace: str, *, everything: bool = False) -> Explanation:
    """Return the explanation of a set; raise ExplainError if there is none of that name, or it is invalid."""
    key = f"{namespace}/{name}"
    if key in scene.problems:
        raise ExplainError(f"{PARASET} {key} is invalid: {scene.problems[key]}")
    if key not in {each.key for each in scene.snapshot.sets}:
        raise ExplainError(_missing(scene, name, namespace))
    made = plan(scene.snapshot, scene.pacing, scene.moment)
    told, now = scene.told.get(key, ()), scene.moment.monotonic
    found = explain(scene.snapshot, made, key, told, None if everything else FEW, now=now)
    remarks = (scene.remarks[key],) if key in scene.remarks else ()
    return replace(found, notes=(*found.notes, *remarks, *scene.notes))


def _missing(scene: Scene, name: str, namespace: str) -> str:
    if scene.namespaces is not None and namespace not in scene.namespaces:
        return f"there is no namespace {namespace}: name another with -n"
    keys = sorted({each.key for each in scene.snapshot.sets} | scene.problems.keys())
    elsewhere = [key for key in keys if key.endswith(f"/{name}")]
    if elsewhere:
        return f"there is no {PARASET} {namespace}/{name}, but {', '.join(elsewhere[:5])}: name the namespace with -n"
    beside = [key.partition("/")[2] for key in keys if key.startswith(f"{namespace}/")]
    there = f"the namespace has {', '.join(beside[:5])}" if beside else "the namespace has none"
    return f"there is no {PARASET} {namespace}/{name}; {there}: `kubectl get pset -A` lists all"


def name_in(target: str) -> str:
    """Return the name in `pset/NAME` or `NAME`; raise ExplainError for anything else."""
    kind, slash, name = target.rpartition("/")
    if not name or (slash and kind.lower() not in _KINDS):
        raise ExplainError(f"{target!r} names no ParaSet: write pset/NAME, and the namespace with -n")
    return name


def scene_in_files(manifests: Sequence[str], dump: str) -> Scene:
    """Return the scene of a dump and manifests; raise ExplainError. No status is read: files may be of any age."""
    try:
        cluster = load(manifests, dump)
    except OfflineError as error:
        raise ExplainError(str(error)) from error
    return Scene(cluster.snapshot, cluster.moment, notes=cluster.notes)


def scene_in_cluster(kubeconfig: str | None, context: str | None) -> Scene:
    """Return the scene of a live cluster; raise ExplainError."""
    try:
        connection = connect(kubeconfig, context)
    except ConnectionFailedError as error:
        raise ExplainError(str(error)) from error

    async def read() -> Scene:
        async with Client(connection) as client:
            return await _Reading(client, connection.server).scene()

    return asyncio.run(read())


class _Reading:
    """One reading of a live cluster."""

    def __init__(self, client: Client, server: str) -> None:
        self._client, self._server = client, server
        self._cache = ClusterCache()
        self._namespaces = NamespaceStore(lambda: None)
        self._sets: ObjectStore[ParaSet] = paraset_store(lambda _before, _after: None)
        self._policies: ObjectStore[FillPolicy] = policy_store(lambda _before, _after: None)
        self._notes: list[str] = []

    async def scene(self) -> Scene:
        """Read everything and return it; raise ExplainError."""
        await self._read("parasets", self._sets.relist(self._client))
        await self._read("fillpolicies", self._policies.relist(self._client))
        await self._read("nodes", self._list("nodes", self._cache.nodes.upsert))
        await self._read("pods", self._list("pods", self._cache.pods.upsert))
        has_namespaces = await self._read_namespaces()
        moment = Moment(time.monotonic(), time.time())
        told = {known.key: _told(known, moment) for known in self._sets}
        faults = {known.uid: _fault(told[known.key]) for known in self._sets}
        picture = Picture(self._cache, self._sets, self._policies, self._namespaces, lambda uid: faults.get(uid, ""))
        return Scene(
            snapshot=picture.freeze(),
            moment=moment,
            pacing=_pacing(self._sets, told),
            told=told,
            problems={known.key: known.problem for known in self._sets if known.value is None},
            namespaces=frozenset(self._namespaces.labels) if has_namespaces else None,
            remarks={known.key: remark for known in self._sets if (remark := _remark(known))},
            notes=(*self._notes, *_bad_policies(self._policies), *_learned_copies(self._policies)),
        )

    async def _read(self, what: str, reading: Awaitable[None]) -> None:
        try:
            await reading
        except ApiError as error:
            raise ExplainError(_refusal(what, self._server, error)) from error
        except (ExpiredError, *EXPECTED_ERRORS) as error:
            words = str(error) or type(error).__name__
            raise ExplainError(
                f"the API server at {self._server} can't be reached: {words}; choose another with --kubeconfig or "
                "--context, or explain a dump with --cluster"
            ) from error

    async def _list(self, plural: str, take: Callable[[msgspec.Raw], None]) -> None:
        token = ""
        while True:
            page = _lists.decode(await self._client.page(f"/api/v1/{plural}", token))
            for item in page.items:
                take(item)
            token = page.metadata.continue_
            if not token:
                return

    async def _read_namespaces(self) -> bool:
        """Read the labels of namespaces, which a policy may go by; who may not list them is told so."""
        try:
            await self._list("namespaces", self._namespaces.upsert)
        except ApiError as error:
            self._notes.append(f"Namespaces can't be listed ({error.reason}): tenants chosen by labels are unknown.")
            return False
        return True


def _refusal(what: str, server: str, error: ApiError) -> str:
    if error.status in (401, 403):
        return (
            f"{what} can't be listed at {server}: {error.message}; ask for that right, or explain a dump with --cluster"
        )
    if error.status == 404:
        return f"the cluster at {server} knows no {what}: install ParaSet, or choose another with --context"
    return f"{what} can't be listed at {server}: {error}"


def _told(known: Known[ParaSet], moment: Moment = _START) -> tuple[LimitReport, ...]:
    """Return the limits in a set's status; words this version does not know are left out.

    Waits end by this machine's clock when the operator's said they would: the two may be a little apart.
    """
    entries = known.status.get("limitedBy") or ()
    known_words = {each.value for each in Limit}
    return tuple(
        LimitReport(Limit(each["reason"]), str(each.get("message") or ""), tuple(_waits(each, moment)))
        for each in entries
        if each.get("reason") in known_words
    )


def _waits(entry: Mapping[str, Any], moment: Moment) -> Iterator[tuple[str, float]]:
    for each in entry.get("waits") or ():
        until = datetime.fromisoformat(each["until"]).timestamp()
        yield str(each.get("node") or ""), moment.monotonic + until - moment.wall


def _fault(told: Iterable[LimitReport]) -> str:
    return next((each.message for each in told if each.reason is Limit.TEMPLATE), "")


def _pacing(sets: Iterable[Known[ParaSet]], told: Mapping[str, Iterable[LimitReport]]) -> Pacing:
    cool_downs, back_offs = dict[str, Wait](), dict[str, Wait]()
    for known in sets:
        for each in told[known.key]:
            if each.reason in _OF_SETS:
                back_offs[known.uid] = Wait(dict(each.waits).get("", inf), 0.0, each.reason, each.message)
            elif each.reason is Limit.COOL_DOWN:
                cool_downs |= {node: Wait(until, 0.0) for node, until in each.waits}
            elif each.reason is Limit.PENDING:
                back_offs |= {f"{known.uid}/{node}": Wait(until, 0.0, each.reason) for node, until in each.waits}
    return Pacing(cool_downs=cool_downs, back_offs=back_offs)


def _remark(known: Known[ParaSet]) -> str:
    seen = int(known.status.get("observedGeneration") or 0)
    if not seen:
        return "No operator has reported on this set yet: is one at work, and has it the Lease?"
    return "The operator has not reported on the set's last change yet." if seen < known.generation else ""


def _learned_copies(policies: Iterable[Known[FillPolicy]]) -> list[str]:
    known = (each.value for each in policies if each.value is not None)
    return [note for each in known for note in notes_on(each.metadata.name, learned_in(each))]


def _bad_policies(policies: Iterable[Known[FillPolicy]]) -> list[str]:
    return [
        f"FillPolicy {known.name} is invalid, so that nothing is done on its nodes: {known.problem}"
        for known in policies
        if known.value is None
    ]
