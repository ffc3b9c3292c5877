"""aiogram's types wait for their first use, and are all there when it comes."""

import subprocess
from pathlib import Path

from sandbox.process import python, tied

ROOT = Path(__file__).resolve().parent.parent.parent
# A process of its own: here aiogram was imported long ago.
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
