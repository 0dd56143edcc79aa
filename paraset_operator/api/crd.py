"""The CustomResourceDefinitions, made from the models, and their reference.

`python -m paraset_operator.api.crd` writes crds/ and docs/reference/api.md anew; a test compares.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

from paraset_operator.api import names
from paraset_operator.api.base import Model
from paraset_operator.api.fillpolicy import FillPolicy
from paraset_operator.api.paraset import ParaSet
from paraset_operator.api.reference import reference
from paraset_operator.api.structural import Schema, structural, without_defaults

_HEADER = "# Made from the models by `make crds`: change paraset_operator/api, not this file.\n"

PARASET_COLUMNS = (
    ("Ceiling", "integer", ".spec.replicas", "Most fillers there may be", 0),
    ("Desired", "integer", ".status.desiredReplicas", "Fillers the last plan wants", 0),
    ("Pods", "integer", ".status.replicas", "Fillers there are", 0),
    ("Ready", "integer", ".status.readyReplicas", "Fillers that are ready", 0),
    ("GPUs", "string", r".status.resources.nvidia\.com/gpu", "GPUs held", 0),
    ("CPU", "string", ".status.resources.cpu", "CPU requested", 0),
    ("Memory", "string", ".status.resources.memory", "Memory requested", 0),
    ("Healthy", "string", '.status.conditions[?(@.type=="Ready")].status', "Status of the condition Ready", 0),
    ("Reason", "string", '.status.conditions[?(@.type=="Ready")].reason', "Reason of the condition Ready", 0),
    ("Age", "date", ".metadata.creationTimestamp", "Age of the set", 0),
    ("Nodes", "integer", ".status.nodes", "Nodes that run a filler", 1),
    ("Limited by", "string", ".status.limitedBy[*].reason", "Why there are not more fillers", 1),
    ("Evictions", "integer", ".status.lostWork.evictions", "Fillers evicted so far", 1),
)
POLICY_COLUMNS = (
    ("Mode", "string", ".spec.mode", "Auto or Observe", 0),
    ("Nodes", "integer", ".status.nodes", "Nodes the policy speaks for", 0),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status', "Status of the condition Ready", 0),
    ("Age", "date", ".metadata.creationTimestamp", "Age of the policy", 0),
)


def paraset_crd() -> dict[str, Any]:
    """Return the CustomResourceDefinition of ParaSet."""
    scale = {
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.replicas",
        "labelSelectorPath": ".status.selector",
    }
    return _definition(
        ParaSet,
        {"kind": names.PARASET, "plural": names.PARASETS, "singular": "paraset", "shortNames": ["pset"]},
        "Namespaced",
        PARASET_COLUMNS,
        {"scale": scale},
    )


def fill_policy_crd() -> dict[str, Any]:
    """Return the CustomResourceDefinition of FillPolicy."""
    return _definition(
        FillPolicy,
        {"kind": names.FILL_POLICY, "plural": names.FILL_POLICIES, "singular": "fillpolicy", "shortNames": ["fp"]},
        "Cluster",
        POLICY_COLUMNS,
        {},
    )


def _definition(
    model: type[Model],
    naming: dict[str, Any],
    scope: str,
    columns: tuple[tuple[str, str, str, str, int], ...],
    subresources: dict[str, Any],
) -> dict[str, Any]:
    version = {
        "name": names.VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}} | subresources,
        "additionalPrinterColumns": [_column(*column) for column in columns],
        "schema": {"openAPIV3Schema": root_schema(model)},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{naming['plural']}.{names.GROUP}",
            "labels": {"app.kubernetes.io/name": "paraset", "app.kubernetes.io/part-of": "paraset"},
        },
        "spec": {
            "group": names.GROUP,
            "scope": scope,
            "names": naming | {"listKind": f"{naming['kind']}List", "categories": ["paraset"]},
            "versions": [version],
        },
    }


def _column(name: str, kind: str, path: str, description: str, priority: int) -> dict[str, Any]:
    column = {"name": name, "type": kind, "jsonPath": path, "description": description}
    return column | ({"priority": priority} if priority else {})


def root_schema(model: type[Model]) -> Schema:
    """Return the structural schema of an object; of its metadata only what may be said about the name."""
    schema = structural(model.model_json_schema(by_alias=True))
    below = schema["properties"]
    name = below["metadata"]["properties"]["name"]
    bounds = {key: name[key] for key in ("type", "maxLength", "pattern") if key in name}
    metadata = {"type": "object"} | ({"properties": {"name": bounds}} if "pattern" in bounds else {})
    kind = {"apiVersion": "Version of the API this object is written in.", "kind": "Kind of the object."}
    schema["properties"] = {
        **{key: {"type": "string", "description": text} for key, text in kind.items()},
        "metadata": metadata,
        "spec": below["spec"],
        "status": without_defaults(below["status"]),
    }
    schema["required"] = ["spec"]
    return schema


def rendered(root: Path) -> dict[Path, str]:
    """Return every generated file under the repository `root` and its text."""
    crds = {
        root / "crds" / f"{names.GROUP}_{definition['spec']['names']['plural']}.yaml": definition
        for definition in (paraset_crd(), fill_policy_crd())
    }
    texts = {path: _yaml(definition) for path, definition in crds.items()}
    schemas = {names.PARASET: root_schema(ParaSet), names.FILL_POLICY: root_schema(FillPolicy)}
    return {path: _HEADER + text for path, text in texts.items()} | {
        root / "docs" / "reference" / "api.md": reference(schemas),
    }


class _Dumper(yaml.SafeDumper):
    """Repeats instead of anchors, which people and other parsers stumble over."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as PyYAML calls it
        return True


def _yaml(value: dict[str, Any]) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


def main() -> None:
    """Write the generated files of the repository this package lies in."""
    root = Path(__file__).resolve().parents[2]
    for path, text in rendered(root).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(root)}\n")


if __name__ == "__main__":
    main()
