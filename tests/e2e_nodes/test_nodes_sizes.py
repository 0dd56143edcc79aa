"""Sizes on real nodes: what the kernel enforces follows the plan, and what a kubelet refuses is taken for an answer."""

import os
import signal

from cgroup_files import cpu_shares, memory_limit
from manifests import Json
from operating import Operator, eventually
from real_corner import RealCorner, container, shell

MIB = 2**20
CPU: Json = {"name": "cpu", "fixed": {"memory": "64Mi"}, "elastic": {"cpu": {"min": "100m", "max": "64"}}}
# All the memory of a node, and it can be given back, or so its author says.
MEMORY: Json = {
    "name": "memory",
    "fixed": {"cpu": "100m"},
    "elastic": {"memory": {"min": "128Mi", "max": "1Ti", "growthValue": 1, "shrinks": True}},
}
# A kubelet writes files of a pod anew when it looks at it, once in a minute or so.
KUBELET_SECONDS = 150
WAITS = "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done"


def until_size(corner: RealCorner, **sizes: int) -> Json:
    """Wait until the only filler asks for just this and holds it; returns it as it is."""
    corner.until_running(
        1, where=lambda pod: all(pod.requests[key] == pod.spec_requests[key] == sizes[key] for key in sizes)
    )
    return corner.filler()


def runs_on(before: Json, after: Json) -> bool:
    """Whether the container is the same, and never stopped."""
    same = container(before)["containerID"] == container(after)["containerID"]
    return same and container(after)["restartCount"] == 0


def test_the_cpu_shares_follow_a_grow_and_a_shrink_and_the_container_stays(corner: RealCorner) -> None:
    corner.claim()
    corner.add_ls("ls", cpu="1")
    corner.until_bound("ls")
    corner.add_set(shapes=[CPU], replicas=1)
    small = until_size(corner, cpu=corner.cores() - 1000)
    eventually("the kernel gives it that", lambda: cpu_shares(small) == (corner.cores() - 1000) * 1024 // 1000)
    corner.remove_ls("ls")
    large = until_size(corner, cpu=corner.cores())
    eventually("the kernel gives it all", lambda: cpu_shares(large) == corner.cores() * 1024 // 1000)
    corner.add_ls("again", cpu="1")
    corner.until_bound("again")
    again = until_size(corner, cpu=corner.cores() - 1000)
    eventually("the kernel gives it less", lambda: cpu_shares(again) == (corner.cores() - 1000) * 1024 // 1000)
    assert runs_on(small, large)
    assert runs_on(large, again)


def test_a_worker_can_read_what_it_may_use_now(corner: RealCorner) -> None:
    corner.claim()
    corner.add_set(shapes=[CPU], replicas=1, pod=shell(WAITS))
    name = until_size(corner, cpu=corner.cores())["metadata"]["name"]
    assert corner.read(name, "/etc/paraset/cpu_millicores") == str(corner.cores())
    corner.add_ls("ls", cpu="1")
    smaller = str(corner.cores() - 1000)
    eventually("the file says so", lambda: corner.read(name, "/etc/paraset/cpu_millicores") == smaller, KUBELET_SECONDS)


def test_the_memory_limit_follows_a_shrink_and_the_container_stays(corner: RealCorner) -> None:
    corner.claim()
    corner.add_set(shapes=[MEMORY], replicas=1)
    corner.until_running(1, where=lambda pod: pod.spec_requests["memory"] > 1500 * MIB)
    before = corner.filler()
    limit = memory_limit(before)
    assert limit > 1500 * MIB
    add_hungry_ls(corner)
    corner.until_bound("ls")
    after = corner.filler()
    eventually("the kernel allows less", lambda: memory_limit(after) <= limit - 1000 * MIB)
    assert runs_on(before, after)


def add_hungry_ls(corner: RealCorner) -> None:
    """An LS pod that needs half of a node's memory."""
    requests = {"cpu": "100m", "memory": "1Gi"}
    corner.add_ls("ls", containers=[{**shell(WAITS)["containers"][0], "resources": {"requests": requests}}])


def test_an_ls_pod_gets_the_memory_that_a_filler_uses_and_can_not_give_back(corner: RealCorner) -> None:
    corner.claim()
    # The file lies in memory and counts as the container's.
    fill = f"dd if=/dev/zero of=/dev/shm/file bs=1M count=1200; echo full; {WAITS}"
    pod = shell(fill)
    pod["containers"][0]["volumeMounts"] = [{"name": "memory", "mountPath": "/dev/shm"}]
    pod["volumes"] = [{"name": "memory", "emptyDir": {"medium": "Memory"}}]
    corner.add_set(shapes=[MEMORY], replicas=1, pod=pod)
    (before,) = corner.until_running(1, where=lambda pod: pod.spec_requests["memory"] > 1500 * MIB)
    eventually("the memory is in use", lambda: "full" in corner.logs(before.name))
    add_hungry_ls(corner)
    corner.until_bound("ls")
    eventually("the filler has left", corner.left)
    assert [each["reason"] for each in corner.objects("events") if each["reason"] == "ResizeError"]


def test_a_grow_that_the_kubelet_puts_off_is_taken_back(corner: RealCorner, operator: Operator) -> None:
    corner.claim()
    corner.add_ls("ls", cpu="1")
    corner.until_bound("ls")
    corner.add_set(shapes=[CPU], replicas=1)
    fits = corner.cores() - 1000
    filler = until_size(corner, cpu=fits)
    name = filler["metadata"]["name"]
    corner.forgives = True  # we ask for more than there is
    # In place of an operator that has not seen the LS pod yet; the one at work has to hold still for it.
    os.kill(operator.pid, signal.SIGSTOP)
    try:
        corner.resize(name, cpu=f"{corner.cores()}m")
        eventually("the kubelet has put it off", lambda: "Deferred" in pending(corner.raw_pod(name)))
    finally:
        os.kill(operator.pid, signal.SIGCONT)
    after = until_size(corner, cpu=fits)
    eventually("nothing is pending", lambda: not pending(corner.raw_pod(name)))
    assert runs_on(filler, after)


def pending(pod: Json) -> list[str]:
    """Why the kubelet has not carried out a resize."""
    return [each["reason"] for each in pod["status"]["conditions"] if each["type"] == "PodResizePending"]


def test_fillers_shrink_for_an_ls_pod_whose_grow_the_kubelet_puts_off(corner: RealCorner) -> None:
    corner.claim()
    corner.add_ls("ls", cpu="500m")
    corner.until_bound("ls")
    eventually("it runs", lambda: (pod := corner.pod("ls")) and pod.phase == "Running")
    corner.add_set(shapes=[CPU], replicas=1)
    before = until_size(corner, cpu=corner.cores() - 500)
    corner.forgives = True  # what the kubelet has put off is charged to the node all the same
    corner.resize("ls", cpu="1500m")
    after = until_size(corner, cpu=corner.cores() - 1500)
    eventually("the LS pod has grown", lambda: allocated(corner.raw_pod("ls")) == "1500m")
    assert runs_on(before, after)


def allocated(pod: Json) -> str:
    """The CPU a container has now."""
    return str(container(pod)["resources"]["requests"]["cpu"])
