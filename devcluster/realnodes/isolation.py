"""Running a command where real nodes may live: in PID, mount and network namespaces of its own.

The whole program goes inside, control plane, operator and tests included, so that all of it speaks over loopback as
ever, and nothing of it can be reached from outside, or is left behind.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from devcluster.realnodes import cgroups, leftovers, requirements

#: Inside, the name of the isolation, which its cgroups bear too.
VARIABLE = "PARASET_ISOLATION"
#: Inside, a folder that is removed at the end whatever happens.
SCRATCH = "PARASET_ISOLATION_SCRATCH"
REPOSITORY = Path(__file__).parents[2]
LEFT_EXIT_CODE = 4


class IsolationError(RuntimeError):
    """Real nodes were asked for outside of an isolation."""


def name() -> str:
    """The name of the isolation that this program is in; IsolationError if it is in none."""
    found = os.environ.get(VARIABLE)
    if not found:
        raise IsolationError("real nodes run isolated only: start this as `python -m devcluster isolated -- COMMAND`")
    return found


def process() -> int:
    """The outermost process of the isolation that this program is in, as seen from outside."""
    return int(name().removeprefix(cgroups.PREFIX))


def scratch() -> Path:
    """A folder for what is of no use afterwards."""
    return Path(os.environ[SCRATCH])


def run(argv: list[str]) -> int:
    """Run a command isolated and say what it left behind; returns its exit code, LEFT_EXIT_CODE if that is 0 but
    something was left. RequirementError if this machine lacks something.
    """
    requirements.check()
    for forgotten in cgroups.stale():
        cgroups.remove(forgotten)
    own, folder = f"{cgroups.PREFIX}{os.getpid()}", tempfile.mkdtemp(prefix="paraset-nodes-")
    before = leftovers.Host.seen(own)
    code = _run(own, folder, argv)
    clean_up(own, folder)  # the keeper has, unless it was killed
    left = leftovers.Host.seen(own).more_than(before)
    print(leftovers.sentence(left, folder), flush=True)
    return code or (LEFT_EXIT_CODE if left else 0)


def clean_up(own: str, folder: str) -> None:
    """Remove what no namespace holds, once all processes inside have ended."""
    cgroups.remove(own)
    shutil.rmtree(folder, ignore_errors=True)


def enter(outermost: int, argv: list[str], environment: dict[str, str]) -> int:
    """Run a command inside the isolation whose outermost process has that id; returns its exit code."""
    first = first_inside(outermost)
    return subprocess.run(
        ["nsenter", f"--target={first}", "--mount", "--net", "--pid", "--ipc", "--wd=.", "--", *argv],
        check=False,
        env=os.environ | _marks(first) | environment,
    ).returncode


def first_inside(outermost: int) -> int:
    """Process 1 of the isolation whose outermost process has that id, as seen from here."""
    keeper = _children(outermost)[0]
    return _children(keeper)[0]


def sockets(outermost: int) -> list[Path]:
    """Where the containerds of the real nodes in that isolation answer."""
    return sorted(Path(_marks(first_inside(outermost))[SCRATCH]).glob("nodes/*/containerd.sock"))


def _marks(inside: int) -> dict[str, str]:
    """What tells programs that, and where, they are isolated."""
    pairs = (line.partition("=") for line in Path(f"/proc/{inside}/environ").read_text().split("\0"))
    return {key: value for key, _, value in pairs if key in (VARIABLE, SCRATCH)}


def _run(own: str, folder: str, argv: list[str]) -> int:
    path = f"{REPOSITORY}:{os.environ.get('PYTHONPATH', '')}".rstrip(":")
    keeper = subprocess.Popen(
        [sys.executable, "-m", "devcluster.realnodes.keeper", own, folder, *argv],
        stdin=subprocess.PIPE,  # closes when we end, which is how the keeper notices
        env=os.environ | {VARIABLE: own, SCRATCH: folder, "PYTHONPATH": path, "PATH": requirements.search_path()},
        start_new_session=True,  # whoever kills our process group does not kill the keeper
    )
    before = {number: signal.signal(number, lambda given, _: keeper.send_signal(given)) for number in _PASSED_ON}
    try:
        code = keeper.wait()
        return code if code >= 0 else 128 - code
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_PASSED_ON = (signal.SIGINT, signal.SIGTERM)


def _children(process: int) -> list[int]:
    try:
        found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except FileNotFoundError:
        found = []
    if not found:
        raise IsolationError(f"process {process} runs no isolation (any more)")
    return [int(each) for each in found]
