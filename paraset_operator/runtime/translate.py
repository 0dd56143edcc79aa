"""From API objects to the planner's values. The one place where the two vocabularies meet."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec
from cronsim import CronSim

from paraset_operator.acting.manifest import template_hash
from paraset_operator.api.base import without_nulls
from paraset_operator.api.headroom import AUTO
from paraset_operator.api.names import MAX_REPLICAS
from paraset_operator.api.v1alpha1 import (
    Announced,
    AutoCopies,
    Budget,
    ElasticRange,
    FillPolicy,
    FillPolicySpec,
    Headroom,
    LabelSelector,
    ParaSet,
    ScalingRules,
    Shape,
    Toleration,
    YieldRules,
)
from paraset_operator.cluster.decode import constraints_of
from paraset_operator.cluster.requests import amounts, spec_requests
from paraset_operator.cluster.wire import PodSpec
from paraset_operator.model import constraints, policy, rates, shape
from paraset_operator.model.announced import AnnouncedRules, Source, Window
from paraset_operator.model.quantity import MEMORY, PODS, parse_quantity
from paraset_operator.model.resources import is_device
from paraset_operator.planning.feasibility import selects
from paraset_operator.planning.worth import default_growth_value


def paraset_view(paraset: ParaSet, fault: str, now: datetime) -> shape.ParaSetView:
    """Return the planner's view of a set; `now` says which of its budgets are in force."""
    spec, meta = paraset.spec, paraset.metadata
    pod = msgspec.convert(without_nulls(spec.template["spec"]), PodSpec, strict=False)
    return shape.ParaSetView(
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        generation=meta.generation,
        ceiling=spec.replicas,
        floor=spec.min_replicas,
        weight=spec.weight,
        is_suspended=spec.suspend,
        shapes=tuple(_shape(paraset, each, pod) for each in spec.shapes),
        constraints=constraints_of(pod),
        grace_seconds=spec.yield_.grace_period_seconds,
        checkpoint_seconds=spec.yield_.checkpoint_interval_seconds or 0,
        notice_seconds=spec.yield_.notice_seconds,
        scale_up=_scale_rules(spec.behavior.scale_up if spec.behavior else None),
        scale_down=_scale_rules(spec.behavior.scale_down if spec.behavior else None),
        budgets=tuple(_budget(each) for each in spec.budgets if _is_in_force(each, now))
        if spec.budgets is not None
        else (rates.DEFAULT_BUDGET,),
        # Its fillers are the garbage collector's, which deletes or, if asked to, orphans them.
        fault=fault if meta.deletion_timestamp is None else "the set is being deleted",
    )


def unreadable_view(raw: Mapping[str, Any], problem: str) -> shape.ParaSetView:
    """Return what can be said of a set that can't be parsed: `raw` is the object as the API server has it, so that the
    CRD's schema holds of it.
    """
    meta, spec = raw["metadata"], raw.get("spec") or {}
    yields = spec.get("yield") or {}
    return shape.ParaSetView(
        namespace=str(meta.get("namespace") or ""),
        name=str(meta["name"]),
        uid=str(meta["uid"]),
        generation=int(meta.get("generation") or 0),
        ceiling=MAX_REPLICAS,
        is_suspended=spec.get("suspend") is True,
        grace_seconds=yields.get("gracePeriodSeconds", YieldRules().grace_period_seconds),
        checkpoint_seconds=yields.get("checkpointIntervalSeconds") or 0,
        fault=problem,
        is_unreadable=True,
    )


def _shape(paraset: ParaSet, value: Shape, pod: PodSpec) -> shape.Shape:
    fixed = amounts(value.fixed)
    overhead, initial = _beside(pod)
    has_devices = any(is_device(name) for name in fixed)
    return shape.Shape(
        name=value.name,
        fixed=fixed,
        elastic=tuple(
            _elastic(name, each, value.value, has_devices=has_devices)
            for name, each in sorted((value.elastic or {}).items())
        ),
        value=value.value,
        overhead=overhead,
        initial=initial,
        template_hash=template_hash(paraset, value),
    )


