"""Kubernetes quantities as integers, and amounts of several resources."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_cases import GPU, amounts

from paraset_operator.model.quantity import QuantityError, format_quantity, parse_quantity
from paraset_operator.model.resources import (
    as_quantities,
    devices_of,
    fits,
    is_device,
    largest_of,
    minus,
    plus,
    shortage,
    total_of,
)


@pytest.mark.parametrize(
    ("resource", "text", "amount"),
    [
        ("cpu", "2", 2000),
        ("cpu", 2, 2000),
        ("cpu", "500m", 500),
        ("cpu", "0.1", 100),
        ("cpu", "100n", 1),
        ("cpu", "1e3", 1_000_000),
        ("cpu", ".5", 500),
        ("cpu", "1.", 1000),
        ("memory", "4Gi", 4 * 2**30),
        ("memory", "1.5Gi", 3 * 2**29),
        ("memory", "128974848", 128974848),
        ("memory", "1e9", 10**9),
        ("memory", "1E", 10**18),
        ("memory", "100m", 1),
        ("nvidia.com/gpu", "8", 8),
        ("pods", "110", 110),
        ("memory", "100E", 2**63 - 1),
        ("cpu", "+1", 1000),
        ("cpu", "-1", -1000),
    ],
)
def test_a_quantity_is_read_in_the_unit_of_its_resource(resource: str, text: str | int, amount: int) -> None:
    assert parse_quantity(resource, text) == amount


@pytest.mark.parametrize("text", ["", "m", "1 Gi", "1gi", "0x10", "1.2.3", "ten", "1e", "1m5", "1Gi ", "٣"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(QuantityError):
        parse_quantity("cpu", text)


@pytest.mark.parametrize(
    ("resource", "amount", "text"),
    [
        ("cpu", 2000, "2"),
        ("cpu", 2500, "2500m"),
        ("cpu", 0, "0"),
        ("memory", 4 * 2**30, "4Gi"),
        ("memory", 1536 * 2**20, "1536Mi"),
        ("memory", 1000, "1000"),
        ("memory", 0, "0"),
        ("nvidia.com/gpu", 1024, "1024"),
        ("hugepages-2Mi", 2**21, "2Mi"),
    ],
)
def test_an_amount_is_written_as_the_shortest_exact_quantity(resource: str, amount: int, text: str) -> None:
    assert format_quantity(resource, amount) == text


@settings(derandomize=True, deadline=None)
@given(st.sampled_from(["cpu", "memory", "nvidia.com/gpu", "ephemeral-storage"]), st.integers(0, 2**62))
def test_what_is_written_is_read_back(resource: str, amount: int) -> None:
    expected = min(amount, 2**63 - 1)
    assert parse_quantity(resource, format_quantity(resource, amount)) == expected


def test_a_resource_that_is_missing_counts_as_zero() -> None:
    assert plus({"cpu": 1}, {"memory": 2}) == {"cpu": 1, "memory": 2}
    assert minus({"cpu": 1}, {"memory": 2}) == {"cpu": 1, "memory": -2}
    assert largest_of({"cpu": 1}, {"memory": 2}) == {"cpu": 1, "memory": 2}


def test_arguments_are_never_changed() -> None:
    left, right = {"cpu": 1}, {"cpu": 2}
    for function in (plus, minus, largest_of):
        function(left, right)
    assert (left, right) == ({"cpu": 1}, {"cpu": 2})


def test_a_total_sums_all() -> None:
    assert total_of([{"cpu": 1}, {"cpu": 2, "memory": 3}]) == {"cpu": 3, "memory": 3}
    assert total_of([]) == {}


def test_the_largest_of_each_resource_is_kept() -> None:
    assert largest_of({"cpu": 3, "memory": 1}, {"cpu": 2, "memory": 2}) == {"cpu": 3, "memory": 2}


@pytest.mark.parametrize(
    ("need", "room", "expected"),
    [
        ({"cpu": 2}, {"cpu": 2}, True),
        ({"cpu": 2}, {"cpu": 1}, False),
        ({"gpu": 1}, {"cpu": 2}, False),
        ({"cpu": 0}, {"cpu": -1}, True),
        ({}, {}, True),
    ],
)
def test_a_need_fits_where_no_resource_is_short(need: dict[str, int], room: dict[str, int], expected: bool) -> None:
    assert fits(need, room) is expected
    assert (not shortage(need, room)) is expected


def test_a_shortage_says_how_much_is_missing() -> None:
    assert shortage({"cpu": 5, "memory": 1, "gpu": 0}, {"cpu": -1, "memory": 3}) == {"cpu": 6}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (GPU, True),
        ("gpu", True),
        ("cpu", False),
        ("memory", False),
        ("pods", False),
        ("ephemeral-storage", False),
        ("hugepages-2Mi", False),
        ("attachable-volumes-csi", False),
    ],
)
def test_only_extended_resources_are_devices(name: str, expected: bool) -> None:
    assert is_device(name) is expected


def test_the_devices_of_some_amounts_are_those_there_is_something_of() -> None:
    assert devices_of({"cpu": 1, GPU: 2, "rdma/hca": 0, "other/d": -1}) == {GPU: 2}


def test_quantities_leave_the_pod_slot_out() -> None:
    assert as_quantities(amounts(cpu=1, memory=2, gpus=3, pods=1)) == {"cpu": "1", "memory": "2Gi", GPU: "3"}
