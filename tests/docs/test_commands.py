"""Every command block of the README and of docs/ is run, page by page and in order, or says why it is not.

A page is one shell, as for a reader who follows it: what one block exports or starts is there for the next. It runs in
a folder that looks like the repository, so that files it writes end with it. A block that fails ends its page.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_blocks import Block, blocks_of, loosely, missing, pages, world_of
from worlds import AT_WORK, NONE, ROOT, WORLDS, filled_in, world

from devcluster.binaries import HELM
from devcluster.build import build, build_control_plane

SECONDS = 420
BETWEEN = "@@ block of line "
SIMULATION = "paraset_operator/simulation"
READERS_FILES = {
    "paraset.yaml": "examples/trainer.yaml",
    "policy.yaml": "examples/fillpolicy.yaml",
    "set.yaml": "examples/trainer.yaml",
    "my-paraset.yaml": "examples/trainer.yaml",
    "nodes.csv": f"{SIMULATION}/traces/openb/openb_node_list_gpu_node.csv",
    "pods.csv": f"{SIMULATION}/traces/openb/openb_pod_list_default.csv",
}
#: What a reader has set in a block that is not run; simulated nodes pull nothing.
READERS_VARIABLES = {"IMAGE": "registry.example.com/paraset-operator"}
#: What a reader has not set, whoever started this.
DROPPED = {"ARGS", "KUBECONFIG", "MAKEFLAGS", "PYTHONPATH"}
#: Files again, of the page's cluster.
MADE = {"dump.json": "kubectl get nodes,pods -A -o json > dump.json", "now.json.gz": "paraset snapshot now.json.gz"}
#: Pages of which no block is run have nothing to be started for.
RUN = [page for page in pages(ROOT) if any(not block.reason for block in blocks_of(page.read_text()))]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs of this project and the tools that its control plane is built with."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "kubectl").symlink_to(build_control_plane() / "kubectl")
    for name in ("paraset", "kubectl-paraset"):
        (folder / name).symlink_to(Path(sys.executable).with_name(name))
    if any("helm " in block.text and not block.reason for page in RUN for block in blocks_of(page.read_text())):
        (folder / "helm").symlink_to(build(HELM) / "helm")
    return folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with everything of the repository in its place, and the files that pages take to be the reader's."""
    folder = tmp_path / "paraset"
    folder.mkdir()
    for each in ROOT.iterdir():
        if each.name not in {".venv", ".git"}:
            (folder / each.name).symlink_to(each)
    for name, file in READERS_FILES.items():
        (folder / name).symlink_to(ROOT / file)
    virtual = folder / ".venv"
    (virtual / "bin").mkdir(parents=True)
    for each in [*Path(sys.prefix).iterdir(), *Path(sys.prefix, "bin").iterdir()]:
        if each.name not in {"bin", ".installed"}:
            (virtual / each.relative_to(sys.prefix)).symlink_to(each)
    (virtual / "bin" / ".installed").touch()  # newer than pyproject.toml: make installs nothing into what runs this
    return folder


@pytest.mark.timeout(SECONDS + 180)
@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_the_commands_of_a_page_do_what_it_says(page: Path, commands: Path, copy: Path) -> None:
    text = page.read_text()
    blocks = [block for block in blocks_of(text) if not block.reason]
    script = "".join(f"echo '{BETWEEN}{block.line}'\n{filled_in(block.text)}\n" for block in blocks)
    for name, made in MADE.items():
        script = f"{made}\n{script}" if name in script else script
    with world(world_of(text) or AT_WORK, "".join(block.text for block in blocks)) as kubeconfig:
        code, output = run(script, copy, environment(commands, kubeconfig, copy), copy.parent / "output")
    sys.stdout.write(output)  # for `pytest -rP`, when a page is written
    parts = dict(part.partition("\n")[::2] for part in output.split(BETWEEN)[1:])
    assert code == 0, f"{name_of(page)}: exit status {code} in the block of line {list(parts)[-1]}\n{output[-4000:]}"
    for block in blocks:
        check_output(page, block, parts[str(block.line)])


def check_output(page: Path, block: Block, printed: str) -> None:
    lost = missing(block.shown, printed)
    assert not lost, f"{name_of(page)}: the block of line {block.line} does not print {lost}, but\n{printed}"


def environment(commands: Path, kubeconfig: Path | None, copy: Path) -> dict[str, str]:
    """The reader's environment: no cluster but that of the page, and a home whose runs do not meet this machine's."""
    kept = {name: text for name, text in os.environ.items() if name not in DROPPED}
    kept |= READERS_VARIABLES | {
        "PATH": f"{commands}:{kept['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_STATE_HOME": str(copy.parent / "state"),
    }
    return kept | ({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {})


def run(script: str, folder: Path, env: dict[str, str], log: Path, seconds: int = SECONDS) -> tuple[int, str]:
    """Run commands in one shell that ends at the first that fails; what they left running ends with them."""
    shell = ["bash", "-euo", "pipefail", "-c", script]
    with (
        log.open("w") as output,
        subprocess.Popen(
            shell, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        ) as process,
    ):
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = -1
        finally:
            end_group(process.pid)
            down = [sys.executable, "-m", "devcluster", "down", "--all"]
            subprocess.run(down, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, check=False)
    return code, log.read_text()


def end_group(group: int) -> None:
    """End what a shell has started; nothing is left of most."""
    try:
        os.killpg(group, signal.SIGTERM)
    except ProcessLookupError:
        return


@pytest.mark.parametrize("page", pages(ROOT), ids=name_of)
def test_a_page_says_what_its_commands_run_on_in_words_that_mean_something(page: Path) -> None:
    text = page.read_text()
    assert world_of(text) in ("", *WORLDS)
    assert all(block.reason.strip() or block.text.strip() for block in blocks_of(text))


def test_an_output_that_differs_in_numbers_alone_is_the_same() -> None:
    assert missing("NAME  PODS\nminimal  4\n...\n", "x\nNAME      PODS\nminimal  17\n") == []
    assert missing("NAME  PODS\nother  4\n", "NAME PODS\nminimal 4\n") == ["other #"]
    assert loosely("a 1.5 s  b") == ["a # s b"]


def test_a_block_without_a_mark_is_run() -> None:
    page = (
        "<!-- not run: no registry -->\n```sh\ndocker push x\n```\n\n```sh\nls\n```\n<!-- output -->\n```text\na\n```\n"
    )
    assert [(block.reason, block.text, block.shown) for block in blocks_of(page)] == [
        ("no registry", "docker push x\n", ""),
        ("", "ls\n", "a\n"),
    ]
    with pytest.raises(ValueError, match="no mark"):
        blocks_of("<!-- skip -->\n```sh\nls\n```\n")


def test_a_page_without_a_cluster_gets_none() -> None:
    with world(NONE, "") as kubeconfig:
        assert kubeconfig is None
