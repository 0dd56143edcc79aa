"""The operator as a real process with the rights of its own ServiceAccount, so that it can be killed, restarted and
blamed.

Invariants: it never has the administrator's kubeconfig; it outlives neither the `with` block nor this program; the
log of all its lives is one file.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

from devcluster.ports import free_ports
from devcluster.processes import ProcessDiedError, Processes

NAME = "paraset-operator"


class OperatorError(RuntimeError):
    """The operator did not do what a process should; the message ends with the last lines of its log."""


class OperatorProcess:
    """`paraset run` under the given kubeconfig and with more `options`, with its log in the folder `logs`."""

    def __init__(self, kubeconfig: Path, logs: Path, identity: str, *options: str) -> None:
        self._health, self._metrics = free_ports(2)
        ports = ["--health-port", str(self._health), "--metrics-port", str(self._metrics)]
        command = str(Path(sys.executable).with_name("paraset"))
        self._argv = [
            command,
            "run",
            "--kubeconfig",
            str(kubeconfig),
            "--identity",
            identity,
            "--log-format",
            "json",
            *ports,
            *options,
        ]
        self._logs = logs
        self.pid = 0

    def __enter__(self) -> Self:
        self._processes = Processes(self._logs)
        return self

    def __exit__(self, *_: object) -> None:
        self._processes.close()

    @property
    def log(self) -> Path:
        return self._logs / f"{NAME}.log"

    @property
    def metrics_address(self) -> str:
        """Host and port of its metrics."""
        return f"127.0.0.1:{self._metrics}"

    def start(self) -> None:
        self.pid = self._processes.start(NAME, self._argv)

    def start_ready(self, seconds: float = 30) -> None:
        """Start it and wait until /readyz says yes; OperatorError when it ends first or the time is over."""
        self.start()
        deadline = time.monotonic() + seconds
        while not self._ready():
            self.check()
            if time.monotonic() > deadline:
                raise OperatorError(f"the operator was not ready within {seconds:.0f} s\n{self.tail()}")
            time.sleep(0.05)

    def check(self) -> None:
        """Raise OperatorError if the process has ended by itself."""
        try:
            self._processes.check()
        except ProcessDiedError as error:
            raise OperatorError(str(error)) from None

    def kill(self) -> None:
        """SIGKILL: it gets no chance to say or tidy anything."""
        os.kill(self.pid, signal.SIGKILL)
        self._forget()

    def stop(self) -> None:
        """SIGTERM, and see it gone; nothing to do if it does not run."""
        if self.pid:
            self._forget()

    def metrics(self) -> str:
        """All metrics as text."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._metrics}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def quantile(self, name: str, share: float) -> float | None:
        """A quantile of one of its histograms, by the upper end of the bucket that it is in; None if it has none."""
        return quantile_of(self.metrics(), name, share)

    def has_planned_within(self, seconds: float) -> bool:
        """Whether it has begun a whole plan in so many past seconds and is done with it; no if it does not answer."""
        try:
            with self._readyz() as answer:
                ages = json.load(answer)
        except (urllib.error.URLError, OSError):
            return False
        turn, plan = ages["lastTurnAgeSeconds"], ages["lastPlanAgeSeconds"]
        return turn is not None and plan is not None and plan < turn < seconds

    def tail(self) -> str:
        return f"last lines of {self.log}:\n{self._processes.tail(NAME)}"

    def _forget(self) -> None:
        self._processes.stop(NAME)
        self.pid = 0

    def _readyz(self) -> Any:
        return urllib.request.urlopen(f"http://127.0.0.1:{self._health}/readyz", timeout=1)

    def _ready(self) -> bool:
        try:
            with self._readyz() as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def quantile_of(metrics: str, name: str, share: float) -> float | None:
    """The upper end of the bucket of a histogram without labels that a quantile falls into; None if it is empty."""
    buckets = []
    for line in metrics.splitlines():
        if line.startswith(f'{name}_bucket{{le="'):
            end, _, count = line.removeprefix(f'{name}_bucket{{le="').partition('"} ')
            buckets.append((float(end), float(count)))
    total = max((count for _, count in buckets), default=0.0)
    return next((end for end, count in sorted(buckets) if total and count >= share * total), None)
