"""What a worker is told of itself in its environment and in the files of its downward API volume."""

from typing import Any

from test_acting_manifest import filler_of, made_with, worker_of

from paraset_operator.acting.manifest import template_hash

Json = dict[str, Any]


def env_of(pod: Json) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in worker_of(pod)["env"]}


def with_container(**fields: Any) -> Any:
    return made_with({"containers": [{"name": "worker", "image": "i"} | fields]})


def test_a_worker_knows_its_set_and_its_shape() -> None:
    env = env_of(filler_of(made_with()))
    assert (env["PARASET_SET"], env["PARASET_SHAPE"]) == ("trainer", "gpu")


def test_a_worker_knows_what_it_may_use_at_its_start() -> None:
    env = env_of(filler_of(made_with()))
    assert env["PARASET_CPU_MILLICORES"] == {"resourceFieldRef": {"resource": "requests.cpu", "divisor": "1m"}}
    assert env["PARASET_MEMORY_BYTES"] == {"resourceFieldRef": {"resource": "requests.memory", "divisor": "1"}}


def test_files_follow_what_it_may_use() -> None:
    pod = filler_of(made_with())
    (volume,) = [each for each in pod["spec"]["volumes"] if each["name"] == "paraset-info"]
    items = {each["path"]: each for each in volume["downwardAPI"]["items"]}
    assert items["cpu_millicores"]["resourceFieldRef"]["containerName"] == "worker"
    assert items.keys() == {"cpu_millicores", "memory_bytes", "annotations"}
    mount = {"name": "paraset-info", "mountPath": "/etc/paraset", "readOnly": True}
    assert mount in worker_of(pod)["volumeMounts"]


def test_a_variable_of_the_template_is_the_templates() -> None:
    pod = filler_of(with_container(env=[{"name": "PARASET_SHAPE", "value": "mine"}]))
    assert [each["value"] for each in worker_of(pod)["env"] if each["name"] == "PARASET_SHAPE"] == ["mine"]


def test_a_mount_of_the_template_at_the_same_place_is_left_alone() -> None:
    mounts = [{"name": "own", "mountPath": "/etc/paraset/"}]
    pod = filler_of(with_container(volumeMounts=mounts))
    assert worker_of(pod)["volumeMounts"] == mounts
    assert "volumes" not in pod["spec"]


def test_a_notice_does_not_come_from_the_template() -> None:
    pod = filler_of(made_with(metadata={"annotations": {"paraset.io/leaving-at": "2000-01-01T00:00:00Z"}}))
    assert "paraset.io/leaving-at" not in pod["metadata"]["annotations"]


def test_what_a_worker_is_told_is_not_part_of_the_templates_hash() -> None:
    """Or an upgrade of the operator would replace every filler."""
    paraset = made_with()
    before = template_hash(paraset, paraset.spec.shapes[0])
    filler_of(paraset)
    assert template_hash(paraset, paraset.spec.shapes[0]) == before
