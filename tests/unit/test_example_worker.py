"""The example worker, run as a process of its own: it saves, leaves in time, and its successor goes on from there."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from paraset_operator.api.v1alpha1 import parse_paraset

HOME = Path(__file__).parents[2] / "examples" / "worker"
GRACE = 10.0


class Worker:
    """One run of it under the name s-3; what it may use is written by the test, as a kubelet would."""

    def __init__(self, at: Path, blocks: int = 10**9, every: float = 3600) -> None:
        self.state_file, self.info = at / "state" / "s-3.json", at / "info"
        self.info.mkdir(exist_ok=True)
        settings = {"STATE_DIR": at / "state", "INFO_DIR": self.info, "WORKER_NAME": "s-3"}
        settings |= {"BLOCKS": blocks, "CHECKPOINT_SECONDS": every}
        self.log = at / f"log-{time.monotonic_ns()}"
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(HOME / "worker.py")],
                env=os.environ | {name: str(value) for name, value in settings.items()},
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def state(self) -> dict[str, int]:
        return dict(json.loads(self.state_file.read_text()))

    def has_said(self, words: str) -> bool:
        return words in self.log.read_text()

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert self.process.poll() is None or condition(), self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.01)

    def terminate(self) -> int:
        """Send SIGTERM and return the exit status; TimeoutExpired if it stays beyond the grace."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(GRACE)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    made: list[Worker] = []

    def begin(**fields: float) -> Worker:
        made.append(Worker(tmp_path, **fields))  # type: ignore[arg-type]
        return made[-1]

    yield begin
    for each in made:
        each.process.kill()
        each.process.wait()


def test_it_leaves_within_the_grace_and_has_saved(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.until(lambda: worker.has_said("threads:"))
    assert worker.terminate() == 0
    assert worker.state()["done"] > 0


def test_a_successor_goes_on_from_there(start: Callable[..., Worker]) -> None:
    first = start()
    first.until(lambda: first.has_said("threads:"))
    first.terminate()
    done = first.state()["done"]
    second = start()
    second.until(lambda: second.has_said(f"begins at block {done}"))
    second.terminate()
    assert second.state()["done"] >= done


def test_what_was_interrupted_comes_to_the_same_as_what_was_not(start: Callable[..., Worker], tmp_path: Path) -> None:
    first = start(blocks=60)
    first.until(lambda: first.has_said("threads:"))
    first.terminate()
    second = start(blocks=60)
    second.until(lambda: second.has_said("ends at block 60 of 60"))
    interrupted = second.state()
    second.terminate()
    first.state_file.unlink()
    whole = start(blocks=60)
    whole.until(lambda: whole.has_said("ends at block 60 of 60"))
    assert whole.state() == interrupted


def test_one_that_is_killed_loses_no_more_than_since_its_last_checkpoint(start: Callable[..., Worker]) -> None:
    worker = start(every=0)
    worker.until(lambda: worker.state_file.exists() and worker.state()["done"] > 3)
    worker.process.kill()
    worker.process.wait()
    assert worker.state()["done"] > 3


def test_it_follows_the_cores_it_may_use(start: Callable[..., Worker], tmp_path: Path) -> None:
    (tmp_path / "info").mkdir()
    (tmp_path / "info" / "cpu_millicores").write_text("3500")
    worker = start()
    worker.until(lambda: worker.has_said("threads: 3"))
    (worker.info / "cpu_millicores").write_text("1000")
    worker.until(lambda: worker.has_said("threads: 1"))


def test_it_saves_when_a_move_is_announced(start: Callable[..., Worker]) -> None:
    worker = start()
    worker.until(lambda: worker.has_said("threads:"))
    assert not worker.state_file.exists()
    (worker.info / "annotations").write_text('paraset.io/leaving-at="2030-01-01T00:00:00Z"\n')
    worker.until(worker.state_file.exists)


def test_its_manifest_is_valid_and_keeps_sigterm_from_no_one() -> None:
    documents = list(yaml.safe_load_all((HOME / "paraset.yaml").read_text()))
    paraset = parse_paraset(next(each for each in documents if each["kind"] == "ParaSet"), strict=True)
    (container,) = paraset.spec.template["spec"]["containers"]
    assert container["command"][0] == "python"
