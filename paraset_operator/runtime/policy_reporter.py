"""After every turn: statuses of policies, with what was learned of their headroom and what LS work waited for."""

from collections import defaultdict

from paraset_operator.api.conditions import ConditionType, Reason, condition, set_condition
from paraset_operator.api.status import Condition
from paraset_operator.api.v1alpha1 import FillPolicy, FillPolicyStatus
from paraset_operator.model.snapshot import Snapshot
from paraset_operator.planning.feasibility import policy_of
from paraset_operator.reporting.metrics import Metrics
from paraset_operator.reporting.status_writer import StatusWriter
from paraset_operator.runtime.headroom_learning import HeadroomLearner
from paraset_operator.runtime.objects import Known, ObjectStore
from paraset_operator.runtime.policy_accounts import PolicyAccounts
from paraset_operator.runtime.reporter import conditions_in, stamp


class PolicyReporter:
    """Tells administrators what has become of their policies."""

    def __init__(
        self,
        policies: ObjectStore[FillPolicy],
        statuses: StatusWriter,
        metrics: Metrics,
        learner: HeadroomLearner,
        accounts: PolicyAccounts,
    ) -> None:
        self._policies, self._statuses = policies, statuses
        self._metrics, self._learner, self._accounts = metrics, learner, accounts

    def report(self, snapshot: Snapshot) -> None:
        """Bring statuses and metrics in step with the picture of a turn."""
        self._metrics.keeps(snapshot.policies)
        views = {policy.name: policy for policy in snapshot.policies}
        counts: dict[str, int] = defaultdict(int)
        for state in snapshot.nodes:
            policy = policy_of(state.node, snapshot.policies)
            if policy is not None:
                counts[policy.name] += 1
        for known in self._policies:
            headroom, release_seconds = self._learner.report(views[known.name]) if known.name in views else ([], None)
            status = FillPolicyStatus(
                observed_generation=known.generation,
                nodes=counts[known.name],
                headroom=headroom or None,
                release_seconds=release_seconds,
                **self._accounts.fields_of(known),
                conditions=set_condition(conditions_in(known.status), _ready(known)),
            )
            wanted = status.model_dump(by_alias=True, exclude_none=True)
            self._statuses.report(self._policies.path_of(known), known.status, wanted)


def _ready(known: Known[FillPolicy]) -> Condition:
    return condition(
        ConditionType.READY,
        known.value is not None,
        Reason.INVALID if known.value is None else Reason.ACCEPTED,
        known.problem or "the policy is in use",
        generation=known.generation,
        now=stamp(),
    )
