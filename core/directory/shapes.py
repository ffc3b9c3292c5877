"""What the fields of a kind can hold, as its class says it: what a person is asked for (X12). Pure.

Nothing here knows a kind: another class, or another field, is asked for by its types.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, Final, Literal, cast, get_args, get_origin

from pydantic import WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from core.directory.fields import AsPeopleSay, Reference
from core.directory.file_names import FIELD as FILES
from core.directory.schema import DirectoryEntry, Part

Form = Literal["text", "yes_no", "number", "span", "choice", "list", "map", "part"]
FieldPath = tuple[str, ...]
"""The way to a value from its entry: names of fields, and a language last where it has several."""

LANGUAGE: Final = "language"
MARK: Final = 6
# These have buttons of their own below an entry.
_ELSEWHERE: Final = frozenset({FILES, "active"})


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value can be. ``allowed``: the words it is one of; ``kind``: of the entries it names;
    ``spoken``: how people write it; ``item`` of a list or a map, by ``keys``; ``part``: a table.
    ``off``: it can be switched off. ``working``: time is counted in hours alone.
    """

    form: Form
    allowed: Sequence[str] = ()
    kind: str | None = None
    spoken: str | None = None
    item: "Shape | None" = None
    keys: "Shape | None" = None
    part: type[Part] | None = None
    off: bool = False
    working: bool = False
    least: int | None = None
    most: int | None = None

    @property
    def source(self) -> tuple[str, ...] | None:
        """Where the values come from that can be chosen; None: it is written."""
        if self.kind is not None:
            return ("kind", self.kind)
        if self.allowed:
            return ("words", *self.allowed)
        if self.least is not None and self.most is not None:
            return ("words", *map(str, range(self.least, self.most + 1)))
        return None if self.spoken is None else ("spoken", self.spoken)

    def inner(self) -> Iterator["Shape"]:
        """This shape, and those inside of it."""
        yield self
        for one in (self.item, self.keys):
            if one is not None:
                yield from one.inner()
        if self.part is not None:
            for shape in part_shapes(self.part).values():
                yield from shape.inner()


@dataclass(frozen=True, slots=True)
class AskedField:
    """A value of an entry that can be asked for. ``part``: the class of the table in which its
    field ``name`` stands; ``required``: an entry must have it.
    """

    path: FieldPath
    part: type[Part]
    name: str
    shape: Shape
    required: bool
    default: Any = field(compare=False)
    language: str | None = None

    @property
    def mark(self) -> str:
        """Return what a button carries of it: the same as long as the field has its name."""
        return sha256("\n".join(self.path).encode()).hexdigest()[:MARK]

    @property
    def removable(self) -> bool:
        """Return whether an entry can be without it."""
        return not self.required


@cache
def asked_fields(kind: type[DirectoryEntry], languages: tuple[str, ...]) -> tuple[AskedField, ...]:
    """All that a kind can be asked for, in the order of its class. Texts by language are one for
    each of ``languages``; the first of them is the one that an entry must have.
    """
    found = _fields_of(kind, (), languages, bare=True)
    return tuple(one for one in found if one.path[0] not in _ELSEWHERE)


def _fields_of(
    part: type[Part], path: FieldPath, languages: Sequence[str], *, bare: bool
) -> Iterator[AskedField]:
    for name, info in part.model_fields.items():
        shape, place = field_shape(info), (*path, name)
        required = bare and info.is_required()
        one = AskedField(place, part, name, shape, required, _default(info))
        if shape.form == "part" and shape.part is not None and _stands_bare(shape.part):
            yield from _fields_of(shape.part, place, languages, bare=False)
        elif shape.form == "map" and _by_language(shape):
            yield from _by_languages(one, languages)
        else:
            yield one


