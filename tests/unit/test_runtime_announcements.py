"""What is still to come: claims less the pods that are there, once they had a moment to come by themselves."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest
from pod_json import raw

from paraset_operator.cluster.claim_decode import scaled
from paraset_operator.cluster.claims import Claim, ClaimStore, Key, Template
from paraset_operator.cluster.pod_templates import PodTemplates
from paraset_operator.cluster.priority_classes import PriorityClasses
from paraset_operator.model.announced import Source
from paraset_operator.model.constraints import UNCONSTRAINED
from paraset_operator.model.pod import Pod
from paraset_operator.runtime.announcements import SETTLE, Announcements

WEB: Key = ("shop", "Deployment/web")
TRAIN: Key = ("shop", "Job/train")


def template(name: str = "never") -> Template:
    return Template({"cpu": 1000, "pods": 1}, UNCONSTRAINED, priority_class=name)


def claim(wanted: int, key: Key = WEB, source: Source = Source.WORKLOADS, **fields: Any) -> Claim:
    kind, _, name = key[1].partition("/")
    given = {"template": template()} | fields
    return Claim(source, f"{kind} {key[0]}/{name}", key, wanted, **given)


def pod(name: str, controller: str = "ReplicaSet/web-7d9f", **fields: Any) -> Pod:
    return replace(Pod("shop", name, f"uid-{name}", controller=controller), **fields)


@dataclass
class Scene:
    """Announcements over stores that a test fills, with a clock of the test's own."""

    now: float = 100.0
    demands: int = 0
    demanded: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.store = ClaimStore(scaled("Deployment"), self._touch)
        classes = PriorityClasses(lambda: None)
        for name, policy in (("never", "Never"), ("preempts", "")):
            body = {"metadata": {"name": name, "uid": name}, "value": 10, "preemptionPolicy": policy}
            classes.upsert(msgspec.Raw(raw(body)))
        classes.prune({"never", "preempts"})
        self.it = Announcements(
            [self.store], classes, PodTemplates(lambda: None), self._demand, lambda: None, lambda: self.now
        )

    def _demand(self) -> None:
        self.demands += 1
        self.demanded.set()

    def _touch(self, key: Key) -> None:
        self.it.touch(key)

    def say(self, uid: str, value: Claim) -> None:
        """Let an object make a claim."""
        self.store._put(uid, (value,))

    def pods(self, *pods: Pod) -> None:
        for each in pods:
            self.it.saw_pod(None, each)

    def counts(self) -> list[int]:
        return [each.count for each in self.it.in_force()]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_pods_that_are_missing_are_announced(scene: Scene) -> None:
    scene.say("d", claim(3))
    scene.pods(pod("web-7d9f-1"))
    (each,) = scene.it.in_force()
    assert (each.key, each.count, each.priority) == ("Deployment shop/web", 2, 10)


def test_a_pod_that_is_there_is_announced_no_more(scene: Scene) -> None:
    scene.say("d", claim(1))
    scene.pods(pod("web-7d9f-1"))
    assert scene.counts() == []


def test_pods_of_other_controllers_do_not_count(scene: Scene) -> None:
    scene.say("d", claim(1))
    scene.pods(pod("api-1", "ReplicaSet/api-7d9f"), pod("x", ""), replace(pod("y"), namespace="other"))
    assert scene.counts() == [1]


def test_a_pod_on_its_way_out_is_to_be_replaced(scene: Scene) -> None:
    scene.say("d", claim(1))
    scene.pods(pod("web-7d9f-1"))
    scene.it.saw_pod(pod("web-7d9f-1"), pod("web-7d9f-1", is_terminating=True))
    assert scene.counts() == [1]


def test_age_counts_from_the_last_change(scene: Scene) -> None:
    scene.say("d", claim(3))
    scene.now += 10
    scene.pods(pod("web-7d9f-1"))
    scene.now += 5
    assert [each.age for each in scene.it.in_force()] == [5.0]


