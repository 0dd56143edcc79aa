"""What the chart makes of values."""

import pytest
import yaml
from manifests_of import ALL, Json, named, objects, of_kind, pod_spec

from chart_tools.helm import HelmError, rendered
from paraset_operator.api.crd import fill_policy_crd, paraset_crd

POLICY_API = "--api-versions=paraset.io/v1alpha1/FillPolicy"


@pytest.fixture(scope="module")
def default() -> list[Json]:
    return objects()


@pytest.fixture(scope="module")
def everything() -> list[Json]:
    return objects(*ALL)


def test_every_object_is_made_once(everything: list[Json]) -> None:
    names = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in everything]
    assert len(names) == len(set(names))


def test_what_is_on_by_default(default: list[Json]) -> None:
    assert {each["kind"] for each in default} == {
        "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "Deployment", "PodDisruptionBudget",
        "PriorityClass", "ResourceQuota", "Role", "RoleBinding", "Service", "ServiceAccount",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
    }  # fmt: skip


def test_everything_can_be_turned_on(everything: list[Json]) -> None:
    kinds = {each["kind"] for each in everything}
    assert {"FillPolicy", "NetworkPolicy", "ServiceMonitor", "PrometheusRule", "ConfigMap"} <= kinds


def test_every_selector_selects_the_operators_pods_and_no_label_is_given_twice(everything: list[Json]) -> None:
    labels = named(everything, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    selectors = {
        "Deployment": lambda spec: spec["selector"]["matchLabels"],
        "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
        "NetworkPolicy": lambda spec: spec["podSelector"]["matchLabels"],
        "Service": lambda spec: spec["selector"],
    }
    for kind, selector in selectors.items():
        (one,) = of_kind(everything, kind)
        assert selector(one["spec"]).items() <= labels, kind


def test_the_service_monitor_selects_the_service(everything: list[Json]) -> None:
    (service,), (monitor,) = of_kind(everything, "Service"), of_kind(everything, "ServiceMonitor")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] in [each["name"] for each in service["spec"]["ports"]]
    assert monitor["metadata"]["labels"]["release"] == "prometheus"


def test_the_crds_are_those_of_the_models_and_kept(default: list[Json]) -> None:
    made = of_kind(default, "CustomResourceDefinition")
    assert [each["metadata"].pop("annotations") for each in made] == [{"helm.sh/resource-policy": "keep"}] * 2
    assert {each["metadata"]["name"]: each for each in made} == {
        each["metadata"]["name"]: yaml.safe_load(yaml.safe_dump(each)) for each in (paraset_crd(), fill_policy_crd())
    }


def test_crds_that_need_not_be_kept_go_with_the_release() -> None:
    made = of_kind(objects("--set=crds.keep=false", "--set=crds.annotations.a=b"), "CustomResourceDefinition")
    assert [each["metadata"]["annotations"] for each in made] == [{"a": "b"}] * 2


def test_crds_can_be_left_out() -> None:
    assert not of_kind(objects("--set=crds.install=false"), "CustomResourceDefinition")


def writes_on_pods(found: list[Json]) -> list[tuple[str, str]]:
    """Where pods may be written: kind of role and namespace."""
    return [
        (each["kind"], each["metadata"].get("namespace", ""))
        for each in found
        for rule in (each.get("rules") or ())
        if "pods" in rule["resources"] and {"create", "delete", "patch"} & set(rule["verbs"])
    ]


def test_pods_may_be_written_everywhere_by_default(default: list[Json]) -> None:
    assert writes_on_pods(default) == [("ClusterRole", "")]


def test_pods_may_be_written_in_the_listed_namespaces_alone(everything: list[Json]) -> None:
    assert sorted(writes_on_pods(everything)) == [("Role", "analytics"), ("Role", "research")]


def test_the_operator_heeds_the_listed_namespaces_alone(everything: list[Json], default: list[Json]) -> None:
    arguments = pod_spec(everything)["containers"][0]["args"]
    assert [each for each in arguments if "fill-namespace" in each] == [
        "--fill-namespace=research",
        "--fill-namespace=analytics",
    ]
    assert "fill-namespace" not in str(pod_spec(default))


def test_events_about_policies_may_be_written_where_they_must_be(everything: list[Json]) -> None:
    role = named(everything, "Role", "paraset-operator-events")
    assert (role["metadata"]["namespace"], role["rules"][0]["resources"]) == ("default", ["events"])


