"""The caller's side of the supervisor, and what a dead process looks like to a person: its name, its exit code, its
last words.
"""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

LAST_LINES = 20


class ProcessDiedError(RuntimeError):
    """A process of the control plane ended by itself."""


class Processes:
    """The processes of one cluster. They end with `close`, and no later than this program."""

    def __init__(self, logs: Path) -> None:
        """Start the supervisor; logs go to `logs/<name>.log`."""
        self.logs = logs
        logs.mkdir(parents=True, exist_ok=True)
        self._commands: dict[str, list[str]] = {}
        self._lock = threading.Lock()
        self._supervisor = subprocess.Popen(
            [sys.executable, "-S", "-E", str(Path(__file__).with_name("supervisor.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a Ctrl-C reaches this program alone, which then ends the cluster in order
        )

    def start(self, name: str, argv: list[str]) -> int:
        """Start a process and return its process id."""
        self._commands[name] = argv
        return int(self._ask(verb="start", name=name, argv=argv, log=str(self.log(name)))["pid"])

    def start_again(self, name: str) -> int:
        """Start a stopped process with the command it had."""
        if name not in self._commands:
            raise KeyError(f"no process {name!r}; there are {', '.join(sorted(self._commands))}")
        return self.start(name, self._commands[name])

    def stop(self, name: str) -> None:
        """End one process; it is not counted as dead from here on."""
        self._ask(verb="stop", name=name)

    def discard_at_end(self, folder: Path) -> None:
        """Have `folder` removed once the processes have ended, even if this program is killed."""
        self._ask(verb="discard", folder=str(folder))

    def check(self) -> None:
        """Raise ProcessDiedError if a process ended by itself."""
        for name, code in self._ask(verb="status")["exit_codes"].items():
            if code is not None:
                raise ProcessDiedError(
                    f"{name} {describe_exit(code)}; last lines of {self.log(name)}:\n{self.tail(name)}"
                )

    def log(self, name: str) -> Path:
        """The log file of a process."""
        return self.logs / f"{name}.log"

    def tail(self, name: str) -> str:
        """The last lines a process wrote."""
        lines = self.log(name).read_text(errors="replace").splitlines() if self.log(name).exists() else []
        return "\n".join(lines[-LAST_LINES:]) or "(it wrote nothing)"

    def close(self) -> None:
        """End everything; returns when nothing is left running."""
        with self._lock:
            if self._supervisor.stdin and not self._supervisor.stdin.closed:
                self._supervisor.stdin.close()
        self._supervisor.wait()
        if self._supervisor.stdout:
            self._supervisor.stdout.close()

    def _ask(self, **request: Any) -> dict[str, Any]:
        with self._lock:
            assert self._supervisor.stdin
            assert self._supervisor.stdout
            self._supervisor.stdin.write(json.dumps(request) + "\n")
            self._supervisor.stdin.flush()
            line = self._supervisor.stdout.readline()
        if not line:
            raise ProcessDiedError("the supervisor of the cluster's processes was killed, and its processes with it")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"the supervisor could not {answer['error']}")
        return answer


def describe_exit(code: int) -> str:
    """An exit code in words."""
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
