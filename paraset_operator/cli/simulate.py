"""`simulate`: fill a simulated cluster."""

import argparse

from paraset_operator.cli.errors import CliError
from paraset_operator.simulation.arguments import add_arguments as add_to


def command(options: argparse.Namespace) -> int:
    """Simulate, and print or draw what came of it."""
    from paraset_operator.simulation.command import SimulationFailedError, run_simulation

    try:
        return run_simulation(options)
    except SimulationFailedError as error:
        raise CliError(str(error), error.status) from error


__all__ = ["add_to", "command"]
