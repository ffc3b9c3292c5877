"""aiogram's types are built when they are first used, not when they are imported.

Importing aiogram builds the validators of all its types and methods: many seconds of CPU and a
hundred megabytes, of which a desk uses a tenth. pydantic can build a class at its first use by
itself; it only has to be kept from doing so earlier, and to know then which names the annotations
speak of. A private part of pydantic is replaced for as long as aiogram is imported; where that
part is gone, aiogram is imported as it is. ``tests/bot/test_lazy_aiogram.py`` holds it.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final

_PACKAGE: Final = "aiogram"


def defer_types() -> None:
    """Have aiogram imported so, when somebody imports it. Call it before anybody has."""
    if _PACKAGE not in sys.modules:
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds aiogram, once, and has it loaded in our way."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _PACKAGE:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Deferring(spec.loader)
        return spec


class _Deferring(Loader):
    def __init__(self, usual: Loader) -> None:
        self._usual = usual

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._usual.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        with _nothing_built() as names:
            self._usual.exec_module(module)
        if names:
            _teach(names)


@contextmanager
def _nothing_built() -> Iterator[dict[str, Any]]:
    """Meanwhile classes are left unbuilt. Gives the names that their annotations speak of."""
    from pydantic import BaseModel
    from pydantic._internal import _mock_val_ser as mocks
    from pydantic._internal import _model_construction as construction

    names: dict[str, Any] = {}
    try:
        build, rebuild = construction.complete_model_class, BaseModel.__dict__["model_rebuild"]
        mock = mocks.set_model_mocks
    except (AttributeError, KeyError):  # another pydantic: slower to start, and no worse
        yield names
        return

    def leave(cls: type[BaseModel], *_: Any, **__: Any) -> bool:
        mock(cls)
        return False

    def learn(cls: type[BaseModel], /, **how: Any) -> None:
        del cls
        names.update(how.get("_types_namespace") or {})

    construction.complete_model_class = leave
    BaseModel.model_rebuild = classmethod(learn)  # type: ignore[assignment, method-assign]
    try:
        yield names
    finally:
        construction.complete_model_class = build
        BaseModel.model_rebuild = rebuild  # type: ignore[method-assign]


def _teach(names: dict[str, Any]) -> None:
    """Tell each class that waits where its names are looked up; its answers' classes wait too."""
    from aiogram.methods.base import Response
    from pydantic import BaseModel

    waiting = [BaseModel]
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if cls.__module__.startswith(f"{_PACKAGE}.") and not cls.__pydantic_complete__:
            cls.__pydantic_parent_namespace__ = names
    Response.model_config["defer_build"] = True
