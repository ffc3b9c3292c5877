"""Values as TOML, so that reading them gives the same values."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

_BARE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def write_table(name: str, fields: Mapping[str, Any], *, single: bool = False) -> str:
    """A table of the list ``name``, or the only one, with one line for each field."""
    lines = [f"{_key(field)} = {write_value(value)}" for field, value in fields.items()]
    return "\n".join([f"[{name}]" if single else f"[[{name}]]", *lines, ""])


def write_value(value: Any) -> str:
    """A value as it stands behind the sign of equality."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_pairs(value)) + " }" if value else "{}"
    if isinstance(value, list):
        if value and isinstance(value[0], Mapping):
            return "[\n" + "".join(f"  {write_value(item)},\n" for item in value) + "]"
        return "[" + ", ".join(map(write_value, value)) + "]"
    return _string(value) if isinstance(value, str) else str(value)


def _pairs(value: Mapping[str, Any]) -> Iterator[str]:
    for name, item in value.items():
        yield f"{_key(name)} = {write_value(item)}"


def _key(name: str) -> str:
    return name if name and set(name) <= _BARE else _string(name)


def _string(value: str) -> str:
    # A basic string is written as JSON's, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
