"""What LS pods have waited for and what fillers have given on the nodes of one policy, for its status.

Sums since the policy was made: each leader goes on from what the status says when it begins.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from paraset_operator.api.v1alpha1 import FillPolicyStatus, LsWaitStatus, RoomStatus
from paraset_operator.reporting.ledger import Amounts, RoomAccount

# Thousandths: of a second, of a core.
_DIGITS = 3


@dataclass(slots=True)
class Waits:
    """LS pods that were bound, how long they have waited together, and the longest of these waits, in seconds."""

    pods: int = 0
    seconds: float = 0.0
    longest: float = 0.0

    def add(self, other: "Waits") -> None:
        """Add other waits to these."""
        self.pods += other.pods
        self.seconds += other.seconds
        self.longest = max(self.longest, other.longest)


@dataclass(slots=True)
class PolicyAccount:
    """Waits by cause and room by reason; `changes` counts what was added."""

    waits: dict[str, Waits] = field(default_factory=dict)
    room: dict[str, RoomAccount] = field(default_factory=dict)
    changes: int = 0

    def waited(self, cause: str, seconds: float) -> None:
        """Count an LS pod that has been bound."""
        self.waits.setdefault(cause, Waits()).add(Waits(1, seconds, seconds))

    def room_account(self, reason: str) -> RoomAccount:
        """Return the account of room released for a reason."""
        return self.room.setdefault(reason, RoomAccount())

    def plus(self, other: "PolicyAccount") -> "PolicyAccount":
        """Return both together."""
        both = PolicyAccount()
        for each in (self, other):
            for cause, waits in each.waits.items():
                both.waits.setdefault(cause, Waits()).add(waits)
            for reason, room in each.room.items():
                both.room_account(reason).add(room)
        return both

    def as_status(self) -> dict[str, Any]:
        """Return the fields of a policy's status."""
        waits = [
            LsWaitStatus(
                cause=cause,
                pods=each.pods,
                seconds=round(each.seconds, _DIGITS),
                longest_seconds=round(each.longest, _DIGITS),
            )
            for cause, each in sorted(self.waits.items())
        ]
        room = [
            RoomStatus(
                reason=reason,
                releases=each.releases,
                unused=each.unused,
                released=_rounded(each.released) or None,
                taken=_rounded(each.taken) or None,
            )
            for reason, each in sorted(self.room.items())
        ]
        return {"ls_waits": waits or None, "room": room or None}


def account_in(status: FillPolicyStatus) -> PolicyAccount:
    """Return what a status says."""
    return PolicyAccount(
        {each.cause: Waits(each.pods, each.seconds, each.longest_seconds) for each in status.ls_waits or ()},
        {
            each.reason: RoomAccount(each.releases, dict(each.released or {}), dict(each.taken or {}), each.unused)
            for each in status.room or ()
        },
    )


def _rounded(amounts: Mapping[str, float]) -> Amounts:
    return {name: round(amount, _DIGITS) for name, amount in sorted(amounts.items())}
