"""The JSON Schema of a directory file, for editors: what is allowed, a word on each field."""

from typing import Any, Final

from pydantic.json_schema import models_json_schema

from core.directory.kinds import KINDS
from core.directory.schema import Kinds
from core.directory.store import Describe

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def directory_schema(describe: Describe, kinds: Kinds = KINDS) -> dict[str, Any]:
    """The schema as JSON can hold it. ``describe`` says the text of a key."""
    names, shared = models_json_schema([(kind, "validation") for kind in kinds])
    definitions = shared["$defs"]
    for part in {part for kind in kinds for part in kind.parts()}:
        fields = definitions[part.__name__]
        fields["description"] = describe(f"directory_file.{part.name}")
        for name, field in fields["properties"].items():
            description = describe(f"directory_file.{part.name}.{name}")
            fields["properties"][name] = _without_null(field) | {"description": description}
    return {
        "$schema": DIALECT,
        "title": describe("directory_file.title"),
        "type": "object",
        "additionalProperties": False,
        "properties": {
            kind.name: {"type": "array", "items": names[kind, "validation"]} for kind in kinds
        },
        "$defs": definitions,
    }


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """TOML has no null: what is not said is left out."""
    said = {name: value for name, value in field.items() if name not in {"title", "anyOf"}}
    for one in field.get("anyOf", ()):
        said |= one if one != {"type": "null"} else {}
    return {name: value for name, value in said.items() if value is not None}
