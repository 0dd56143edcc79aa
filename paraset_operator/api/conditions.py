"""The conditions a ParaSet and a FillPolicy report, and why. Types and reasons are API: programs read them.

Invariant: `set_condition` touches lastTransitionTime only when the status of a condition changes, so that a status that
says the same is byte for byte the same, and is not written again.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from paraset_operator.api.status import Condition

Status = Literal["True", "False", "Unknown"]


class ConditionType(StrEnum):
    """Aspects of the state of a ParaSet; a FillPolicy has Ready alone."""

    READY = "Ready"
    PROGRESSING = "Progressing"
    CAPACITY_AVAILABLE = "CapacityAvailable"
    QUOTA_AVAILABLE = "QuotaAvailable"
    TEMPLATE_VALID = "TemplateValid"
    DEGRADED = "Degraded"
    SUSPENDED = "Suspended"
    YIELDING = "YieldingToLatencySensitive"


class Reason(StrEnum):
    """Why a condition has its status, and what limits a set."""

    # Ready
    FILLED = "Filled"
    CEILING_REACHED = "CeilingReached"
    STARTING = "Starting"
    NOTHING_FITS = "NothingFits"
    OBSERVE_ONLY = "ObserveOnly"
    SUSPENDED = "Suspended"
    INVALID = "Invalid"
    ACCEPTED = "Accepted"
    # Progressing
    FILLING = "Filling"
    LEAVING = "Leaving"
    SETTLED = "Settled"
    # CapacityAvailable and limitedBy
    ROOM_LEFT = "RoomLeft"
    NO_ROOM = "NoRoom"
    NO_NODE_CAN_HOLD = "NoNodeCanHold"
    NO_NODE_SELECTED = "NoNodeSelected"
    HEADROOM = "Headroom"
    COOL_DOWN = "CoolDown"
    NODES_NOT_READY = "NodesNotReady"
    FAIR_SHARE = "FairShare"
    CEILING = "Ceiling"
    BEHAVIOR = "Behavior"
    BUDGET = "Budget"
    # QuotaAvailable
    WITHIN_QUOTA = "WithinQuota"
    QUOTA_EXCEEDED = "QuotaExceeded"
    TENANT_LIMIT = "TenantLimit"
    # TemplateValid
    TEMPLATE_ACCEPTED = "TemplateAccepted"
    TEMPLATE_REFUSED = "TemplateRefused"
    # Degraded
    AS_EXPECTED = "AsExpected"
    CRASH_LOOPING = "CrashLooping"
    IMAGE_PULL_FAILING = "ImagePullFailing"
    STAYS_PENDING = "StaysPending"
    # Suspended
    RUNNING = "Running"
    # YieldingToLatencySensitive
    MAKING_ROOM = "MakingRoom"
    NO_DEMAND = "NoDemand"


CONDITION_TYPES: dict[ConditionType, str] = {
    ConditionType.READY: "Everything that can run does: the summary of the others.",
    ConditionType.PROGRESSING: "Fillers are being started, resized or removed.",
    ConditionType.CAPACITY_AVAILABLE: "The cluster has room for the ceiling.",
    ConditionType.QUOTA_AVAILABLE: "No ResourceQuota and no tenant limit holds the set back.",
    ConditionType.TEMPLATE_VALID: "The API server takes a pod made from the template.",
    ConditionType.DEGRADED: "Fillers crash, can't pull or stay Pending; the set waits and gives up that room.",
    ConditionType.SUSPENDED: "spec.suspend is true.",
    ConditionType.YIELDING: "Room is being given back to latency-sensitive work.",
}

REASONS: dict[Reason, str] = {
    Reason.FILLED: "All the room the set may use is used.",
    Reason.CEILING_REACHED: "spec.replicas fillers are ready.",
    Reason.STARTING: "Fillers were created and are not ready yet.",
    Reason.NOTHING_FITS: "No filler fits anywhere; limitedBy says why.",
    Reason.OBSERVE_ONLY: "The policy's mode is Observe: status.plan says what would be done.",
    Reason.SUSPENDED: "spec.suspend is true.",
    Reason.INVALID: "The object is not valid; the message names the field.",
    Reason.ACCEPTED: "The object is valid and in use.",
    Reason.FILLING: "Fillers are being started or grown.",
    Reason.LEAVING: "Fillers are being removed or shrunk.",
    Reason.SETTLED: "Nothing is to be done.",
    Reason.ROOM_LEFT: "The ceiling is reached, or there is room for more.",
    Reason.NO_ROOM: "The nodes' free room holds no more fillers.",
    Reason.NO_NODE_CAN_HOLD: "No node could hold a filler of the shape even if it were empty.",
    Reason.NO_NODE_SELECTED: "No node passes the policy, node selector, affinity and taints.",
    Reason.HEADROOM: "The room left is headroom or reserve for latency-sensitive work.",
    Reason.COOL_DOWN: "Latency-sensitive work has just reclaimed the node.",
    Reason.NODES_NOT_READY: "Many nodes are NotReady at once: nothing new is begun until it is calm again.",
    Reason.FAIR_SHARE: "Other sets have a claim on the room.",
    Reason.CEILING: "spec.replicas allows no more.",
    Reason.BEHAVIOR: "spec.behavior allows no quicker change.",
    Reason.BUDGET: "spec.budgets allow no more disruption now.",
    Reason.WITHIN_QUOTA: "Quota and tenant limits leave room.",
    Reason.QUOTA_EXCEEDED: "A ResourceQuota of the namespace refuses more.",
    Reason.TENANT_LIMIT: "The policy's limit for the namespace is reached.",
    Reason.TEMPLATE_ACCEPTED: "The API server takes the pod.",
    Reason.TEMPLATE_REFUSED: "The API server refuses the pod; the message says why.",
    Reason.AS_EXPECTED: "Fillers run as they should.",
    Reason.CRASH_LOOPING: "Containers exit again and again; the set waits before it tries anew.",
    Reason.IMAGE_PULL_FAILING: "An image can't be pulled; the set waits before it tries anew.",
    Reason.STAYS_PENDING: "Fillers were not bound in time and have been withdrawn.",
    Reason.RUNNING: "spec.suspend is false.",
    Reason.MAKING_ROOM: "Fillers shrink or leave for latency-sensitive work that fits nowhere.",
    Reason.NO_DEMAND: "No latency-sensitive work waits for room.",
}


def condition(
    kind: ConditionType, status: bool | None, reason: Reason, message: str, *, generation: int, now: str
) -> Condition:
    """Return a condition as it is at `now` (RFC 3339); `status` None means Unknown."""
    words: dict[bool | None, Status] = {True: "True", False: "False", None: "Unknown"}
    return Condition(
        type=kind.value,
        status=words[status],
        reason=reason.value,
        message=message,
        last_transition_time=now,
        observed_generation=generation,
    )


def set_condition(conditions: Iterable[Condition], new: Condition) -> list[Condition]:
    """Return `conditions` with `new` in the place of that type; its time is kept unless the status changes."""
    before = list(conditions)
    old = next((each for each in before if each.type == new.type), None)
    if old is None:
        return [*before, new]
    if old.status == new.status:
        new = new.model_copy(update={"last_transition_time": old.last_transition_time})
    return [new if each.type == new.type else each for each in before]


def get_condition(conditions: Iterable[Condition], kind: ConditionType) -> Condition | None:
    """Return the condition of that type, or None."""
    return next((each for each in conditions if each.type == kind), None)
