"""aiogram's method and type classes as the schema of the Bot API.

The parameters of methods come from here, and the checks that what the bot sends and what the
sandbox answers fit the types.
"""

from __future__ import annotations

import datetime as dt
import inspect
import types as pytypes
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from aiogram import methods, types
from aiogram.methods.base import TelegramMethod
from pydantic import BaseModel, TypeAdapter


@dataclass(slots=True)
class Parameter:
    """One parameter of a method."""

    name: str
    required: bool
    deprecated: bool
    complex: bool  # JSON-serialized when sent as a form field
    text_too: bool  # a complex value may also be a plain string
    scalar: type | None  # bool, int, float or str


@dataclass(slots=True)
class MethodInfo:
    """One method of the Bot API."""

    name: str
    model: type[TelegramMethod[Any]]
    parameters: dict[str, Parameter]
    returns: Any


def leaves(annotation: Any) -> Iterator[Any]:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, pytypes.UnionType):
        for part in typing.get_args(annotation):
            yield from leaves(part)
    elif origin is typing.Annotated:
        yield from leaves(typing.get_args(annotation)[0])
    else:
        yield annotation


def _parameter(name: str, info: Any) -> Parameter:
    found = [leaf for leaf in leaves(info.annotation) if leaf is not type(None)]
    classes = [leaf for leaf in found if inspect.isclass(leaf)]
    has_complex = any(
        typing.get_origin(leaf) in (list, dict)
        or (
            inspect.isclass(leaf)
            and issubclass(leaf, BaseModel)
            and not issubclass(leaf, types.InputFile)
        )
        for leaf in found
    )
    scalar: type | None = None
    if not has_complex:
        for kind in (bool, int, float, str):
            if kind in classes:
                scalar = kind
                break
        if str in classes and int in classes:
            scalar = None  # chat_id: both are fine
        if any(c in (dt.datetime, dt.timedelta) for c in classes):
            scalar = int
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    return Parameter(
        name=name,
        required=info.is_required(),
        deprecated=bool(extra.get("deprecated")),
        complex=has_complex,
        text_too=str in classes,
        scalar=scalar,
    )


@cache
def method_index() -> dict[str, MethodInfo]:
    """All methods by their lower-case names (the server ignores the case)."""
    index = {}
    for name in dir(methods):
        model = getattr(methods, name)
        if (
            inspect.isclass(model)
            and issubclass(model, TelegramMethod)
            and model is not TelegramMethod
        ):
            index[model.__api_method__.lower()] = MethodInfo(
                name=model.__api_method__,
                model=model,
                parameters={key: _parameter(key, info) for key, info in model.model_fields.items()},
                returns=model.__returning__,
            )
    return index


def extra_fields(value: Any, path: str = "") -> Iterator[str]:
    """Paths of the fields that aiogram's types don't know."""
    if isinstance(value, BaseModel):
        for name in value.model_extra or ():
            yield f"{path}{name}"
        for name in value.model_fields_set:
            inner = value.__dict__.get(name)
            if isinstance(inner, (BaseModel, list)):
                yield from extra_fields(inner, f"{path}{name}.")
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, (BaseModel, list)):
                yield from extra_fields(item, path)


@cache
def _nested(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The class of the objects in a field."""
    model.model_rebuild()  # until its first use a type of aiogram may not know the names it uses
    for leaf in leaves(model.model_fields[name].annotation):
        is_list = typing.get_origin(leaf) is list
        kind = next(leaves(typing.get_args(leaf)[0]), None) if is_list else leaf
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            return kind
    return None


def prune(model: type[BaseModel], value: Any) -> Any:
    """Drop the fields that the type does not have (the server ignores them)."""
    if isinstance(value, list):
        return [prune(model, item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, part in value.items():
        if key not in model.model_fields or part is None:
            continue
        nested = _nested(model, key)
        result[key] = prune(nested, part) if nested is not None else part
    return result


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    returns = method_index()[name.lower()].returns
    for model in _models(returns):
        model.model_rebuild()
    return TypeAdapter(returns)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for leaf in leaves(annotation):
        if typing.get_origin(leaf) is not None:
            for part in typing.get_args(leaf):
                yield from _models(part)
        elif inspect.isclass(leaf) and issubclass(leaf, BaseModel):
            yield leaf


def check_result(info: MethodInfo, result: Any) -> None:
    """Assert that a result of the sandbox fits aiogram's type of the method."""
    parsed = _adapter(info.name).validate_python(result)
    extra = list(extra_fields(parsed))
    if extra:
        raise AssertionError(f"{info.name}: the result has unknown fields {extra}")


def check_update(update: dict[str, Any]) -> None:
    """Assert that an update of the sandbox fits aiogram's ``Update``."""
    extra = list(extra_fields(types.Update.model_validate(update)))
    if extra:
        raise AssertionError(f"the update has unknown fields {extra}: {update}")


def update_kinds() -> frozenset[str]:
    """Names of all kinds of updates."""
    return frozenset(types.Update.model_fields) - {"update_id"}
