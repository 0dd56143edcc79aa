"""The plan, as a numbered algorithm. What it knows comes in as arguments; the same picture gives the same plan."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from paraset_operator.model.plan import DeletePod, Plan, Release
from paraset_operator.model.policy import DEFAULT_POLICY, PolicyView, Tenant
from paraset_operator.model.resources import total_of
from paraset_operator.model.shape import ParaSetView
from paraset_operator.model.snapshot import Moment, Snapshot
from paraset_operator.planning.ahead import make_ahead
from paraset_operator.planning.departures import departures, without_room
from paraset_operator.planning.differences import actions_for
from paraset_operator.planning.fairness import Shares
from paraset_operator.planning.feasibility import may_fill, policy_of
from paraset_operator.planning.filling import Contender, Site, admit, contender_of, fill, site_of
from paraset_operator.planning.fragmentation import observed_workload, rate_of
from paraset_operator.planning.headroom import keep_headroom
from paraset_operator.planning.names import IndexPool
from paraset_operator.planning.pacing import Pacing
from paraset_operator.planning.reports import node_report, set_report
from paraset_operator.planning.room import Instance, NodeRoom, room_of
from paraset_operator.planning.sizing import kept_sizes, size_instances
from paraset_operator.planning.victims import Owners
from paraset_operator.planning.worth import scale_of
from paraset_operator.planning.yielding import make_room

_START = Moment()


@dataclass(slots=True)
class _Draft:
    """The working state of one plan call."""

    rooms: dict[str, NodeRoom]
    owners: Owners
    policies: tuple[PolicyView, ...]
    releases: tuple[Release, ...] = ()
    contenders: list[Contender] = field(default_factory=list)
    leaving: list[DeletePod] = field(default_factory=list)


def plan(snapshot: Snapshot, pacing: Pacing | None = None, moment: Moment = _START) -> Plan:
    """Return what to do now, in order, and what that leaves free and why."""
    pacing = pacing or Pacing()
    # 1. Yield: room for LS pods that fit nowhere, then for headroom.
    draft = _with_yields(snapshot, moment)
    cooling = {release.node for release in draft.releases}
    for room in draft.rooms.values():
        room.is_cooling = room.name in cooling or pacing.is_cooling(room.name, moment.monotonic)
    # 2. Leave: fillers that can't stay, whatever the room.
    draft.leaving = departures(draft.rooms.values(), snapshot, draft.owners, pacing, moment)
    draft.leaving += without_room(draft.rooms.values(), draft.owners, moment.wall)
    # 3. Keep what runs, fill the holes that are left, neediest set first.
    shares = _keep(draft)
    shares.paused = frozenset(uid for uid in draft.owners if pacing.back_off_of(uid, moment.monotonic))
    shares.paused |= pacing.paused_growth(moment.monotonic)
    sites = _sites(draft, snapshot)
    counts = dict.fromkeys(draft.owners, 0)
    for room in draft.rooms.values():
        for instance in room.instances:
            counts[instance.owner.uid] += 1
    draft.contenders = [
        contender_of(owner, counts[owner.uid], sites, pacing, moment.monotonic) for owner in snapshot.sets
    ]
    gone = _gone(draft, snapshot)
    for contender in draft.contenders:
        admit(contender, IndexPool.of(contender.owner, snapshot, gone), pacing, moment.monotonic)
    fill(draft.contenders, shares)
    # 4. Size: shrink for what came, grow into what is left.
    scales = {owner.key: scale_of(owner, shares.fillable) for owner in snapshot.sets}
    for room in draft.rooms.values():
        size_instances(room, scales, shares)
    # 5. What differs from what runs becomes actions, room given before room taken.
    actions = actions_for(draft.rooms, draft.leaving, draft.contenders, snapshot)
    return Plan(
        releases=draft.releases,
        actions=actions,
        nodes=tuple(node_report(room, draft.contenders) for room in draft.rooms.values()),
        sets=tuple(set_report(each, draft.rooms.values()) for each in draft.contenders),
        usable=shares.fillable,
        next_check=pacing.next_expiry(moment.monotonic),
    )


def plan_yield(snapshot: Snapshot, moment: Moment = _START) -> tuple[Release, ...]:
    """Return only step 1 of the plan: the urgent path when LS work shows up."""
    return _with_yields(snapshot, moment).releases


def _with_yields(snapshot: Snapshot, moment: Moment) -> _Draft:
    policies = snapshot.policies or (DEFAULT_POLICY,)
    owners = {owner.uid: owner for owner in snapshot.sets}
    rooms = {state.node.name: room_of(state, policy_of(state.node, policies), owners) for state in snapshot.nodes}
    draft = _Draft(rooms, owners, policies)
    draft.releases, served = make_room(snapshot.waiting, snapshot.fresh, rooms, owners, moment.wall)
    draft.releases += make_ahead(snapshot.waiting, served, rooms, owners, moment.wall)
    draft.releases += keep_headroom(policies, rooms, owners, moment.wall)
    return draft


def _keep(draft: _Draft) -> Shares:
    """Take over running fillers as instances, and count what each set holds of what is fillable."""
    usable = [room for room in draft.rooms.values() if room.policy is not None and not room.node.trouble]
    admitting = [room for room in usable if _admits_any(room, draft.owners.values())]
    shares = Shares(fillable=_positive(total_of(room.fill_room() for room in admitting)), tenants=_tenants(draft))
    for room in draft.rooms.values():
        for pod in room.fillers:
            owner = draft.owners[pod.owner]
            shape = owner.shape(pod.shape)
            if shape is not None:
                room.instances.append(Instance(owner, shape, kept_sizes(pod, shape), pod, pod.index))
                shares.add(owner, pod.requests)
    return shares


def _gone(draft: _Draft, snapshot: Snapshot) -> set[str]:
    """Return the uids of the fillers that are not kept: they leave, for LS work or for reasons of their own."""
    kept = {instance.pod.uid for room in draft.rooms.values() for instance in room.instances if instance.pod}
    pods = (pod for state in snapshot.nodes for pod in state.pods)
    return {pod.uid for pod in (*pods, *snapshot.waiting) if pod.is_filler and pod.uid not in kept}


def _admits_any(room: NodeRoom, owners: Iterable[ParaSetView]) -> bool:
    return any(may_fill(owner.constraints, room.node, room.policy) for owner in owners)


def _positive(amounts: Mapping[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in amounts.items() if amount > 0}


def _tenants(draft: _Draft) -> Mapping[str, Tenant]:
    merged: dict[str, Tenant] = {}
    for policy in reversed(draft.policies):
        merged |= policy.tenants
    return MappingProxyType(merged)


def _sites(draft: _Draft, snapshot: Snapshot) -> list[Site]:
    """Return the nodes to fill, fragments first: those whose idle devices serve LS work least, then the fullest."""
    workload = observed_workload(snapshot)
    sites = [site_of(room) for room in draft.rooms.values() if room.policy is not None]
    return sorted(
        sites,
        key=lambda site: (-rate_of(site.left_at_smallest, workload), site.left.get("cpu", 0), site.room.name),
    )
