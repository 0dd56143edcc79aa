"""The pod template: only what ParaSet must see is typed, everything else goes to the API server as it is.

Invariants: a filler never reaches the host, never chooses its node, scheduler or priority, and its size is set by the
shape alone. The API server keeps these rules by CEL; the running check and the CLI keep the same ones by
`template_errors`. Everything else that can be wrong with a pod is found by a dry-run create.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from paraset_operator.api.base import ListMap, OpenModel, Quantity, Rule, describe, without_nulls
from paraset_operator.api.names import DEFAULT_SCHEDULER, FILLER_PRIORITY_CLASS
from paraset_operator.api.placement import Affinity, SpreadConstraint, TemplateToleration

# What the baseline Pod Security Standard lets a pod add; everything beyond is a way to the host.
CAPABILITIES = (
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
    "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
)  # fmt: skip
SYSCTLS = (
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
)  # fmt: skip

_NO_HOST = "fillers have no access to the host: remove it"
Name = Annotated[str, Field(min_length=1, max_length=63)]
Text = Annotated[str, Field(max_length=253)]


def _cel_list(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"


def _absent(field: str, message: str) -> Rule:
    """A field that must not be set at all."""
    name = "".join(f"_{char.lower()}" if char.isupper() else char for char in field)
    return Rule(f"!has(self.{field})", lambda value: getattr(value, name) is None, message, field)


def _off(field: str) -> Rule:
    """A switch that must not be on."""
    name = field.replace("PID", "Pid").replace("IPC", "Ipc")
    name = "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
    return Rule(f"!has(self.{field}) || !self.{field}", lambda value: not getattr(value, name), _NO_HOST, field)


class Profile(OpenModel):
    """A seccomp or AppArmor profile."""

    type: Text | None = Field(None, description="RuntimeDefault or Localhost.")
    rules = (
        Rule(
            "!has(self.type) || self.type != 'Unconfined'",
            lambda profile: profile.type != "Unconfined",
            "Unconfined is not allowed: use RuntimeDefault",
            "type",
        ),
    )


class WindowsOptions(OpenModel):
    """The part of windowsOptions that reaches the host."""

    host_process: bool | None = Field(None, description="Must be false.")
    rules = (_off("hostProcess"),)


class Sysctl(OpenModel):
    """One kernel parameter."""

    name: Text = Field(description="A sysctl that is safe because it concerns only the pod.")
    rules = (
        Rule(
            f"self.name in {_cel_list(SYSCTLS)}",
            lambda sysctl: sysctl.name in SYSCTLS,
            "is not one of the sysctls that concern only the pod: remove it",
            "name",
        ),
    )


class Capabilities(OpenModel):
    """Linux capabilities."""

    add: list[Annotated[str, Field(max_length=64)]] | None = Field(
        None, max_length=32, description="Capabilities to add; only those of the baseline Pod Security Standard."
    )
    rules = (
        Rule(
            f"!has(self.add) || self.add.all(c, c in {_cel_list(CAPABILITIES)})",
            lambda it: all(name in CAPABILITIES for name in it.add or ()),
            f"only these may be added: {', '.join(CAPABILITIES)}",
            "add",
        ),
    )


class ContainerSecurity(OpenModel):
    """The part of a container's securityContext that reaches the host."""

    privileged: bool | None = Field(None, description="Must be false.")
    proc_mount: Text | None = Field(None, description="Default is the only value allowed.")
    capabilities: Capabilities | None = Field(None, description="Linux capabilities.")
    seccomp_profile: Profile | None = Field(None, description="Seccomp profile; not Unconfined.")
    app_armor_profile: Profile | None = Field(None, description="AppArmor profile; not Unconfined.")
    windows_options: WindowsOptions | None = Field(None, description="Windows options.")
    rules = (
        _off("privileged"),
        Rule(
            "!has(self.procMount) || self.procMount == 'Default'",
            lambda context: context.proc_mount in (None, "Default"),
            "only Default is allowed: remove it",
            "procMount",
        ),
    )


