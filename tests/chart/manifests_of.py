"""The objects that the chart makes of some values."""

from pathlib import Path
from typing import Any

import yaml

from chart_tools.helm import rendered

Json = dict[str, Any]

EVERYTHING = Path(__file__).with_name("everything.yaml")
ALL = (f"--values={EVERYTHING}", "--api-versions=paraset.io/v1alpha1/FillPolicy")


def objects(*arguments: str) -> list[Json]:
    """Everything, in Helm's order."""
    return [each for each in yaml.safe_load_all(rendered(*arguments)) if each]


def of_kind(found: list[Json], kind: str) -> list[Json]:
    """The objects of a kind."""
    return [each for each in found if each["kind"] == kind]


def named(found: list[Json], kind: str, name: str = "paraset-operator") -> Json:
    """The one object of a kind and a name."""
    (one,) = [each for each in of_kind(found, kind) if each["metadata"]["name"] == name]
    return one


def pod_spec(found: list[Json]) -> Json:
    """The spec of the operator's pods."""
    return dict(named(found, "Deployment")["spec"]["template"]["spec"])
