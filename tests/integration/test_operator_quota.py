"""A ResourceQuota that is used up is a condition, not a storm of retries."""

import time

from corner import Corner


def set_quota(corner: Corner, pods: int) -> None:
    path = f"/api/v1/namespaces/{corner.name}/resourcequotas"
    body = {"metadata": {"name": "pods"}, "spec": {"hard": {"pods": str(pods)}}}
    if corner.cluster.api.get(path)["items"]:
        corner.cluster.api.patch(f"{path}/pods", body)
    else:
        corner.cluster.api.post(path, body)
        corner.cluster.wait_until("the quota", lambda: bool(corner.cluster.api.get(path)["items"][0]["status"]))


def test_a_set_takes_what_the_quota_leaves_and_says_so(corner: Corner) -> None:
    corner.add_nodes("a", gpus=4)
    set_quota(corner, 2)
    corner.add_set()
    corner.until_running(2)
    corner.until_condition("QuotaAvailable", "False", "QuotaExceeded")


def test_refused_creates_are_few(corner: Corner) -> None:
    corner.add_nodes("a", gpus=4)
    set_quota(corner, 2)
    began = time.monotonic()
    corner.add_set()
    corner.until_running(2)
    corner.until_condition("QuotaAvailable", "False", "QuotaExceeded")
    # Two of the first four, and one after each wait of a second at least.
    assert corner.operated.refused_creates(corner.name) <= 2 + (time.monotonic() - began)


def test_a_set_goes_on_when_the_quota_is_raised(corner: Corner) -> None:
    corner.change_policy(pacing={"backOffMaxSeconds": 1})
    corner.add_nodes("a", gpus=4)
    set_quota(corner, 2)
    corner.add_set()
    corner.until_condition("QuotaAvailable", "False", "QuotaExceeded")
    set_quota(corner, 10)
    corner.until_running(4)
    corner.until_condition("QuotaAvailable", "True", "WithinQuota")


def test_other_namespaces_go_on(corner: Corner) -> None:
    corner.add_nodes("a", gpus=4)
    set_quota(corner, 0)
    corner.add_set()
    corner.until_condition("QuotaAvailable", "False", "QuotaExceeded")
    other = f"{corner.name}-2"
    corner.add_namespace(other)
    corner.add_set(namespace=other)
    corner.until_running(4, namespace=other)
