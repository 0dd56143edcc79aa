"""Fillers that fail on real nodes: the set waits, says why, and its room goes to others."""

import pytest
from manifests import CPU_SHAPE, Json
from operating import eventually
from real_corner import RealCorner, container, shell

SHAPE: Json = CPU_SHAPE | {"fixed": {"memory": "32Mi"}}
HOG = "exec dd if=/dev/zero of=/dev/null bs=200M"


@pytest.mark.parametrize(
    ("pod", "reason"),
    [
        pytest.param(shell("exit 1"), "CrashLooping", id="crash loop"),
        pytest.param(shell(HOG), "CrashLooping", id="out of memory"),
        pytest.param(
            {"containers": [{"name": "main", "image": "local.test/nowhere:1"}]}, "ImagePullFailing", id="missing image"
        ),
    ],
)
def test_a_set_whose_fillers_fail_is_degraded_and_its_room_goes_to_others(
    corner: RealCorner, pod: Json, reason: str
) -> None:
    corner.claim()
    corner.add_set("bad", shapes=[SHAPE], pod=pod)
    corner.until_condition("Degraded", "True", reason, "bad")
    corner.add_set("good", shapes=[CPU_SHAPE], replicas=1)
    corner.until_running(1, "good")


def test_the_kernel_kills_a_filler_above_its_limit_and_the_set_says_so(corner: RealCorner) -> None:
    corner.claim()
    corner.add_set(shapes=[SHAPE], replicas=1, pod=shell(HOG))

    def killed() -> bool:
        states = [container(each).get(when) or {} for each in corner.objects("pods") for when in ("state", "lastState")]
        return any((each.get("terminated") or {}).get("reason") == "OOMKilled" for each in states)

    eventually("it is killed", killed)
    corner.until_condition("Degraded", "True", "CrashLooping")
    assert "OOMKilled" in corner.message("Degraded")
