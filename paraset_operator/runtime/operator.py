"""The operator's parts and how they hear of each other."""

import asyncio
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

import structlog

from paraset_operator.acting.actuator import Actuator
from paraset_operator.acting.outcome import Outcome
from paraset_operator.acting.writes import PodWriter
from paraset_operator.api.v1alpha1 import FillPolicyStatus, ParaSet
from paraset_operator.cluster.cache import ClusterCache
from paraset_operator.cluster.client import EXPECTED_ERRORS, Client
from paraset_operator.cluster.reflector import Reflector
from paraset_operator.model.plan import Action
from paraset_operator.reporting.events import EventRecorder
from paraset_operator.reporting.metrics import Metrics
from paraset_operator.reporting.status_writer import StatusWriter
from paraset_operator.runtime.accounts import Accounts
from paraset_operator.runtime.accounts_store import AccountsStore
from paraset_operator.runtime.announced_watches import AnnouncedDemand
from paraset_operator.runtime.demands import Demands
from paraset_operator.runtime.filled_work import FilledWork
from paraset_operator.runtime.garbage import collect_when_calm
from paraset_operator.runtime.headroom_learning import HeadroomLearner
from paraset_operator.runtime.health import Health
from paraset_operator.runtime.lease import Lease
from paraset_operator.runtime.loop import Loop, Turn
from paraset_operator.runtime.memory import Memory
from paraset_operator.runtime.memory_json import memory_json
from paraset_operator.runtime.namespaces import NamespaceStore
from paraset_operator.runtime.objects import Known, paraset_store, policy_store
from paraset_operator.runtime.picture import Picture
from paraset_operator.runtime.policy_accounts import PolicyAccounts
from paraset_operator.runtime.policy_reporter import PolicyReporter
from paraset_operator.runtime.release_times import ReleaseTimes
from paraset_operator.runtime.reporter import Reporter
from paraset_operator.runtime.templates import TemplateChecks
from paraset_operator.runtime.worker_words import WorkerWords

_log = structlog.get_logger(__name__)


