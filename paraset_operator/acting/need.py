"""Whether what a release was decided for still holds: nothing is sent for an LS pod that has no need of it any more."""

from paraset_operator.cluster.cache import PodStore
from paraset_operator.model.plan import Beneficiary


def why_gone(beneficiary: Beneficiary, pods: PodStore, nominated_by_us: str = "") -> str:
    """Return why the room is not needed any more, empty if it is: headroom always is.

    Whom the scheduler has nominated since then has its victims already; `nominated_by_us` is where we did.
    """
    if not beneficiary.uid:
        return ""
    pod = pods.get(beneficiary.key)
    if pod is None or pod.uid != beneficiary.uid or pod.is_terminating:
        return f"{beneficiary.key} is gone"
    # Who waits to grow in place is bound, and goes on waiting until the kubelet grants it.
    if pod.node and not pod.wanting:
        return f"{beneficiary.key} is bound to {pod.node}"
    if pod.nominated and pod.nominated not in (beneficiary.nominated, nominated_by_us):
        return f"{beneficiary.key} is nominated to {pod.nominated}"
    return ""
