"""Lets parts of aiogram be imported at their first use, and its types be built then.

aiogram imports all its six hundred types and methods at once and builds the validator of each: many
seconds of CPU and a hundred megabytes, of which a desk uses a tenth. Here those of its packages
that only gather names import a module when one of its names is asked for; pydantic builds a class
at its first use, and is told then what the names in its annotations mean. Nothing else of aiogram
is another: who asks for a name that is not listed gets the whole package, as aiogram has it.

The bot has a method for each of Telegram's, and would import them all. While its module is
imported, something stands for each that imports it once it is used; so it is with aiohttp, a tenth
of a second of CPU for a session that our bot does not use. ``tests/bot/test_lazy_aiogram.py`` holds
all of this.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import InspectLoader, Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, resolve_name
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, ForwardRef, Literal, Optional, Union, get_args

if TYPE_CHECKING:
    from pydantic import BaseModel

_TYPES: Final = "aiogram.types"
_METHODS: Final = "aiogram.methods"
_BOT: Final = "aiogram.client.bot"
_BOTS_SESSION: Final = "aiogram.client.session.aiohttp"
# Packages that gather names from their modules; True: they have names of their own besides.
_GATHERING: Final = {
    "aiogram": True,
    "aiogram.filters": True,
    "aiogram.enums": False,
    _METHODS: False,
    _TYPES: False,
}
# What the bot's module imports besides: it has to be there before others stand for the rest.
_BEFORE_THE_BOT: Final = ("aiogram.client.session.base", "aiogram.utils.token")
# What annotations name that is not imported from there, as in aiogram's own package of types.
_NAMES: Final = {"List": list, "Optional": Optional, "Union": Union, "Literal": Literal}

_IMPORT: Final = re.compile(
    r"^from (\.[\w.]*|aiogram[\w.]*) import (?:\(([^)]*)\)|(.+))$", re.MULTILINE
)
_NAME: Final = re.compile(r"[^\W\d]\w*")


def defer_types() -> None:
    """Let aiogram be imported so. Call it before anything imports aiogram."""
    if "aiogram" not in sys.modules:
        sys.meta_path.insert(0, _Finder())
        _build_at_first_use()


class _Finder(MetaPathFinder):
    """Finds the packages that gather names, and the bot."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _GATHERING and name != _BOT:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, InspectLoader):
            spec.loader = (_BotLoader if name == _BOT else _GatheringLoader)(spec.loader)
        return spec


class _OtherLoader(Loader):
    """What follows loads otherwise than ``loader``."""

    def __init__(self, loader: InspectLoader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)


class _GatheringLoader(_OtherLoader):
    """Makes a package whose names are imported when they are asked for."""

    def exec_module(self, module: ModuleType) -> None:
        package = module.__name__
        places = _places(package, self._loader.get_source(package) or "")

        def find(name: str) -> Any:
            if name in places:
                found = _imported(package, *places[name])
                setattr(module, name, found)
                return found
            if name.startswith("__") or not _GATHERING[package]:
                raise AttributeError(f"module {package!r} has no attribute {name!r}")
            if find_spec(f"{package}.{name}") is not None:  # a module of the package's
                return import_module(f"{package}.{name}")
            del module.__getattr__
            self._loader.exec_module(module)
            return getattr(module, name)

        module.__all__ = [*places]  # type: ignore[attr-defined]
        module.__dir__ = lambda: sorted({*vars(module), *places})  # type: ignore[method-assign]
        module.__getattr__ = find  # type: ignore[method-assign]


def _places(package: str, source: str) -> dict[str, tuple[str, str]]:
    """Where the names come from that a package imports from its own: module, and name there."""
    places = {}
    for module, several, one in _IMPORT.findall(source):
        place = resolve_name(module, package)
        for said in (several or one).split(","):
            name, _, alias = said.strip().partition(" as ")
            places[alias or name] = place, name
    places.pop("", None)
    return places


def _imported(package: str, place: str, name: str) -> Any:
    if place != package:
        module = import_module(place)
        if hasattr(module, name):
            return getattr(module, name)
    return import_module(f"{place}.{name}")


class _BotLoader(_OtherLoader):
    """Imports the bot without all that it can do."""

    def exec_module(self, module: ModuleType) -> None:
        for name in _BEFORE_THE_BOT:
            import_module(name)
        with _standing_in(_METHODS, _TYPES, _BOTS_SESSION):
            self._loader.exec_module(module)


@contextmanager
def _standing_in(*names: str) -> Iterator[None]:
    """Let whoever imports something from these modules in here get a `_Deferred`."""
    before = {name: sys.modules.pop(name, None) for name in names}
    for name in names:
        sys.modules[name] = _StandIn(name)
    try:
        yield
    finally:
        for name, module in before.items():
            del sys.modules[name]
            if module is not None:
                sys.modules[name] = module


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> "_Deferred":
        if name.startswith("__"):
            raise AttributeError(name)
        return _Deferred(self.__name__, name)


class _Deferred:
    """Stands for a class of another module, which is imported when an object of it is made."""

    def __init__(self, module: str, name: str) -> None:
        self._place = module, name

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        module, name = self._place
        return getattr(import_module(module), name)(*arguments, **named)


def _build_at_first_use() -> None:
    """Have no class of aiogram's, nor of the answers and buttons that are made of them later, built
    before it is used; and what its annotations name imported when it is.
    """
    from aiogram.filters.callback_data import CallbackData
    from aiogram.methods.base import Response, TelegramMethod
    from aiogram.types.base import TelegramObject

    for base in (TelegramObject, TelegramMethod, Response):
        base.model_config["defer_build"] = True
        base.model_rebuild = classmethod(_build)  # type: ignore[assignment, method-assign]
    CallbackData.model_config["defer_build"] = True


def _build(
    cls: "type[BaseModel]", /, *, _types_namespace: Mapping[str, Any] | None = None, **how: Any
) -> Any:
    from pydantic import BaseModel

    names = {**_named_in(cls), **(_types_namespace or {})}
    return BaseModel.__dict__["model_rebuild"].__func__(cls, _types_namespace=names, **how)


def _named_in(cls: "type[BaseModel]") -> dict[str, Any]:
    """What annotations of a class name of aiogram's, and of the classes they name, and so on."""
    types = import_module(_TYPES)
    known = frozenset(types.__all__)
    names = {**_NAMES, "Default": import_module("aiogram.client.default").Default}
    waiting, seen = _annotations(cls), {cls}
    while waiting:
        annotation = waiting.pop()
        for name in (_written(annotation) & known) - names.keys():
            names[name] = getattr(types, name)
            waiting.append(names[name])
        if not isinstance(annotation, type):
            waiting += _parts(annotation)
        elif hasattr(annotation, "model_fields") and annotation not in seen:
            seen.add(annotation)
            waiting += _annotations(annotation)
    return names


def _annotations(cls: "type[BaseModel]") -> list[Any]:
    return [field.annotation for field in cls.model_fields.values()]


def _written(annotation: Any) -> set[str]:
    """The names in an annotation that is a text still."""
    text = annotation.__forward_arg__ if isinstance(annotation, ForwardRef) else annotation
    return set(_NAME.findall(text)) if isinstance(text, str) else set()


def _parts(annotation: Any) -> tuple[Any, ...]:
    return get_args(getattr(annotation, "__value__", annotation))
