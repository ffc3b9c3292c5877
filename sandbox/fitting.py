"""Does what we say, and what the bot says, fit aiogram's types?"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any

from aiogram import types
from pydantic import BaseModel, TypeAdapter

from sandbox.schema import MethodInfo, leaves, method_index


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
    return TypeAdapter(method_index()[name.lower()].returns)


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
