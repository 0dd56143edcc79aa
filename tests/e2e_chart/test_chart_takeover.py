"""From the manifest to Helm: what kubectl has applied is taken over by a release."""

from collections.abc import Iterator

import pytest
from release import Release

from chart_tools.helm import CHART
from chart_tools.install_manifest import TARGET
from devcluster import LocalCluster


@pytest.fixture
def applied(cluster: LocalCluster) -> Iterator[Release]:
    """The install manifest, by kubectl."""
    cluster.apply(TARGET)
    release = Release(cluster)
    yield release
    release.remove()


def test_a_release_takes_over_what_the_manifest_installed(applied: Release) -> None:
    uid = applied.deployment()["metadata"]["uid"]
    applied.install(CHART, "--take-ownership", "--force-conflicts", "--set=logLevel=debug")
    deployment = applied.deployment()
    assert deployment["metadata"]["uid"] == uid
    assert "--log-level=debug" in deployment["spec"]["template"]["spec"]["containers"][0]["args"]
