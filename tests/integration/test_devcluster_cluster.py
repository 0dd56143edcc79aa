"""A local cluster from outside: nodes, admission, RBAC, restarts of its processes, and that nothing is left of it."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devcluster import ClusterSettings, LocalCluster, NodeSpec, ProcessDiedError

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def cluster(local_cluster: LocalCluster) -> Iterator[LocalCluster]:
    """A second cluster beside the session's, for what would disturb other tests."""
    nodes = [NodeSpec("small", cpu_milli=2000, memory_mib=4096), NodeSpec("gpu", gpus=8, model="G2", pods=250)]
    with LocalCluster(ClusterSettings(nodes=nodes)) as second:
        assert second.server != local_cluster.server
        yield second


def node(cluster: LocalCluster, name: str) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = json.loads(cluster.kubectl("get", "node", name, "-o", "json").stdout)
    return found


def node_names(cluster: LocalCluster) -> set[str]:
    return {item["metadata"]["name"] for item in cluster.api.get("/api/v1/nodes")["items"]}


def is_ready(cluster: LocalCluster, name: str) -> bool:
    conditions = cluster.api.get(f"/api/v1/nodes/{name}")["status"].get("conditions", [])
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def is_tainted(cluster: LocalCluster, name: str) -> bool:
    taints = cluster.api.get(f"/api/v1/nodes/{name}")["spec"].get("taints", [])
    return any(taint["key"] == "node.kubernetes.io/not-ready" for taint in taints)


def run_pod(cluster: LocalCluster, node_name: str) -> str:
    name = f"pod-{uuid.uuid4().hex[:8]}"
    spec = {
        "nodeSelector": {"kubernetes.io/hostname": node_name},
        "containers": [{"name": "main", "image": "registry.example/main:1"}],
    }
    cluster.api.post("/api/v1/namespaces/default/pods", {"metadata": {"name": name}, "spec": spec})
    path = f"/api/v1/namespaces/default/pods/{name}"
    cluster.wait_until(f"pod {name}", lambda: bool(cluster.api.get(path)["status"]["phase"] == "Running"))
    return name


def test_two_clusters_do_not_see_each_other(cluster: LocalCluster, local_cluster: LocalCluster) -> None:
    assert {"small", "gpu"} <= node_names(cluster)
    assert not {"small", "gpu"} & node_names(local_cluster)


def test_nodes_have_the_sizes_and_labels_asked_for(cluster: LocalCluster) -> None:
    assert node(cluster, "small")["status"]["allocatable"] == {
        "cpu": "2", "memory": "4Gi", "pods": "110", "ephemeral-storage": "1Ti",
    }  # fmt: skip
    gpu = node(cluster, "gpu")
    assert gpu["status"]["capacity"]["nvidia.com/gpu"] == "8"  # type: ignore[index]
    assert gpu["metadata"]["labels"]["node.paraset.io/gpu-model"] == "G2"  # type: ignore[index]


def test_added_nodes_take_pods_and_removed_ones_stay_away(cluster: LocalCluster) -> None:
    cluster.add_nodes([NodeSpec("added")])
    run_pod(cluster, "added")
    cluster.remove_node("added")
    run_pod(cluster, "small")
    assert "added" not in node_names(cluster)


def test_a_node_that_is_not_ready_stays_so_until_it_is_set_ready(cluster: LocalCluster) -> None:
    cluster.set_node_ready("gpu", False)
    cluster.wait_until("the taint", lambda: is_tainted(cluster, "gpu"))
    run_pod(cluster, "small")
    assert not is_ready(cluster, "gpu")
    cluster.set_node_ready("gpu", True)
    cluster.wait_until("the taint's end", lambda: is_ready(cluster, "gpu") and not is_tainted(cluster, "gpu"))
    run_pod(cluster, "gpu")


def test_a_node_made_by_kubectl_becomes_ready(cluster: LocalCluster) -> None:
    resources = {"cpu": "4", "memory": "8Gi", "pods": "10"}
    cluster.api.post("/api/v1/nodes", {"metadata": {"name": "bare"}, "status": {"allocatable": resources}})
    cluster.wait_until("node bare", lambda: is_ready(cluster, "bare"))


def test_admission_is_on(cluster: LocalCluster) -> None:
    cluster.apply(
        "apiVersion: v1\nkind: Namespace\n"
        "metadata: {name: strict, labels: {pod-security.kubernetes.io/enforce: restricted}}\n"
    )
    refused = cluster.kubectl("run", "-n", "strict", "x", "--image=registry.example/main:1", check=False)
    assert "violates PodSecurity" in refused.stderr


