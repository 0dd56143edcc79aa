"""Announced demand: who may ask for room before LS pods exist, and windows in which room is planned for."""

from typing import Annotated, Any

from pydantic import Field

from paraset_operator.api.base import ListMap, Model
from paraset_operator.api.scaling import DURATION, Cron
from paraset_operator.api.selectors import DNS_LABEL, Amounts, LabelSelector


class Window(Model):
    """Room for LS work that is known to come at certain times."""

    name: str = Field(min_length=1, max_length=63, pattern=DNS_LABEL, description="Name of the window.")
    schedule: Annotated[str, Cron()] = Field(
        max_length=128, description="Cron schedule in UTC of the times when the work comes, such as '0 8 * * 1-5'."
    )
    duration: str = Field(
        pattern=DURATION,
        min_length=2,
        max_length=12,
        description="How long the room is kept from each of these times, such as 8h, 30m or 1h30m.",
    )
    lead_seconds: int = Field(
        60, ge=0, le=86_400, description="How long before each of these times room begins to be made. Seconds."
    )
    resources: Amounts = Field(min_length=1, description="What one copy requests, such as nvidia.com/gpu: 1, cpu: 8.")
    copies: int = Field(
        1,
        ge=0,
        le=100_000,
        description="Copies for which room is made, over all nodes together, less what LS pods that came since have "
        "taken.",
    )
    node_selector: LabelSelector | None = Field(
        None, description="Nodes on which the room is made; left out: all nodes of the policy."
    )


def _switch(default: bool, description: str) -> Any:
    return Field(default, description=description)


class Announced(Model):
    """Who may ask for room before LS pods exist. Each source can be switched."""

    horizontal_pod_autoscalers: bool = _switch(
        True, "HorizontalPodAutoscalers that want more pods than their Deployment, StatefulSet or ReplicaSet has."
    )
    workloads: bool = _switch(True, "Deployments, StatefulSets and ReplicaSets with fewer pods than spec.replicas.")
    jobs: bool = _switch(True, "Jobs that run and have fewer pods than they are about to have.")
    suspended_jobs: bool = _switch(
        False, "Jobs that are suspended, other than those that Kueue manages; they may stay so for days."
    )
    kueue_workloads: bool = _switch(
        True, "Workloads of Kueue (kueue.x-k8s.io) with quota reserved, whose pods are not there yet."
    )
    gated_pods: bool = _switch(False, "Pods with scheduling gates, other than those of Kueue; they may wait for days.")
    capacity_buffers: bool = _switch(True, "CapacityBuffers (autoscaling.x-k8s.io), for as long as they stand.")
    timeout_seconds: int = Field(
        300,
        ge=1,
        le=86_400,
        description="How long room is held for an announcement of which nothing has come; it counts again once it "
        "changes. Seconds. CapacityBuffers and windows are held for as long as they stand.",
    )
    windows: Annotated[list[Window], ListMap("name")] | None = Field(
        None, max_length=64, description="Times for which room is planned."
    )
