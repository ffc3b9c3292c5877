"""What a person is asked for follows from the class of a kind alone (X12)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Self

import pytest
from pydantic import Field

from core.directory.fields import Code, Reference, Span, Titles, one_of
from core.directory.kinds import KINDS
from core.directory.schema import DirectoryEntry, Part
from core.directory.shapes import asked_fields, part_shapes
from core.texts import shipped_texts
from core.tx import ReadTx, Tx

LANGUAGES = ("ru", "en")


class Wheel(Part):
    name = "wheel"

    size: int
    spare: bool = False


class Bicycle(DirectoryEntry):
    """A kind that the desk does not know."""

    name = "bicycle"

    code: Code
    titles: Titles
    colour: Annotated[str, *one_of(("red", "blue"))] | None = None
    rest: Span | None = None
    gears: Annotated[int, Field(ge=1, le=3)] = 1
    owner: Annotated[str | None, Reference("team")] = None
    horn: bool = True
    wheels: list[Wheel] = Field(default_factory=list)
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        del tx
        return []

    async def put(self, tx: Tx, position: int) -> None:
        del tx, position


def test_another_kind_is_asked_for_by_its_class() -> None:
    found = {".".join(one.path): one for one in asked_fields(Bicycle, LANGUAGES)}
    assert list(found) == [
        *("code", "titles.ru", "titles.en", "colour", "rest", "gears", "owner", "horn", "wheels")
    ]
    assert [name for name, one in found.items() if one.required] == ["code", "titles.ru"]
    forms = {name: one.shape.form for name, one in found.items()}
    assert forms["rest"] == "span" and forms["horn"] == "yes_no" and forms["wheels"] == "list"
    assert found["colour"].shape.source == ("words", "red", "blue")
    assert found["gears"].shape.source == ("words", "1", "2", "3")
    assert found["owner"].shape.source == ("kind", "team")
    item = found["wheels"].shape.item
    assert item is not None and item.part is Wheel
    assert part_shapes(Wheel)["size"].form == "number"
    assert timedelta() not in forms.values()


def _leaves(part: type[Part], path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    return {(*path, name) for name in part.model_fields}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_field_of_every_kind_can_be_asked_for(kind: Any) -> None:
    asked = asked_fields(kind, LANGUAGES)
    said = {one.path[0] for one in asked}
    assert said >= kind.model_fields.keys() - {"active", "files"}
    assert len({one.mark for one in asked}) == len(asked), "a button says which"


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_field_has_a_name(locale: str) -> None:
    """A short one, or at least the words of the file's comments."""
    keys = shipped_texts().keys(locale)
    parts = {part for kind in KINDS for part in kind.parts()}
    found = [
        f"{part.name}.{name}"
        for part in parts
        for name in part.model_fields
        if not keys
        & {
            f"entry_field.{part.name}.{name}",
            f"entry_field.{name}",
            f"directory_file.{part.name}.{name}",
        }
    ]
    assert not found
