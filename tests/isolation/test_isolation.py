"""What `devcluster isolated` promises: nothing outlives it, whoever is killed, and nothing of the host is changed.

These run outside of an isolation, because they start some.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from operating import eventually

from devcluster.realnodes import cgroups, isolation, requirements

ROOT = Path(__file__).resolve().parents[2]
NOTHING = "Left behind: no process, no mount, no cgroup, no interface, no file, no changed setting.\n"
#: A process in a cgroup of its own, with an orphan that ignores signals, as containers and their shims are.
BUSY = """
import os, signal, sys, time
from devcluster.realnodes import cgroups, isolation
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork():
    cgroups.create(isolation.name() + "/node/pod")
    for folder in cgroups.find(isolation.name() + "/node/pod"):
        (folder / "cgroup.procs").write_text(str(os.getpid()))
    print(isolation.name(), flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True, scope="module")
def asked_for(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("real_nodes"):
        pytest.skip("needs root: `make e2e-nodes` runs these")


def isolated(*argv: str, **options: object) -> "subprocess.CompletedProcess[str]":
    """Run a command isolated to its end."""
    return subprocess.run(command(*argv), cwd=ROOT, capture_output=True, text=True, timeout=100, check=False, **options)


def command(*argv: str) -> list[str]:
    return [sys.executable, "-m", "devcluster", "isolated", "--", *argv]


@pytest.fixture
def busy() -> Iterator[subprocess.Popen[str]]:
    """An isolation at work; killed at the end if it still is."""
    with subprocess.Popen(command(sys.executable, "-c", BUSY), cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().strip() == name(process)
        yield process
        process.kill()


def name(process: subprocess.Popen[str]) -> str:
    return f"{cgroups.PREFIX}{process.pid}"


def those_inside(process: subprocess.Popen[str]) -> list[str]:
    """The processes of an isolation, those whose environment bears its name."""
    found, mark = [], f"{isolation.VARIABLE}={name(process)}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(folder.name)
    return found


def until_all_have_ended(process: subprocess.Popen[str]) -> None:
    eventually("everything inside has ended", lambda: not those_inside(process))


def test_the_exit_code_is_the_command_s_and_nothing_is_left() -> None:
    done = isolated("sh", "-c", "exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, NOTHING, "")


def test_a_command_sees_no_interface_of_the_host() -> None:
    assert isolated("ls", "/sys/class/net").returncode == 0
    done = isolated("ip", "-o", "link")
    assert [line.split(":")[1].strip() for line in done.stdout.splitlines() if line[0].isdigit()] == ["lo"]


def test_the_settings_that_kubelets_change_are_not_the_host_s() -> None:
    before = Path("/proc/sys/kernel/panic").read_text()
    done = isolated("sh", "-c", "cat /proc/sys/kernel/panic; echo 77 > /proc/sys/kernel/panic")
    assert done.stdout.startswith("10\n")
    assert Path("/proc/sys/kernel/panic").read_text() == before


def test_files_in_folders_of_the_system_are_not_the_host_s() -> None:
    done = isolated("touch", "/run/paraset-test", "/var/lib/paraset-test", "/var/log/paraset-test")
    assert done.returncode == 0, done.stderr
    assert not [folder for folder in ("/run", "/var/lib", "/var/log") if Path(folder, "paraset-test").exists()]


def test_nothing_outlives_a_caller_that_is_killed(busy: subprocess.Popen[str]) -> None:
    busy.kill()
    until_all_have_ended(busy)
    eventually("its cgroups are gone", lambda: not cgroups.find(name(busy)))


def test_nothing_outlives_a_command_that_is_killed(busy: subprocess.Popen[str]) -> None:
    inside = isolation.first_inside(busy.pid)
    os.kill(int(Path(f"/proc/{inside}/task/{inside}/children").read_text().split()[0]), signal.SIGKILL)
    assert busy.wait() == 128 + signal.SIGKILL
    assert busy.stdout
    assert busy.stdout.read() == NOTHING
    assert those_inside(busy) == []


def keeper_of(process: subprocess.Popen[str]) -> int:
    return int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())


def test_nothing_outlives_a_keeper_that_is_killed(busy: subprocess.Popen[str]) -> None:
    os.kill(keeper_of(busy), signal.SIGKILL)
    assert busy.wait() == 128 + signal.SIGKILL
    assert busy.stdout
    assert busy.stdout.read() == NOTHING
    assert those_inside(busy) == []


def test_cgroups_outlive_caller_and_keeper_until_the_next_isolation(busy: subprocess.Popen[str]) -> None:
    keeper = keeper_of(busy)
    busy.send_signal(signal.SIGSTOP)
    os.kill(keeper, signal.SIGKILL)
    busy.kill()
    until_all_have_ended(busy)
    busy.wait()
    assert cgroups.find(name(busy))
    assert isolated("true").stdout == NOTHING
    assert not cgroups.find(name(busy))


def run_on_a_machine(that: str) -> "subprocess.CompletedProcess[str]":
    """Run `devcluster isolated` where something is missing, as this Python code has it."""
    code = f"""
import os, sys
from devcluster.cli import main
from devcluster.realnodes import requirements
{that}
sys.exit(main(["isolated", "--", "true"]))
"""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


def test_without_root_one_line_says_so() -> None:
    done = run_on_a_machine("os.geteuid = lambda: 1000")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (requirements.EXIT_CODE, "", 1)
    assert "root" in done.stderr


def test_without_the_packages_one_line_says_which() -> None:
    done = run_on_a_machine("requirements.find = lambda program: None")
    assert (done.returncode, done.stdout) == (requirements.EXIT_CODE, "")
    assert done.stderr == f"real nodes need Debian packages: apt-get install {' '.join(requirements.PACKAGES)}\n"
