"""The parent of a cluster's processes: a program of its own, so that they end whatever happens to the program that
wanted them.

It starts and stops processes by JSON lines on its standard input and answers each with one JSON line. When its input
closes - the caller has ended, by an exception, by Ctrl-C, by kill -9 - it kills everything it started and removes the
scratch folders it was told of. Its processes in turn ask the kernel to be killed should the supervisor itself be
killed; that signal is tied to the thread that started them, and the supervisor has only one. Standard library only, and
run as a file: it starts in some 30 ms.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
TERMINATION_SECONDS = 2.0
PARENT_CHECK_SECONDS = 1.0


def die_with_parent() -> None:
    """Run in a new child: ask Linux to kill it as soon as the thread that started it ends. Elsewhere there is no such
    request.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Supervisor:
    """The running processes by name, and the requests that act on them."""

    def __init__(self) -> None:
        """Start with nothing running."""
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.scratch: list[Path] = []

    def start(self, name: str, argv: list[str], log: str) -> dict[str, Any]:
        """Start a process; its output is appended to `log`."""
        with Path(log).open("ab") as output:
            self.processes[name] = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,  # noqa: PLW1509  there is no second thread here that could hold a lock
            )
        return {"pid": self.processes[name].pid}

    def status(self) -> dict[str, Any]:
        """Every process's exit code (negative: the signal that ended it), null while it runs."""
        return {"exit_codes": {name: process.poll() for name, process in self.processes.items()}}

    def stop(self, name: str) -> dict[str, Any]:
        """Ask one process to end, and make it end if it does not."""
        process = self.processes.pop(name)
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(TERMINATION_SECONDS)
        process.kill()
        return {"exit_code": process.wait()}

    def discard(self, folder: str) -> dict[str, Any]:
        """Remember a folder that is of no use once the processes have ended."""
        self.scratch.append(Path(folder))
        return {}

    def end(self) -> None:
        """Kill everything: what the processes keep is thrown away, so there is nothing to end gracefully."""
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()
        for folder in self.scratch:
            shutil.rmtree(folder, ignore_errors=True)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request; a failure is an answer, not the end of the supervisor."""
        verbs: dict[str, Callable[..., dict[str, Any]]] = {
            "start": self.start,
            "status": self.status,
            "stop": self.stop,
            "discard": self.discard,
        }
        verb = request.pop("verb")
        try:
            return verbs[verb](**request)
        except (OSError, KeyError) as error:
            return {"error": f"{verb} {request.get('name', '')}: {error}"}


def requests(descriptor: int) -> Iterator[dict[str, Any]]:
    """The requests that arrive, until the input closes.

    A caller that forked may leave its end of the pipe open in a child of its own, so a change of parent counts as the
    end too.
    """
    parent, buffered = os.getppid(), b""
    while os.getppid() == parent:
        if not select.select([descriptor], [], [], PARENT_CHECK_SECONDS)[0]:
            continue
        read = os.read(descriptor, 1 << 16)
        if not read:
            return
        *lines, buffered = (buffered + read).split(b"\n")
        yield from map(json.loads, lines)


def main() -> None:
    """Serve requests until the caller ends or a termination signal arrives."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the caller's to handle: it closes the input
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    supervisor = Supervisor()
    try:
        for request in requests(sys.stdin.fileno()):
            print(json.dumps(supervisor.answer(request)), flush=True)
    except BrokenPipeError:
        pass  # the caller ended between its question and our answer
    finally:
        supervisor.end()


if __name__ == "__main__":
    main()
