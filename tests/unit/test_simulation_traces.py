"""Tables that can't be simulated get one line that names file, row and column; those that can are read as they are."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from paraset_operator.cli import main
from paraset_operator.simulation.rows import LONGEST_LINE, TraceError, read_rows
from paraset_operator.simulation.trace_tables import (
    OPENB_ALL_NODES,
    OPENB_GPU_NODES,
    OPENB_PODS,
    Task,
    TraceNode,
    read_nodes,
    read_pods,
)
from tests.simulation_cases import NODE_HEADER, POD_HEADER, nodes_table, pods_table, table

Refused = Callable[..., str]


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Refused:
    """Returns what is said of two tables, which lie in the working directory under short names."""
    monkeypatch.chdir(tmp_path)

    def said(nodes: str | bytes | None = None, pods: str | bytes | None = None, *options: str) -> str:
        for path, text in (("nodes.csv", nodes or nodes_table()), ("pods.csv", pods or pods_table())):
            Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())
        assert main(["simulate", "--nodes", "nodes.csv", "--pods", "pods.csv", *options]) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.count("\n") == 1
        return printed.err.removeprefix("paraset: error: ").rstrip("\n")

    return said


NODE = ("node-0", 8000, 1024, 2, "G2")
POD = ("pod-0", 1000, 1024, 1, 500, "", "LS")


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("sn", "", "row 3, column sn: is empty: give the row a name"),
        ("sn", "node-0", "row 3, column sn: 'node-0' is the name of row 2 already: names must differ"),
        ("cpu_milli", "-1", "row 3, column cpu_milli: '-1' is negative: give 0 or more"),
        ("cpu_milli", "many", "row 3, column cpu_milli: 'many' is not a whole number"),
        ("cpu_milli", "1e400", "row 3, column cpu_milli: '1e400' is not a whole number"),
        ("memory_mib", "", "row 3, column memory_mib: '' is not a whole number"),
        ("memory_mib", "9" * 30, "row 3, column memory_mib: '999999999999999999999999999999' is too large"),
        ("gpu", "2.5", "row 3, column gpu: '2.5' is not a whole number"),
        ("gpu", "nan", "row 3, column gpu: 'nan' is not a whole number"),
    ],
)
def test_a_bad_value_of_a_node_is_named_with_row_and_column(
    refused: Refused, column: str, value: str, said: str
) -> None:
    bad = [value if name == column else str(old) for name, old in zip(NODE_HEADER, ("node-1", *NODE[1:]), strict=True)]
    assert refused(table(NODE_HEADER, NODE, bad)).startswith(f"nodes.csv: {said}")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"num_gpu": "two"}, "row 3, column num_gpu: 'two' is not a whole number"),
        ({"gpu_milli": "1001"}, "row 3, column gpu_milli: '1001' is too large: give 1000 at most"),
        ({"gpu_milli": "0"}, "row 3, column gpu_milli: is 0, but num_gpu is not: give what is asked of each GPU"),
        ({"num_gpu": "2"}, "row 3, column gpu_milli: is 500 of each of 2 GPUs: give 1000 where num_gpu is more than 1"),
        ({"gpu_spec": "G2|H9"}, "row 3, column gpu_spec: no node has a GPU of model 'H9': the nodes have G2"),
        ({"name": "pod-0"}, "row 3, column name: 'pod-0' is the name of row 2 already"),
    ],
)
def test_a_bad_value_of_a_pod_is_named_with_row_and_column(
    refused: Refused, changes: dict[str, str], said: str
) -> None:
    good = dict(zip(POD_HEADER, ("pod-1", *POD[1:]), strict=True))
    bad = [str(changes.get(name, value)) for name, value in good.items()]
    assert refused(None, table(POD_HEADER, POD, bad)).startswith(f"pods.csv: {said}")


@pytest.mark.parametrize("missing", NODE_HEADER)
def test_a_missing_column_is_named(refused: Refused, missing: str) -> None:
    header = [name for name in NODE_HEADER if name != missing]
    assert refused(table(header, [1] * 4)).startswith(f"nodes.csv: row 1: column {missing} is missing; the header has")


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        (b"\n", "nodes.csv: row 1: the file is empty: name the columns sn, cpu_milli, memory_mib, gpu, model there"),
        (b"sn,cpu_milli,memory_mib,gpu,model\n", "nodes.csv: row 2: there are no rows below the header"),
        (b"sn,cpu_milli,memory_mib,gpu,model\nn,1,1\n", "nodes.csv: row 2, column gpu: is missing: the header has 5"),
        (b"sn,cpu_milli,memory_mib,gpu,model\nn,1,1,0,,7\n", "nodes.csv: row 2, column number 6: is not in the header"),
        (b"sn,cpu_milli,memory_mib,gpu,model,gpu\nn,1,1,0,,0\n", "nodes.csv: row 1: column gpu is there twice"),
        (b"\x7fELF\x02\x01\x00,\x00\n", "nodes.csv: row 1, column 1: holds a byte that is no text"),
        (b"sn,cpu_milli\nn,\x00\n", "nodes.csv: row 1: column memory_mib is missing"),
        (b"sn,cpu_milli,memory_mib,gpu,model\nn,1,1,0,\xff\n", "nodes.csv: row 2, column 5: is no UTF-8 text"),
        (b'sn,cpu_milli,memory_mib,gpu,model\nn,1,"1"x,0,\n', "nodes.csv: row 2, column 5: is no CSV"),
    ],
)
def test_a_file_that_is_no_table_of_nodes_is_told_so(refused: Refused, nodes: bytes, said: str) -> None:
    assert refused(nodes).startswith(said)


def test_files_that_cannot_be_read_are_named(refused: Refused, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--nodes", "nope.csv"]) == 2
    assert "nope.csv: can't be read: No such file or directory; check the path" in capsys.readouterr().err
    assert main(["simulate", "--nodes", "."]) == 2
    assert ".: can't be read: Is a directory" in capsys.readouterr().err


def test_a_line_without_end_is_refused_before_it_is_taken_in(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("wb") as file:
        file.write(b"sn,cpu_milli,memory_mib,gpu,model\nnode,")
        file.truncate(100_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(TraceError) as raised:
            [*read_rows(str(path), NODE_HEADER)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert str(raised.value) == f"{path}: row 2, column 2: the row is longer than {LONGEST_LINE} bytes: {_NO_TABLE}"
    assert peak < 20 * LONGEST_LINE


_NO_TABLE = "this is no table of nodes or pods"


def test_pods_without_any_request_or_all_best_effort_are_nothing_to_simulate(refused: Refused) -> None:
    idle = table(POD_HEADER, ("pod-0", 0, 10, 0, 0, "", "LS"))
    assert refused(None, idle) == (
        "pods.csv: column cpu_milli: no pod asks for any CPU or GPU: there is nothing to schedule"
    )
    best_effort = table(POD_HEADER, ("pod-0", 1000, 10, 0, 0, "", "BE"))
    assert refused(None, best_effort, "--without-be").startswith("pods.csv: column qos: every pod is BE")
    no_class = table(POD_HEADER[:-1], ("pod-0", 1000, 10, 0, 0, ""))
    assert refused(None, no_class, "--without-be").startswith("pods.csv: row 1: column qos is missing")


def test_columns_may_come_in_any_order_with_others_between_and_in_any_dialect_of_text(tmp_path: Path) -> None:
    path = tmp_path / "nodes.csv"
    path.write_bytes(b'\xef\xbb\xbfmodel,zone,gpu,"sn",memory_mib,cpu_milli\r\n\r\nG2, west ,2,"a, b",3.0,0500\r\n\r\n')
    assert read_nodes(str(path)) == [TraceNode("a, b", 500, 3 * 2**20, 2, "G2")]


def test_a_pod_without_gpus_asks_for_none_whatever_its_other_columns_say(tmp_path: Path) -> None:
    path = tmp_path / "pods.csv"
    path.write_text("name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\np,1000,1,0,1000,G2\n", encoding="utf-8")
    assert [pod.task for pod in read_pods(str(path), {"G2"})] == [Task(1000, 2**20)]


def test_the_packaged_trace_is_complete() -> None:
    nodes = read_nodes(OPENB_GPU_NODES)
    assert (len(nodes), sum(node.gpus for node in nodes)) == (1213, 6212)
    assert len(read_nodes(OPENB_ALL_NODES)) == 1523
    pods = read_pods(OPENB_PODS, {node.model for node in nodes}, timed=True, with_qos=True)
    assert (len(pods), sum(pod.is_best_effort for pod in pods)) == (8152, 3398)
    assert sum(pod.task.gpu_milli for pod in pods) == 6_086_800
