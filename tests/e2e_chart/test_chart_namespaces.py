"""A release that lists the namespaces in which fillers may be."""

import json

import pytest
from operating import stays_empty
from release import TEAM, Release, the_set, until

from chart_tools.helm import CHART, NAMESPACE, HelmError

OTHER = "chart-other-team"
POLICIES = "/apis/paraset.io/v1alpha1/fillpolicies"


def may(release: Release, verb: str, resource: str, namespace: str) -> bool:
    account = f"system:serviceaccount:{NAMESPACE}:paraset-operator"
    argv = ("auth", "can-i", verb, resource, "-n", namespace, f"--as={account}")
    return release.cluster.kubectl(*argv, check=False).stdout.strip() == "yes"


def test_a_set_of_a_listed_namespace_is_filled(limited: Release) -> None:
    assert len(limited.fill()) == 8


def test_a_set_of_another_namespace_is_not_looked_at(limited: Release) -> None:
    limited.make_namespace(OTHER)
    body = the_set() | {"metadata": {"name": "ignored", "namespace": OTHER}}
    limited.cluster.apply(json.dumps(body))
    path = f"/apis/paraset.io/v1alpha1/namespaces/{OTHER}/parasets/ignored"
    stays_empty(lambda: list(limited.cluster.api.get(path).get("status") or {}), 5)
    assert limited.cluster.api.get(f"/api/v1/namespaces/{OTHER}/pods")["items"] == []


@pytest.mark.parametrize(
    ("verb", "resource", "namespace", "allowed"),
    [
        ("create", "pods", TEAM, True),
        ("create", "pods", OTHER, False),
        ("delete", "pods", OTHER, False),
        ("patch", "parasets.paraset.io/status", OTHER, False),
        ("watch", "pods", OTHER, True),
        ("create", "events", "default", True),
        ("create", "events", OTHER, False),
    ],
)
def test_rights_are_those_of_the_listed_namespaces(
    limited: Release, verb: str, resource: str, namespace: str, allowed: bool
) -> None:
    limited.make_namespace(OTHER)
    assert may(limited, verb, resource, namespace) == allowed


def test_a_wrong_value_is_refused_and_changes_nothing(limited: Release) -> None:
    before = limited.history()
    with pytest.raises(HelmError, match="/replicas"):
        limited.upgrade(CHART, "--set=replicas=two")
    assert limited.history() == before


def test_a_fill_policy_comes_and_goes_with_the_values(limited: Release) -> None:
    listed = f"--set=rbac.namespaces={{{TEAM}}}"
    limited.upgrade(CHART, listed, "--set=fillPolicy.create=true", "--set=fillPolicy.spec.mode=Observe")
    assert limited.cluster.api.get(f"{POLICIES}/default")["spec"]["mode"] == "Observe"
    limited.upgrade(CHART, listed)
    until("the policy is gone", lambda: not limited.cluster.api.get(POLICIES)["items"])
