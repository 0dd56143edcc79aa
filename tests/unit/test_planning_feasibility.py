"""May a pod run on a node, by the scheduler's rules."""

import pytest
from planning_cases import GPU, node, policy

from paraset_operator.model.constraints import Constraints, LabelSelector, NodeSelectorTerm, Requirement, Toleration
from paraset_operator.model.node import Taint
from paraset_operator.planning.feasibility import allowed_tolerations, holds, may_fill, may_run_on, policy_of, selects

LABELS = {"disk": "ssd", "size": "8"}


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        (Requirement("disk", "In", ("hdd", "ssd")), True),
        (Requirement("disk", "In", ("hdd",)), False),
        (Requirement("zone", "In", ("a",)), False),
        (Requirement("disk", "NotIn", ("hdd",)), True),
        (Requirement("disk", "NotIn", ("ssd",)), False),
        (Requirement("zone", "NotIn", ("a",)), True),
        (Requirement("disk", "Exists"), True),
        (Requirement("zone", "Exists"), False),
        (Requirement("zone", "DoesNotExist"), True),
        (Requirement("disk", "DoesNotExist"), False),
        (Requirement("size", "Gt", ("7",)), True),
        (Requirement("size", "Gt", ("8",)), False),
        (Requirement("size", "Lt", ("9",)), True),
        (Requirement("size", "Lt", ("8",)), False),
        (Requirement("disk", "Gt", ("7",)), False),
        (Requirement("zone", "Lt", ("7",)), False),
        (Requirement("size", "Gt", ()), False),
        (Requirement("disk", "Near", ("ssd",)), False),
    ],
)
def test_an_expression_holds_as_for_the_scheduler(requirement: Requirement, expected: bool) -> None:
    assert holds(requirement, LABELS) is expected


def test_an_empty_label_selector_selects_everything() -> None:
    assert selects(LabelSelector(), {})


def test_all_requirements_of_a_label_selector_must_hold() -> None:
    assert not selects(LabelSelector((Requirement("disk", "Exists"), Requirement("zone", "Exists"))), LABELS)


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        (Toleration("team", "Equal", "x", "NoSchedule"), True),
        (Toleration("team", "Equal", "y", "NoSchedule"), False),
        (Toleration("team", "Exists"), True),
        (Toleration("team", "Exists", effect="NoExecute"), False),
        (Toleration("", "Exists"), True),
        (Toleration("", "Equal", "x"), False),
        (Toleration("other", "Exists"), False),
    ],
)
def test_a_toleration_tolerates_a_taint_as_for_the_scheduler(toleration: Toleration, expected: bool) -> None:
    tainted = node(taints=(Taint("team", "x", "NoSchedule"),))
    assert may_run_on(Constraints(tolerations=(toleration,)), tainted) is expected


def test_every_taint_must_be_tolerated() -> None:
    tainted = node(taints=(Taint("a"), Taint("b", effect="NoExecute")))
    assert not may_run_on(Constraints(tolerations=(Toleration("a", "Exists"),)), tainted)


def test_a_taint_that_only_prefers_no_pods_repels_none() -> None:
    assert may_run_on(Constraints(), node(taints=(Taint("a", effect="PreferNoSchedule"),)))


def test_a_cordoned_node_takes_only_pods_that_tolerate_the_cordon() -> None:
    cordoned = node(is_cordoned=True, trouble="Cordoned")
    daemon = Constraints(tolerations=(Toleration("node.kubernetes.io/unschedulable", "Exists", "", "NoSchedule"),))
    assert not may_run_on(Constraints(), cordoned)
    assert may_run_on(daemon, cordoned)


@pytest.mark.parametrize(("value", "expected"), [("ssd", True), ("hdd", False)])
def test_a_node_selector_must_match(value: str, expected: bool) -> None:
    assert may_run_on(Constraints(node_selector=(("disk", value),)), node(labels=LABELS)) is expected


def test_one_term_of_node_affinity_is_enough() -> None:
    terms = tuple(NodeSelectorTerm((Requirement(key, "Exists"),)) for key in ("zone", "disk"))
    assert may_run_on(Constraints(affinity=terms), node(labels=LABELS))


def test_all_expressions_of_a_term_must_hold() -> None:
    term = NodeSelectorTerm((Requirement("disk", "Exists"), Requirement("zone", "Exists")))
    assert not may_run_on(Constraints(affinity=(term,)), node(labels=LABELS))


def test_an_empty_term_matches_nothing() -> None:
    assert not may_run_on(Constraints(affinity=(NodeSelectorTerm(),)), node())


def test_affinity_without_terms_matches_nothing() -> None:
    assert not may_run_on(Constraints(affinity=()), node())


@pytest.mark.parametrize(("key", "expected"), [("metadata.name", True), ("metadata.uid", False)])
def test_a_field_is_matched_by_the_name_of_the_node_only(key: str, expected: bool) -> None:
    term = NodeSelectorTerm(fields=(Requirement(key, "In", ("n1",)),))
    assert may_run_on(Constraints(affinity=(term,)), node("n1")) is expected


def test_a_filler_goes_only_where_a_policy_covers() -> None:
    assert not may_fill(Constraints(), node(), None)


@pytest.mark.parametrize("trouble", ["Cordoned", "NotReady", "DiskPressure"])
def test_no_filler_goes_to_a_node_that_is(trouble: str) -> None:
    assert not may_fill(Constraints(tolerations=(Toleration("", "Exists"),)), node(trouble=trouble), policy())


def test_the_default_policy_lets_fillers_tolerate_the_gpu_taint() -> None:
    tainted = node(gpus=1, taints=(Taint(GPU),))
    assert may_fill(Constraints(tolerations=(Toleration(GPU, "Exists"),)), tainted, policy())
    assert not may_fill(Constraints(), tainted, policy())


@pytest.mark.parametrize(
    ("allowed", "wanted", "kept"),
    [
        (Toleration("team", "Exists"), Toleration("team", "Equal", "x"), True),
        (Toleration("team", "Exists"), Toleration("other", "Exists"), False),
        (Toleration("", "Exists"), Toleration("team", "Equal", "x"), True),
        (Toleration("team", "Equal", "x"), Toleration("team", "Equal", "x"), True),
        (Toleration("team", "Equal", "x"), Toleration("team", "Equal", "y"), False),
        (Toleration("team", "Equal", "x"), Toleration("team", "Exists"), False),
        (Toleration("team", "Exists", effect="NoSchedule"), Toleration("team", "Exists"), False),
        (Toleration("team", "Exists"), Toleration("team", "Exists", effect="NoExecute"), True),
        (Toleration("team", "Exists"), Toleration("", "Exists"), False),
    ],
)
def test_a_policy_leaves_a_toleration_that_is_no_wider_than_its_own(
    allowed: Toleration, wanted: Toleration, kept: bool
) -> None:
    assert bool(allowed_tolerations((wanted,), policy(tolerations=(allowed,)))) is kept


def test_the_first_policy_by_name_that_selects_a_node_covers_it() -> None:
    ssd = policy("b", nodes=LabelSelector((Requirement("disk", "In", ("ssd",)),)))
    others = policy("c")
    assert policy_of(node(labels=LABELS), (ssd, others)) is ssd
    assert policy_of(node(), (ssd, others)) is others
    assert policy_of(node(), (ssd,)) is None
