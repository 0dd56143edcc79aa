"""The commands `paraset` and `kubectl paraset`: one module a subcommand, here what they have in common.

Every subcommand imports what it needs when it is chosen, so that `--help` and a mistyped option answer at once. An
error that a person can cure is one line on stderr: exit status 2 for a wrong command line, 1 for anything else.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from paraset_operator.cli.blas import one_thread
from paraset_operator.cli.errors import CliError
from paraset_operator.cli.parser import PARASET, PLUGIN, Program, parser_of


def main(argv: Sequence[str] | None = None, program: Program = PARASET) -> int:
    """Run a command line, by default that of the process; return the exit status."""
    one_thread()
    try:
        options = parser_of(program).parse_args(argv, argparse.Namespace(program=program.name))
        return int(options.command(options))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        return _reader_gone()
    except CliError as error:
        print(f"{program.name}: error: {error}", file=sys.stderr)
        return error.status


def kubectl_plugin() -> int:
    """Run as `kubectl paraset`: kubectl finds `kubectl-paraset` on PATH and hands over what follows its name."""
    return main(program=PLUGIN)


def _reader_gone() -> int:
    """Leave quietly when `head` has read enough; the interpreter must not flush into the closed pipe either."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGPIPE
