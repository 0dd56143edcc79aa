"""What every API model shares: naming, rules that hold both in CEL and in Python, and errors people can act on.

Invariants: a model accepts what the API server accepts after defaulting, no more and no less, wherever a rule can be
written in CEL; nothing outside this package ever sees a pydantic error.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError, core_schema

from paraset_operator.model.quantity import QuantityError, parse_quantity

M = TypeVar("M", bound="Model")

LARGEST_QUANTITY = "1E"
QUANTITY_LENGTH = 32
_LARGEST = parse_quantity("", LARGEST_QUANTITY)


@dataclass(frozen=True)
class Rule:
    """One rule of a model, in CEL for the API server and in Python for everybody without one."""

    cel: str
    holds: Callable[[Any], bool]
    message: str
    field: str = ""

    def as_validation(self) -> dict[str, str]:
        """Return the entry of x-kubernetes-validations."""
        path = {"fieldPath": f".{self.field}"} if self.field else {}
        return {"rule": self.cel, "message": self.message} | path


class InvalidObject(ValueError):  # noqa: N818 - named after what it says about the object, as InvalidSpec would be
    """An object that is not valid: `who` it is, and `problems` as `field: what is wrong and what to do`."""

    def __init__(self, who: str, problems: list[str]) -> None:
        self.who, self.problems = who, problems
        super().__init__(f"{who} is invalid: {'; '.join(problems)}")


class Model(BaseModel):
    """An API object or a part of one. Values are taken as they are: "1" is no integer, as for the API server."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, strict=True, frozen=True
    )
    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _keep_rules(self) -> Self:
        for rule in self.rules:
            if not rule.holds(self):
                raise PydanticCustomError("rule", "{message}", {"message": rule.message, "field": rule.field})
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core))
        if cls.rules:
            schema["x-kubernetes-validations"] = [rule.as_validation() for rule in cls.rules]
        if cls.model_config.get("extra") == "allow":
            schema["x-kubernetes-preserve-unknown-fields"] = True
        return schema


class OpenModel(Model):
    """A part of somebody else's API: only the fields read here are typed, everything else is kept as it is."""

    model_config = ConfigDict(extra="allow")


def check_rules(value: object, rules: tuple[Rule, ...]) -> None:
    """Raise for the first of `rules` that does not hold for `value`."""
    for rule in rules:
        if not rule.holds(value):
            raise PydanticCustomError("rule", "{message}", {"message": rule.message, "field": rule.field})


def is_quantity(value: object) -> bool:
    """Return whether `value` is a quantity from 0 to the largest that is taken."""
    if isinstance(value, bool) or not isinstance(value, int | str) or len(str(value)) > QUANTITY_LENGTH:
        return False
    try:
        return 0 <= parse_quantity("", value) <= _LARGEST and not str(value).startswith(("+", "-"))
    except QuantityError:
        return False


def cel_is_quantity(value: str) -> str:
    """Return CEL for "`value` is a quantity": by its look first, for 1e999999999 keeps isQuantity busy for minutes."""
    return (
        f"string({value}).matches('^[0-9.]+([eE][+-]?[0-9]{{1,2}}|[numkMGTPE]|[KMGTPE]i)?$')"
        f" && isQuantity(string({value}))"
    )


QUANTITY_RULE = Rule(
    cel=f"{cel_is_quantity('self')} && !quantity(string(self)).isGreaterThan(quantity('{LARGEST_QUANTITY}'))",
    holds=is_quantity,
    message=f"must be a Kubernetes quantity from 0 to {LARGEST_QUANTITY}, such as 500m, 2 or 4Gi",
)


@dataclass(frozen=True)
class IntOrString:
    """Marks a field that is an integer or a string and keeps which one was given."""

    rule: Rule
    max_length: int

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "x-kubernetes-int-or-string": True,
            "maxLength": self.max_length,
            "x-kubernetes-validations": [self.rule.as_validation()],
        }

    def _check(self, value: int | str) -> int | str:
        check_rules(value, (self.rule,))
        return value


