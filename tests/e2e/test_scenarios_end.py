"""A set is deleted: its fillers go by their owner references.

The file's name puts it behind the other scenarios: a garbage collector looks for new kinds of objects every 30 s only.
"""

from operating import eventually
from scene import SET, Scene


def test_a_deleted_set_is_gone_at_once_and_its_fillers_follow(scene: Scene) -> None:
    scene.apply(replicas=2)
    scene.until_running(2)
    assert "finalizers" not in scene.object("pset", SET)["metadata"]
    scene.kubectl("delete", "pset", SET, "--timeout=10s")
    scene.until_running(0)


def test_a_set_of_the_same_name_begins_anew(scene: Scene) -> None:
    scene.apply(replicas=2)
    first = {each["metadata"]["uid"] for each in scene.until_running(2)}
    scene.kubectl("delete", "pset", SET, "--timeout=10s")
    scene.apply(replicas=2)
    eventually("the first fillers are gone", lambda: not first & {each["metadata"]["uid"] for each in scene.fillers()})
    scene.until_running(2)
