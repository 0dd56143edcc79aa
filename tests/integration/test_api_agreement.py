"""The models and the API server's rules agree on every quantity, so the CLI answers as the cluster would."""

import copy
from pathlib import Path

import pytest
from api_cases import PARASET, Json
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devcluster import LocalCluster
from devcluster.api import ApiError
from paraset_operator.api.v1alpha1 import InvalidObject, parse_paraset

ROOT = Path(__file__).resolve().parents[2]
SETS = "/apis/paraset.io/v1alpha1/namespaces/default/parasets?dryRun=All"
NUMBERS = ["", "0", "1", "2.5", ".5", "5.", "00.1", "1" * 18, "1" * 25, "..", "1.2.3", "-1", "+1", "0.0001", "1000"]
SUFFIXES = ["", "m", "n", "k", "K", "Ki", "Mi", "Gi", "Ei", "M", "P", "E", "e3", "E-3", "e99", "e19", "e100", "mi", " "]

texts = st.builds(str.__add__, st.sampled_from(NUMBERS), st.sampled_from(SUFFIXES))
quantities = st.one_of(texts, st.sampled_from([0, 1, -1, 10**18, 10**18 + 1, 10**19, None, 1.5, True]))


@pytest.fixture(scope="module")
def cluster(local_cluster: LocalCluster) -> LocalCluster:
    local_cluster.apply(ROOT / "crds")
    local_cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(ROOT / "crds"))
    return local_cluster


def with_quantities(low: object, high: object, where: str) -> Json:
    obj = copy.deepcopy(PARASET)
    shape, pod = obj["spec"]["shapes"][0], obj["spec"]["template"]["spec"]
    if where in shape["elastic"]:
        shape["elastic"][where] = {"min": low, "max": high}
    elif where == "template":
        pod["containers"][0]["resources"] = {"requests": {"d.io/x": low}}
    else:
        shape["fixed"][where] = low
    return obj


@settings(
    max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(quantities, quantities, st.sampled_from(["cpu", "memory", "nvidia.com/gpu", "ephemeral-storage", "template"]))
def test_both_take_the_same_quantities(cluster: LocalCluster, low: object, high: object, where: str) -> None:
    obj = with_quantities(low, high, where)
    refusals = []
    try:
        cluster.api.post(SETS, obj)
    except ApiError as error:
        refusals.append(str(error))
    try:
        parse_paraset(obj)
    except InvalidObject as error:
        refusals.append(str(error))
    assert len(refusals) != 1, refusals
