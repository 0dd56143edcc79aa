"""Solver processes. They are spawned, never forked: HiGHS in a forked child returns zero without saying so."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType
from typing import TypeVar

from bench.oracle.coupling import Row, Share
from bench.oracle.fair import Party, fair_shares
from bench.oracle.node import Candidate, Choice, solve_node
from bench.oracle.problem import Column, Group
from bench.oracle.relaxation import add_rows, relax
from bench.oracle.solver import Effort, maximise

CHUNK = 20
MOST_PROCESSES = 2

_Result = TypeVar("_Result")
Task = tuple[Group, Sequence[Candidate]]


class SolverPool:
    """Processes that solve; a context manager."""

    def __init__(self, processes: int = MOST_PROCESSES) -> None:
        self._pool = ProcessPoolExecutor(
            min(processes, os.cpu_count() or 1), mp_context=get_context("spawn"), initializer=_be_quiet
        )

    def __enter__(self) -> SolverPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(cancel_futures=True)

    def call(self, work: Callable[..., _Result], *arguments: object) -> _Result:
        """Return what `work` returns in a solver process."""
        return self._pool.submit(work, *arguments).result()

    def nodes(self, tasks: Sequence[Task], effort: Effort) -> list[Choice]:
        """Return the best choice for one node of each group."""
        chunks = [tasks[start : start + CHUNK] for start in range(0, len(tasks), CHUNK)]
        results = self._pool.map(_solve_nodes, chunks, [effort] * len(chunks))
        return [choice for chunk in results for choice in chunk]

    def prices(
        self, columns: tuple[Column, ...], groups: tuple[Group, ...], rows: Sequence[Row]
    ) -> tuple[float, list[float]]:
        """Return the relaxation's bound and the price of each coupling row."""
        return self.call(_solve_relaxation, columns, groups, list(rows))

    def fair_shares(
        self,
        columns: tuple[Column, ...],
        groups: tuple[Group, ...],
        fillable: dict[str, int],
        parties: tuple[Party, ...],
        rows: Sequence[Row],
    ) -> dict[str, Share]:
        """Return the fair share of each party under the rows that are no shares."""
        return self.call(fair_shares, columns, groups, fillable, parties, list(rows))


def _be_quiet() -> None:
    """HiGHS greets on standard output before anybody can tell it not to."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _solve_nodes(tasks: Sequence[Task], effort: Effort) -> list[Choice]:
    return [solve_node(group, candidates, effort) for group, candidates in tasks]


def _solve_relaxation(
    columns: tuple[Column, ...], groups: tuple[Group, ...], rows: list[Row]
) -> tuple[float, list[float]]:
    relaxation = relax(columns, groups)
    places = add_rows(relaxation, rows)
    solution = maximise(relaxation.model)
    return solution.objective, [max(0.0, abs(solution.prices[at])) / unit for at, unit in places]
