"""What the operator makes of the LS pods that come. The clock is the test's; nothing else is a stand-in."""

from dataclasses import replace
from typing import Any

import pytest
from planning_cases import amounts, filler, ls, node, paraset, policy, terminating
from runtime_cases import SET, delete

from paraset_operator.api.v1alpha1 import FillPolicyStatus, HeadroomStatus
from paraset_operator.cluster.cache import ClusterCache
from paraset_operator.model.constraints import Constraints, LabelSelector, NodeSelectorTerm, Requirement
from paraset_operator.model.plan import Reason
from paraset_operator.model.pod import Pod
from paraset_operator.model.policy import AutoCopies, HeadroomShape, PolicyView
from paraset_operator.runtime.headroom_learning import EVERY, HeadroomLearner
from paraset_operator.runtime.release_times import ReleaseTimes

HOUR = 3600.0
START = 500_000 * HOUR
AUTO = HeadroomShape("auto", amounts(cpu=2), 0, auto=AutoCopies())
TO_A = Requirement("metadata.name", "In", ("a",))
POLICY = policy("p", headroom=(AUTO,))


class Scene:
    """A learner with a cluster of two nodes, in pools a and b."""

    def __init__(self, *policies: PolicyView, status: FillPolicyStatus | None = None) -> None:
        self.now, self.policies, self._revision = START, policies or (POLICY,), 0
        self.cache = ClusterCache()
        for name in ("a", "b"):
            self.cache.nodes.nodes[name] = node(name, labels={"pool": name})
        self.releases = ReleaseTimes(lambda _node: "p", lambda _seconds: None, lambda: self.now)
        self.learner = HeadroomLearner(self.cache, self.releases, lambda _policy: status, lambda: self.now)
        self.cache.pods.listen(self.learner.saw_pod)
        self.cache.pods.listen(self.releases.saw_pod)
        self.learner.start()

    def see(self, pod: Pod) -> None:
        self._revision += 1
        self.cache.pods.put(replace(pod, revision=str(self._revision)))

    def come(self, *names: str, **fields: Any) -> None:
        """LS pods come one after the other at once, one core each unless told otherwise."""
        for name in names:
            self.see(ls(name, **({"cpu": 1} | fields)))

    def copies(self, of: str = "p") -> dict[str, int]:
        self.learner.learn(self.policies)
        return dict(self.learner.copies_of(of))

    def told(self) -> list[HeadroomStatus]:
        self.learner.learn(self.policies)
        return self.learner.report(self.policies[0])[0]


def pool(name: str) -> LabelSelector:
    return LabelSelector((Requirement("pool", "In", (name,)),))


def test_pods_that_come_together_are_copies() -> None:
    scene = Scene()
    scene.come("x", "y", "z")
    assert scene.copies() == {"auto": 3}


def test_nobody_has_come_yet() -> None:
    assert Scene().copies() == {"auto": 0}


@pytest.mark.parametrize(
    "pod",
    [
        ls("bound", cpu=1, node="a"),
        ls("gated", cpu=1, is_gated=True),
        ls("leaving", cpu=1, is_terminating=True),
        ls("humble", cpu=1, priority=-1),
        ls("large", cpu=3),
        ls("gpu", cpu=1, gpus=1),
        ls("nowhere", cpu=1, constraints=Constraints((("pool", "c"),))),
        ls("daemon", cpu=1, constraints=Constraints(affinity=(NodeSelectorTerm(fields=(TO_A,)),))),
        filler(paraset("s"), node=""),
    ],
    ids=lambda pod: pod.name,
)
def test_who_could_not_use_a_copy_does_not_count(pod: Pod) -> None:
    scene = Scene()
    scene.see(pod)
    assert scene.copies() == {"auto": 0}


def test_a_gated_pod_comes_when_its_gate_opens() -> None:
    scene = Scene()
    scene.come("x", is_gated=True)
    scene.now += 600
    scene.come("x", "y")
    assert scene.copies() == {"auto": 2}


def test_a_pod_counts_once_however_often_it_changes() -> None:
    scene = Scene()
    scene.come("x")
    scene.come("x", nominated="a")
    scene.come("x", node="a")
    scene.learner.learn(scene.policies)
    (told,) = scene.told()
    assert "the 1 LS pod" in told.message


def test_a_pod_that_fits_a_smaller_shape_leaves_the_larger_one_alone() -> None:
    given = HeadroomShape("given", amounts(cpu=1), 1)
    scene = Scene(policy("p", headroom=(AUTO, given)))
    scene.come("x")
    assert scene.copies() == {"auto": 0}
    scene.come("y", cpu=2)
    assert scene.copies() == {"auto": 1}


