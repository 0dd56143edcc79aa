"""`paraset explain`: why a set holds what it does, in a scene that was read from a live cluster or from files."""

from dataclasses import replace

from paraset_operator.api.names import PARASET
from paraset_operator.planning.planner import plan
from paraset_operator.reporting.explanation import FEW, Explanation, explain
from paraset_operator.runtime.scene import Scene

_KINDS = frozenset({"pset", "psets", "paraset", "parasets", "parasets.paraset.io"})


class ExplainError(Exception):
    """Why nothing can be explained, in one sentence that says what to do."""


def explained(scene: Scene, name: str, namespace: str, *, everything: bool = False) -> Explanation:
    """Return the explanation of a set; raise ExplainError if there is none of that name, or it is invalid."""
    key = f"{namespace}/{name}"
    if key in scene.problems:
        raise ExplainError(f"{PARASET} {key} is invalid: {scene.problems[key]}")
    if key not in {each.key for each in scene.snapshot.sets}:
        raise ExplainError(_missing(scene, name, namespace))
    made = plan(scene.snapshot, scene.pacing, scene.moment)
    told, now = scene.told.get(key, ()), scene.moment.monotonic
    found = explain(scene.snapshot, made, key, told, None if everything else FEW, now=now)
    remarks = (scene.remarks[key],) if key in scene.remarks else ()
    return replace(found, notes=(*found.notes, *remarks, *scene.notes))


def _missing(scene: Scene, name: str, namespace: str) -> str:
    if scene.namespaces is not None and namespace not in scene.namespaces:
        return f"there is no namespace {namespace}: name another with -n"
    keys = sorted({each.key for each in scene.snapshot.sets} | scene.problems.keys())
    elsewhere = [key for key in keys if key.endswith(f"/{name}")]
    if elsewhere:
        return f"there is no {PARASET} {namespace}/{name}, but {', '.join(elsewhere[:5])}: name the namespace with -n"
    beside = [key.partition("/")[2] for key in keys if key.startswith(f"{namespace}/")]
    there = f"the namespace has {', '.join(beside[:5])}" if beside else "the namespace has none"
    return f"there is no {PARASET} {namespace}/{name}; {there}: `kubectl get pset -A` lists all"


def name_in(target: str) -> str:
    """Return the name in `pset/NAME` or `NAME`; raise ExplainError for anything else."""
    kind, slash, name = target.rpartition("/")
    if not name or (slash and kind.lower() not in _KINDS):
        raise ExplainError(f"{target!r} names no ParaSet: write pset/NAME, and the namespace with -n")
    return name
