"""The CRDs are structural, bounded, described, up to date, and say the same as the models."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from paraset_operator.api import crd
from paraset_operator.api.base import Model
from paraset_operator.api.structural import NotStructural, structural

ROOT = Path(__file__).resolve().parents[2]
WORDS = {
    "additionalProperties", "default", "description", "enum", "format", "items", "maxItems", "maxLength",
    "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum", "pattern", "properties",
    "required", "type", "x-kubernetes-int-or-string", "x-kubernetes-list-map-keys", "x-kubernetes-list-type",
    "x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations",
}  # fmt: skip
DEFINITIONS = [crd.paraset_crd(), crd.fill_policy_crd()]

Node = tuple[str, dict[str, Any]]


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[Node]:
    """Yield every node below and with `schema`, with its path."""
    yield path, schema
    for name, below in schema.get("properties", {}).items():
        yield from nodes(below, f"{path}.{name}")
    for word in ("items", "additionalProperties"):
        if word in schema:
            yield from nodes(schema[word], f"{path}[]")


def all_nodes() -> list[Node]:
    result: list[Node] = []
    for definition in DEFINITIONS:
        kind = definition["spec"]["names"]["kind"]
        for version in definition["spec"]["versions"]:
            result += nodes(version["schema"]["openAPIV3Schema"], kind)
    return result


NODES = all_nodes()


def test_generated_files_are_up_to_date() -> None:
    stale = [
        str(path.relative_to(ROOT)) for path, text in crd.rendered(ROOT).items() if path.read_text("utf-8") != text
    ]
    assert not stale, "run `make crds`"


def test_only_words_of_a_structural_schema_are_used() -> None:
    assert {word for _, node in NODES for word in node} <= WORDS


def test_every_node_has_a_type() -> None:
    assert [path for path, node in NODES if ("type" in node) == ("x-kubernetes-int-or-string" in node)] == []


def test_no_node_has_both_properties_and_additional_ones() -> None:
    assert [path for path, node in NODES if "properties" in node and "additionalProperties" in node] == []


def test_every_field_is_described() -> None:
    fields = [
        f"{path}.{name}"
        for path, node in NODES
        for name, below in node.get("properties", {}).items()
        if "description" not in below and not re.fullmatch(r"\w+(\.metadata(\.name)?)?", f"{path}.{name}")
    ]
    assert [field for field in fields if ".metadata.name" not in field] == []


def test_descriptions_are_sentences() -> None:
    for path, node in NODES:
        if "description" in node:
            assert node["description"][-1] == ".", f"{path}: {node['description']}"


def test_every_list_is_bounded_and_has_a_list_type() -> None:
    for path, node in NODES:
        if node.get("type") == "array":
            assert "maxItems" in node, path
            assert node["x-kubernetes-list-type"] in ("atomic", "map", "set"), path


def test_every_string_and_map_a_user_writes_is_bounded() -> None:
    for path, node in NODES:
        if ".spec" not in path or ".template.metadata" in path:
            continue
        if node.get("type") == "string" and "enum" not in node:
            assert "maxLength" in node, path
        if "additionalProperties" in node:
            assert "maxProperties" in node, path


def test_list_keys_are_required() -> None:
    for path, node in NODES:
        for key in node.get("x-kubernetes-list-map-keys", ()):
            assert key in node["items"]["required"], path


def test_a_status_has_no_defaults() -> None:
    assert [path for path, node in NODES if ".status" in path and "default" in node] == []


def test_rules_have_a_message_in_one_line() -> None:
    for path, node in NODES:
        for rule in node.get("x-kubernetes-validations", ()):
            assert rule["message"], path
            assert "\n" not in rule["message"], path


def test_crds_fit_client_side_apply() -> None:
    for name in ("parasets", "fillpolicies"):
        assert (ROOT / "crds" / f"paraset.io_{name}.yaml").stat().st_size < 200_000


def test_subresources_and_names() -> None:
    spec = crd.paraset_crd()["spec"]
    assert spec["names"]["shortNames"] == ["pset"]
    assert spec["versions"][0]["subresources"] == {
        "status": {},
        "scale": {
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector",
        },
    }
    assert crd.fill_policy_crd()["spec"]["scope"] == "Cluster"


def test_scale_and_columns_point_at_fields_that_exist() -> None:
    paths = {re.sub(r"\[\]", "", path.partition(".")[2]) for path, _ in NODES}
    for definition in DEFINITIONS:
        for column in definition["spec"]["versions"][0]["additionalPrinterColumns"]:
            plain = re.sub(r"\[.*?\]", "", column["jsonPath"]).replace(r"nvidia\.com/gpu", "").strip(".")
            if not plain.startswith("metadata.") and not plain.startswith("status.resources."):
                assert plain in paths, column


def test_what_can_not_be_said_is_refused() -> None:
    class Loose(Model):
        either: int | list[str]

    with pytest.raises(NotStructural, match="union"):
        structural(Loose.model_json_schema())
    with pytest.raises(NotStructural, match="exclusiveMinimum"):
        structural({"type": "number", "exclusiveMinimum": 0})


def test_install_carries_the_crds_of_the_models() -> None:
    objects = yaml.safe_load_all((ROOT / "deploy" / "install.yaml").read_text())
    found = {obj["metadata"]["name"]: obj["spec"] for obj in objects if obj["kind"] == "CustomResourceDefinition"}
    made = {each["metadata"]["name"]: yaml.safe_load(yaml.safe_dump(each["spec"])) for each in DEFINITIONS}
    assert found == made, "run `make install-yaml`"


def test_install_carries_everything_once() -> None:
    objects = [obj for obj in yaml.safe_load_all((ROOT / "deploy" / "install.yaml").read_text()) if obj]
    identities = [(obj["kind"], obj["metadata"].get("namespace"), obj["metadata"]["name"]) for obj in objects]
    assert len(identities) == len(set(identities))
    assert {kind for kind, _, _ in identities} >= {
        "CustomResourceDefinition", "Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role",
        "RoleBinding", "PriorityClass", "Deployment", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
    }  # fmt: skip


def test_no_role_has_a_wildcard_or_reads_secrets() -> None:
    for obj in yaml.safe_load_all((ROOT / "deploy" / "install.yaml").read_text()):
        for rule in obj.get("rules", ()) if obj["kind"] in ("ClusterRole", "Role") else ():
            assert "*" not in rule["verbs"] + rule["resources"] + rule["apiGroups"], obj["metadata"]["name"]
            assert not {"secrets", "nodes/proxy", "pods/exec"} & set(rule["resources"]), obj["metadata"]["name"]
            assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"]), obj["metadata"]["name"]
