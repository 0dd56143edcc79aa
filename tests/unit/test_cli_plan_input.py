"""What `paraset plan` makes of its files: several forms of a dump, and whose fillers are whose."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from paraset_operator.runtime.offline import load
from paraset_operator.runtime.scene import Scene
from tests.cluster_dump import EXAMPLES, GPU, Object, dump, example, filler, node, pod, story, template_hashes, written

Load = Callable[..., Scene]
TRAINER = str(EXAMPLES / "trainer.yaml")


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    """Loads manifests, by default the trainer's, over a dump given as objects or as text."""

    def from_files(cluster: list[Object] | str | bytes, *files: str) -> Scene:
        path = tmp_path / "cluster.json"
        text = dump(cluster) if isinstance(cluster, list) else cluster
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(files or (TRAINER,), str(path))

    return from_files


def running(paraset: Object, uid: str = "", index: int = 0, created: str = "2026-03-01T11:00:00Z") -> Object:
    """A filler of the set, whose owner has that uid."""
    owner = paraset | {"metadata": paraset["metadata"] | ({"uid": uid} if uid else {})}
    made = filler(
        owner, index, "node-c", "gpu", {"cpu": "1", "memory": "4Gi", GPU: "1"}, template_hashes(paraset)["gpu"]
    )
    made["metadata"]["creationTimestamp"] = created
    return made


def kubectl_raw(kind: str, objects: list[Object]) -> Object:
    """A list as `kubectl get --raw` prints it: its items do not say what they are."""
    bare = [{key: value for key, value in each.items() if key not in ("kind", "apiVersion")} for each in objects]
    return {"kind": f"{kind}List", "apiVersion": "v1", "metadata": {}, "items": bare}


def forms() -> dict[str, str | bytes]:
    """The same cluster in every form a dump may have."""
    objects = story()
    nodes = [each for each in objects if each["kind"] == "Node"]
    pods = [each for each in objects if each["kind"] == "Pod"]
    return {
        "one after the other": "\n".join(map(json.dumps, objects)),
        "two lists": dump(nodes) + dump(pods),
        "a list of lists": dump([{"kind": "List", "apiVersion": "v1", "items": nodes}, *pods]),
        "raw lists": json.dumps(kubectl_raw("Node", nodes)) + "\n" + json.dumps(kubectl_raw("Pod", pods)) + "\n",
        "with a byte order mark": b"\xef\xbb\xbf" + dump(objects).encode(),
        "as PowerShell redirects": dump(objects).encode("utf-16"),
        "some pods twice": dump(objects) + dump(pods),
        "other kinds between": dump([{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {}}, *objects]),
    }


@pytest.mark.parametrize("form", forms())
def test_every_form_of_a_dump_gives_the_same_picture(loaded: Load, form: str) -> None:
    assert loaded(forms()[form]) == loaded(story())


def test_a_set_takes_over_the_fillers_that_name_it_as_their_owner(loaded: Load) -> None:
    trainer = example("trainer.yaml")
    old, new = running(trainer, "old", 1), running(trainer, "new", 0, "2026-03-01T11:30:00Z")
    assert loaded(story(new, old)).snapshot.sets[0].uid == "new"


def test_a_set_that_is_in_the_dump_keeps_its_uid_there(loaded: Load) -> None:
    trainer = example("trainer.yaml")
    there = trainer | {"metadata": trainer["metadata"] | {"uid": "there"}}
    assert loaded(story(running(trainer, "other"), there)).snapshot.sets[0].uid == "there"


def test_a_uid_in_the_file_is_kept(loaded: Load, tmp_path: Path) -> None:
    trainer = example("trainer.yaml")
    trainer["metadata"]["uid"] = "given"
    assert loaded(story(running(trainer, "other")), written(tmp_path, trainer)).snapshot.sets[0].uid == "given"


def test_a_new_set_has_the_same_uid_every_time_and_no_other_set_has_it(loaded: Load, tmp_path: Path) -> None:
    first, again = loaded(story()).snapshot.sets[0], loaded(story()).snapshot.sets[0]
    other = loaded(story(), str(EXAMPLES / "batch.yaml")).snapshot.sets[0]
    assert first.uid == again.uid != other.uid


def test_a_set_without_a_namespace_is_in_default(loaded: Load) -> None:
    assert [each.key for each in loaded(story(), str(EXAMPLES / "minimal.yaml")).snapshot.sets] == ["default/minimal"]


def test_a_file_takes_the_place_of_what_the_dump_holds_and_the_rest_is_used_too(loaded: Load, tmp_path: Path) -> None:
    trainer, batch, policy = example("trainer.yaml"), example("batch.yaml"), example("fillpolicy.yaml", "FillPolicy")
    there = trainer | {"spec": trainer["spec"] | {"replicas": 3}}
    snapshot = loaded(story(there, batch, policy)).snapshot
    assert [(each.key, each.ceiling) for each in snapshot.sets] == [("analytics/batch", 100), ("research/trainer", 200)]
    observing = policy | {"spec": policy["spec"] | {"mode": "Observe"}}
    changed = loaded(story(there, policy), written(tmp_path, observing)).snapshot
    assert [each.mode for each in changed.policies] == ["Observe"]
    assert [each.ceiling for each in changed.sets] == [3]