def test_every_binding_binds_a_role_that_is_made_to_the_account_that_is_made(everything: list[Json]) -> None:
    roles = {
        (each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
        for each in everything
        if each["kind"] in ("Role", "ClusterRole")
    }
    (account,) = of_kind(everything, "ServiceAccount")
    for each in of_kind(everything, "RoleBinding") + of_kind(everything, "ClusterRoleBinding"):
        reference = each["roleRef"]
        assert (reference["kind"], each["metadata"].get("namespace"), reference["name"]) in roles
        (subject,) = each["subjects"]
        assert (subject["namespace"], subject["name"]) == ("paraset-system", account["metadata"]["name"])


def test_without_nomination_no_pods_status_may_be_written() -> None:
    rules = [rule for each in objects("--set=rbac.nomination=false") for rule in each.get("rules") or ()]
    assert rules
    assert not [rule for rule in rules if "pods/status" in rule["resources"]]


def test_the_fence_is_around_the_account_that_is_used() -> None:
    found = objects("--set=serviceAccount.create=false", "--set=serviceAccount.name=mine", "--namespace=other")
    for fence in ("paraset-operator-fence", "paraset-operator-fence-only-fillers", "paraset-operator-fence-status"):
        (condition,) = named(found, "ValidatingAdmissionPolicy", fence)["spec"]["matchConditions"]
        assert condition["expression"].startswith("request.userInfo.username == 'system:serviceaccount:other:mine'")
        assert named(found, "ValidatingAdmissionPolicyBinding", fence)["spec"]["policyName"] == fence
    assert pod_spec(found)["serviceAccountName"] == "mine"
    assert not of_kind(found, "ServiceAccount")


def test_a_digest_counts_before_a_tag() -> None:
    digest = "sha256:" + "0" * 64
    found = objects("--set=image.repository=r.example.com/p", "--set=image.tag=v1", f"--set=image.digest={digest}")
    assert pod_spec(found)["containers"][0]["image"] == f"r.example.com/p@{digest}"


def test_the_tag_is_the_charts_app_version_by_default(default: list[Json]) -> None:
    assert pod_spec(default)["containers"][0]["image"] == "paraset-operator:0.1.0"


def test_one_replica_has_no_disruption_budget() -> None:
    assert not of_kind(objects("--set=replicas=1"), "PodDisruptionBudget")


def test_the_operator_is_never_best_effort_and_stands_above_what_it_fills(default: list[Json]) -> None:
    spec = pod_spec(default)
    assert spec["priorityClassName"] == "system-cluster-critical"
    assert {"cpu", "memory"} <= spec["containers"][0]["resources"]["requests"].keys()


def test_a_priority_class_of_ones_own_needs_no_quota() -> None:
    found = objects("--set=priorityClassName=mine")
    assert not of_kind(found, "ResourceQuota")
    assert pod_spec(found)["priorityClassName"] == "mine"


def test_without_metrics_nothing_is_served() -> None:
    found = objects("--set=metrics.enabled=false")
    assert not of_kind(found, "Service")
    assert "--metrics-port=0" in pod_spec(found)["containers"][0]["args"]


def test_a_service_monitor_without_metrics_is_refused() -> None:
    with pytest.raises(HelmError, match=r"serviceMonitor\.enabled"):
        rendered("--set=metrics.enabled=false", "--set=serviceMonitor.enabled=true")


def test_a_fill_policy_that_the_cluster_does_not_know_yet_is_refused_with_what_to_do() -> None:
    with pytest.raises(HelmError, match=r"fillPolicy\.create: .*apply the folder crds before"):
        rendered("--set=fillPolicy.create=true")


def test_the_fill_policy_says_what_the_values_say() -> None:
    found = objects("--set=fillPolicy.create=true", "--set=fillPolicy.spec.mode=Observe", POLICY_API)
    assert named(found, "FillPolicy", "default")["spec"] == {"mode": "Observe"}


def test_two_releases_share_no_name_but_that_of_the_fillers_class() -> None:
    def cluster_wide(*arguments: str) -> set[tuple[str, str]]:
        found = objects(*arguments, "--set=crds.install=false")
        return {(each["kind"], each["metadata"]["name"]) for each in found if "namespace" not in each["metadata"]}

    assert cluster_wide() & cluster_wide("--set=fullnameOverride=other") == {("PriorityClass", "paraset-filler")}


def test_the_dashboards_and_alerts_are_those_of_the_chart(everything: list[Json]) -> None:
    (config,) = of_kind(everything, "ConfigMap")
    (rule,) = of_kind(everything, "PrometheusRule")
    assert config["data"]
    assert all(name.endswith(".json") for name in config["data"])
    assert rule["spec"]["groups"]
