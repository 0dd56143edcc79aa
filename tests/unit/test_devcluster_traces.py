"""The openb trace and files like it."""

from pathlib import Path

import pytest

from devcluster import read_openb_nodes, read_openb_pods, sample
from devcluster.traces import TraceError


def test_the_nodes_are_those_of_the_paper() -> None:
    nodes = read_openb_nodes()
    assert len(nodes) == 1523
    assert sum(node.gpus for node in nodes) == 6212
    assert sum(node.gpus for node in nodes if node.model == "G2") == 4392
    assert all(bool(node.gpus) == bool(node.model) for node in nodes)


def test_the_pods_are_those_of_the_paper() -> None:
    pods = read_openb_pods()
    assert len(pods) == 8152
    assert sum(pod.num_gpu * pod.gpu_milli for pod in pods) == pytest.approx(6_086_800, abs=50)
    assert sum(pod.shares_gpu for pod in pods) == 3078
    assert sum(pod.scheduled_time is None for pod in pods) == 897


def test_a_sample_is_repeatable_and_without_repeats() -> None:
    nodes = read_openb_nodes()
    drawn = sample(nodes, 24, seed=7)
    assert drawn == sample(nodes, 24, seed=7)
    assert drawn != sample(nodes, 24, seed=8)
    assert len({node.name for node in drawn}) == 24
    with pytest.raises(TraceError, match="cannot draw 3 rows from 2"):
        sample(nodes[:2], 3, seed=0)


def test_a_wrong_file_is_named_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "nodes.csv"
    path.write_text("sn,cpu_milli,memory_mib,gpu,model\na,1000,1024,0,\nb,lots,1024,0,\n")
    with pytest.raises(TraceError, match=r"nodes.csv, line 3: cpu_milli must be a whole number, not 'lots'"):
        read_openb_nodes(path)
    path.write_text("sn,cpu_milli\na,1000\n")
    with pytest.raises(TraceError, match=r"line 2: the column 'memory_mib' is missing"):
        read_openb_nodes(path)
