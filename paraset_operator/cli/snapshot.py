"""`snapshot`: write down what a plan is made from, for `plan --cluster` to replay."""

import argparse
import sys
from pathlib import Path

from paraset_operator.cli import options as shared
from paraset_operator.cli.errors import CliError


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "file", metavar="FILE", help="where to write it: gzipped if the name ends in .gz, - for standard output"
    )
    parser.add_argument(
        "--anonymize",
        action="store_true",
        help="give nodes, namespaces, pods, sets and labels other names, always the same for the same objects",
    )
    shared.add_connection(parser)
    shared.add_operator(parser)


def command(options: argparse.Namespace) -> int:
    """Read the cluster once and write it down; nothing is written to the cluster."""
    import gzip

    from paraset_operator.runtime.anonymous import anonymized
    from paraset_operator.runtime.cluster_reading import BY_API_SERVER, ReadingError, read_cluster

    try:
        taken = read_cluster(options.kubeconfig, options.context, options.operator or BY_API_SERVER)
    except ReadingError as error:
        raise CliError(str(error)) from error
    text = anonymized(taken.text) if options.anonymize else taken.text
    if options.file == "-":
        sys.stdout.buffer.write(text)
        sys.stdout.flush()
    else:
        # Without a time and a name in it, the same snapshot is the same file.
        data = gzip.compress(text, mtime=0) if options.file.endswith(".gz") else text
        _write(Path(options.file), data)
        print(f"{options.file}: {len(data):,} bytes; `{options.program} plan --cluster {options.file}` plans from it")
    for note in taken.notes:
        print(f"Note: {note}", file=sys.stderr)
    return 0


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise CliError(f"{path}: can't be written: {error.strerror}; choose another FILE") from error
