"""Lets aiogram's types be built at their first use, not when they are imported.

Importing aiogram builds the validators of all its types and methods: many seconds of CPU and a
hundred megabytes, of which a desk uses a tenth. pydantic can build a class at its first use by
itself; it only has to be kept from doing so earlier, and to know then which names the annotations
use. A private part of pydantic is replaced for as long as aiogram is imported; where that
part is gone, aiogram is imported as it is. ``tests/bot/test_lazy_aiogram.py`` holds it.

Nor is aiohttp imported with it, a tenth of a second of CPU for a session that our bot does not use:
something of the same name makes one for whoever asks.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final

_PACKAGE: Final = "aiogram"
_SESSION: Final = "aiogram.client.session.aiohttp"


def defer_types() -> None:
    """Let aiogram be imported so. Call it before anything imports aiogram."""
    if _PACKAGE not in sys.modules:
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds aiogram, once, and sets a loader that defers the building of its types."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _PACKAGE:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _DeferringLoader(spec.loader)
        return spec


class _DeferringLoader(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        with _session_deferred(), _building_deferred() as names:
            self._loader.exec_module(module)
        if names:
            _set_namespaces(names)


@contextmanager
def _session_deferred() -> Iterator[None]:
    """Let aiogram do without its own session in here; afterwards it can be imported as ever."""
    stand_in = ModuleType(_SESSION)
    stand_in.AiohttpSession = _make_session  # type: ignore[attr-defined]
    sys.modules[_SESSION] = stand_in
    try:
        yield
    finally:
        del sys.modules[_SESSION]


def _make_session(*arguments: Any, **named: Any) -> Any:
    from aiogram.client.session.aiohttp import AiohttpSession

    return AiohttpSession(*arguments, **named)


@contextmanager
def _building_deferred() -> Iterator[dict[str, Any]]:
    """Leave classes unbuilt in here. Yields the names that their annotations use."""
    from pydantic import BaseModel
    from pydantic._internal import _mock_val_ser as mocks
    from pydantic._internal import _model_construction as construction

    names: dict[str, Any] = {}
    try:
        build, rebuild = construction.complete_model_class, BaseModel.__dict__["model_rebuild"]
        mock = mocks.set_model_mocks
    except (AttributeError, KeyError):  # another pydantic: it works, but starts more slowly
        yield names
        return

    def defer(cls: type[BaseModel], *_: Any, **__: Any) -> bool:
        mock(cls)
        return False

    def collect(cls: type[BaseModel], /, **how: Any) -> None:
        del cls
        names.update(how.get("_types_namespace") or {})

    construction.complete_model_class = defer
    BaseModel.model_rebuild = classmethod(collect)  # type: ignore[assignment, method-assign]
    try:
        yield names
    finally:
        construction.complete_model_class = build
        BaseModel.model_rebuild = rebuild  # type: ignore[method-assign]


def _set_namespaces(names: dict[str, Any]) -> None:
    """Tell each unbuilt class where its names are found. Classes of answers and of buttons, which
    are made later, are built at their first use as well.
    """
    from aiogram.filters.callback_data import CallbackData
    from aiogram.methods.base import Response
    from pydantic import BaseModel

    waiting = [BaseModel]
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if cls.__module__.startswith(f"{_PACKAGE}.") and not cls.__pydantic_complete__:
            cls.__pydantic_parent_namespace__ = names
    for base in (Response, CallbackData):
        base.model_config["defer_build"] = True
