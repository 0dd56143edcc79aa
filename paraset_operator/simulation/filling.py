"""Filling a cluster that stands still, until nothing more is to do."""

from paraset_operator.model.pod import Pod
from paraset_operator.simulation.deployment import Deployment
from paraset_operator.simulation.ledger import Ledger
from paraset_operator.simulation.operator import Operator
from paraset_operator.simulation.policies import FillerPolicy, Kind
from paraset_operator.simulation.schedulers import Scheduler
from paraset_operator.simulation.world import World

# Simulated seconds from one plan to the next, and how many plans there are at most.
_PAUSE, _MOST_TURNS = 1.0, 60


def fill(world: World, policy: FillerPolicy, scheduler: Scheduler, ledger: Ledger) -> int:
    """Fill the free room by a policy; return how many plans that took."""
    if policy.kind is Kind.DEPLOYMENT:
        Deployment(world, policy.sets[0], scheduler).scale_up()
    if policy.kind is not Kind.OPERATOR:
        return 0
    ending: list[Pod] = []
    operator = Operator(world, policy, ledger, ending.append)
    for turn in range(_MOST_TURNS):
        made = operator.turn()
        if not made.actions and not ending:
            return turn + 1
        world.now += _PAUSE
        while ending:
            world.remove(ending.pop())
    ledger.violated(f"still something to do after {_MOST_TURNS} plans")
    return _MOST_TURNS
