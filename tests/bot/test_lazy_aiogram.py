"""Parts of aiogram wait for their first use, and are all there when it comes."""

import ast
import subprocess
from importlib.util import find_spec
from pathlib import Path

from sandbox.process import python, tied

ROOT = Path(__file__).resolve().parent.parent.parent
# Processes of their own: here aiogram was imported long ago.
SCRIPT = """
import sys
from bot.lazy_aiogram import defer_types
defer_types()
import bot.app
import bot.commands.check
from aiogram.methods.base import Response, TelegramMethod
from aiogram.types import Message, Update
from channels.telegram.client.session import kept_response
from channels.telegram.screens.callback_data import KINDS
from pydantic import BaseModel

def ours(name):
    return name.partition(".")[0] in {"bot", "handlers", "channels"}

used = {
    thing
    for name, module in list(sys.modules.items()) if ours(name)
    for thing in vars(module).values()
    if isinstance(thing, type) and issubclass(thing, BaseModel)
    and thing.__module__.startswith("aiogram.")
}
assert len(used) > 30, used
assert not Update.__pydantic_complete__, "built too early"
assert not any(cls.__pydantic_complete__ for cls in KINDS), "built too early"
answered = [
    kept_response(cls.__returning__)
    for cls in used
    if issubclass(cls, TelegramMethod) and not isinstance(cls.__returning__, property)
]
assert len(answered) > 10, answered
assert not any(cls.__pydantic_complete__ for cls in answered), "built too early"
said = {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "x"}
update = Update.model_validate({"update_id": 1, "message": said | {"reply_to_message": said}})
assert type(update.message.reply_to_message) is Message
assert Response[Message].model_validate({"ok": True, "result": said}).result.text == "x"
def build(cls):
    cls.__pydantic_validator__.title

for cls in (*used, *answered):
    build(cls)
    assert cls.__pydantic_complete__, cls
print("all", len(used))
"""


def test_what_the_desk_uses_of_aiogram_is_built_at_its_first_use() -> None:
    done = subprocess.run(
        tied(python("-c", SCRIPT)), cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("all")


DISPATCHER = """
from bot.lazy_aiogram import defer_types
defer_types()
from aiogram import Dispatcher, F
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
import aiogram
assert Dispatcher().resolve_used_update_types() == []
assert aiogram.loggers.dispatcher.name == "aiogram.dispatcher"
"""


def test_what_the_desk_does_not_use_can_be_imported_first() -> None:
    """As the sandbox's tests do: its module asks the package for another module of it."""
    done = subprocess.run(
        tied(python("-c", DISPATCHER)), cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


WHOLE = """
import asyncio, sys
from bot.lazy_aiogram import defer_types
defer_types()
import aiogram
from aiogram import enums, filters, methods, types
from aiogram.client.session.base import BaseSession

assert "aiogram.methods.send_game" not in sys.modules
print([set(package.__all__) for package in (enums, methods, types)])
assert "SendGame" in dir(methods) and "Game" in dir(types)
assert not hasattr(types, "NoSuchType")

class Session(BaseSession):
    close = stream_content = None

    async def make_request(self, bot, method, timeout=None):
        return method

Session.__abstractmethods__ = frozenset()
bot = aiogram.Bot("123456:" + "a" * 35, session=Session())
made = asyncio.run(bot.send_game(1, "chess"))
assert type(made) is methods.SendGame and made.game_short_name == "chess"
assert aiogram.F.text and aiogram.Dispatcher and filters.BaseFilter is filters.Filter
"""


def test_whoever_asks_for_more_of_aiogram_finds_it_all() -> None:
    done = subprocess.run(
        tied(python("-c", WHOLE)), cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    listed = [_listed(name) for name in ("enums", "methods", "types")]
    found = [
        {name for name in names if not name.startswith("_")}
        for names in ast.literal_eval(done.stdout)
    ]
    assert found == listed


def _listed(package: str) -> set[str]:
    """The names that aiogram itself says are to be had from a package."""
    spec = find_spec("aiogram")
    assert spec is not None and spec.origin is not None
    source = Path(spec.origin).parent / package / "__init__.py"
    for statement in ast.parse(source.read_text()).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            return set(ast.literal_eval(statement.value))
    raise AssertionError(f"{source} has no __all__")
