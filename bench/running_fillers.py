"""Fillers that run, as the planner sees them, for benchmarks and tests without a cluster."""

from __future__ import annotations

from paraset_operator.api.names import FILLER_PRIORITY
from paraset_operator.model.pod import Pod
from paraset_operator.model.resources import Resources
from paraset_operator.model.shape import ParaSetView, Shape


def running_filler(
    owner: ParaSetView, shape: Shape, index: int, node: str, sizes: Resources, started: float, saved: float = 0.0
) -> Pod:
    """Return a filler at these sizes that has run since `started` and says that it `saved` last then, 0 for nothing."""
    requests, container = shape.at(sizes), shape.container_requests(sizes)
    return Pod(
        namespace=owner.namespace,
        name=f"{owner.name}-{index}",
        uid=f"{owner.uid}-{index}",
        priority=FILLER_PRIORITY,
        node=node,
        target=node,
        held=requests,
        requests=requests,
        owner=owner.uid,
        shape=shape.name,
        index=index,
        template_hash=shape.template_hash,
        sizes=container,
        allocated=container,
        is_ready=True,
        is_running=True,
        created=started,
        started=started,
        checkpointed=saved,
    )
