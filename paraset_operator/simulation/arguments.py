"""The command line of `paraset simulate`. Imports nothing heavy, so that `paraset --help` answers at once."""

import argparse
import math
from collections.abc import Callable

from paraset_operator.model.quantity import CPU, MEMORY, QuantityError, parse_quantity

SCHEDULERS = ("best-fit", "least-allocated", "fgd", "random")
POLICIES = ("none", "fixed", "replicas", "shapes", "full")
_MOST_SEEDS, _MOST_PODS, _MOST_NODES = 10_000, 100_000, 20_000
_MOST_PERCENT, _MOST_GPUS, _LONGEST = 1000.0, 64.0, 86_400.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add all options."""
    _add_cluster(parser)
    _add_runs(parser)
    _add_fillers(parser)
    _add_motion(parser)
    _add_output(parser)


def _add_cluster(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("cluster and workload")
    nodes = group.add_mutually_exclusive_group()
    nodes.add_argument("--nodes", metavar="CSV", help="table of nodes; default: the GPU nodes of the openb trace")
    nodes.add_argument("--cluster", metavar="FILE", help="take nodes and pods of `kubectl get nodes,pods -A -o json`")
    group.add_argument("--pods", metavar="CSV", help="table of pods to draw from; default: those of the openb trace")
    group.add_argument("--without-be", action="store_true", help="leave out pods whose qos is BE")


def _add_runs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("runs (options that take a list may be repeated)")
    text = f"LS schedulers: {', '.join(SCHEDULERS)}, all (best-fit)"
    group.add_argument(
        "--scheduler", dest="schedulers", type=_names(SCHEDULERS), action="extend", metavar="LIST", help=text
    )
    text = f"filler policies: {', '.join(POLICIES)}, all (all)"
    group.add_argument("--policy", dest="policies", type=_names(POLICIES), action="extend", metavar="LIST", help=text)
    text = "LS load that has arrived, in percent of the GPUs (100)"
    group.add_argument("--arrived", type=_percents, action="extend", metavar="PERCENT", help=text)
    group.add_argument(
        "--seeds", type=_count(_MOST_SEEDS), default=1, metavar="N", help="repeat with seeds 0 to N-1 (1)"
    )
    group.add_argument("--list-policies", action="store_true", help="say what each policy does, and exit")


def _add_fillers(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("fillers")
    text = "ParaSets and FillPolicies in place of the built-in ones; may be repeated"
    group.add_argument("-f", "--filename", dest="files", action="append", default=[], metavar="FILE", help=text)
    for name, resource, least, text in (
        ("--filler-cpu", CPU, "1", "least CPU of a filler"),
        ("--filler-memory", MEMORY, "4Gi", "least memory of a filler"),
        ("--fixed-cpu", CPU, "8", "CPU of the fixed shape"),
        ("--fixed-memory", MEMORY, "32Gi", "memory of the fixed shape"),
    ):
        default = parse_quantity(resource, least)
        group.add_argument(name, type=_quantity(resource), default=default, metavar="AMOUNT", help=f"{text} ({least})")
    group.add_argument("--fixed-gpu", type=_gpu, default=1000, metavar="GPUS", help="GPUs of the fixed shape (1)")
    text = "most fillers of a set (10000)"
    group.add_argument("--replicas", type=_count(_MOST_PODS), default=10_000, metavar="N", help=text)
    text = "seconds between two checkpoints of a filler, 0: none (300)"
    group.add_argument("--checkpoint", type=_count(86_400, 0), default=300, metavar="SECONDS", help=text)


def _add_motion(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("a cluster in motion")
    text = "once all is filled, let N LS pods come within a minute"
    group.add_argument("--burst", type=_count(_MOST_PODS, 0), default=0, metavar="N", help=text)
    text = "how long a filler takes to exit (10)"
    group.add_argument("--exit", dest="exit_seconds", type=_seconds, default=10.0, metavar="SECONDS", help=text)
    text = "let pods come and go by the times of the table, on few nodes; BE pods are left out"
    group.add_argument("--replay", action="store_true", help=text)
    text = "how many nodes: of a replay (8), else of the table, evenly spread over it (all)"
    group.add_argument("--node-count", type=_count(_MOST_NODES), metavar="N", help=text)
    text = "GPU model of those nodes; default: that with most GPUs"
    group.add_argument("--node-model", metavar="MODEL", help=text)
    text = "how many times faster pods come and go (1)"
    group.add_argument("--speed", type=_speed, default=1.0, metavar="TIMES", help=text)
    text = "hours of the trace to replay, its busiest (24)"
    group.add_argument("--hours", type=_speed, default=24.0, metavar="HOURS", help=text)


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument("--json", metavar="FILE", help="write the figures of every run, - for standard output")
    group.add_argument("--plot", metavar="DIR", help="draw figures into a folder (needs paraset[plot])")


def _names(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = [name.strip() for name in text.split(",")]
        for name in names:
            if name not in (*known, "all"):
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}, all")
        return [*known] if "all" in names else names

    return parse


def _percents(text: str) -> list[float]:
    return [_number(part.strip().removesuffix("%"), 0.0, _MOST_PERCENT) for part in text.split(",")]


def _count(most: int, least: int = 1) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
        return int(text)

    return parse


def _quantity(resource: str) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            amount = parse_quantity(resource, text)
        except QuantityError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        if amount <= 0:
            raise argparse.ArgumentTypeError(f"{text!r} is not more than 0")
        return amount

    return parse


def _gpu(text: str) -> int:
    gpus = _number(text, 0.0, _MOST_GPUS)
    milli = round(gpus * 1000)
    if milli > 1000 and milli % 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a part of one GPU nor a whole number of them")
    return milli


def _seconds(text: str) -> float:
    return _number(text, 0.0, _LONGEST)


def _speed(text: str) -> float:
    number = _number(text, 0.0, 1e6)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not more than 0")
    return number


def _number(text: str, least: float, most: float) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
    if not (math.isfinite(number) and least <= number <= most):
        raise argparse.ArgumentTypeError(f"{text!r} is not from {least:g} to {most:g}")
    return number
