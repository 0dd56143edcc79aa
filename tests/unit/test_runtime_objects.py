"""Which ParaSets the operator heeds."""

from typing import Any

import pytest
from api_cases import PARASET

from paraset_operator.runtime.objects import paraset_store


def in_namespace(name: str) -> dict[str, Any]:
    return PARASET | {"metadata": {"name": "a", "namespace": name, "uid": f"uid-{name}", "resourceVersion": "1"}}


@pytest.mark.parametrize(
    ("listed", "seen"), [((), ["one/a", "two/a"]), (("two",), ["two/a"]), (("two", "three"), ["two/a"])]
)
def test_only_sets_of_the_listed_namespaces_are_seen(listed: tuple[str, ...], seen: list[str]) -> None:
    store = paraset_store(lambda _before, _after: None, frozenset(listed))
    for name in ("one", "two"):
        store.take(in_namespace(name))
    assert [each.key for each in store] == seen
