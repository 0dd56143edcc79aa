"""`crd`: print the CustomResourceDefinitions."""

import argparse
import json
import sys


def add_to(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: there is nothing to choose."""


def command(_options: argparse.Namespace) -> int:
    """Print the CustomResourceDefinitions as YAML."""
    import yaml

    from paraset_operator.api.crd import fill_policy_crd, paraset_crd

    # By way of JSON, which knows no shared parts: YAML would write these as anchors.
    crds = json.loads(json.dumps([paraset_crd(), fill_policy_crd()]))
    print(yaml.safe_dump_all(crds, sort_keys=False, width=120, allow_unicode=True, explicit_start=True), end="")
    sys.stdout.flush()
    return 0
