"""From settings to a ready control plane: files first, then processes in the order in which they can use each other."""

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path

from devcluster import components, kubeconfig, stages
from devcluster.api import ApiClient
from devcluster.certificates import Authority, KeyPair, service_account_keys
from devcluster.components import APISERVER, CONTROLLERS, ETCD, KWOK, SCHEDULER, Layout
from devcluster.nodes import node_manifest
from devcluster.ports import free_ports
from devcluster.processes import ProcessDiedError, Processes
from devcluster.readiness import Readiness
from devcluster.realnodes.node import SERVICE_ADDRESS, SERVICE_PORT, take_service_address
from devcluster.realnodes.nodes import RealNodes
from devcluster.settings import ClusterSettings

ATTEMPTS = 3
#: The users of the components. Masters, so that none of them has to wait until the bootstrap roles exist; the names
#: tell them apart in the audit log.
USERS = {
    "admin": "admin",
    CONTROLLERS: "system:kube-controller-manager",
    SCHEDULER: "system:kube-scheduler",
    KWOK: "kwok",
}


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """A started control plane."""

    layout: Layout
    authority: Path
    processes: Processes
    api: ApiClient
    real: RealNodes | None = None

    def end(self) -> None:
        """End every process."""
        self.api.close()
        self.processes.close()


def start(folder: Path, settings: ClusterSettings, binaries: Path) -> ControlPlane:
    """Start a control plane and wait until it is ready; on failure nothing is left running. Taken ports are chosen
    anew.
    """
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(PortTakenError):
            return _start_once(folder, settings, binaries)
    return _start_once(folder, settings, binaries)


class PortTakenError(ProcessDiedError):
    """Somebody else took a port between our look and its use."""


def _start_once(folder: Path, settings: ClusterSettings, binaries: Path) -> ControlPlane:
    layout = Layout(folder, *free_ports(4))
    if settings.real:
        layout = replace(layout, server_port=SERVICE_PORT)
    credentials = _write_credentials(layout)
    processes = Processes(folder / "logs")
    api = ApiClient(layout.server, credentials.authority.certificate, credentials.admin)
    real = RealNodes(settings.nodes, folder, processes) if settings.real else None
    plane = ControlPlane(layout, credentials.authority.certificate, processes, api, real)
    try:
        _run(plane, settings, binaries, credentials)
    except BaseException as error:
        plane.end()
        if "address already in use" in str(error):
            raise PortTakenError(str(error)) from None
        raise
    return plane


@dataclass(frozen=True, slots=True)
class _Credentials:
    authority: Authority
    server: KeyPair
    admin: KeyPair
    tokens: KeyPair


def _write_credentials(layout: Layout) -> _Credentials:
    authority = Authority(layout.pki)
    pairs = {component: authority.client(user, "system:masters") for component, user in USERS.items()}
    for component, pair in pairs.items():
        path = layout.kubeconfig_of(component)
        kubeconfig.write_with_certificate(path, layout.server, authority.certificate, component, pair)
    server = authority.server("127.0.0.1", SERVICE_ADDRESS)
    return _Credentials(authority, server, pairs["admin"], service_account_keys(layout.pki))


def _run(plane: ControlPlane, settings: ClusterSettings, binaries: Path, credentials: _Credentials) -> None:
    layout, processes = plane.layout, plane.processes
    processes.discard_at_end(layout.etcd_data)
    layout.stages.write_text(stages.manifests(settings))
    authority, tokens = credentials.authority.certificate, credentials.tokens

    def launch(name: str, flags: list[str]) -> None:
        processes.start(name, [str(binaries / name), *flags])

    ready = Readiness(plane.api, processes, settings.start_timeout)
    launch(ETCD, components.etcd(layout))
    launch(APISERVER, components.apiserver(layout, settings, authority, credentials.server, tokens))
    ready.server()
    if not plane.real:
        for spec in settings.nodes:
            plane.api.post("/api/v1/nodes", node_manifest(spec))
    launch(CONTROLLERS, components.controller_manager(layout, settings, authority, tokens))
    launch(SCHEDULER, components.scheduler(layout, settings))
    if plane.real:
        take_service_address()
        plane.real.start(layout.server, credentials.authority, ready)
    else:
        launch(KWOK, components.kwok(layout, settings))
    ready.nodes({spec.name for spec in settings.nodes})
    if plane.real:
        plane.real.give_devices(plane.api)
    ready.default_account()
    ready.scheduler(layout.scheduler_port)
