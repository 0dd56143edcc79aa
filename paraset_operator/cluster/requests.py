"""What a pod asks for and holds, by the scheduler's rules (KEP-753, KEP-1287, KEP-2837).

- containers are summed; restartable init containers (sidecars) run beside them; other init containers count if larger
- the pod's overhead and its slot are added; pod-level requests override the sum where they are given
- held is max(spec, allocated, actual) of each container, because a resize that runs is charged at its larger end
"""

from collections.abc import Mapping

from paraset_operator.cluster.wire import Container, ContainerStatus, PodSpec, PodStatus
from paraset_operator.model.quantity import PODS, QuantityError, parse_quantity
from paraset_operator.model.resources import NOTHING, Resources, largest_of, plus

_SLOT = {PODS: 1}


def amounts(quantities: Mapping[str, str | int] | None) -> dict[str, int]:
    """Return quantities as integers; one that can't be read counts as zero, since the API server let it pass."""
    parsed = {}
    for name, text in (quantities or NOTHING).items():
        try:
            parsed[name] = parse_quantity(name, text)
        except QuantityError:
            parsed[name] = 0
    return parsed


def spec_requests(spec: PodSpec) -> dict[str, int]:
    """Return what the spec asks for, with overhead and the pod slot."""
    return _total(spec, {})


def held_requests(spec: PodSpec, status: PodStatus) -> dict[str, int]:
    """Return what the pod is charged: the largest of spec, allocated and actual."""
    statuses = {
        each.name: each for each in (*(status.container_statuses or ()), *(status.init_container_statuses or ()))
    }
    return _total(spec, statuses)


def wanting(spec: PodSpec, status: PodStatus) -> Resources:
    """Return what a resize that was put off would add: what the spec asks for beyond what the kubelet has granted."""
    granted = {each.name: _granted(each) for each in status.container_statuses or ()}
    missing: Resources = NOTHING
    for container in spec.containers:
        wants = amounts(container.resources.requests if container.resources else None)
        has = granted.get(container.name) or wants
        more = {name: amount - has.get(name, 0) for name, amount in wants.items() if amount > has.get(name, 0)}
        missing = plus(missing, more)
    return missing


def _granted(status: ContainerStatus) -> dict[str, int]:
    """Return what the kubelet has granted; without allocatedResources, which needs a feature gate, what is actual."""
    return amounts(status.allocated_resources or (status.resources.requests if status.resources else None))


def _total(spec: PodSpec, statuses: Mapping[str, ContainerStatus]) -> dict[str, int]:
    running: Resources = NOTHING
    starting: Resources = NOTHING
    for container in spec.init_containers or ():
        need = _container(container, statuses)
        if container.restart_policy == "Always":
            running = plus(running, need)
            starting = largest_of(starting, running)
        else:
            starting = largest_of(starting, plus(running, need))
    for container in spec.containers:
        running = plus(running, _container(container, statuses))
    total = largest_of(running, starting)
    if spec.resources and spec.resources.requests:
        total = total | amounts(spec.resources.requests)
    return plus(plus(total, amounts(spec.overhead)), _SLOT)


def _container(container: Container, statuses: Mapping[str, ContainerStatus]) -> dict[str, int]:
    need = amounts(container.resources.requests if container.resources else None)
    status = statuses.get(container.name)
    if status is None:
        return need
    need = largest_of(need, amounts(status.allocated_resources))
    return largest_of(need, amounts(status.resources.requests if status.resources else None))
