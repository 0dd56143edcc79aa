"""Processes end with the program that wanted them, however it ends; a dead one is named with its last words."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devcluster.processes import ProcessDiedError, Processes

REPOSITORY = Path(__file__).parents[2]
# What a shell has put into the background ignores SIGINT, and so would all that it starts.
CALLER = """
import os, signal, sys, time
from pathlib import Path
from devcluster.processes import Processes
signal.signal(signal.SIGINT, signal.default_int_handler)
processes = Processes(Path(sys.argv[1]))
processes.discard_at_end(Path(sys.argv[1]) / "scratch")
if sys.argv[2] == "fork" and os.fork() == 0:
    time.sleep(600)
print(processes.start("sleeper", ["sleep", "600"]), flush=True)
{then}
"""


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(tmp_path / "logs")
    yield started
    started.close()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come about"
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Whether a process has ended (one that is not ours to wait for may remain as a zombie)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def caller(folder: Path, then: str, kind: str = "plain") -> tuple[subprocess.Popen[str], int]:
    (folder / "scratch").mkdir()
    program = subprocess.Popen(
        [sys.executable, "-c", CALLER.format(then=then), str(folder), kind],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )
    assert program.stdout
    return program, int(program.stdout.readline())


@pytest.mark.parametrize(
    ("then", "sent"),
    [
        ("raise RuntimeError('a bug')", None),
        ("time.sleep(600)", signal.SIGINT),
        ("time.sleep(600)", signal.SIGTERM),
        ("time.sleep(600)", signal.SIGKILL),
    ],
)
def test_nothing_outlives_the_caller(tmp_path: Path, then: str, sent: signal.Signals | None) -> None:
    program, sleeper = caller(tmp_path, then)
    with program:
        if sent:
            program.send_signal(sent)
        eventually(lambda: is_gone(sleeper))
    eventually(lambda: not (tmp_path / "scratch").exists())


def test_nothing_outlives_a_caller_whose_child_holds_the_pipe(tmp_path: Path) -> None:
    program, sleeper = caller(tmp_path, "time.sleep(600)", "fork")
    children = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
    try:
        program.kill()
        eventually(lambda: is_gone(sleeper))
    finally:
        for child in map(int, children):
            if not is_gone(child):
                os.kill(child, signal.SIGKILL)
        program.communicate()


def test_nothing_outlives_the_supervisor(tmp_path: Path) -> None:
    program, sleeper = caller(tmp_path, "time.sleep(600)")
    supervisor = int(re.search(r"PPid:\s+(\d+)", Path(f"/proc/{sleeper}/status").read_text())[1])  # type: ignore[index]
    with program:
        os.kill(supervisor, signal.SIGKILL)
        eventually(lambda: is_gone(sleeper))
        program.kill()


def test_a_process_that_dies_is_named_with_its_last_words(processes: Processes) -> None:
    pid = processes.start("etcd", ["sh", "-c", "echo cannot open the database; exit 3"])
    eventually(lambda: is_gone(pid))
    with pytest.raises(ProcessDiedError, match=r"etcd exited with code 3; last lines of .*:\ncannot open the database"):
        processes.check()


def test_a_stopped_process_is_not_dead_and_starts_again(processes: Processes) -> None:
    first = processes.start("sleeper", ["sleep", "600"])
    processes.stop("sleeper")
    processes.check()
    assert is_gone(first)
    assert not is_gone(processes.start_again("sleeper"))


def test_a_program_that_is_missing_is_named(processes: Processes) -> None:
    with pytest.raises(RuntimeError, match="no-such-program"):
        processes.start("x", ["/no-such-program"])


def test_close_ends_everything(tmp_path: Path) -> None:
    processes = Processes(tmp_path / "logs")
    sleeper = processes.start("sleeper", ["sleep", "600"])
    processes.close()
    assert is_gone(sleeper)
    processes.close()