class Operator:
    """One replica: it watches from the start, and acts while it holds the Lease."""

    def __init__(
        self, client: Client, namespace: str, identity: str, fill_namespaces: frozenset[str] = frozenset()
    ) -> None:
        """Keep Lease and accounts in `namespace`; heed ParaSets of `fill_namespaces` alone, of all if it is empty."""
        self._client = client
        self.metrics = Metrics()
        client.on_answer = self.metrics.api.answered
        self.cache = ClusterCache(self._nodes_changed)
        self.sets = paraset_store(self._set_changed, fill_namespaces)
        self.policies = policy_store(lambda _before, _after: self._trigger())
        namespaces = NamespaceStore(self._trigger)
        self.demands = Demands(self.metrics.urgent_seconds.observe)
        writer = PodWriter(client, self.demands.lull)
        self.templates = TemplateChecks(writer)
        self.releases = ReleaseTimes(self._policy_on, self.metrics.releases.observe)
        self.learner = HeadroomLearner(self.cache, self.releases, self._status_of)
        self.announced = AnnouncedDemand(client, self.metrics, self._announced_more, self._trigger)
        self.picture = Picture(
            self.cache,
            self.sets,
            self.policies,
            namespaces,
            self.templates.fault_of,
            self.learner.copies_of,
            self.announced.now,
        )
        self.memory = Memory(self.picture.rules_of)
        self.accounts = Accounts(self.metrics, self.picture.policy_on)
        self._store = AccountsStore(client, namespace, self.accounts)
        self.actuator = Actuator(
            writer,
            self.cache,
            self._find,
            self._began,
            self._concluded,
            self.accounts.released,
            self.demands.sends,
        )
        self._events = EventRecorder(client, identity, self.demands.lull)
        self.reporter = Reporter(
            self.sets,
            self.policies,
            StatusWriter(client, self.sets.take),
            self._events,
            self.metrics,
            self.memory,
            FilledWork(self.accounts),
        )
        policy_statuses = StatusWriter(client, self.policies.take)
        self.policy_reporter = PolicyReporter(
            self.policies, policy_statuses, self.metrics, self.learner, PolicyAccounts(self.accounts)
        )
        self.loop = Loop(
            self.picture,
            self.actuator,
            self.memory,
            self.metrics,
            self.demands,
            lambda: self._may_act,
            self._report,
        )
        self._lease = Lease(client, namespace, identity, self._leads)
        words = WorkerWords(self._events, lambda: self._may_act)
        listening = (
            self.memory,
            self.accounts,
            self.releases,
            self.learner,
            self.announced.announcements,
            self.loop,
            words,
        )
        for listener in (each.saw_pod for each in listening):
            self.cache.pods.listen(listener)
        self._reflectors = [
            Reflector(client, f"/api/v1/{plural}", store, self._listed(plural))
            for plural, store in (("nodes", self.cache.nodes), ("pods", self.cache.pods), ("namespaces", namespaces))
        ]
        for each in self._reflectors:
            self.metrics.api.listens(each)
        self._has_listed_objects = False

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """Return everything that runs for as long as the operator does, by name."""
        watches = {f"watch of {each.path}": each.run() for each in self._reflectors}
        return (
            watches
            | self.announced.tasks()
            | {
                "lease": self._lease_when_synced(),
                "urgent loop": self.loop.run_urgent(),
                "loop": self.loop.run(self._prepare),
                "events": self._events.run(),
                "accounts": self._store.run(),
                "garbage": collect_when_calm(self.demands.calm),
            }
        )

    async def relist(self) -> None:
        """Bring sets and policies in step with complete lists."""
        await self.policies.relist(self._client)
        await self.sets.relist(self._client)
        self._has_listed_objects = True

    async def close(self) -> None:
        """Finish what is under way and hand over."""
        await self._store.finish()
        await self._lease.give_up()
        await self.actuator.close()

    def health(self) -> Health:
        """Return how the operator is."""
        now = time.monotonic()
        last_turn, last_plan = self.loop.last_turn, self.loop.last_plan
        return Health(
            is_synced=self._is_synced,
            is_leader=self._lease.is_held,
            last_turn_age=None if last_turn is None else now - last_turn,
            last_plan_age=None if last_plan is None else now - last_plan,
        )

    def remembers(self) -> dict[str, Any]:
        """Return what the next plan depends on beside what the API server knows."""
        return memory_json(self.memory.pacing, self.demands.answered, time.monotonic())

    @property
    def _is_synced(self) -> bool:
        return self._has_listed_objects and all(each.has_synced for each in self._reflectors)

    @property
    def _may_act(self) -> bool:
        return self._is_synced and self._lease.is_held

    async def _lease_when_synced(self) -> None:
        """Stand for election once the picture is complete: a leader that can't act yet is of no use to anybody."""
        while not self._has_listed_objects:
            try:
                await self.relist()
            except EXPECTED_ERRORS as error:
                _log.warning("ParaSets not listed", error=str(error) or type(error).__name__)
                await asyncio.sleep(1.0)
        await asyncio.gather(*(each.synced.wait() for each in self._reflectors))
        await self._lease.run()

    async def _prepare(self) -> None:
        self.learner.learn(self.picture.policies())
        now = datetime.now(UTC)
        pairs = [
            (self.picture.view(known, known.value, now), known.value)
            for known in self.sets
            if known.value is not None and known.value.metadata.deletion_timestamp is None
        ]
        await self.templates.ask(pairs)

    def _find(self, uid: str) -> ParaSet | None:
        known = self.sets.get(uid)
        return known.value if known else None

    def _policy_on(self, node: str) -> str:
        policy = self.picture.policy_on(node)
        return policy.name if policy else ""

    def _status_of(self, policy: str) -> FillPolicyStatus | None:
        return next((each.value.status for each in self.policies if each.name == policy and each.value), None)

    def _began(self, action: Action) -> None:
        self.memory.began(action)
        self.releases.began(action)

    def _concluded(self, outcome: Outcome) -> None:
        self.memory.concluded(outcome)
        self.releases.concluded(outcome)
        self.accounts.concluded(outcome)
        self.demands.concluded(outcome)
        self.reporter.concluded(outcome)
        if outcome.gives_up_room:
            self.loop.gave_up_room()
        self.loop.trigger()

    def _report(self, turn: Turn) -> None:
        if not self._lease.is_held:
            return
        self.accounts.advance()
        self.reporter.report(turn)
        self.policy_reporter.report(turn.snapshot)

    def _set_changed(self, before: Known[ParaSet] | None, after: Known[ParaSet] | None) -> None:
        if after is None:
            if before is not None:
                self._set_gone(before)
        elif before is None or before.generation != after.generation:
            self.memory.forgive(after.uid)
        if before is None or after is None or _plan_relevant(before) != _plan_relevant(after):
            self.loop.trigger()

    def _set_gone(self, known: Known[ParaSet]) -> None:
        self.reporter.forget(known)
        self.picture.forget(known.uid)
        self.templates.forget(known.uid)
        self.memory.forget(known.uid)

    def _nodes_changed(self) -> None:
        self.learner.nodes_changed()
        self._trigger()

    def _trigger(self) -> None:
        self.loop.trigger()

    def _announced_more(self) -> None:
        self.loop.saw_demand()

    def _leads(self, leads: bool) -> None:
        self.metrics.leads.set(leads)
        self.accounts.lead(leads)
        if not leads:
            self.metrics.stand_by()
        if leads:
            self.learner.start()
            self.reporter.start()
        self.loop.trigger()

    def _listed(self, plural: str) -> Any:
        def count() -> None:
            self.metrics.api.relists.labels(plural).inc()
            self.loop.trigger()

        return count


def _plan_relevant(known: Known[ParaSet]) -> tuple[object, ...]:
    return (known.generation, known.raw["metadata"].get("deletionTimestamp"))
