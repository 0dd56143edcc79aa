"""`paraset simulate`: from options to runs, a table, JSON and figures."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from paraset_operator.runtime.offline_files import OfflineError
from paraset_operator.simulation.inputs import policies_of, scenario_of, settings_of
from paraset_operator.simulation.policies import DESCRIPTIONS
from paraset_operator.simulation.replay import replay, replayed
from paraset_operator.simulation.report import write_json, write_table
from paraset_operator.simulation.rows import TraceError
from paraset_operator.simulation.runs import Outcome, simulate


class SimulationFailedError(Exception):
    """What keeps a simulation from running, in one sentence; `status` is the exit status."""

    def __init__(self, message: str, status: int = 2) -> None:
        self.status = status
        super().__init__(message)


def run_simulation(options: argparse.Namespace) -> int:
    """Run what the options ask for; raise SimulationFailedError."""
    if options.list_policies:
        _list_policies()
        return 0
    if options.replay and options.cluster:
        raise SimulationFailedError("--replay makes nodes of its own: leave out --cluster")
    draw = _drawing(options.plot) if options.plot else None
    try:
        outcomes = _run(options)
    except (TraceError, OfflineError) as error:
        raise SimulationFailedError(str(error)) from error
    rows = [outcome.run.as_json() for outcome in outcomes]
    try:
        if options.json:
            write_json(rows, options.json, sys.stdout)
        if options.json != "-":
            write_table(rows, sys.stdout)
        if draw is not None:
            _say_drawn(draw(outcomes))
    except OSError as error:
        where = error.filename or options.json or options.plot
        raise SimulationFailedError(f"{where}: can't be written: {error.strerror}; check the path", 1) from error
    sys.stdout.flush()
    return 0


def _run(options: argparse.Namespace) -> list[Outcome]:
    scenario = scenario_of(options)
    for note in scenario.notes:
        sys.stderr.write(f"paraset: note: {note}\n")
    settings = settings_of(options, scenario)
    policies = policies_of(settings, scenario)
    with _progress(settings.runs) as on_run:
        if options.replay:
            busy = replayed(scenario, options.node_count or 8, options.node_model, options.hours, options.speed)
            return [*replay(busy, settings, policies, on_run)]
        return [*simulate(scenario, settings, policies, on_run)]


@contextmanager
def _progress(total: int) -> Iterator[Callable[[str], None]]:
    """Show a bar on standard error, if that is a terminal; what is given is to be called before each run."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _what: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task, done = bar.add_task("LS pods arrive", total=total), count()
        yield lambda what: bar.update(task, completed=next(done), description=what)


def _list_policies() -> None:
    width = max(map(len, DESCRIPTIONS))
    for name, text in DESCRIPTIONS.items():
        sys.stdout.write(f"{name:<{width}}  {text}\n")


def _drawing(folder: str) -> Callable[[list[Outcome]], list[Path]]:
    """Return what draws; found out before the runs, so that nobody waits for figures that can't be drawn."""
    try:
        from paraset_operator.simulation.plots import draw_all  # noqa: PLC0415 - matplotlib is an extra
    except ImportError as error:
        raise SimulationFailedError(
            f"--plot needs matplotlib, which is not there ({error}): pip install 'paraset[plot]'"
        ) from error
    return lambda outcomes: draw_all(outcomes, Path(folder))


def _say_drawn(files: list[Path]) -> None:
    for file in files:
        sys.stderr.write(f"drawn: {file}\n")
