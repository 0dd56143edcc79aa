"""The objects of paraset.io/v1alpha1, and the only ways from a mapping to one of them."""

from collections.abc import Mapping
from typing import Any, TypeVar

from paraset_operator.api.announced import Announced, Window
from paraset_operator.api.base import InvalidObject, Model, Quantity, parse
from paraset_operator.api.fillpolicy import (
    FillPolicy,
    FillPolicySpec,
    FillPolicyStatus,
    Headroom,
    LsWaitStatus,
    Pacing,
    RoomStatus,
    Tenant,
    Toleration,
)
from paraset_operator.api.headroom import AutoCopies, HeadroomStatus
from paraset_operator.api.names import API_VERSION, FILL_POLICY, PARASET
from paraset_operator.api.paraset import (
    ElasticRange,
    EnvVar,
    ObjectMeta,
    ParaSet,
    ParaSetSpec,
    SetMeta,
    Shape,
    YieldRules,
)
from paraset_operator.api.scaling import Behavior, Budget, ScalingPolicy, ScalingRules
from paraset_operator.api.selectors import LabelRequirement, LabelSelector
from paraset_operator.api.status import (
    Condition,
    FilledWork,
    Limit,
    LostWork,
    ParaSetStatus,
    PlannedAction,
    ShapeStatus,
)

M = TypeVar("M", bound=Model)


def parse_paraset(obj: Mapping[str, Any], *, strict: bool = False) -> ParaSet:
    """Return `obj` as a ParaSet; raise InvalidObject. `strict` refuses unknown fields, as kubectl does."""
    return _parse(ParaSet, PARASET, obj, strict=strict)


def parse_fill_policy(obj: Mapping[str, Any], *, strict: bool = False) -> FillPolicy:
    """Return `obj` as a FillPolicy; raise InvalidObject. `strict` refuses unknown fields, as kubectl does."""
    return _parse(FillPolicy, FILL_POLICY, obj, strict=strict)


def _parse(model: type[M], kind: str, obj: Mapping[str, Any], *, strict: bool) -> M:
    who = _who(kind, obj)
    given = (obj.get("apiVersion"), obj.get("kind"))
    if given != (API_VERSION, kind):
        raise InvalidObject(who, [f"kind: must be {kind} of {API_VERSION}, not {given[1]} of {given[0]}"])
    body = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind", "metadata")}
    # Metadata belongs to the API server: what is not read here is never wrong.
    metadata = {key: value for key, value in _metadata(obj).items() if key in _METADATA}
    return parse(model, who, body | {"metadata": metadata}, strict=strict)


_METADATA = frozenset(field.alias or name for name, field in ObjectMeta.model_fields.items())


def _metadata(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = obj.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def _who(kind: str, obj: Mapping[str, Any]) -> str:
    metadata = _metadata(obj)
    names = [str(metadata[part]) for part in ("namespace", "name") if metadata.get(part)]
    return f"{kind} {'/'.join(names) or 'without a name'}"


__all__ = [
    "Announced",
    "AutoCopies",
    "Behavior",
    "Budget",
    "Condition",
    "ElasticRange",
    "EnvVar",
    "FillPolicy",
    "FillPolicySpec",
    "FillPolicyStatus",
    "FilledWork",
    "Headroom",
    "HeadroomStatus",
    "InvalidObject",
    "LabelRequirement",
    "LabelSelector",
    "Limit",
    "LostWork",
    "LsWaitStatus",
    "ObjectMeta",
    "Pacing",
    "ParaSet",
    "ParaSetSpec",
    "ParaSetStatus",
    "PlannedAction",
    "Quantity",
    "RoomStatus",
    "ScalingPolicy",
    "ScalingRules",
    "SetMeta",
    "Shape",
    "ShapeStatus",
    "Tenant",
    "Toleration",
    "Window",
    "YieldRules",
    "parse_fill_policy",
    "parse_paraset",
]