def test_pods_that_may_not_preempt_are_demanded_at_once(scene: Scene) -> None:
    scene.say("d", claim(1))
    assert scene.demands == 1


def test_pods_that_may_preempt_have_a_moment_to_come_by_themselves(scene: Scene) -> None:
    async def run() -> None:
        scene.say("d", claim(1, template=template("preempts")))
        assert ([each.is_fresh for each in scene.it.in_force()], scene.demands) == ([True], 0)
        scene.now += SETTLE
        assert [each.is_fresh for each in scene.it.in_force()] == [False]

    asyncio.run(run())


def test_a_pod_that_comes_gives_the_others_another_moment(scene: Scene) -> None:
    async def run() -> None:
        scene.say("d", claim(2, template=template("preempts")))
        scene.now += SETTLE
        scene.pods(pod("web-7d9f-1"))
        assert [each.is_fresh for each in scene.it.in_force()] == [True]

    asyncio.run(run())


def test_what_becomes_due_later_is_demanded_then(scene: Scene) -> None:
    async def run() -> None:
        scene.say("d", claim(1, template=template("preempts")))
        scene.now += SETTLE
        await asyncio.wait_for(scene.demanded.wait(), 10)

    asyncio.run(run())


def test_an_announcement_that_shrinks_demands_nothing(scene: Scene) -> None:
    async def run() -> None:
        scene.say("d", claim(3, template=template("preempts")))
        before = scene.demands
        scene.pods(pod("web-7d9f-1"))
        assert scene.demands == before

    asyncio.run(run())


def test_an_autoscaler_has_its_targets_template(scene: Scene) -> None:
    scene.say("d", claim(1))
    scene.say("hpa", claim(4, source=Source.AUTOSCALERS, template=None))
    scene.pods(pod("web-7d9f-1"))
    (each,) = scene.it.in_force()
    assert (each.source, each.count) == (Source.AUTOSCALERS, 3)


def test_an_autoscaler_of_an_unknown_target_announces_nothing(scene: Scene) -> None:
    scene.say("hpa", claim(4, source=Source.AUTOSCALERS, template=None))
    assert scene.counts() == []


def test_a_job_counts_the_pods_it_has_seen_itself(scene: Scene) -> None:
    """One that has ended is gone from the cache before the Job knows: nothing new comes of that."""
    scene.say("j", claim(2, TRAIN, Source.JOBS, running=2))
    assert scene.counts() == []


def test_a_workload_of_a_job_wants_no_more_than_the_job(scene: Scene) -> None:
    scene.say("j", claim(1, TRAIN, Source.SUSPENDED_JOBS, quiet=True))
    scene.say("w", claim(4, TRAIN, Source.KUEUE))
    assert [(each.source, each.count) for each in scene.it.in_force()] == [(Source.KUEUE, 1)]


def test_what_stands_is_promised_beside_the_pods_there_are(scene: Scene) -> None:
    scene.say("b", claim(2, stands=True))
    scene.pods(pod("web-7d9f-1"))
    scene.now += 1000
    assert [(each.count, each.age) for each in scene.it.in_force()] == [(2, 0.0)]


def test_a_class_that_nobody_knows_announces_nothing(scene: Scene) -> None:
    scene.say("d", claim(1, template=template("gone")))
    assert scene.counts() == []


def gated(**fields: Any) -> Pod:
    return pod("gated", "", is_gated=True, may_preempt=False, requests={"cpu": 1000, "pods": 1}, **fields)


def test_a_gated_pod_is_announced_until_its_gate_goes(scene: Scene) -> None:
    scene.pods(gated())
    assert [each.source for each in scene.it.in_force()] == [Source.GATED]
    scene.it.saw_pod(gated(), replace(gated(), is_gated=False))
    assert scene.counts() == []


@pytest.mark.parametrize("fields", [{"is_queued": True}, {"is_terminating": True}], ids=["of a queue", "going"])
def test_some_gated_pods_are_not_announced(scene: Scene, fields: dict[str, Any]) -> None:
    scene.pods(gated(**fields))
    assert scene.counts() == []