def _elastic(name: str, given: ElasticRange, value: float, *, has_devices: bool) -> shape.Elastic:
    """Return what grows and shrinks; memory that can't be given back in place stays at its minimum."""
    least, most = parse_quantity(name, given.min), parse_quantity(name, given.max)
    if name == MEMORY and not given.shrinks:
        return shape.Elastic(name, least, least, 0.0, shrinks=False)
    growth = given.growth_value
    if growth is None:
        growth = default_growth_value(name, least, most, value, has_devices=has_devices)
    return shape.Elastic(name, least, most, growth)


def _beside(pod: PodSpec) -> tuple[dict[str, int], dict[str, int]]:
    """Return what a filler holds beside what the shape sets, and what its init containers ask for at once.

    The template names no resource of the shape's container that a shape sets (a rule of the API), so the sum of the
    template's own requests is what comes on top.
    """
    sidecars = [each for each in pod.init_containers or () if each.restart_policy == "Always"]
    beside = spec_requests(msgspec.structs.replace(pod, init_containers=sidecars))
    initial = spec_requests(msgspec.structs.replace(pod, containers=[]))
    return _without_slot(beside), _without_slot(initial)


def _without_slot(requests: dict[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in requests.items() if name != PODS and amount}


def _scale_rules(rules: ScalingRules | None) -> rates.ScaleRules:
    if rules is None:
        return rates.UNLIMITED
    return rates.ScaleRules(
        limits=tuple(
            rates.RateLimit(each.value, each.period_seconds, each.type == "Percent") for each in rules.policies or ()
        ),
        takes_smallest=rules.select_policy == "Min",
        is_disabled=rules.select_policy == "Disabled",
        stabilization=rules.stabilization_window_seconds or 0,
    )


def _budget(budget: Budget) -> rates.DisruptionBudget:
    text = str(budget.value)
    reasons = frozenset(budget.reasons) if budget.reasons else frozenset({"Rebalance", "Drain"})
    return rates.DisruptionBudget(int(text.removesuffix("%")), text.endswith("%"), reasons)


def _is_in_force(budget: Budget, now: datetime) -> bool:
    """Say whether the last time of the schedule is no longer ago than the duration."""
    if budget.schedule is None or budget.duration is None:
        return True
    duration = _duration(budget.duration)
    return next(CronSim(budget.schedule, now - duration)) <= now


def _duration(text: str) -> timedelta:
    hours, minutes = text.split("h") if "h" in text else ("0", text)
    return timedelta(hours=int(hours), minutes=int(minutes.removesuffix("m") or 0))


def policy_view(
    value: FillPolicy, namespaces: Mapping[str, Mapping[str, str]], learned: Mapping[str, int] = MappingProxyType({})
) -> policy.PolicyView:
    """Return the planner's view of a policy.

    `namespaces` are the labels of all namespaces, by name; `learned` are copies of headroom shapes, by name.
    """
    spec, copies = value.spec, copies_of(value, learned)
    reserve = {name: str(amount) for name, amount in (spec.reserve or {}).items()}
    pacing = spec.pacing
    return policy.PolicyView(
        name=value.metadata.name,
        mode=policy.Mode(spec.mode),
        nodes=_selector(spec.node_selector),
        ls_priority=spec.ls_priority,
        reserve={name: parse_quantity(name, text) for name, text in reserve.items() if not text.endswith("%")},
        reserve_percent={name: int(text[:-1]) for name, text in reserve.items() if text.endswith("%")},
        headroom=tuple(
            policy.HeadroomShape(
                each.name,
                amounts(each.resources),
                copies[each.name],
                _selector(each.node_selector) if each.node_selector else policy.EVERYTHING,
                each.lend_devices,
                _auto(each),
            )
            for each in spec.headroom or ()
        ),
        cpu_headroom_percent=_cpu_headroom(spec),
        max_grace_seconds=spec.max_grace_period_seconds,
        tolerations=tuple(_toleration(each) for each in spec.tolerations),
        nominates=spec.nomination,
        ahead_percent=spec.ahead_percent,
        announced=_announced(spec.announced),
        tenants=_tenants(value, namespaces),
        pacing=policy.PacingRules(
            pacing.cool_down_seconds,
            pacing.cool_down_max_seconds,
            pacing.pending_timeout_seconds,
            pacing.back_off_seconds,
            pacing.back_off_max_seconds,
            pacing.min_run_seconds,
            pacing.storm_percent,
        ),
    )


def _cpu_headroom(spec: FillPolicySpec) -> int:
    """Return what is told, else what is kept where nobody has said what LS work needs."""
    if spec.cpu_headroom_percent is not None:
        return spec.cpu_headroom_percent
    return 0 if spec.headroom is not None else policy.CPU_HEADROOM_PERCENT


def _announced(value: Announced) -> AnnouncedRules:
    switches = value.model_dump(by_alias=True)
    return AnnouncedRules(
        sources=frozenset(source for source in Source if source is Source.WINDOWS or switches[source.value]),
        timeout=float(value.timeout_seconds),
        windows=tuple(
            Window(
                name=each.name,
                schedule=each.schedule,
                duration=_duration(each.duration).total_seconds(),
                lead=float(each.lead_seconds),
                resources=amounts(each.resources),
                copies=each.copies,
                nodes=_selector(each.node_selector) if each.node_selector else policy.EVERYTHING,
            )
            for each in value.windows or ()
        ),
    )


def copies_of(value: FillPolicy, learned: Mapping[str, int]) -> dict[str, int]:
    """Return the copies of each headroom shape: given, learned, or else as the status tells; at worst the floor."""
    known = {each.name: each.copies for each in value.status.headroom or ()} | dict(learned)
    return {each.name: _copies(each, known.get(each.name, 0)) for each in value.spec.headroom or ()}


def learned_in(value: FillPolicy) -> list[tuple[str, str]]:
    """Return the shapes whose copies are learned, each with what the status tells of it."""
    told = {each.name: each.message for each in value.status.headroom or ()}
    return [(each.name, told.get(each.name, "")) for each in value.spec.headroom or () if each.copies == AUTO]


def _copies(value: Headroom, learned: int) -> int:
    rules = _auto(value)
    return int(value.copies) if rules is None else min(max(learned, rules.floor), rules.cap)


def _auto(value: Headroom) -> policy.AutoCopies | None:
    if value.copies != AUTO:
        return None
    rules = value.auto or AutoCopies()
    return policy.AutoCopies(rules.percentile, rules.window_hours, rules.floor, rules.cap)


def _tenants(value: FillPolicy, namespaces: Mapping[str, Mapping[str, str]]) -> dict[str, policy.Tenant]:
    """Return the tenants by namespace; the first entry that fits a namespace counts."""
    tenants: dict[str, policy.Tenant] = {}
    for each in value.spec.tenants or ():
        if each.namespace is not None:
            names = [each.namespace]
        else:
            selector = _selector(each.namespace_selector or LabelSelector())
            names = sorted(name for name, labels in namespaces.items() if selects(selector, labels))
        for name in names:
            tenants.setdefault(name, policy.Tenant(name, each.weight, amounts(each.limits)))
    return tenants


def _selector(value: LabelSelector) -> constraints.LabelSelector:
    labels = [constraints.Requirement(key, "In", (text,)) for key, text in sorted((value.match_labels or {}).items())]
    expressions = [
        constraints.Requirement(each.key, each.operator, tuple(each.values or ()))
        for each in value.match_expressions or ()
    ]
    return constraints.LabelSelector((*labels, *expressions))


def _toleration(value: Toleration) -> constraints.Toleration:
    return constraints.Toleration(value.key or "", value.operator, value.value or "", value.effect or "")
