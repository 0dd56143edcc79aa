"""What a command ends with when a person can cure it."""

import argparse
from collections.abc import Sequence
from typing import NoReturn


class CliError(Exception):
    """What keeps a command from doing its work, in one sentence that says what to do about it."""

    def __init__(self, message: str, status: int = 1) -> None:
        self.status = status
        super().__init__(" ".join(message.split()))


class Parser(argparse.ArgumentParser):
    """Reports a wrong command line as every other error: in one line."""

    def error(self, message: str) -> NoReturn:
        raise CliError(f"{message}; see `{self.prog} --help`", status=2)


def one_standard_input(files: Sequence[str], cluster: str | None) -> None:
    """Raise CliError if standard input is named twice."""
    if [*files, cluster].count("-") > 1:
        raise CliError("only one of -f and --cluster can be -, standard input: name a file for the others", status=2)
