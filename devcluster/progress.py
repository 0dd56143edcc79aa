"""What a person sees of a long build: which binary, how many are left, how long it has taken, and that it is still
alive.

On a terminal one line is rewritten every second; in a log a line is written at most every 15 seconds.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

TERMINAL_SECONDS = 1.0
LOG_SECONDS = 15.0
WIDTH = 100


class Progress:
    """The progress of `total` steps, of which `done` were done before."""

    def __init__(self, total: int, done: int = 0) -> None:
        """The clock starts now."""
        self._total, self._done = total, done
        self._began = time.monotonic()
        self._terminal = sys.stdout.isatty()
        self._packages = 0
        self._doing = ""

    def say(self, text: str) -> None:
        """Write a line of its own."""
        print(f"\r{text:<{WIDTH}}" if self._terminal else text, flush=True)

    def saw(self, line: str) -> None:
        """Take note of a line of `go build -v`: a package compiled, or a module downloaded."""
        if line.startswith("go: downloading"):
            self._doing = line.removeprefix("go: ")
        elif line and " " not in line:
            self._packages += 1
            self._doing = f"{self._packages} packages compiled"

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step, with signs of life while it lasts."""
        self._packages, self._doing = 0, "starting"
        began, ended = time.monotonic(), threading.Event()
        heading = f"[{self._done + 1}/{self._total}] {name}"
        self.say(f"{heading}: building, {self._total - self._done - 1} left after it")
        ticker = threading.Thread(target=self._tick, args=(heading, began, ended), daemon=True)
        ticker.start()
        try:
            yield
        finally:
            ended.set()
            ticker.join()
        self._done += 1
        total = time.monotonic() - self._began
        self.say(f"{heading}: done in {time.monotonic() - began:.0f} s ({_clock(total)} in all)")

    def _tick(self, heading: str, began: float, ended: threading.Event) -> None:
        while not ended.wait(TERMINAL_SECONDS if self._terminal else LOG_SECONDS):
            text = f"{heading}: {_clock(time.monotonic() - began)}, {self._doing}"
            if self._terminal:
                print(f"\r{text[:WIDTH]:<{WIDTH}}", end="", flush=True)
            else:
                print(text, flush=True)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
