"""The commands of `python -m devcluster`, for people; programs use LocalCluster."""

import argparse

from devcluster.build import build_control_plane


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code says whether it succeeded."""
    parser = argparse.ArgumentParser(prog="python -m devcluster")
    commands = parser.add_subparsers(required=True, dest="command")
    commands.add_parser("build")
    parser.parse_args(argv)
    print(f"The control plane's binaries are in {build_control_plane()}")
    return 0