class PodSecurity(OpenModel):
    """The part of the pod's securityContext that reaches the host."""

    seccomp_profile: Profile | None = Field(None, description="Seccomp profile; not Unconfined.")
    app_armor_profile: Profile | None = Field(None, description="AppArmor profile; not Unconfined.")
    sysctls: list[Sysctl] | None = Field(None, max_length=16, description="Safe sysctls only.")
    windows_options: WindowsOptions | None = Field(None, description="Windows options.")


class Port(OpenModel):
    """A container port."""

    host_port: int | None = Field(None, description="Must not be set.")
    rules = (
        Rule(
            "!has(self.hostPort) || self.hostPort == 0",
            lambda port: not port.host_port,
            "fillers take no ports of the host: remove it",
            "hostPort",
        ),
    )


ResourceMap = Annotated[dict[str, Quantity], Field(max_length=16)]


class ContainerResources(OpenModel):
    """Requests and limits of a container, as in a pod."""

    requests: ResourceMap | None = Field(None, description="Requests beside those the shape sets.")
    limits: ResourceMap | None = Field(None, description="Limits beside those the shape sets.")
    claims: list[dict[str, Any]] | None = Field(None, max_length=8, description="Must not be set.")
    rules = (_absent("claims", "dynamic resource claims are not supported yet: name devices in spec.shapes[].fixed"),)


class TemplateEnv(OpenModel):
    """An environment variable of the template; a shape's of the same name takes its place."""

    name: Annotated[str, Field(min_length=1, max_length=1024)] = Field(description="Name of the variable.")


class Container(OpenModel):
    """A container of the template: what ParaSet reads of it. Everything else is as in a pod."""

    name: Name = Field(description="Name of the container.")
    resources: ContainerResources | None = Field(
        None, description="Requests and limits; in the shape's container none for what a shape sets."
    )
    security_context: ContainerSecurity | None = Field(None, description="Security context, without host access.")
    ports: list[Port] | None = Field(None, max_length=32, description="Ports, without host ports.")
    env: list[TemplateEnv] | None = Field(None, max_length=256, description="Environment of the container.")
    restart_policy: Text | None = Field(None, description="Always makes an init container a sidecar.")


class Volume(OpenModel):
    """A volume of the template. Everything but hostPath is as in a pod."""

    name: Name = Field(description="Name of the volume.")
    host_path: dict[str, Any] | None = Field(None, description="Must not be set.")
    persistent_volume_claim: dict[str, Any] | None = Field(None, description="A claim of the namespace, as in a pod.")
    ephemeral: dict[str, Any] | None = Field(None, description="A volume made for each filler, as in a pod.")
    rules = (_absent("hostPath", _NO_HOST),)


