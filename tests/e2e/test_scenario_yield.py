"""LS work comes: it gets room, and people can see who gave it."""

from operating import eventually
from scene import NAMESPACE, Scene


def test_an_ls_pod_that_fits_nowhere_gets_room(scene: Scene) -> None:
    scene.apply()
    scene.until_running(scene.devices)
    scene.run_ls("server")
    scene.kubectl("wait", "pod/server", "--for=condition=Ready", "--timeout=60s")
    scene.until_running(scene.devices - 1)


def test_the_victims_event_names_who_needed_the_room(scene: Scene) -> None:
    scene.apply()
    scene.until_running(scene.devices)
    scene.run_ls("server")
    events = eventually(
        "the victim has an Event",
        lambda: [each for each in scene.events("Yielded") if each["involvedObject"]["kind"] == "Pod"],
    )
    assert f"{NAMESPACE}/server" in events[0]["message"]


def test_the_room_is_filled_again_when_the_ls_pod_has_gone(scene: Scene) -> None:
    scene.apply()
    scene.until_running(scene.devices)
    scene.run_ls("server")
    scene.until_running(scene.devices - 1)
    scene.kubectl("delete", "pod", "server")
    scene.until_running(scene.devices)