Quantity = Annotated[int | str, IntOrString(QUANTITY_RULE, QUANTITY_LENGTH)]


@dataclass(frozen=True)
class Keys:
    """Rules of a map as a whole, such as which keys it may have."""

    rules: tuple[Rule, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(core) | {"x-kubernetes-validations": [rule.as_validation() for rule in self.rules]}

    def _check(self, value: Any) -> Any:
        check_rules(value, self.rules)
        return value


@dataclass(frozen=True)
class ListMap:
    """A list whose items are told apart by one of their fields, as x-kubernetes-list-type: map says."""

    key: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(core) | {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [self.key]}

    def _check(self, items: list[Model]) -> list[Model]:
        seen: set[object] = set()
        for index, item in enumerate(items):
            name = getattr(item, self.key)
            if name in seen:
                raise PydanticCustomError(
                    "duplicate",
                    "Duplicate value: {message}",
                    {"message": f"{name!r}; every {self.key} may appear once", "field": f"[{index}].{self.key}"},
                )
            seen.add(name)
        return items


def readable(model: type[M], value: Mapping[str, Any]) -> M:
    """Return a mapping as a model that may be empty: empty if it can't be read."""
    try:
        return model.model_validate(value)
    except ValidationError:
        return model()


def parse(model: type[M], who: str, data: Mapping[str, Any], *, strict: bool) -> M:
    """Return `data` as a `model`; raise InvalidObject with every problem found. `strict` refuses unknown fields."""
    try:
        parsed = model.model_validate(without_nulls(dict(data)))
    except ValidationError as error:
        raise InvalidObject(who, describe(error)) from None
    unknown = list(_unknown_fields(parsed, data, "")) if strict else []
    if unknown:
        raise InvalidObject(who, [f"{path}: unknown field; check its spelling and indentation" for path in unknown])
    return parsed


def without_nulls(value: Any) -> Any:
    """Return `value` without the keys whose value is null: absent, as for the API server."""
    if isinstance(value, Mapping):
        return {key: without_nulls(below) for key, below in value.items() if below is not None}
    return [without_nulls(below) for below in value] if isinstance(value, list) else value


def describe(error: ValidationError, prefix: str = "") -> list[str]:
    """Return the problems of a pydantic error as `field: what is wrong`."""
    return [_problem(detail, prefix) for detail in error.errors(include_url=False)]


def _problem(detail: ErrorDetails, prefix: str) -> str:
    path = prefix
    for part in detail["loc"]:
        path += f"[{part}]" if isinstance(part, int) or "/" in part else f".{part}"
    field = detail.get("ctx", {}).get("field", "")
    path += field if field.startswith("[") else f".{field}" if field else ""
    message = detail["msg"].replace("Input should be", "must be").replace("Field required", "is required")
    return f"{path.lstrip('.') or 'the object'}: {message}"


def _unknown_fields(model: BaseModel, data: Any, path: str) -> Iterator[str]:
    fields = {field.alias or name: name for name, field in type(model).model_fields.items()}
    if model.model_config.get("extra") != "allow":
        yield from (f"{path}{key}" for key in data if key not in fields)
    for alias, name in fields.items():
        yield from _unknown_below(getattr(model, name), data.get(alias, data.get(name)), f"{path}{alias}")


def _unknown_below(value: object, data: Any, path: str) -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from _unknown_fields(value, data if isinstance(data, Mapping) else {}, f"{path}.")
    elif isinstance(value, list) and isinstance(data, list):
        for index, (item, raw) in enumerate(zip(value, data, strict=True)):
            yield from _unknown_below(item, raw, f"{path}[{index}]")
    elif isinstance(value, dict) and isinstance(data, Mapping):
        for key, item in value.items():
            yield from _unknown_below(item, data.get(key), f"{path}[{key}]")
