"""Rows of a CSV file whose errors say where they are: file, row and column, in one line.

The file is read line by line and no line is taken in beyond a limit, so that a file that is no table costs no memory.
Rows are counted as a spreadsheet counts them: the header is row 1.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

LONGEST_LINE = 65_536
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_NUMBER = re.compile(r"([+-]?)0*([0-9]{1,30})(?:\.0*)?", re.ASCII)


class TraceError(Exception):
    """A trace that can't be simulated; the message names file, row and column, and says what is expected."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table, by column."""

    path: str
    number: int
    values: dict[str, str]

    def error(self, column: str, message: str) -> TraceError:
        """Return an error about one value."""
        return TraceError(f"{self.path}: row {self.number}, column {column}: {message}")

    def text(self, column: str) -> str:
        """Return a value; a column that the table lacks is empty."""
        return self.values.get(column, "")

    def name(self, column: str) -> str:
        """Return a value that must not be empty."""
        if not self.text(column):
            raise self.error(column, "is empty: give the row a name")
        return self.text(column)

    def number_in(self, column: str, most: int) -> int:
        """Return a whole number from 0 to `most`."""
        text = self.text(column)
        match = _NUMBER.fullmatch(text)
        if match is None:
            raise self.error(column, f"{_shown(text)} is not a whole number")
        sign, digits = match.groups()
        if sign == "-" and int(digits):
            raise self.error(column, f"{_shown(text)} is negative: give 0 or more")
        if int(digits) > most:
            raise self.error(column, f"{_shown(text)} is too large: give {most} at most")
        return int(digits)

    def optional_number(self, column: str, most: int) -> int | None:
        """Return a whole number, or None where the value is empty."""
        return self.number_in(column, most) if self.text(column) else None


def read_rows(path: str, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a table that has at least these columns, in any order; raise TraceError."""
    try:
        with Path(path).open("rb") as file:
            yield from _rows(path, file, columns)
    except OSError as error:
        raise TraceError(f"{path}: can't be read: {error.strerror}; check the path") from error


def _rows(path: str, file: BinaryIO, columns: Sequence[str]) -> Iterator[Row]:
    lines = _lines(path, file)
    header = next(lines, None)
    if header is None:
        raise TraceError(f"{path}: row 1: the file is empty: name the columns {', '.join(columns)} there")
    names = _header(path, header[1], columns)
    found = False
    for number, values in lines:
        if len(values) != len(names):
            column = names[len(values)] if len(values) < len(names) else f"number {len(names) + 1}"
            what = "is missing" if len(values) < len(names) else "is not in the header"
            raise TraceError(
                f"{path}: row {number}, column {column}: {what}: the header has {len(names)} columns, "
                f"this row {len(values)}"
            )
        found = True
        yield Row(path, number, dict(zip(names, values, strict=True)))
    if not found:
        raise TraceError(f"{path}: row 2: there are no rows below the header")


def _header(path: str, names: list[str], columns: Sequence[str]) -> list[str]:
    for column in columns:
        if column not in names:
            shown = ", ".join(_shown(name) for name in names[:12])
            raise TraceError(f"{path}: row 1: column {column} is missing; the header has {shown}")
    for column in columns:
        if names.count(column) > 1:
            raise TraceError(f"{path}: row 1: column {column} is there twice: keep one of them")
    return names


def _lines(path: str, file: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the values of each line that is not blank."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            where = _where(path, number, line.count(b","))
            raise TraceError(f"{where}: the row is longer than {LONGEST_LINE} bytes: this is no table of nodes or pods")
        values = _values(path, number, line)
        if any(values):
            yield number, values


def _values(path: str, number: int, line: bytes) -> list[str]:
    line = line.rstrip(b"\r\n")
    if strange := _CONTROL.search(line):
        where = _where(path, number, line[: strange.start()].count(b","))
        raise TraceError(f"{where}: holds a byte that is no text: this is no CSV file")
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        return [value.strip() for value in next(csv.reader([text], strict=True), [])]
    except UnicodeDecodeError as error:
        where = _where(path, number, line[: error.start].count(b","))
        raise TraceError(f"{where}: is no UTF-8 text: this is no CSV file") from error
    except csv.Error as error:
        raise TraceError(f"{_where(path, number, line.count(b','))}: is no CSV: {error}") from error


def _where(path: str, row: int, commas: int) -> str:
    """Return where something is; the column is counted, because nobody knows yet how it is called."""
    return f"{path}: row {row}, column {commas + 1}"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
