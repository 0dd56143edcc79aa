"""What only a running check can tell becomes a condition with a reason, and other sets go on."""

from corner import Corner
from manifests import GPU, GPU_SHAPE, fixed_shape
from operating import eventually

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def restrict(corner: Corner, level: str | None) -> None:
    labels = {"pod-security.kubernetes.io/enforce": level}
    corner.cluster.api.patch(f"/api/v1/namespaces/{corner.name}", {"metadata": {"labels": labels}})


def test_a_template_that_the_namespace_refuses_is_told_in_the_servers_words(corner: Corner) -> None:
    restrict(corner, "restricted")
    corner.add_nodes("a", gpus=2)
    corner.add_set()
    corner.until_condition("TemplateValid", "False", "TemplateRefused")
    assert "violates PodSecurity" in corner.message("TemplateValid")


def test_a_refused_template_is_asked_about_once(corner: Corner) -> None:
    restrict(corner, "restricted")
    corner.add_nodes("a", gpus=2)
    corner.add_set()
    corner.until_condition("TemplateValid", "False", "TemplateRefused")
    assert corner.operated.refused_creates(corner.name) == 1


def test_a_corrected_template_is_filled_at_once(corner: Corner) -> None:
    restrict(corner, "restricted")
    corner.add_nodes("a", gpus=2)
    corner.add_set()
    corner.until_condition("TemplateValid", "False", "TemplateRefused")
    container = {
        "name": "main",
        "image": "registry.example/filler:1",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    security = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    corner.change_set(template={"spec": {"securityContext": security, "containers": [container]}})
    corner.until_running(2)
    corner.until_condition("TemplateValid", "True", "TemplateAccepted")


def test_other_sets_go_on_beside_a_refused_one(corner: Corner) -> None:
    other = f"{corner.name}-2"
    corner.add_namespace(other)
    restrict(corner, "restricted")
    corner.add_nodes("a", gpus=2)
    corner.add_set()
    corner.until_condition("TemplateValid", "False", "TemplateRefused")
    corner.add_set(namespace=other)
    corner.until_running(2, namespace=other)


def test_a_shape_no_node_can_hold_is_named(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set(shapes=[GPU_SHAPE | {"name": "huge", "fixed": {GPU: 64, "memory": "64Mi"}}])
    corner.until_condition("CapacityAvailable", "False", "NoNodeCanHold")
    assert "huge" in corner.message("CapacityAvailable")


def test_other_shapes_of_the_set_are_used(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    huge = GPU_SHAPE | {"name": "huge", "fixed": {GPU: 64, "memory": "64Mi"}}
    corner.add_set(shapes=[huge, GPU_SHAPE])
    corner.until_running(2)


def test_a_set_that_no_node_admits_is_told_so(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    corner.add_set(pod={"nodeSelector": {"test.paraset.io/pool": "no-such-pool"}})
    corner.until_condition("CapacityAvailable", "False", "NoNodeSelected")


def test_a_schedule_that_never_comes_makes_the_set_invalid(corner: Corner) -> None:
    corner.add_nodes("a", cpu=4)
    corner.add_set(shapes=[fixed_shape("2")], budgets=[{"value": 1, "schedule": "99 9 * * *", "duration": "1h"}])
    corner.until_condition("Ready", "False", "Invalid")


def test_many_shapes_are_planned_for(corner: Corner) -> None:
    corner.add_nodes("a", cpu=4)
    corner.add_set(shapes=[fixed_shape("4", f"shape-{index}") for index in range(64)])
    corner.until_running(1)


def test_namespace_and_set_may_come_in_one_moment(corner: Corner) -> None:
    corner.add_nodes("a", gpus=2)
    other = f"{corner.name}-2"
    corner.add_namespace(other)
    corner.add_set(namespace=other)
    corner.until_running(2, namespace=other)
    status = eventually("a status", lambda: corner.operated.status(other, "s"))
    assert status["replicas"] <= 2