def test_a_service_account_may_do_what_it_is_allowed_and_no_more(cluster: LocalCluster) -> None:
    cluster.kubectl("create", "serviceaccount", "reader")
    cluster.kubectl("create", "clusterrolebinding", "reader", "--clusterrole=view", "--serviceaccount=default:reader")
    flag = f"--kubeconfig={cluster.service_account_kubeconfig('default', 'reader')}"
    cluster.wait_until("the role", lambda: not cluster.kubectl("get", "pods", flag, check=False).returncode)
    refused = cluster.kubectl("delete", "pods", "--all", flag, check=False)
    assert "system:serviceaccount:default:reader" in refused.stderr


def test_apply_takes_a_file_and_names_what_is_wrong(cluster: LocalCluster, tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-file, namespace: default}\n")
    cluster.apply(path)
    assert "from-file" in cluster.kubectl("get", "configmaps").stdout
    with pytest.raises(RuntimeError, match=r"kubectl apply .* exited with 1: .*Nonsense"):
        cluster.apply("apiVersion: v1\nkind: Nonsense\nmetadata: {name: x}\n")


def test_the_api_server_says_its_version(cluster: LocalCluster) -> None:
    assert cluster.api.get("/version")["gitVersion"] == "v1.36.3"


@pytest.mark.parametrize("name", ["kwok", "kube-scheduler", "kube-apiserver"])
def test_a_process_can_be_stopped_and_started(cluster: LocalCluster, name: str) -> None:
    cluster.stop_process(name)
    cluster.check()
    cluster.start_process(name)
    run_pod(cluster, "small")


def processes_of(folder: Path) -> list[str]:
    """The command lines of the processes that were given a path in this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_text()
        except OSError:
            continue
        if str(folder) in command:
            found.append(command.replace("\0", " "))
    return found


def test_a_failing_block_leaves_logs_and_nothing_else(tmp_path: Path) -> None:
    def fail() -> None:
        with LocalCluster(folder=tmp_path):
            assert len(processes_of(tmp_path)) == 5
            raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug") as raised:
        fail()
    assert processes_of(tmp_path) == []
    assert str(tmp_path / "logs") in "".join(raised.value.__notes__)
    assert (tmp_path / "logs" / "kube-apiserver.log").stat().st_size
    assert not (tmp_path / "etcd").exists()


def test_a_process_that_cannot_start_is_named_with_its_last_words(tmp_path: Path) -> None:
    settings = ClusterSettings(apiserver_flags=("--no-such-flag",))
    with pytest.raises(ProcessDiedError, match=r"(?s)kube-apiserver exited with code 1.*unknown flag: --no-such-flag"):
        LocalCluster(settings, tmp_path).__enter__()


def test_nothing_is_left_of_a_killed_program(tmp_path: Path, cluster: LocalCluster) -> None:
    code = (
        "import sys, time; from pathlib import Path; from devcluster import LocalCluster\n"
        "with LocalCluster(folder=Path(sys.argv[1])): print('up', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "killed")],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    ) as program:
        assert program.stdout
        assert program.stdout.readline() == b"up\n"
        program.send_signal(signal.SIGKILL)
    cluster.wait_until("the end of its processes", lambda: not processes_of(tmp_path / "killed"))


@pytest.fixture
def devcluster(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "XDG_STATE_HOME": str(tmp_path)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "devcluster", *arguments]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_a_cluster_for_people(
    devcluster: Callable[..., subprocess.CompletedProcess[str]], cluster: LocalCluster, tmp_path: Path
) -> None:
    (tmp_path / "nodes.csv").write_text("sn,cpu_milli,memory_mib,gpu,model\na,4000,8192,2,T4\nb,4000,8192,0,\n")
    up = devcluster("up", "--name", "mine", "--nodes", "nodes.csv")
    assert "Cluster 'mine' is up: 2 nodes" in up.stdout, up.stderr
    try:
        assert "is up already" in devcluster("up", "--name", "mine").stderr
        assert devcluster("status", "--name", "mine").returncode == 0
        kubeconfig = devcluster("kubeconfig", "--name", "mine").stdout.strip()
        nodes = cluster.kubectl("get", "nodes", f"--kubeconfig={kubeconfig}", "-L", "node.paraset.io/gpu-model").stdout
        assert "T4" in nodes
    finally:
        assert devcluster("down", "--name", "mine").stdout == "Cluster 'mine' is down\n"
    assert processes_of(tmp_path) == []
    assert devcluster("status", "--name", "mine").returncode == 1
