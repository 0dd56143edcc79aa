"""What files that can't be planned with get: one line that names the file, the object, the field and what to do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from paraset_operator.cli import main
from tests.cluster_dump import EXAMPLES, dump, example, node, pod, story

Refused = Callable[..., str]
TRAINER = (EXAMPLES / "trainer.yaml").read_text(encoding="utf-8")
COMMAND = "make the dump with `kubectl get nodes,pods -A -o json`"


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Refused:
    """Returns what is said of a manifest and a dump; both lie in the working directory, under short names."""
    monkeypatch.chdir(tmp_path)

    def said(manifest: str | bytes = TRAINER, cluster: str | bytes | None = None, status: int = 1) -> str:
        for path, text in (("set.yaml", manifest), ("dump.json", dump(story()) if cluster is None else cluster)):
            Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())
        assert main(["plan", "-f", "set.yaml", "--cluster", "dump.json"]) == status
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.count("\n") == 1
        return printed.err.removeprefix("paraset: error: ").rstrip("\n")

    return said


def _changed(**spec: Any) -> str:
    trainer = example("trainer.yaml")
    trainer["spec"] |= spec
    return yaml.safe_dump(trainer)


def test_a_missing_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["plan", "-f", "nope.yaml", "--cluster", "dump.json"]) == 1
    said = "paraset: error: nope.yaml: can't be read: No such file or directory; check the path\n"
    assert capsys.readouterr().err == said
    assert main(["plan", "-f", str(EXAMPLES), "--cluster", "dump.json"]) == 1
    assert "can't be read: Is a directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        (
            b"NAME  STATUS\nnode-a  Ready\n",
            f"dump.json: is no JSON: Expecting value: line 1 column 1 (char 0); {COMMAND}",
        ),
        (b'{"kind": "List", "items": [', "dump.json: is no JSON: Expecting value: line 1 column 28"),
        (b"\xff\xfe\xfd", "dump.json: is no JSON: 'utf-16"),
        (b"", f"dump.json: holds no Node, but nothing: {COMMAND}"),
        (b"[1]", "dump.json: holds something that is no object of Kubernetes: Expected `object`, got `array`"),
        (b'{"items": "x", "kind": "List"}', "dump.json: holds something that is no object of Kubernetes: Expected"),
        (b'{"kind": "List", "items": null}', f"dump.json: holds no Node, but nothing: {COMMAND}"),
        (b"[" * 100_000, "dump.json: is no JSON: "),
    ],
)
def test_a_dump_that_is_no_json_of_kubernetes_is_refused(refused: Refused, cluster: bytes, said: str) -> None:
    assert refused(cluster=cluster).startswith(said)


def test_a_cluster_without_nodes_is_refused(refused: Refused) -> None:
    assert refused(cluster=dump([pod("web-0")])) == f"dump.json: holds no Node, but Pod: {COMMAND}"


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (
            {"metadata": {"name": 5}},
            "dump.json: Pod serving/web-0 can't be read: Expected `str`, got `int` - at `$.meta",
        ),
        ({"spec": {"containers": "x"}}, "dump.json: Pod serving/web-0 can't be read: Expected `array`, got `str` - at"),
        ({"metadata": {"creationTimestamp": "now"}}, "dump.json: Pod serving/web-0 can't be read: Invalid isoformat"),
        ({"metadata": {"name": ""}}, "dump.json: Pod without a name in serving has no metadata.name: give it one"),
    ],
)
def test_an_object_of_the_dump_that_cannot_be_read_is_named(refused: Refused, broken: Any, said: str) -> None:
    web = pod("web-0", "node-a")
    for part, values in broken.items():
        web[part] |= values
    message = refused(cluster=dump([node("node-a"), web]))
    assert message.replace("Pod serving/5", "Pod serving/web-0").startswith(said)


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("kind: Deployment\napiVersion: apps/v1\nmetadata: {name: web}", "holds no ParaSet and no FillPolicy, but Dep"),
        ("", "holds no ParaSet and no FillPolicy, but nothing: name a file that does"),
        ("a: b: c", "is no YAML: mapping values are not allowed here in line 1, column 5"),
        ("- a\n- b", "holds something that is no object of Kubernetes: Expected `object`, got `array`; remove it"),
        (b"\xff\xfe\x00\xd8", "is no YAML: "),
        ("a: &x [*x]", "is no YAML: "),
        ("[" * 5000, "is no YAML: "),
        ("a: .nan", "is no YAML: "),
        (TRAINER + "\n---\n" + TRAINER, "holds ParaSet research/trainer twice: keep one of them"),
        (TRAINER.replace("v1alpha1", "v1"), "ParaSet research/trainer is invalid: kind: must be ParaSet of paraset.io"),
        (TRAINER.replace("  name: trainer\n", ""), "ParaSet research is invalid: metadata.name: is required"),
        (TRAINER.replace("replicas", "replica"), "ParaSet research/trainer is invalid: spec.replica: unknown field"),
        (_changed(replicas="many"), "ParaSet research/trainer is invalid: spec.replicas: must be a valid integer"),
        (_changed(container="main"), "ParaSet research/trainer is invalid: spec.container: must be the name of one of"),
        (_changed(shapes=[]), "ParaSet research/trainer is invalid: spec.shapes: "),
    ],
)  # fmt: skip
def test_a_manifest_that_cannot_be_planned_with_is_refused(refused: Refused, manifest: str | bytes, said: str) -> None:
    assert refused(manifest).startswith(f"set.yaml: {said}")


def test_a_policy_alone_needs_a_set_somewhere(refused: Refused) -> None:
    policy = (EXAMPLES / "fillpolicy.yaml").read_text(encoding="utf-8")
    assert refused(policy).startswith("there is no ParaSet, neither with -f nor in the dump: name a file")


def test_an_invalid_policy_names_its_field(refused: Refused) -> None:
    policy = example("fillpolicy.yaml", "FillPolicy")
    policy["spec"]["reserve"] = {"cpu": "half"}
    said = "set.yaml: FillPolicy default is invalid: spec.reserve.cpu: must be a Kubernetes quantity"
    assert refused(json.dumps(policy)).startswith(said)


def test_a_set_in_two_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.yaml", "b.yaml"):
        Path(name).write_text(TRAINER)
    assert main(["plan", "-f", "a.yaml", "-f", "b.yaml", "--cluster", "dump.json"]) == 1
    said = (
        "paraset: error: b.yaml: ParaSet research/trainer was in another file given with -f already: keep one of them\n"
    )
    assert capsys.readouterr().err == said
