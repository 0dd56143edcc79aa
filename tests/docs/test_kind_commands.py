"""The README's commands for kind, run where a container engine answers: `make e2e-kind`, not `make docs-test`.

Without `--kind-image` they are run as they stand. With it no registry is taken to be in reach: the operator's image
comes from `make image-local`, and the node image is the one named; that of hack/kind-node-image holds what
examples/minimal.yaml runs.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_blocks import blocks_of
from test_commands import environment, run
from worlds import ROOT

from devcluster.binaries import KIND
from devcluster.build import build, build_control_plane

SECONDS = 900
MAKE_IMAGE = 'make image ARGS="--archive build/paraset-operator.tar"'


def commands(text: str, node_image: str | None) -> str:
    """The block as it is, or, where a node image is named, with what a registry would give in place of it."""
    if not node_image:
        return text
    for old, new in (
        (MAKE_IMAGE, "make image-local"),
        ("kind create cluster", f"kind create cluster --image {node_image}"),
    ):
        assert text.count(old) == 1, f"README.md: not one `{old}` in the block for kind"
        text = text.replace(old, new)
    return text


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with kubectl and, where PATH has none, kind."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "kubectl").symlink_to(build_control_plane() / "kubectl")
    if not shutil.which("kind"):
        (folder / "kind").symlink_to(build(KIND) / "kind")
    return folder


@pytest.fixture
def shell(programs: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a reader who has no cluster yet; what kind makes is gone afterwards."""
    env = environment(programs, tmp_path / "kubeconfig", tmp_path / "copy") | {"KIND_CLUSTER_NAME": "paraset-readme"}
    yield env
    subprocess.run(["kind", "delete", "cluster"], env=env, check=False)


@pytest.mark.kind
@pytest.mark.timeout(SECONDS + 300)
def test_the_readmes_five_commands_lead_to_a_running_filler_on_kind(
    shell: dict[str, str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    node_image = request.config.getoption("kind_image")
    (block,) = (each for each in blocks_of((ROOT / "README.md").read_text()) if "kind create cluster" in each.text)
    assert len(block.text.splitlines()) == 5
    look = "kubectl wait pset/minimal --for=condition=Ready --timeout=5m\n"
    look += "kubectl wait pods -l paraset.io/paraset=minimal --for=condition=Ready --timeout=2m\n"
    code, output = run(commands(block.text, node_image) + look, ROOT, shell, tmp_path / "output", SECONDS)
    assert code == 0, output[-4000:]