def _by_languages(one: AskedField, languages: Sequence[str]) -> Iterator[AskedField]:
    text = one.shape.item or Shape("text")
    for at, language in enumerate(languages):
        yield replace(
            one,
            path=(*one.path, language),
            shape=replace(text, off=one.shape.off),
            required=one.required and at == 0,
            language=language,
            default=None,
        )


def _by_language(shape: Shape) -> bool:
    return shape.keys is not None and shape.keys.spoken == LANGUAGE


def _stands_bare(part: type[Part]) -> bool:
    """Each field of the table can be alone: it needs no question of its own."""
    return not any(info.is_required() for info in part.model_fields.values())


def _default(info: FieldInfo) -> Any:
    value = info.get_default(call_default_factory=True)
    return None if value is PydanticUndefined else value


def part_shapes(part: type[Part]) -> Mapping[str, Shape]:
    """The shapes of a table's fields, by name."""
    return {name: field_shape(info) for name, info in part.model_fields.items()}


def field_shape(info: FieldInfo) -> Shape:
    """What the value of this field can be."""
    return _shape(info.annotation, info.metadata)


def _shape(annotation: Any, marks: Sequence[Any]) -> Shape:
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _shape(inner, [*marks, *more])
    arguments = [one for one in get_args(annotation) if one is not type(None)]
    if type(None) in get_args(annotation) and len(arguments) == 1:
        return _shape(arguments[0], marks)
    return _marked(_bare_shape(annotation, marks), marks)


def _bare_shape(annotation: Any, marks: Sequence[Any]) -> Shape:
    """Of a union the first counts; a text beside it is the word that switches it off."""
    origin = get_origin(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return Shape("part", part=annotation)
    if origin is list:
        return Shape("list", item=_shape(get_args(annotation)[0], _for_items(marks)))
    if origin is dict:
        keys, values = get_args(annotation)
        return Shape("map", keys=_language_or(keys), item=_shape(values, _for_items(marks)))
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    first, *others = get_args(annotation) or (str,)
    if str in others and first is not int:
        return replace(_bare_shape(first, ()), off=True)
    return Shape("text")


_PLAIN: Final[dict[Any, Shape]] = {
    bool: Shape("yes_no"),
    int: Shape("number"),
    str: Shape("text"),
    timedelta: Shape("span"),
}


def _for_items(marks: Sequence[Any]) -> list[Any]:
    """A reference on a list, or a map, is one of each of its values."""
    return [one for one in marks if isinstance(one, Reference)]


def _language_or(keys: Any) -> Shape:
    """Texts without another key are by language."""
    return Shape("text", spoken=LANGUAGE) if keys is str else _shape(keys, ())


def _marked(shape: Shape, marks: Sequence[Any]) -> Shape:
    for mark in marks:
        for kind, add in _MARKS.items():
            if isinstance(mark, kind):
                shape = add(shape, mark)
        shape = replace(
            shape, least=getattr(mark, "ge", shape.least), most=getattr(mark, "le", shape.most)
        )
    return shape


def _named(shape: Shape, mark: Reference) -> Shape:
    return shape if shape.item is not None else replace(shape, form="choice", kind=mark.kind)


def _spoken(shape: Shape, mark: AsPeopleSay) -> Shape:
    return replace(shape, spoken=mark.name, working=shape.working or mark.name == "working")


def _one_of(shape: Shape, mark: WithJsonSchema) -> Shape:
    schema = mark.json_schema or {}
    words = cast("Sequence[str]", schema.get("enum", ()))
    if any(one.get("type") == "integer" for one in schema.get("anyOf", ())):
        return replace(shape, form="number", off=True)
    return replace(shape, form="choice", allowed=tuple(words)) if words else shape


def _bounded(shape: Shape, mark: FieldInfo) -> Shape:
    return _marked(shape, mark.metadata)


_MARKS: Final[dict[type, Callable[[Shape, Any], Shape]]] = {
    Reference: _named,
    AsPeopleSay: _spoken,
    WithJsonSchema: _one_of,
    FieldInfo: _bounded,
}
