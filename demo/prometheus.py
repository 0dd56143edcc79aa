"""A real Prometheus that scrapes the operator, evaluates the alerts and answers queries.

It is built from its Go module without its web pages: queries go through its API, or a Grafana that is pointed at it.

Invariants: it listens on loopback alone, keeps its data in the folder given, and outlives neither the `with` block nor
this program.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import yaml

from devcluster.binaries import PROMETHEUS, find_binaries
from devcluster.ports import free_ports
from devcluster.processes import ProcessDiedError, Processes

NAME = "prometheus"
ALERTS = Path(__file__).resolve().parent.parent / "charts" / "paraset" / "files" / "alerts.yaml"

Series = dict[str, Any]


class PrometheusError(RuntimeError):
    """Prometheus did not come up, or would not answer a query; the message says why."""


class Prometheus:
    """Scrapes `targets` (host:port) every `scrape_seconds` while the `with` block lasts."""

    def __init__(self, targets: Sequence[str], folder: Path, scrape_seconds: float = 5.0) -> None:
        self._targets, self._folder, self._scrape_seconds = list(targets), folder, scrape_seconds
        (self._port,) = free_ports(1)

    @property
    def url(self) -> str:
        """Where it answers, and what a Grafana takes as the URL of a data source."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        binary = find_binaries(PROMETHEUS) / NAME
        self._folder.mkdir(parents=True, exist_ok=True)
        config = self._folder / "prometheus.yaml"
        config.write_text(yaml.safe_dump(self._config()))
        self._processes = Processes(self._folder)
        try:
            self._processes.start(NAME, [str(binary), *self._flags(config)])
            self._wait_ready(60)
        except BaseException:
            self._processes.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._processes.close()

    def query(self, expression: str) -> list[Series]:
        """The series of an instant query, now; PrometheusError with its words if it refuses the expression."""
        answer = self.get("/api/v1/query", query=expression)
        return list(answer["result"]) if answer["resultType"] == "vector" else [{"value": answer["result"]}]

    def value(self, expression: str) -> float | None:
        """The value of the one series of an instant query; None if there is none."""
        found = self.query(expression)
        if len(found) > 1:
            raise PrometheusError(f"{expression}: {len(found)} series, expected one")
        return float(found[0]["value"][1]) if found else None

    def get(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its API."""
        asked = f"{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{asked}", timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise PrometheusError(f"{path} {parameters}: {error.read().decode()}") from error

    def _config(self) -> dict[str, Any]:
        every = f"{round(self._scrape_seconds * 1000)}ms"
        return {
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": [str(ALERTS)],
            "scrape_configs": [
                {
                    "job_name": "paraset-operator",
                    # As a ServiceMonitor scrapes: targets have a namespace too, and that of a set has to win.
                    "honor_labels": True,
                    "static_configs": [{"targets": self._targets, "labels": {"namespace": "paraset-system"}}],
                }
            ],
        }

    def _flags(self, config: Path) -> list[str]:
        return [
            f"--config.file={config}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--log.level=warn",
        ]

    def _wait_ready(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._ready():
            try:
                self._processes.check()
            except ProcessDiedError as error:
                raise PrometheusError(str(error)) from None
            if time.monotonic() > deadline:
                raise PrometheusError(f"Prometheus was not ready within {seconds:.0f} s\n{self._processes.tail(NAME)}")
            time.sleep(0.1)

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
