"""A wrong value is refused with its name; every value is described, in the schema, and taken."""

import json
from typing import Any

import pytest
import yaml
from manifests_of import ALL

from chart_tools.helm import CHART, HelmError, helm, rendered
from chart_tools.readme import descriptions, leaves, table

VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("replica=1", "replica"),
        ("replicas=0", "/replicas"),
        ("replicas=two", "/replicas"),
        ("image.tga=1", "/image': additional properties 'tga'"),
        ("image.digest=sha256:12", "/image/digest"),
        ("image.pullPolicy=Sometimes", "/image/pullPolicy"),
        ("logLevel=loud", "/logLevel"),
        ("extraArgs={run}", "/extraArgs/0"),
        ("rbac.namespaces={Bad_Name}", "/rbac/namespaces/0"),
        ("rbac.namespaces=research", "/rbac/namespaces"),
        ("rbac.cluster=true", "cluster"),
        ("crds.keep=maybe", "/crds/keep"),
        ("fillPolicy.spec.mode=Full", "/fillPolicy/spec/mode"),
        ("fillPolicy.spec.headrom=1", "headrom"),
        ("fillPolicy.spec.aheadPercent=x", "/fillPolicy/spec/aheadPercent"),
        ("podDisruptionBudget.maxUnavailable=some", "/podDisruptionBudget/maxUnavailable"),
        ("metrics.port=70000", "/metrics/port"),
        ("serviceMonitor.interval=soon", "/serviceMonitor/interval"),
        ("networkPolicy.apiServerPorts={https}", "/networkPolicy/apiServerPorts/0"),
        ("resources.request.cpu=1", "request"),
        ("podLabels.a=1", "/podLabels/a"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name(given: str, named: str) -> None:
    with pytest.raises(HelmError, match="specifications of the schema") as refused:
        rendered(f"--set={given}")
    assert named in str(refused.value)


def keys(schema: dict[str, Any], path: str = "") -> set[str]:
    """Every value that the schema names, by dotted path, no deeper than values.yaml goes."""
    found: set[str] = set()
    for name, below in schema.get("properties", {}).items():
        here = f"{path}.{name}".lstrip(".")
        found |= {here} | keys(below, here)
    return found


def test_every_value_is_in_the_schema_and_the_other_way_round() -> None:
    described = descriptions((CHART / "values.yaml").read_text())
    in_values = {path for path, _ in leaves(VALUES, set(described))}
    groups = {path.rpartition(".")[0] for path in in_values}
    in_schema = {path for path in keys(SCHEMA) if path.count(".") < 2 and path.rpartition(".")[0] in groups | {""}}
    whole = {path for path in in_schema if path.rpartition(".")[0] in in_values}
    assert in_schema - groups - whole - {"global"} == in_values


def test_a_value_without_a_comment_is_found() -> None:
    with pytest.raises(ValueError, match=r"a\.c has no comment"):
        table("a:\n  # -- said\n  b: 1\n  c: 2\n")


def test_a_comment_over_lines_and_levels_is_read_whole() -> None:
    text = "a:\n  # -- first\n  # second\n  b: 1\nd:\n  # -- other\n  b: 2\n"
    assert descriptions(text) == {"a.b": "first second", "d.b": "other"}


@pytest.mark.parametrize("arguments", [(), ALL[:1]])
def test_lint_has_nothing_to_say(arguments: tuple[str, ...]) -> None:
    said = helm("lint", str(CHART), "--strict", *arguments, *(["--set=fillPolicy.create=false"] if arguments else []))
    assert "0 chart(s) failed" in said


def test_the_packaged_chart_carries_the_crds(tmp_path: Any) -> None:
    helm("package", str(CHART), f"--destination={tmp_path}")
    (archive,) = tmp_path.iterdir()
    shown = helm("template", "paraset", str(archive))
    assert sum(each["kind"] == "CustomResourceDefinition" for each in yaml.safe_load_all(shown) if each) == 2
