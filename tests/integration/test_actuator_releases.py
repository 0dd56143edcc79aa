"""A release that waits for its turn is cancelled when its LS pod needs no room any more, and what fails is repeated;
on the real API server.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace

import pytest
from operating import eventually

from devcluster import LocalCluster
from paraset_operator.acting import releases, sender
from paraset_operator.acting.actuator import Actuator
from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.acting.writes import PodWriter
from paraset_operator.cluster.cache import ClusterCache, PodStore
from paraset_operator.cluster.client import ApiError, Client
from paraset_operator.cluster.connection import connect
from paraset_operator.cluster.reflector import Reflector
from paraset_operator.model.plan import Beneficiary, DeletePod, NominatePod, Reason, Release
from paraset_operator.model.pod import Pod
from paraset_operator.model.shape import ParaSetView

NAMESPACE = "cancels"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
NAMES = ("first", "second", "ls-first", "ls-second")
SET = ParaSetView(NAMESPACE, "s", "uid-s", ceiling=2, shapes=())


class HeldWriter(PodWriter):
    """The real writes; the deletion of one pod waits until the test lets it go, and the first writes of some fail."""

    def __init__(self, client: Client, held: str) -> None:
        super().__init__(client)
        self._held = held
        self.has_begun, self.go_on = asyncio.Event(), asyncio.Event()
        self.failures: dict[str, list[ApiError]] = {}

    async def delete(self, action: DeletePod) -> bytes:
        if action.pod.name == self._held:
            self.has_begun.set()
            await self.go_on.wait()
        self._fail(action.pod.name)
        return await super().delete(action)

    async def nominate(self, action: NominatePod) -> bytes:
        self._fail(action.pod.name)
        return await super().nominate(action)

    def _fail(self, name: str) -> None:
        if failures := self.failures.get(name):
            raise failures.pop()


@pytest.fixture(scope="module")
def namespace(local_cluster: LocalCluster) -> Iterator[LocalCluster]:
    local_cluster.api.post("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    yield local_cluster
    local_cluster.api.delete(f"/api/v1/namespaces/{NAMESPACE}")


@pytest.fixture
def cluster(namespace: LocalCluster) -> Iterator[LocalCluster]:
    for name in ("first", "second"):
        namespace.api.post(PODS, pod(name, "default-scheduler"))
    for name in ("ls-first", "ls-second"):
        namespace.api.post(PODS, pod(name, "nobody"))
    yield namespace
    for name in NAMES:
        namespace.api.delete(f"{PODS}/{name}")
    eventually("all pods are gone", lambda: not namespace.api.get(PODS)["items"])


def pod(name: str, scheduler: str) -> dict[str, object]:
    spec = {"schedulerName": scheduler, "containers": [{"name": "c", "image": "c:1"}]}
    return {"metadata": {"name": name}, "spec": spec}


async def until(what: str, look: Callable[[], object]) -> None:
    await asyncio.to_thread(eventually, what, look)


def nothing(_: LocalCluster) -> None:
    """The LS pod goes on waiting."""


def deleted(cluster: LocalCluster) -> None:
    cluster.api.delete(f"{PODS}/ls-second")


def bound(cluster: LocalCluster) -> None:
    target = {"apiVersion": "v1", "kind": "Node", "name": "node-0"}
    cluster.api.post(f"{PODS}/ls-second/binding", {"metadata": {"name": "ls-second"}, "target": target})


def nominated(cluster: LocalCluster) -> None:
    cluster.api.patch(f"{PODS}/ls-second/status", {"status": {"nominatedNodeName": "node-1"}})


def changed(pods: PodStore) -> bool:
    now = pods.get(f"{NAMESPACE}/ls-second")
    return now is None or now.is_terminating or bool(now.node) or now.nominated == "node-1"


@contextlib.asynccontextmanager
async def acting(
    cluster: LocalCluster, outcomes: list[Outcome]
) -> AsyncIterator[tuple[PodStore, HeldWriter, Actuator]]:
    """Give what sees the pods, what writes, and what is told to act; the deletion of `first` is held."""
    cache = ClusterCache()
    pods = cache.pods
    async with Client(connect(str(cluster.kubeconfig))) as client:
        reflector = Reflector(client, "/api/v1/pods", pods, lambda: None)
        watching = asyncio.ensure_future(reflector.run())
        await until("pods", lambda: all(pods.get(f"{NAMESPACE}/{name}") for name in NAMES))
        writer = HeldWriter(client, "first")
        yield (
            pods,
            writer,
            Actuator(writer, cache, lambda _: None, lambda _: None, outcomes.append, releases_at_a_time=1),
        )
        watching.cancel()


async def outcomes_when(
    cluster: LocalCluster, change: Callable[[LocalCluster], None], nominates: bool
) -> list[Outcome]:
    """Let two releases queue behind each other, and let the change come before the second has its turn."""
    outcomes: list[Outcome] = []
    async with acting(cluster, outcomes) as (pods, writer, actuator):
        for name in ("first", "second"):
            actuator.release(release(pods, name, nominates=nominates))
        await asyncio.wait_for(writer.has_begun.wait(), 60)
        await asyncio.to_thread(change, cluster)
        if change is not nothing:
            await until("the change is seen", lambda: changed(pods) or nominates)
        writer.go_on.set()
        await until("both have ended", lambda: sum(isinstance(each.action, DeletePod) for each in outcomes) == 2)
    return outcomes


async def nominations_when_told(cluster: LocalCluster, *, may_preempt: bool) -> list[int]:
    """Return how many pods are nominated as the victim is told, and in the end."""
    outcomes: list[Outcome] = []

    def nominations() -> int:
        return sum(isinstance(each.action, NominatePod) for each in outcomes)

    async with acting(cluster, outcomes) as (pods, writer, actuator):
        actuator.release(release(pods, "first", nominates=True, may_preempt=may_preempt))
        await asyncio.wait_for(writer.has_begun.wait(), 60)
        when_told = nominations()
        writer.go_on.set()
        await until("it is nominated", nominations)
        await until("the victim is gone", lambda: pods.get(f"{NAMESPACE}/first") is None)
    return [when_told, nominations()]


def release(pods: PodStore, name: str, *, nominates: bool, may_preempt: bool = True) -> Release:
    victim, nominee = (known(pods, each) for each in (name, f"ls-{name}"))
    nominee = replace(nominee, may_preempt=may_preempt)
    beneficiary = Beneficiary(nominee.key, nominee.uid, nominee.nominated)
    action = DeletePod(victim, SET, Reason.YIELDS, beneficiary=beneficiary, grace_seconds=0)
    return Release("node-0", beneficiary, NominatePod(nominee, "node-0") if nominates else None, (action,))


def known(pods: PodStore, name: str) -> Pod:
    found = pods.get(f"{NAMESPACE}/{name}")
    assert found is not None
    return found


def results(outcomes: list[Outcome]) -> dict[str, Result]:
    return {each.action.pod.name: each.result for each in outcomes if isinstance(each.action, DeletePod)}


def run(work: Awaitable[list[Outcome]]) -> dict[str, Result]:
    async def all_of_it() -> list[Outcome]:
        return await work

    return results(asyncio.run(all_of_it()))


def test_a_pod_that_may_preempt_is_nominated_before_its_victims_are_told(cluster: LocalCluster) -> None:
    assert asyncio.run(nominations_when_told(cluster, may_preempt=True)) == [1, 1]


def test_a_pod_that_may_not_preempt_is_nominated_after_its_victims_were_told(cluster: LocalCluster) -> None:
    assert asyncio.run(nominations_when_told(cluster, may_preempt=False)) == [0, 1]


@pytest.mark.parametrize("nominates", [False, True], ids=["without nomination", "with nomination"])
def test_a_release_that_waits_is_sent_while_its_pod_waits(cluster: LocalCluster, nominates: bool) -> None:
    found = run(outcomes_when(cluster, nothing, nominates))
    assert found == {"first": Result.DONE, "second": Result.DONE}


@pytest.mark.parametrize("nominates", [False, True], ids=["without nomination", "with nomination"])
@pytest.mark.parametrize("change", [deleted, bound, nominated], ids=lambda each: each.__name__)
def test_a_release_that_waits_is_cancelled_when_its_need_is_gone(
    cluster: LocalCluster, change: Callable[[LocalCluster], None], nominates: bool
) -> None:
    found = run(outcomes_when(cluster, change, nominates))
    assert found == {"first": Result.DONE, "second": Result.SUPERSEDED}
    victim = cluster.api.get(f"{PODS}/second")
    assert "deletionTimestamp" not in victim["metadata"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_deletion_that_fails_is_repeated_while_its_pod_waits(cluster: LocalCluster, status: int) -> None:
    async def work() -> list[Outcome]:
        outcomes: list[Outcome] = []
        async with acting(cluster, outcomes) as (pods, writer, actuator):
            writer.failures["second"] = [ApiError(status, "TooManyRequests", "overloaded")] * 2
            actuator.release(release(pods, "second", nominates=True))
            await until("the victim is gone", lambda: pods.get(f"{NAMESPACE}/second") is None)
            await until("it is told", lambda: any(isinstance(each.action, DeletePod) for each in outcomes))
        return outcomes

    assert run(work()) == {"second": Result.DONE}


def test_a_deletion_that_fails_is_not_repeated_for_a_pod_that_is_gone(
    cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "_REPEATED_AFTER", (0.1,) * 600)
    monkeypatch.setattr(releases, "_REPEATED_FOR", 60.0)

    async def work() -> list[Outcome]:
        outcomes: list[Outcome] = []
        async with acting(cluster, outcomes) as (pods, writer, actuator):
            writer.failures["second"] = [ApiError(503, "ServiceUnavailable", "overloaded")] * 600
            actuator.release(release(pods, "second", nominates=True))
            await until("it was repeated", lambda: len(writer.failures["second"]) < 598)
            await asyncio.to_thread(deleted, cluster)
            await until("it has ended", lambda: any(isinstance(each.action, DeletePod) for each in outcomes))
            assert writer.failures["second"]
        return outcomes

    assert run(work()) == {"second": Result.FAILED}
    assert "deletionTimestamp" not in cluster.api.get(f"{PODS}/second")["metadata"]


def test_room_is_made_without_nomination_after_one_was_refused_and_later_with_one_again(
    cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "_NOT_NOMINATED_FOR", 0.0)

    async def work() -> list[Outcome]:
        outcomes: list[Outcome] = []
        async with acting(cluster, outcomes) as (pods, writer, actuator):
            writer.go_on.set()
            writer.failures["ls-first"] = [ApiError(403, "Forbidden", "cannot patch pods/status")]
            for name in ("first", "second"):
                actuator.release(release(pods, name, nominates=True))
            await until("both are told", lambda: sum(isinstance(each.action, DeletePod) for each in outcomes) == 2)
        return outcomes

    outcomes = asyncio.run(work())
    assert results(outcomes) == {"first": Result.DONE, "second": Result.DONE}
    nominations = {each.action.pod.name: each.result for each in outcomes if isinstance(each.action, NominatePod)}
    assert nominations == {"ls-first": Result.REFUSED, "ls-second": Result.DONE}


async def outcomes_of_recall(
    cluster: LocalCluster, reason: Reason, recalled: Reason, nominated_to: str = ""
) -> list[Outcome]:
    """Let two releases for no pod yet queue behind each other, and recall those for one reason meanwhile."""
    outcomes: list[Outcome] = []
    async with acting(cluster, outcomes) as (pods, writer, actuator):
        for name in ("first", "second"):
            beneficiary = Beneficiary(f"room for {name}")
            leaves = DeletePod(known(pods, name), SET, reason, beneficiary=beneficiary, grace_seconds=0)
            actuator.release(Release("node-0", beneficiary, None, (leaves,)))
        await asyncio.wait_for(writer.has_begun.wait(), 60)
        pods.expect(replace(known(pods, "ls-first"), nominated=nominated_to))
        actuator.recall({recalled})
        writer.go_on.set()
        await until("both have ended", lambda: len(outcomes) == 2)
    return outcomes


@pytest.mark.parametrize("reason", [Reason.HEADROOM, Reason.ANNOUNCED])
def test_what_waits_for_its_turn_and_is_for_no_pod_yet_is_recalled(cluster: LocalCluster, reason: Reason) -> None:
    found = run(outcomes_of_recall(cluster, reason, reason))
    assert found == {"first": Result.DONE, "second": Result.WITHDRAWN}
    assert "deletionTimestamp" not in cluster.api.get(f"{PODS}/second")["metadata"]


def test_headroom_is_not_recalled_because_an_announcement_is_withdrawn(cluster: LocalCluster) -> None:
    found = run(outcomes_of_recall(cluster, Reason.HEADROOM, Reason.ANNOUNCED))
    assert found == {"first": Result.DONE, "second": Result.DONE}


def test_room_that_an_ls_pod_was_nominated_for_meanwhile_is_not_recalled(cluster: LocalCluster) -> None:
    found = run(outcomes_of_recall(cluster, Reason.ANNOUNCED, Reason.ANNOUNCED, nominated_to="node-0"))
    assert found == {"first": Result.DONE, "second": Result.DONE}
