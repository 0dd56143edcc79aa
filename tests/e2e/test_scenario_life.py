"""A user changes a set: its ceiling, and whether it runs."""

from scene import SET, Scene


def test_the_ceiling_follows_kubectl_scale_up_and_down(scene: Scene) -> None:
    scene.apply(replicas=1)
    scene.until_running(1)
    scene.kubectl("scale", "pset", SET, "--replicas=3")
    scene.until_running(3)
    scene.kubectl("scale", "pset", SET, "--replicas=2")
    scene.until_running(2)


def test_a_suspended_set_has_no_fillers_until_it_is_resumed(scene: Scene) -> None:
    scene.apply(replicas=2)
    scene.until_running(2)
    scene.kubectl("patch", "pset", SET, "--type=merge", "-p", '{"spec":{"suspend":true}}')
    scene.until_running(0)
    scene.until_ready("Suspended")
    scene.kubectl("patch", "pset", SET, "--type=merge", "-p", '{"spec":{"suspend":false}}')
    scene.until_running(2)
