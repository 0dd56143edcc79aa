"""How the operator finds its API server, where no kubeconfig can be read."""

import sys

import pytest

from paraset_operator.cluster.connection import ConnectionFailedError, connect


def test_without_the_kubernetes_package_and_outside_a_pod_the_error_names_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    with pytest.raises(ConnectionFailedError, match=r"not in a pod .* pip install 'paraset\[kubeconfig\]'"):
        connect()
