"""An administrator takes nodes out of use, and looks before anything is filled."""

from operating import eventually
from scene import SET, Scene


def test_fillers_leave_a_cordoned_node_and_come_back(scene: Scene) -> None:
    scene.apply()
    scene.until_running(scene.devices)
    cordoned, others = scene.nodes[0], scene.nodes[1:]
    scene.target.kubectl("cordon", cordoned)
    scene.until_running(scene.devices * len(others) // len(scene.nodes), nodes=others)
    scene.target.kubectl("uncordon", cordoned)
    scene.until_running(scene.devices)


def test_in_mode_observe_the_plan_is_published_and_nothing_created(scene: Scene) -> None:
    scene.set_mode("Observe")
    try:
        scene.apply(replicas=2)
        planned = eventually("the plan is published", lambda: scene.object("pset", SET).get("status", {}).get("plan"))
        assert [(each["verb"], each["node"] in scene.nodes) for each in planned] == [("create", True)] * 2
        scene.until_ready("ObserveOnly")
        assert scene.fillers() == []
    finally:
        scene.set_mode("Auto")
    scene.until_running(2)
