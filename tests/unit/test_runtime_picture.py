"""Views of policies are the same objects until something of them changes: plans go by that."""

import copy

from api_cases import FILL_POLICY

from paraset_operator.api.v1alpha1 import FillPolicy
from paraset_operator.cluster.cache import ClusterCache
from paraset_operator.runtime.namespaces import NamespaceStore
from paraset_operator.runtime.objects import ObjectStore, paraset_store, policy_store
from paraset_operator.runtime.picture import Picture


class Scene:
    """A picture with one policy that learns its copies."""

    def __init__(self) -> None:
        self.learned: dict[str, int] = {}
        self.policies: ObjectStore[FillPolicy] = policy_store(lambda _before, _after: None)
        self.take()
        sets, namespaces = paraset_store(lambda _before, _after: None), NamespaceStore(lambda: None)
        self.picture = Picture(
            ClusterCache(), sets, self.policies, namespaces, lambda _uid: "", lambda _policy: self.learned
        )

    def take(self, version: int = 1, generation: int = 1, **status: object) -> None:
        policy = copy.deepcopy(FILL_POLICY)
        policy["metadata"] |= {"uid": "u", "generation": generation, "resourceVersion": str(version)}
        policy["spec"]["headroom"][0]["copies"] = "auto"
        self.policies.take(policy | {"status": status})

    def copies(self) -> int:
        return self.picture.policies()[0].headroom[0].copies


def test_what_is_learned_is_in_the_view_at_once() -> None:
    scene = Scene()
    assert scene.copies() == 0
    scene.learned = {"inference": 3}
    assert scene.copies() == 3


def test_the_view_stays_the_same_object_as_long_as_copies_do() -> None:
    scene = Scene()
    scene.learned = {"inference": 3}
    before = scene.picture.policies()
    scene.learned = {"inference": 3}
    scene.take(version=2, nodes=5, headroom=[{"name": "inference", "copies": 2}])
    assert scene.picture.policies() is before


def test_before_anything_is_learned_the_status_counts() -> None:
    scene = Scene()
    scene.take(version=2, headroom=[{"name": "inference", "copies": 2}])
    assert scene.copies() == 2
