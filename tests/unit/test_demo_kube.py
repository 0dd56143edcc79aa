"""A relist reports what vanished and repeats what is there."""

from demo.kube import Seen, relisted
from demo.wire import Meta, WireNode, WireNodeSpec, WireNodeStatus


def wire(name: str) -> WireNode:
    return WireNode(Meta(name=name, uid=f"{name}-uid"), WireNodeSpec(), WireNodeStatus())


def test_the_first_list_adds_everything() -> None:
    known: dict[str, WireNode] = {}
    assert relisted(known, [wire("a")]) == [Seen("ADDED", wire("a"))]
    assert known == {"a-uid": wire("a")}


def test_what_vanished_unseen_is_deleted_before_anything_else() -> None:
    known = {"a-uid": wire("a"), "b-uid": wire("b")}
    assert relisted(known, [wire("b"), wire("c")]) == [
        Seen("DELETED", wire("a")),
        Seen("MODIFIED", wire("b")),
        Seen("ADDED", wire("c")),
    ]
    assert set(known) == {"b-uid", "c-uid"}
