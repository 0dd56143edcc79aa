"""The life of a release: installed from the previous chart, upgraded, rolled back, uninstalled. Fillers see nothing of
it. The stages follow each other, each a fixture; a test looks at one of them.
"""

from dataclasses import dataclass

import pytest
from release import CRDS, NEW_TAG, PREVIOUS_VERSION, TEAM, Json, Release, identity, until

from chart_tools.helm import CHART


@dataclass
class Stage:
    """What was seen after a stage, beside the release itself."""

    release: Release
    fillers: list[Json]
    knows_new_field: bool
    image: str
    history: list[tuple[int, str, str]]


def seen(release: Release) -> Stage:
    image = release.deployment()["spec"]["template"]["spec"]["containers"][0]["image"]
    return Stage(release, release.fillers(), release.knows_new_field(), image, release.history())


@pytest.fixture(scope="module")
def filled(installed: Release) -> Stage:
    installed.fill()
    return seen(installed)


@pytest.fixture(scope="module")
def upgraded(filled: Stage) -> Stage:
    filled.release.upgrade(CHART, f"--set=image.tag={NEW_TAG}", "--set=logLevel=debug")
    return seen(filled.release)


@pytest.fixture(scope="module")
def rolled_back(upgraded: Stage) -> Stage:
    upgraded.release.rollback(1)
    return seen(upgraded.release)


@pytest.fixture(scope="module")
def uninstalled(rolled_back: Stage) -> Stage:
    rolled_back.release.uninstall()
    return rolled_back


def test_an_operator_under_the_rights_of_the_chart_fills_every_gpu(filled: Stage) -> None:
    assert len(filled.fillers) == filled.release.devices() > 0


def test_the_previous_chart_brings_the_crds_it_had(filled: Stage) -> None:
    assert filled.history == [(1, f"paraset-{PREVIOUS_VERSION}", "deployed")]
    assert not filled.knows_new_field


def test_an_upgrade_brings_the_new_crds_and_the_new_image(upgraded: Stage) -> None:
    assert upgraded.knows_new_field
    assert upgraded.image.endswith(NEW_TAG)
    assert upgraded.history[-1] == (2, "paraset-0.1.0", "deployed")


def test_fillers_survive_an_upgrade_untouched(filled: Stage, upgraded: Stage) -> None:
    assert identity(upgraded.fillers) == identity(filled.fillers)


def test_a_rollback_brings_back_what_was_there(filled: Stage, rolled_back: Stage) -> None:
    assert rolled_back.image == filled.image
    assert not rolled_back.knows_new_field
    assert rolled_back.history[-1] == (3, f"paraset-{PREVIOUS_VERSION}", "deployed")


def test_fillers_survive_a_rollback_untouched(filled: Stage, rolled_back: Stage) -> None:
    assert identity(rolled_back.fillers) == identity(filled.fillers)


def test_an_uninstall_keeps_crds_sets_and_fillers_and_nothing_else(filled: Stage, uninstalled: Stage) -> None:
    release = uninstalled.release
    until("the operator's pods are gone", lambda: not release.operators())
    crd = "customresourcedefinition.apiextensions.k8s.io"
    assert sorted(release.objects()) == [f"{crd}/fillpolicies.paraset.io", f"{crd}/parasets.paraset.io"]
    assert identity(release.fillers()) == identity(filled.fillers)


def test_a_new_install_takes_over_what_was_kept(uninstalled: Stage) -> None:
    release = uninstalled.release
    release.install(CHART)
    assert release.knows_new_field()
    assert release.history() == [(1, "paraset-0.1.0", "deployed")]


def test_in_the_documented_order_an_uninstall_leaves_nothing(uninstalled: Stage) -> None:
    release = uninstalled.release
    release.cluster.kubectl("delete", "pset", "--all", "-n", TEAM)
    until("the fillers are gone", lambda: not release.fillers())
    release.remove()
    names = [each["metadata"]["name"] for each in release.cluster.api.get(CRDS)["items"]]
    assert [name for name in names if name.endswith("paraset.io")] == []
