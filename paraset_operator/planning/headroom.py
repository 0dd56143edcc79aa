"""Room kept free for LS work before it asks: each copy of a headroom shape is promised where it fits, or made."""

from paraset_operator.model.plan import Beneficiary, Reason, Release
from paraset_operator.model.policy import PolicyView
from paraset_operator.model.quantity import PODS
from paraset_operator.model.resources import plus
from paraset_operator.planning.demand import landing
from paraset_operator.planning.feasibility import selects
from paraset_operator.planning.room import NodeRoom
from paraset_operator.planning.victims import Owners
from paraset_operator.planning.yielding import release_cheapest


def keep_headroom(
    policies: tuple[PolicyView, ...], rooms: dict[str, NodeRoom], owners: Owners, now: float
) -> tuple[Release, ...]:
    """Return the releases that make missing headroom; what is there already is only promised."""
    releases = []
    for policy in policies:
        for shape in policy.headroom:
            need = plus(shape.resources, {PODS: 1})
            nodes = [
                room
                for room in rooms.values()
                if room.policy is policy and not room.node.trouble and selects(shape.nodes, room.node.labels)
            ]
            for copy in range(shape.copies):
                home = landing(need, nodes)
                if home is not None:
                    home.promise(need)
                    continue
                beneficiary = Beneficiary(f"headroom {policy.name}/{shape.name} copy {copy + 1}")
                release = release_cheapest(need, nodes, owners, now, beneficiary, Reason.HEADROOM, nominee=None)
                releases += [release] if release else []
    return tuple(releases)
