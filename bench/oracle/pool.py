"""Solver processes. They are spawned, never forked: HiGHS in a forked child returns zero without saying so."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import TracebackType

from bench.oracle.fair import Party, fair_shares
from bench.oracle.node import Candidate, Choice, solve_node
from bench.oracle.problem import Column, Group
from bench.oracle.relaxation import PricedRow, add_rows, relax
from bench.oracle.solver import Effort, maximise

CHUNK = 20
MOST_PROCESSES = 2

Task = tuple[Group, Sequence[Candidate]]


class SolverPool:
    """Processes that solve; a context manager."""

    def __init__(self, processes: int = MOST_PROCESSES) -> None:
        self._pool = ProcessPoolExecutor(min(processes, os.cpu_count() or 1), mp_context=get_context("spawn"))

    def __enter__(self) -> SolverPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(cancel_futures=True)

    def nodes(self, tasks: Sequence[Task], effort: Effort) -> list[Choice]:
        """Return the best choice for one node of each group."""
        chunks = [tasks[start : start + CHUNK] for start in range(0, len(tasks), CHUNK)]
        results = self._pool.map(_solve_nodes, chunks, [effort] * len(chunks))
        return [choice for chunk in results for choice in chunk]

    def prices(
        self, columns: tuple[Column, ...], groups: tuple[Group, ...], rows: Sequence[PricedRow]
    ) -> tuple[float, list[float]]:
        """Return the relaxation's bound and the price of each coupling row."""
        return self._pool.submit(_solve_relaxation, columns, groups, list(rows)).result()

    def fair_shares(
        self,
        columns: tuple[Column, ...],
        groups: tuple[Group, ...],
        fillable: dict[str, int],
        parties: tuple[Party, ...],
        rows: Sequence[PricedRow],
    ) -> dict[str, float]:
        """Return the fair share of each party under the rows that are no shares."""
        return self._pool.submit(fair_shares, columns, groups, fillable, parties, list(rows)).result()


def _solve_nodes(tasks: Sequence[Task], effort: Effort) -> list[Choice]:
    return [solve_node(group, candidates, effort) for group, candidates in tasks]


def _solve_relaxation(
    columns: tuple[Column, ...], groups: tuple[Group, ...], rows: list[PricedRow]
) -> tuple[float, list[float]]:
    relaxation = relax(columns, groups)
    places = add_rows(relaxation, rows)
    solution = maximise(relaxation.model)
    return solution.objective, [max(0.0, abs(solution.prices[at])) / unit for at, unit in places]
