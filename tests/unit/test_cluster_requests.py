"""What a pod asks for and holds, by the scheduler's rules."""

from typing import Any

import msgspec
import pytest
from pod_json import container

from paraset_operator.cluster.requests import amounts, held_requests, spec_requests
from paraset_operator.cluster.wire import PodSpec, PodStatus

Json = dict[str, Any]


def cpu(*containers: str, init: list[Json] | None = None, **fields: Any) -> int:
    """Return the cores, in thousandths, that a pod of containers with these requests asks for."""
    running = [container(f"c{index}", {"cpu": amount}) for index, amount in enumerate(containers)]
    spec = msgspec.convert({"containers": running, "initContainers": init or []} | fields, PodSpec)
    return spec_requests(spec).get("cpu", 0)


def init(amount: str, *, sidecar: bool = False) -> Json:
    return container("init", {"cpu": amount}, **({"restartPolicy": "Always"} if sidecar else {}))


def held(spec: str, allocated: str | None = None, actual: str | None = None, part: str = "containerStatuses") -> int:
    status: Json = {"name": "worker"}
    if allocated:
        status["allocatedResources"] = {"cpu": allocated}
    if actual:
        status["resources"] = {"requests": {"cpu": actual}}
    asked = msgspec.convert({"containers": [container("worker", {"cpu": spec})]}, PodSpec)
    return held_requests(asked, msgspec.convert({part: [status]}, PodStatus))["cpu"]


def test_containers_are_summed() -> None:
    assert cpu("1", "500m") == 1500


def test_init_containers_count_where_they_ask_for_more() -> None:
    assert cpu("1", "1", init=[init("3"), init("1")]) == 3000


def test_init_containers_do_not_count_where_they_ask_for_less() -> None:
    assert cpu("1", "1", init=[init("1"), init("1")]) == 2000


def test_a_sidecar_runs_beside_the_containers() -> None:
    assert cpu("1", init=[init("500m", sidecar=True)]) == 1500


def test_an_init_container_runs_beside_the_sidecars_before_it() -> None:
    assert cpu("1", init=[init("2", sidecar=True), init("3")]) == 5000


def test_an_init_container_does_not_run_beside_the_sidecars_after_it() -> None:
    assert cpu("1", init=[init("3"), init("1", sidecar=True)]) == 3000


def test_the_overhead_comes_on_top() -> None:
    assert cpu("1", init=[init("3")], overhead={"cpu": "250m"}) == 3250


def test_requests_of_the_pod_override_the_sum_of_its_containers() -> None:
    assert cpu("1", "1", resources={"requests": {"cpu": "5"}}) == 5000


def test_resources_that_the_pod_does_not_name_are_still_summed() -> None:
    assert cpu("1", "1", resources={"requests": {"memory": "1Gi"}}) == 2000


def test_a_pod_takes_a_slot() -> None:
    assert spec_requests(PodSpec()) == {"pods": 1}


@pytest.mark.parametrize(
    ("spec", "allocated", "actual", "expected"),
    [
        pytest.param("2", None, None, 2000, id="before the kubelet has spoken"),
        pytest.param("2", "2", "2", 2000, id="at rest"),
        pytest.param("4", "2", "2", 4000, id="a grow that is not granted"),
        pytest.param("1", "3", "3", 3000, id="a shrink that is not granted"),
        pytest.param("1", "1", "3", 3000, id="a shrink that is not done"),
    ],
)
def test_a_pod_is_charged_the_largest_of(spec: str, allocated: str | None, actual: str | None, expected: int) -> None:
    assert held(spec, allocated, actual) == expected


def test_the_status_of_an_unknown_container_does_not_count() -> None:
    assert held("1", "9", part="ephemeralContainerStatuses") == 1000


def test_the_status_of_a_sidecar_counts() -> None:
    sidecar = container("worker", {"cpu": "1"}, restartPolicy="Always")
    spec = msgspec.convert({"initContainers": [sidecar]}, PodSpec)
    status = {"initContainerStatuses": [{"name": "worker", "allocatedResources": {"cpu": "2"}}]}
    assert held_requests(spec, msgspec.convert(status, PodStatus))["cpu"] == 2000


def test_a_quantity_that_can_not_be_read_counts_as_nothing() -> None:
    assert amounts({"cpu": "much", "memory": "1Gi"}) == {"cpu": 0, "memory": 2**30}


def test_no_quantities_are_no_amounts() -> None:
    assert amounts(None) == {}
