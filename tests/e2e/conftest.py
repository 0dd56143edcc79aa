"""Where the scenarios run: on real nodes of this machine with `--real-nodes` (`make e2e-nodes`); on the cluster of
`--kubeconfig FILE` (an option of pytest-kind); else on a kind cluster, if there is a container engine; else on the
local control plane, and the summary says so in a line.

The environment variable KUBECONFIG counts for nothing here, so that no test touches a cluster nobody has named.
"""

import contextlib
import functools
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from operating import Operator
from pytest_kind import KindCluster
from scene import NAMESPACE, Scene, furniture
from targets import NODES, ForeignCluster, Target, pool

from demo.install import ACCOUNT, SYSTEM_NAMESPACE
from devcluster import ClusterSettings, LocalCluster, NodeSpec
from devcluster.binaries import KIND
from devcluster.build import build, build_control_plane

HERE = Path(__file__).parent
INSTALL = HERE.parents[1] / "deploy" / "install.yaml"
HAS_SCENARIOS = pytest.StashKey[bool]()
SKIPPED = "kind: skipped, no container engine answers (docker info); the scenarios ran on the local control plane"


@functools.cache
def has_engine() -> bool:
    try:
        return not subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False


def uses_kind(config: pytest.Config) -> bool:
    return not is_given(config) and has_engine()


def is_given(config: pytest.Config) -> bool:
    """Whether it was said where to run."""
    return bool(config.getoption("kubeconfig") or config.getoption("real_nodes"))


def scenarios(items: list[pytest.Item]) -> list[pytest.Item]:
    return [each for each in items if "target" in getattr(each, "fixturenames", ())]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    chosen = scenarios(items)
    if chosen and uses_kind(config):
        for each in chosen:
            each.add_marker(pytest.mark.kind)


def pytest_runtestloop(session: pytest.Session) -> None:
    session.config.stash[HAS_SCENARIOS] = bool(scenarios(session.items)) and not session.config.option.collectonly


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash.get(HAS_SCENARIOS, False) and not is_given(config) and not has_engine():
        terminalreporter.write_line(SKIPPED)


@pytest.fixture(scope="package")
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The cluster that the scenarios run on."""
    folder = tmp_path_factory.mktemp("target")
    kubectl = str(build_control_plane() / "kubectl")
    if request.config.getoption("real_nodes"):
        yield request.getfixturevalue("real_cluster")
    elif given := request.config.getoption("kubeconfig"):
        yield ForeignCluster(Path(given), kubectl, folder)
    elif has_engine():
        cluster = kind_cluster(folder, kubectl, request.config.getoption("kind_image"))
        try:
            cluster.create()
            yield ForeignCluster(cluster.kubeconfig_path, kubectl, folder)
        finally:
            cluster.delete()
    else:
        nodes = [NodeSpec(f"node-{index}", cpu_milli=4000) for index in range(NODES)]
        with LocalCluster(ClusterSettings(nodes=nodes, exit_seconds=0.3, resize_seconds=0.1)) as local:
            yield local
            local.keep_logs = bool(request.session.testsfailed)


def kind_cluster(folder: Path, kubectl: str, image: str | None) -> KindCluster:
    """A kind cluster recent enough for resizes in place, of kind's own node image or of another."""
    found = shutil.which("kind") or build(KIND) / "kind"
    with contextlib.chdir(folder):  # it makes a folder of its own where it is told nothing else
        return KindCluster(
            f"{NAMESPACE}-{os.getpid()}",
            folder / "kubeconfig",
            image=image,
            kind_path=Path(found),
            kubectl_path=Path(kubectl),
        )


@pytest.fixture(scope="package")
def installed(target: Target) -> Iterator[Target]:
    """The install manifest as it is, but for the Deployment; gone at the end, unless it was there before."""
    objects = [each for each in yaml.safe_load_all(INSTALL.read_text()) if each and each["kind"] != "Deployment"]
    manifest = yaml.safe_dump_all(objects)
    was_there = bool(target.kubectl("get", "crd", "parasets.paraset.io", "--ignore-not-found", "-o", "name").stdout)
    target.apply(manifest)
    target.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd/parasets.paraset.io")
    target.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd/fillpolicies.paraset.io")
    yield target
    if not was_there and not isinstance(target, LocalCluster):
        target.kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", input=manifest)


@pytest.fixture(scope="package")
def stage(installed: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """An operator at work under its ServiceAccount, on a pool of nodes with devices, under a policy of their own."""
    target, manifest = installed, yaml.safe_dump_all(furniture())
    account = target.service_account_kubeconfig(SYSTEM_NAMESPACE, ACCOUNT)
    with (
        pool(target, NAMESPACE) as nodes,
        Operator(account, tmp_path_factory.mktemp("operator"), NAMESPACE) as operator,
    ):
        target.apply(manifest)
        operator.start_ready(60)
        yield Scene(target, nodes)
        operator.check()
        target.kubectl("delete", "pset", "--all", "-n", NAMESPACE)
        operator.stop()
        target.kubectl("delete", "--ignore-not-found", "--wait=false", "-f", "-", input=manifest)


@pytest.fixture
def scene(stage: Scene) -> Iterator[Scene]:
    """The stage, empty at the beginning and at the end."""
    yield stage
    stage.clear()
