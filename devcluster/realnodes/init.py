"""The first process of an isolation: process 1 of a new PID namespace, in new mount and network namespaces.

It makes them fit to live in, runs the command, and takes in orphans (each container has a shim that is one). As soon as
it ends, for whatever reason, the kernel kills all other processes inside, and mounts and interfaces go with the last of
them.

Nothing inside changes a setting of the host: kubelets insist on some sysctls that no namespace holds, and find files in
their place that have those values already.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWPID = 0x00020000, 0x40000000, 0x08000000, 0x20000000
#: What kubelets want these to be.
SYSCTLS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
#: Where kubelets and container runtimes keep files whatever they are told. Inside, the first are empty folders in
#: memory; what is written into the last goes to memory too, for not all they want is there (/var/lib/cni).
EMPTY, COPIED = ("/run", "/var/log"), "/var/lib"


def unshare(flags: int) -> None:
    """The system call; os.unshare came with Python 3.12."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, f"unshare: {os.strerror(number)} (inside a container it has to be privileged)")


def set_up() -> None:
    """Make the namespaces and what processes expect to find in them."""
    unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC)
    _mount("--make-rprivate", "/")
    _mount("-t", "proc", "proc", "/proc")
    for folder in EMPTY:
        _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", folder)
    upper, work = Path("/run/written/upper"), Path("/run/written/work")
    for path in (upper, work):
        path.mkdir(parents=True)
    options = f"lowerdir={COPIED},upperdir={upper},workdir={work}"
    _mount("-t", "overlay", "-o", options, "overlay", COPIED)
    for name, value in SYSCTLS.items():
        stand_in = Path("/run/sysctls", name)
        stand_in.parent.mkdir(parents=True, exist_ok=True)
        stand_in.write_text(f"{value}\n")
        _mount("--bind", str(stand_in), f"/proc/sys/{name}")
    _mount("--make-rshared", "/")  # kubelets ask for it, so that mounts made in pods can be seen
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")  # each network namespace has its own


def run(argv: list[str]) -> int:
    """Run the command to its end; the signals that people send are its to answer."""
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda given, _: _pass_on(child.pid, given))
    while True:
        ended, status = os.wait()
        if ended == child.pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _pass_on(process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


if __name__ == "__main__":
    set_up()
    sys.exit(run(sys.argv[1:]))
