"""How many threads numpy multiplies matrices with."""

import os


def one_thread() -> None:
    """Have numpy use one, unless the environment says otherwise; call it before numpy is imported.

    A plan multiplies many small matrices. More threads make that no faster, and between two products they spin: a plan
    for five sets took twice the CPU time, of cores that LS work or the scheduler needs.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
