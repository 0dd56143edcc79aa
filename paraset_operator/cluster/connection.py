"""How to reach the API server: in a pod by its ServiceAccount, elsewhere by a kubeconfig (exec plugins included)."""

import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class ConnectionFailedError(Exception):
    """No way to the API server; the message says what to set."""


@dataclass(frozen=True)
class Connection:
    """A server, how to trust it, and `authorization`, called for every request because tokens rotate.

    `namespace` is the one that is meant where none is named.
    """

    server: str
    ssl_context: ssl.SSLContext | None
    authorization: Callable[[], str | None]
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    namespace: str = "default"

    @property
    def is_insecure(self) -> bool:
        """Whether the server's certificate is not checked."""
        return self.ssl_context is not None and self.ssl_context.verify_mode is ssl.CERT_NONE


def connect(kubeconfig: str | None = None, context: str | None = None) -> Connection:
    """Return the connection of a kubeconfig, or of the pod this runs in; raise ConnectionFailedError."""
    if kubeconfig is None and context is None and "KUBERNETES_SERVICE_HOST" in os.environ:
        return _in_cluster()
    return _from_kubeconfig(kubeconfig, context)


def _in_cluster() -> Connection:
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    ca_file = str(_SERVICE_ACCOUNT / "ca.crt")
    return Connection(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        ssl_context=ssl.create_default_context(cafile=ca_file),
        authorization=lambda: f"Bearer {(_SERVICE_ACCOUNT / 'token').read_text().strip()}",
        ca_file=ca_file,
        namespace=(_SERVICE_ACCOUNT / "namespace").read_text().strip(),
    )


def _from_kubeconfig(path: str | None, context: str | None) -> Connection:
    import yaml  # noqa: PLC0415

    try:  # an operator in a pod need not have it: ADR 24
        from kubernetes import client, config  # noqa: PLC0415
    except ImportError as error:
        raise ConnectionFailedError(
            "not in a pod of a cluster (KUBERNETES_SERVICE_HOST is not set), and no kubeconfig can be read without the "
            "package kubernetes: pip install 'paraset[kubeconfig]'"
        ) from error

    settings = client.Configuration()
    named = path or os.environ.get("KUBECONFIG") or "~/.kube/config"
    try:
        namespace = _namespace(path, context, named)
        config.load_kube_config(  # type: ignore[no-untyped-call]
            config_file=path, context=context, client_configuration=settings
        )
    except (config.ConfigException, yaml.YAMLError, OSError, ValueError, TypeError) as error:
        raise ConnectionFailedError(
            f"kubeconfig {named} can't be used: {error}; name another with --kubeconfig or KUBECONFIG"
        ) from error
    return Connection(
        server=settings.host.rstrip("/"),
        ssl_context=_ssl_context(settings),
        authorization=lambda: settings.get_api_key_with_prefix("BearerToken"),
        ca_file=settings.ssl_ca_cert,
        certificate_file=settings.cert_file,
        key_file=settings.key_file,
        namespace=namespace,
    )


def _namespace(path: str | None, context: str | None, named: str) -> str:
    """Return the namespace of a context, by default the current one; raise ConnectionFailedError."""
    from kubernetes import config  # noqa: PLC0415

    try:
        known, current = config.list_kube_config_contexts(config_file=path)  # type: ignore[no-untyped-call]
    except config.ConfigException:
        # No current context: that matters only if none is named, and is told then.
        return "default"
    contexts = {each["name"]: each for each in known}
    if context is not None and context not in contexts:
        raise ConnectionFailedError(
            f"kubeconfig {named} has no context {context!r}, but {', '.join(sorted(contexts))}: choose with --context"
        )
    chosen = contexts[context] if context is not None else current
    return str((chosen.get("context") or {}).get("namespace") or "default")


def _ssl_context(settings: "client.Configuration") -> ssl.SSLContext | None:  # type: ignore[name-defined]  # noqa: F821
    if not settings.host.startswith("https:"):
        return None
    context = ssl.create_default_context(cafile=settings.ssl_ca_cert)
    if not settings.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return context