def test_a_bound_pod_counts_for_the_policy_of_its_node_and_one_that_waits_for_all_it_could_use() -> None:
    scene = Scene(policy("p", nodes=pool("a"), headroom=(AUTO,)), policy("q", nodes=pool("b"), headroom=(AUTO,)))
    scene.come("x")
    scene.come("x", node="b")
    assert (scene.copies("p"), scene.copies("q")) == ({"auto": 0}, {"auto": 1})
    scene.now += 600
    scene.come("y")
    assert (scene.copies("p"), scene.copies("q")) == ({"auto": 1}, {"auto": 1})


def test_before_a_victim_was_seen_room_takes_the_longest_grace_to_free() -> None:
    scene = Scene()
    scene.come("x")
    scene.now += POLICY.max_grace_seconds
    scene.come("y")
    assert scene.copies() == {"auto": 2}
    scene.now += POLICY.max_grace_seconds + 1
    scene.come("z")
    assert scene.copies() == {"auto": 2}


def test_the_time_that_victims_take_is_what_counts_once_it_is_measured() -> None:
    scene = Scene()
    victim = filler(SET, node="a")
    scene.see(victim)
    scene.releases.began(delete(Reason.YIELDS, victim))
    scene.now += 3
    scene.cache.pods.gone(terminating(victim))
    scene.come("x")
    scene.now += 4
    scene.come("y")
    assert scene.copies() == {"auto": 1}


def test_a_node_that_comes_opens_the_way_to_a_shape() -> None:
    scene = Scene()
    to_c = Constraints((("pool", "c"),))
    scene.come("x", constraints=to_c)
    assert scene.copies() == {"auto": 0}
    scene.cache.nodes.nodes["c"] = node("c", labels={"pool": "c"})
    scene.learner.nodes_changed()
    scene.come("y", constraints=to_c)
    assert scene.copies() == {"auto": 1}


def test_a_new_leader_goes_on_from_the_status() -> None:
    first = Scene()
    first.come("x", "y", "z")
    status = FillPolicyStatus(headroom=first.told(), release_seconds=30)
    second = Scene(status=status)
    assert second.told() == status.headroom
    second.now += 600
    second.come("v")
    assert second.copies() == {"auto": 3}
    second.now += EVERY
    assert "the 4 LS pods" in second.told()[0].message


def test_copies_that_were_to_fall_do_not_fall_by_a_restart() -> None:
    told = HeadroomStatus(name="auto", copies=5, resources={"cpu": "2"})
    scene = Scene(status=FillPolicyStatus(headroom=[told]))
    assert scene.copies() == {"auto": 5}
    scene.now += HOUR
    assert scene.copies() == {"auto": 0}


def test_what_was_learned_for_another_size_is_forgotten() -> None:
    scene = Scene()
    scene.come("x", "y")
    assert scene.copies() == {"auto": 2}
    scene.policies = (policy("p", headroom=(replace(AUTO, resources=amounts(cpu=3)),)),)
    assert scene.copies() == {"auto": 0}


def test_what_was_learned_outlives_a_change_of_copies_and_of_rules() -> None:
    scene = Scene()
    scene.come("x", "y")
    assert scene.copies() == {"auto": 2}
    scene.policies = (policy("p", headroom=(replace(AUTO, copies=2, auto=AutoCopies(floor=1)),)),)
    assert scene.copies() == {"auto": 2}


def test_a_number_in_place_of_auto_ends_it() -> None:
    scene = Scene()
    scene.come("x")
    assert scene.copies()
    scene.policies = (policy("p", headroom=(replace(AUTO, auto=None),)),)
    assert scene.copies() == {}
    assert scene.told() == []


def test_a_leader_begins_with_the_status_and_not_with_what_it_saw_as_a_standby() -> None:
    scene = Scene()
    scene.come("x", "y")
    scene.learner.start()
    assert scene.copies() == {"auto": 0}


def test_what_is_told_changes_at_once_with_copies_and_else_once_a_minute() -> None:
    scene = Scene()
    scene.come("x", "y")
    before = scene.told()
    assert before[0].copies == 2
    scene.now += EVERY - 1
    scene.come("z")
    assert scene.told() == before
    scene.now += 1
    assert "the 3 LS pods" in scene.told()[0].message


def test_where_nothing_happens_the_same_is_told() -> None:
    scene = Scene()
    scene.come("x")
    before = scene.told()
    scene.now += 10 * EVERY
    assert scene.told() == before
