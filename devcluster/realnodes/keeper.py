"""Stands between the outside and the inside of an isolation, and cleans up after both.

Its standard input is held open by the caller: when that closes, however the caller ended, the first process inside is
killed, and so everything inside. When the inside has ended, for whatever reason, the cgroups and the scratch folder are
removed. Were the keeper itself killed, the kernel would still end the inside with it, and the caller cleans up; were
both killed, the cgroups are left, empty, and the next isolation removes them.
"""

import os
import select
import signal
import subprocess
import sys

from devcluster.realnodes.init import CLONE_NEWPID, unshare
from devcluster.realnodes.isolation import clean_up
from devcluster.supervisor import die_with_parent

POLL_SECONDS = 0.05


def keep(name: str, scratch: str, argv: list[str]) -> int:
    """Run `argv` isolated, clean up, and return its exit code."""
    unshare(CLONE_NEWPID)  # the next child is process 1
    inside = subprocess.Popen(
        [sys.executable, "-m", "devcluster.realnodes.init", *argv],
        stdin=subprocess.DEVNULL,
        preexec_fn=die_with_parent,  # noqa: PLW1509  there is no second thread here that could hold a lock
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda given, _: inside.send_signal(given))
    try:
        while inside.poll() is None and not _caller_has_ended():
            pass
    finally:
        inside.kill()
        code = inside.wait()
        clean_up(name, scratch)
    return code if code >= 0 else 128 - code


def _caller_has_ended() -> bool:
    readable = select.select([sys.stdin.fileno()], [], [], POLL_SECONDS)[0]
    return bool(readable) and not os.read(sys.stdin.fileno(), 1)


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1], sys.argv[2], sys.argv[3:]))