class PodSpec(OpenModel):
    """The pod's spec: what ParaSet reads of it. Everything else is as in a pod."""

    containers: Annotated[list[Container], ListMap("name")] = Field(
        min_length=1, max_length=16, description="Containers of a filler; the shape sets the resources of one of them."
    )
    init_containers: Annotated[list[Container], ListMap("name")] | None = Field(
        None, max_length=16, description="Init containers and sidecars."
    )
    ephemeral_containers: list[dict[str, Any]] | None = Field(None, max_length=1, description="Must not be set.")
    volumes: Annotated[list[Volume], ListMap("name")] | None = Field(
        None, max_length=64, description="Volumes, without hostPath."
    )
    node_selector: Annotated[dict[str, Text], Field(max_length=64)] | None = Field(
        None, description="Labels of the nodes on which fillers may run."
    )
    affinity: Affinity | None = Field(None, description="Affinity of the fillers.")
    tolerations: list[TemplateToleration] | None = Field(
        None, max_length=64, description="Tolerations; the policy says which of them fillers keep."
    )
    topology_spread_constraints: list[SpreadConstraint] | None = Field(
        None, max_length=16, description="How fillers are spread, as in a pod."
    )
    node_name: Text | None = Field(None, description="Must not be set: fillers are placed by the operator.")
    scheduler_name: Text | None = Field(None, description=f"{DEFAULT_SCHEDULER} or not set.")
    priority_class_name: Text | None = Field(None, description=f"{FILLER_PRIORITY_CLASS} or not set.")
    priority: int | None = Field(None, description="Must not be set: fillers have the lowest priority.")
    preemption_policy: Text | None = Field(None, description="Must not be set: fillers preempt nobody.")
    host_network: bool | None = Field(None, description="Must be false.")
    host_pid: bool | None = Field(None, alias="hostPID", description="Must be false.")
    host_ipc: bool | None = Field(None, alias="hostIPC", description="Must be false.")
    security_context: PodSecurity | None = Field(None, description="Security context, without host access.")
    resource_claims: list[dict[str, Any]] | None = Field(None, max_length=8, description="Must not be set.")
    resources: dict[str, Any] | None = Field(None, description="Must not be set: the shape sizes one container.")
    overhead: ResourceMap | None = Field(None, description="Must not be set.")
    scheduling_gates: list[dict[str, Any]] | None = Field(None, max_length=8, description="Must not be set.")
    rules = (
        _absent("nodeName", "fillers are placed by the operator: remove it, and use nodeSelector or affinity"),
        Rule(
            f"!has(self.schedulerName) || self.schedulerName == '{DEFAULT_SCHEDULER}'",
            lambda spec: spec.scheduler_name in (None, DEFAULT_SCHEDULER),
            f"fillers are bound by {DEFAULT_SCHEDULER}: remove it",
            "schedulerName",
        ),
        Rule(
            f"!has(self.priorityClassName) || self.priorityClassName == '{FILLER_PRIORITY_CLASS}'",
            lambda spec: spec.priority_class_name in (None, FILLER_PRIORITY_CLASS),
            f"fillers have the priority class {FILLER_PRIORITY_CLASS}: remove it",
            "priorityClassName",
        ),
        _absent("priority", f"fillers have the priority of {FILLER_PRIORITY_CLASS}: remove it"),
        _absent("preemptionPolicy", "fillers preempt nobody: remove it"),
        _off("hostNetwork"),
        _off("hostPID"),
        _off("hostIPC"),
        _absent("ephemeralContainers", "a pod can't be created with ephemeral containers: remove it"),
        _absent("resourceClaims", "dynamic resource claims are not supported yet: name devices in spec.shapes[].fixed"),
        _absent("resources", "pod-level resources would hide the shape's: remove it, and use spec.shapes"),
        _absent("overhead", "overhead comes from the RuntimeClass: remove it"),
        _absent("schedulingGates", "a gated filler would hold room for nothing: remove it, and use spec.suspend"),
    )


class TemplateMetadata(OpenModel):
    """Labels and annotations of every filler."""

    labels: dict[str, str] | None = Field(None, description="Labels of every filler.")
    annotations: dict[str, str] | None = Field(None, description="Annotations of every filler.")


class PodTemplate(OpenModel):
    """The pod every filler is made from, as in a Deployment; resources, node and priority are set by ParaSet."""

    metadata: TemplateMetadata | None = Field(None, description="Labels and annotations of every filler.")
    spec: PodSpec = Field(description="The pod's spec; see `kubectl explain pod.spec` for the fields not listed here.")


class KeptRaw:
    """Checks a template and keeps it as it was given, so that no field is lost on the way to the pod."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self._check, handler.generate_schema(PodTemplate))

    def _check(self, value: Any, check: core_schema.ValidatorFunctionWrapHandler) -> Any:
        check(value)
        return value


def template_errors(template: Mapping[str, Any], container: str | None = None) -> list[str]:
    """Return what is wrong with a pod template, as `template.field: what and what to do`; [] when nothing is."""
    try:
        parsed = PodTemplate.model_validate(without_nulls(template))
    except ValidationError as error:
        return describe(error, "template")
    if container is not None and container not in {each.name for each in parsed.spec.containers}:
        return [f"container: template.spec.containers has none named {container!r}: name one of them"]
    return []
