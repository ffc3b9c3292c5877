"""Parameters of a call: from what came over HTTP to checked values."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from sandbox.server.errors import bad_request
from sandbox.server.schema import MethodInfo, Parameter, extra_fields

# what the server says when a required parameter is missing
_MISSING: Final = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "message_ids": "message identifiers are not specified",
    "user_id": "invalid user_id specified",
    "from_chat_id": "chat_id is empty",
    "file_id": "file_id not specified",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "video": "there is no video in the request",
    "audio": "there is no audio in the request",
    "voice": "there is no voice in the request",
    "video_note": "there is no video note in the request",
    "animation": "there is no animation in the request",
    "sticker": "there is no sticker in the request",
    "action": "wrong parameter action in request",
    "permissions": "object expected as permissions",
    "latitude": "latitude is empty",
    "longitude": "longitude is empty",
    "options": "poll must have at least 1 option",
    "question": "poll question must be non-empty",
    "media": "media not found",
}


@dataclass(slots=True)
class Decoded:
    """Parameters of a call after validation."""

    values: dict[str, Any] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    deprecated: list[str] = field(default_factory=list)


def _to_bool(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in ("true", "1", "yes", "t", "y")
    return bool(value)


def _scalar(parameter: Parameter, value: Any) -> Any:
    """Convert like the server: form fields are strings, JSON scalars may have any type."""
    kind = parameter.scalar
    if kind is None:
        return value
    if kind is str:
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value) if isinstance(value, (int, float)) else value
    if kind is bool:
        return _to_bool(value)
    try:
        if kind is int:
            if isinstance(value, bool):
                return int(value)
            return int(float(value)) if isinstance(value, float) else int(value)
        return float(value)
    except (TypeError, ValueError):
        raise bad_request(
            f"can't parse {parameter.name} as a Number: {str(value)[:60]!r}",
            violation="invalid_parameters",
        ) from None


def _value(parameter: Parameter, value: Any) -> Any:
    """One value as the method's handler wants it."""
    if parameter.complex:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            if parameter.text_too:
                return value
            raise bad_request(
                f"can't parse {parameter.name.replace('_', ' ')} JSON object",
                violation="invalid_parameters",
            ) from None
    if isinstance(value, (dict, list)) and parameter.scalar is not None:
        raise bad_request(
            f"can't parse {parameter.name}: "
            f"a JSON {'object' if isinstance(value, dict) else 'array'} is unexpected",
            violation="invalid_parameters",
        )
    return _scalar(parameter, value)


def decode(info: MethodInfo, raw: dict[str, Any], uploads: set[str], *, validate: bool) -> Decoded:
    """Check the parameters of a call; raises :class:`ApiError` for invalid ones."""
    result = Decoded()
    for key, value in raw.items():
        parameter = info.parameters.get(key)
        if parameter is None:
            result.unknown.append(key)
        elif value is None or value == "":
            if value == "" and parameter.scalar is str:
                result.values[key] = ""
        else:
            if parameter.deprecated:
                result.deprecated.append(key)
            result.values[key] = _value(parameter, value)
    for key in uploads:
        parameter = info.parameters.get(key)
        if parameter is not None:
            result.values.setdefault(key, f"attach://{key}")
    for parameter in info.parameters.values():
        if parameter.name == "url" and info.name == "setWebhook":
            continue  # an empty URL removes the webhook
        if parameter.required and result.values.get(parameter.name) in (None, ""):
            text = _MISSING.get(parameter.name, f'parameter "{parameter.name}" is required')
            raise bad_request(text, violation="invalid_parameters")
    if validate:
        validate_types(info, result)
    return result


_HANDLED_RAW: Final = frozenset({"reply_markup"})  # validated by keyboards.py with better errors


def validate_types(info: MethodInfo, decoded: Decoded) -> None:
    """Check the types with aiogram's class of the method."""
    values = {key: v for key, v in decoded.values.items() if key not in _HANDLED_RAW}
    if info.name == "setWebhook":
        values.setdefault("url", "")
    values.pop("certificate", None)
    try:
        model = info.model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"][:4])
        raise bad_request(
            f"can't parse parameter {path}: {first['msg']}", violation="invalid_parameters"
        ) from None
    for key in values:
        decoded.unknown += [f"{key}.{path}" for path in extra_fields(getattr(model, key, None))]
