"""The operator in a simulated cluster: the same plan, the same pacing, and decisions carried out as it does.

Decisions are carried out at once. What the planner takes to be possible and is not is never made to happen: a create
that fits no device stays pending, as it would with a real scheduler, and is counted as a violation.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from paraset_operator.acting.actuator import action_waits
from paraset_operator.acting.outcome import Outcome, Result
from paraset_operator.acting.sender import expected_pod, key_of
from paraset_operator.model.plan import Action, CreatePod, DeletePod, Plan, Reason, Release, ResizePod
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import minus
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.planning.feasibility import policy_of
from paraset_operator.planning.planner import plan, plan_yield
from paraset_operator.runtime.memory import YIELD_REASONS, Memory
from paraset_operator.simulation.fleet import Amount
from paraset_operator.simulation.ledger import Ledger
from paraset_operator.simulation.policies import FillerPolicy
from paraset_operator.simulation.world import World


class Operator:
    """One operator over one world; `end` is called with every pod that begins to terminate."""

    def __init__(self, world: World, policy: FillerPolicy, ledger: Ledger, end: Callable[[Pod], None]) -> None:
        self._world, self._policy, self._ledger, self._end = world, policy, ledger, end
        rules = {node.name: policy_of(node, policy.policies) for node in world.nodes}
        default = policy.policies[0].pacing
        pacing = {name: each.pacing if each else default for name, each in rules.items()}
        self._memory = Memory(lambda name: pacing[name], clock=lambda: world.now)
        world.listen(self._memory.saw_pod)

    def turn(self) -> Plan:
        """Make one full plan and carry it out; return it with the actions that were."""
        self._memory.waits([pod.uid for pod in self._world.pods() if pod.is_filler and not pod.node])
        snapshot = self._freeze()
        self._memory.looked(snapshot)
        pacing = self._memory.pacing
        began = time.perf_counter()
        made = plan(snapshot, pacing, self._moment())
        self._ledger.plan_seconds.append(time.perf_counter() - began)
        self._carry_out(made.releases)
        done = tuple(action for action in made.actions if not action_waits(action) and self._do(action))
        return replace(made, actions=done)

    def urgent(self) -> None:
        """Make room for LS pods that wait, and do nothing else."""
        self._carry_out(plan_yield(self._freeze(), self._moment()))

    def _freeze(self) -> Snapshot:
        nodes, waiting = self._world.cache.freeze()
        return Snapshot(nodes, waiting, self._policy.sets, self._policy.policies)

    def _moment(self) -> Moment:
        return Moment(self._world.now, self._world.now)

    def _carry_out(self, releases: Iterable[Release]) -> None:
        for release in releases:
            if release.nomination is not None:
                nominee = self._world.get(release.nomination.pod.key)
                if nominee is None or nominee.node:
                    continue
                self._world.put(replace(nominee, nominated=release.nomination.node))
            for action in release.actions:
                self._do(action)

    def _do(self, action: Action) -> bool:
        """Carry an action out if the pod is still as it was when that was decided; say whether it was."""
        seen = self._world.get(key_of(action))
        match action:
            case CreatePod():
                return seen is None and self._create(action)
            case DeletePod():
                return _is_current(action, seen) and self._delete(action)
            case ResizePod():
                return _is_current(action, seen) and self._resize(action)

    def _create(self, action: CreatePod) -> bool:
        self._memory.began(action)
        pod = self._world.add(expected_pod(action, None))
        node = self._world.index[action.node]
        devices = self._world.room_for(node, pod.requests)
        if devices is None:
            self._ledger.violated(f"{pod.key} does not fit on {action.node}")
        else:
            self._world.bind(pod, node, devices)
        self._memory.concluded(Outcome(action, Result.DONE))
        return True

    def _delete(self, action: DeletePod) -> bool:
        self._memory.began(action)
        pod = replace(
            expected_pod(action, self._world.get(action.pod.key)), is_preempted=action.reason is Reason.YIELDS
        )
        self._memory.concluded(Outcome(action, Result.DONE))
        if action.reason in YIELD_REASONS:
            self._ledger.evicted(pod, action.lost_seconds)
        self._world.put(pod)
        self._end(pod)
        return True

    def _resize(self, action: ResizePod) -> bool:
        pod = self._world.get(action.pod.key)
        if pod is None or not pod.node:
            return False
        self._memory.began(action)
        more = {name: amount for name, amount in minus(action.requests, pod.requests).items() if amount > 0}
        if self._world.fleet.fits(self._world.index[pod.node], Amount(more.get("cpu", 0), more.get("memory", 0), 0)):
            self._world.resize(pod, dict(pod.sizes) | dict(action.sizes), action.requests)
            self._memory.concluded(Outcome(action, Result.DONE))
        else:
            self._ledger.violated(f"{pod.key} can't grow on {pod.node}")
            self._memory.concluded(Outcome(action, Result.REFUSED))
        return True


def _is_current(action: DeletePod | ResizePod, seen: Pod | None) -> bool:
    return seen is not None and seen.uid == action.pod.uid and not seen.is_terminating