def test_lists_and_other_kinds_in_a_manifest_are_taken_apart_and_skipped(loaded: Load, tmp_path: Path) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}}
    several = {"apiVersion": "v1", "kind": "List", "items": [service, example("trainer.yaml"), example("batch.yaml")]}
    assert len(loaded(story(), written(tmp_path, service, several)).snapshot.sets) == 2


def test_manifests_may_come_from_standard_input(loaded: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(yaml.safe_dump(example("batch.yaml")).encode())))
    assert loaded(story(), "-").snapshot.sets[0].key == "analytics/batch"


def test_what_looks_like_a_date_in_a_template_stays_text(loaded: Load, tmp_path: Path) -> None:
    path = tmp_path / "dated.yaml"
    text = Path(TRAINER).read_text(encoding="utf-8")
    path.write_text(text.replace("labels: {team: research}", "labels: {since: 2026-01-01}"))
    assert loaded(story(), str(path)).snapshot.sets[0].shapes


def test_templates_and_pods_with_volume_claims_are_planned_with(loaded: Load, tmp_path: Path) -> None:
    trainer, web = example("trainer.yaml"), pod("web-1", "node-c")
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    trainer["spec"]["template"]["spec"] |= {"volumes": [claim], "nodeName": None}
    web["spec"]["volumes"] = [claim, {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}]
    snapshot = loaded(story(web), written(tmp_path, trainer)).snapshot
    assert [each.constraints.is_judgeable for each in (*snapshot.sets, *snapshot.nodes[2].pods)] == [False, False]


def test_tenants_are_selected_by_the_labels_of_namespaces(loaded: Load, tmp_path: Path) -> None:
    policy = example("fillpolicy.yaml", "FillPolicy")
    policy["spec"]["tenants"] = [{"namespaceSelector": {"matchLabels": {"paid": "yes"}}, "weight": 7}]
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "research", "labels": {"paid": "yes"}}}
    with_labels, without = loaded(story(policy, space)), loaded(story(policy))
    assert with_labels.snapshot.policies[0].tenants["research"].weight == 7
    assert not without.snapshot.policies[0].tenants
    assert with_labels.notes == ()
    assert without.notes == (
        "A policy selects namespaces by labels that the dump does not hold: add namespaces to the dump.",
    )


def test_pods_without_uids_are_told_apart_all_the_same(loaded: Load) -> None:
    objects = story()
    for each in objects:
        del each["metadata"]["uid"]
    uids = [pod.uid for state in loaded(objects).snapshot.nodes for pod in state.pods]
    assert sorted(uids) == ["serving/train-0", "serving/web-0"]


def another() -> Object:
    """A filler of a set that is nowhere."""
    gone = example("trainer.yaml")
    gone["metadata"]["name"] = "gone"
    return running(gone, "gone")


@pytest.mark.parametrize(
    ("objects", "note"),
    [
        ([node("node-a")], "The dump holds no Pod: the nodes are planned as if they were empty."),
        ([node("node-a"), pod("web-0", "node-x")], "The dump lacks the nodes of 1 pods"),
        (story(running(example("trainer.yaml"), "old"), another()), "Fillers of ParaSet research/gone are counted"),
    ],
)  # fmt: skip
def test_what_the_files_leave_open_is_noted(loaded: Load, objects: list[Object], note: str) -> None:
    (said,) = loaded(objects).notes
    assert said.startswith(note)


def learning(**status: object) -> Object:
    """A policy for all nodes that learns how many copies of one shape to keep, with a status."""
    shape = {"name": "server", "resources": {"cpu": "1"}, "copies": "auto", "auto": {"floor": 1}}
    meta = {"apiVersion": "paraset.io/v1alpha1", "kind": "FillPolicy", "metadata": {"name": "p"}}
    return meta | {"spec": {"headroom": [shape]}, "status": status}


def test_copies_that_were_learned_are_those_of_the_status(loaded: Load) -> None:
    told = {"name": "server", "copies": 3, "message": "3 copies: because"}
    found = loaded(story(learning(headroom=[told])))
    assert found.snapshot.policies[0].headroom[0].copies == 3
    assert "FillPolicy p keeps room for server: 3 copies: because." in found.notes


def test_a_policy_given_beside_the_dump_keeps_what_was_learned(loaded: Load, tmp_path: Path) -> None:
    given = tmp_path / "policy.yaml"
    given.write_text(yaml.safe_dump(learning()))
    told = {"name": "server", "copies": 3}
    found = loaded(story(learning(headroom=[told])), TRAINER, str(given))
    assert found.snapshot.policies[0].headroom[0].copies == 3


def test_without_a_status_the_floor_is_planned_with_and_that_is_said(loaded: Load) -> None:
    found = loaded(story(learning()))
    assert found.snapshot.policies[0].headroom[0].copies == 1
    assert any("the floor is planned with" in note for note in found.notes)
