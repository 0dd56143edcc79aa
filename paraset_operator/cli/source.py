"""What a command looks at: a live cluster, or a file in its place."""

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from paraset_operator.cli.errors import CliError, one_standard_input

if TYPE_CHECKING:
    from paraset_operator.runtime.scene import Scene


def scene_of(options: argparse.Namespace, status: int = 1, *, remembers: bool = True) -> "Scene":
    """Return what the options name; raise CliError, with this exit status if it can't be had.

    `remembers` says whether to ask the operator for what it alone knows.
    """
    live = [f"--{name}" for name in ("kubeconfig", "context", "operator") if getattr(options, name, None)]
    if options.cluster and live:
        raise CliError(f"--cluster reads a file in the place of a live cluster: leave out {' and '.join(live)}", 2)
    one_standard_input(options.files, options.cluster)

    from paraset_operator.runtime.cluster_reading import BY_API_SERVER, ReadingError, read_cluster
    from paraset_operator.runtime.offline import load, load_text
    from paraset_operator.runtime.offline_files import OfflineError

    try:
        if options.cluster:
            return load(options.files, options.cluster)
        ask = options.operator or BY_API_SERVER if remembers else None
        taken = read_cluster(options.kubeconfig, options.context, ask)
        return replace(load_text(options.files, taken.text, taken.server), namespace=taken.namespace)
    except (OfflineError, ReadingError) as error:
        raise CliError(str(error), status) from error
