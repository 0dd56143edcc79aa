"""What each policy's status says of its accounts: carried from one leader to the next, written now and then."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paraset_operator.api.base import readable
from paraset_operator.api.v1alpha1 import FillPolicy, FillPolicyStatus
from paraset_operator.reporting.policy_account import PolicyAccount, account_in
from paraset_operator.runtime.accounts import Accounts
from paraset_operator.runtime.objects import Known
from paraset_operator.runtime.write_pace import WritePace


@dataclass(slots=True)
class _Told:
    """What a policy's status is to say, what it said when this leader began, and when the next is due."""

    uid: str
    began: float
    base: PolicyAccount
    fields: dict[str, Any]
    pace: WritePace = field(default_factory=WritePace)


class PolicyAccounts:
    """The accounts of policies, by name."""

    def __init__(self, accounts: Accounts, clock: Callable[[], float] = time.monotonic) -> None:
        self._accounts, self._clock = accounts, clock
        self._told: dict[str, _Told] = {}

    def fields_of(self, known: Known[FillPolicy]) -> dict[str, Any]:
        """Return the fields of a policy's status: those of now, if it is time to write them, else those told last."""
        told, now = self._told.get(known.name), self._clock()
        if told is not None and told.uid != known.uid:
            # Another policy of that name.
            self._accounts.policies.pop(known.name, None)
        if told is None or (told.uid, told.began) != (known.uid, self._accounts.began):
            base = account_in(_status_in(known))
            pace = WritePace.begin(0, now)
            told = self._told[known.name] = _Told(known.uid, self._accounts.began, base, base.as_status(), pace)
        account = self._accounts.policies.get(known.name)
        if account is not None and told.pace.is_due(account.changes, now):
            told.fields = told.base.plus(account).as_status()
            told.pace.wrote(account.changes, now)
        return told.fields


def _status_in(known: Known[FillPolicy]) -> FillPolicyStatus:
    return known.value.status if known.value is not None else readable(FillPolicyStatus, known.status)
