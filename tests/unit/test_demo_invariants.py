"""The invariant checker finds what it is there to find, and nothing else."""

from dataclasses import replace

import pytest
from demo_timeline import SET, Timeline, filler, node, pod, resized

from demo.audit import Request
from demo.invariants import foreign_writes
from demo.objects import CPU
from demo.wire import Taint


def test_a_full_node_is_no_overcommit() -> None:
    assert not Timeline(node("n1"), SET, pod("ls", "n1", 1, 8), filler("s-0", cores=8)).violations


def test_one_core_too_many_is_an_overcommit_and_told_once() -> None:
    seen = Timeline(node("n1"), SET, pod("ls", "n1", 1, 8), filler("s-0", cores=9), filler("s-1", gpus=0))
    assert seen.broken == ["I1"]
    assert seen.violations[0].subject == "n1"


def test_a_leaving_pod_holds_its_room_until_it_is_gone() -> None:
    leaving = filler("s-0", cores=16, terminating=True)
    assert Timeline(node("n1"), SET, leaving, pod("ls", "n1", 1, 1)).broken == ["I1"]
    assert not Timeline(node("n1"), SET, leaving).gone(leaving).see(pod("ls", "n1", 1, 1)).violations


def test_a_finished_pod_holds_nothing() -> None:
    done = pod("job", "n1", cores=16, phase="Succeeded")
    assert not Timeline(node("n1"), SET, done, filler("s-0", cores=16)).violations


def test_a_grow_beyond_the_node_is_an_overcommit() -> None:
    seen = Timeline(node("n1"), SET, pod("ls", "n1", 1, 8), filler("s-0", cores=2))
    assert seen.see(resized(filler("s-0"), 9)).broken == ["I1"]


def test_too_many_pods_are_an_overcommit() -> None:
    small = node("n1")
    small = replace(small, allocatable={**small.allocatable, "pods": 1})
    assert Timeline(small, SET, pod("a", "n1"), pod("b", "n1")).broken == ["I1"]


def test_a_filler_where_a_known_ls_pod_waits_and_fits_is_a_violation() -> None:
    seen = Timeline(node("n1"), SET, pod("ls", gpus=1))
    assert seen.see(filler("s-0", on="", pinned=("n1",)), after=5).broken == ["I3"]


def test_growing_where_a_known_ls_pod_waits_and_fits_is_a_violation_and_shrinking_is_not() -> None:
    small = filler("s-0", cores=4)
    waiting = Timeline(node("n1"), SET, small, pod("ls", cores=10))
    assert not waiting.see(resized(small, 3), after=5).violations
    assert waiting.see(resized(small, 6), after=5).broken == ["I3"]


@pytest.mark.parametrize(
    ("ls", "after"),
    [
        (pod("just-seen", gpus=1), 0.2),
        (pod("too-big", gpus=3), 5),
        (pod("nominated-elsewhere", gpus=1, nominated="n2"), 5),
        (pod("gated", gpus=1, gated=True), 5),
        (pod("elsewhere-only", gpus=1, node_selector={"zone": "b"}), 5),
        (filler("s-9", on="", pinned=("n1",)), 5),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_filler_harms_no_ls_pod_that_cannot_use_the_room(ls: object, after: float) -> None:
    seen = Timeline(node("n1"), node("n2", gpus=0), SET, ls)  # type: ignore[arg-type]
    assert not seen.see(filler("s-0"), after=after).violations


def test_growing_where_an_ls_pod_would_fit_only_without_the_filler_is_no_violation() -> None:
    small = filler("s-0", cores=8)
    assert not Timeline(node("n1"), SET, small, pod("ls", cores=10)).see(resized(small, 12), after=5).violations


def test_a_filler_that_takes_the_room_an_ls_pod_is_nominated_to_is_a_violation() -> None:
    waiting = Timeline(node("n1"), SET, pod("ls", gpus=1, cores=8, nominated="n1"))
    assert not waiting.see(filler("s-0", cores=8), after=5).violations
    assert waiting.see(filler("s-1", gpus=0, cores=1)).broken == ["I3"]


def test_room_that_is_nominated_to_another_ls_pod_counts_as_taken() -> None:
    first, second = pod("first", gpus=2, nominated="n1"), pod("second", gpus=1)
    assert not Timeline(node("n1"), SET, first, second).see(filler("s-0", gpus=0), after=5).violations


def test_a_node_no_ls_pod_can_use_may_be_filled() -> None:
    tainted = node("n1", taints=(Taint("dedicated", "x", "NoSchedule"),))
    assert not Timeline(tainted, SET, pod("ls", gpus=1)).see(filler("s-0"), after=5).violations


def test_one_filler_above_the_ceiling_is_a_violation_even_if_another_is_leaving() -> None:
    seen = Timeline(node("n1", gpus=9), SET, *(filler(f"s-{number}") for number in range(4)))
    seen.see(filler("s-0", terminating=True))
    assert not seen.violations
    assert seen.see(filler("s-4")).broken == ["I4"]
    assert not Timeline(node("n1", gpus=9), SET, filler("s-0")).gone(filler("s-0")).see(filler("s-1")).violations


def test_lowering_the_ceiling_is_no_violation_but_creating_above_it_is() -> None:
    seen = Timeline(node("n1", gpus=9), SET, *(filler(f"s-{number}") for number in range(3)))
    seen.see(replace(SET, replicas=1)).see(resized(filler("s-1"), 2))
    assert not seen.violations
    assert seen.see(filler("s-3")).broken == ["I4"]


@pytest.mark.parametrize(
    "wrong",
    [{"priority_class": ""}, {"pinned": ()}, {"pinned": ("n1", "n2")}],
    ids=["priority class", "not pinned", "pinned to two"],
)
def test_each_filler_is_pinned_and_of_the_best_effort_class(wrong: dict[str, object]) -> None:
    assert Timeline(node("n1"), SET, filler("s-0", **wrong)).broken == ["I4"]


def test_a_name_taken_twice_is_a_violation() -> None:
    assert Timeline(node("n1"), SET, filler("s-0"), filler("s-0", uid="another")).broken == ["I4"]


def request(verb: str, name: str, resource: str = "pods", subresource: str = "") -> Request:
    return Request(0.0, verb, resource, subresource, "tenant", name, 200)


def test_the_operator_may_touch_its_fillers_and_nominate() -> None:
    requests = [
        request("create", "s-1"),
        request("delete", "s-1"),
        request("delete", "s-0"),
        request("patch", "s-0", subresource="resize"),
        request("patch", "ls", subresource="status"),
        request("get", "ls"),
        request("patch", "s", "parasets", "status"),
    ]
    assert not foreign_writes(requests, {("tenant", "s-0")})


@pytest.mark.parametrize(
    "foreign",
    [
        request("delete", "ls"),
        request("create", "ls", subresource="eviction"),
        request("patch", "ls", subresource="resize"),
        request("patch", "ls"),
        request("deletecollection", ""),
        request("patch", "n1", "nodes"),
    ],
    ids=lambda each: f"{each.verb} {each.resource} {each.subresource}",
)
def test_touching_anything_else_is_a_violation(foreign: Request) -> None:
    [violation] = foreign_writes([foreign], {("tenant", "s-0")})
    assert violation.invariant == "I2"


def test_a_resize_that_the_node_has_not_carried_out_still_counts() -> None:
    shrunk_in_spec_only = replace(filler("s-0", cores=12), spec_requests={CPU: 2000})
    assert Timeline(node("n1"), SET, shrunk_in_spec_only, pod("ls", "n1", 1, 8)).broken == ["I1"]
