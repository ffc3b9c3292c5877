"""``/mydata``: what is known of a customer, shown to them, as a file, or erased (S31)."""

import asyncio
import io
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson
from aiogram.types import BufferedInputFile

from channels.telegram.screens.personal_data import PersonalData, ask_to_erase, draw_known
from core.contacts.erasure import erase_own
from core.contacts.personal_data import data_at, known_at
from core.file_making import CUSTOMERS, Turn
from core.held_updates import find_held
from handlers.telegram.context import ButtonContext, Context, MessageContext

# Bytes that a bot may send as a file, with room to spare.
LARGEST: Final = 49 * 1024 * 1024


async def show(context: MessageContext) -> None:
    """Send the screen."""
    known = await context.desk.read(known_at, context.sender.address)
    held = await context.desk.read(find_held, str(context.message.chat.id))
    await context.show(draw_known(context.renderer, known, held.count))


async def on_button(context: ButtonContext, data: PersonalData) -> None:
    """A step of the screen."""
    await _STEPS[data.step](context)


async def _show_again(context: ButtonContext) -> None:
    known = await context.desk.read(known_at, context.sender.address)
    await context.show(draw_known(context.renderer, known))


async def _ask(context: ButtonContext) -> None:
    await context.show(ask_to_erase(context.renderer))


async def _erase(context: ButtonContext) -> None:
    await context.desk.run(erase_own, context.sender.address)
    await context.show(context.responder.html("mydata.erased"))


async def _send_file(context: ButtonContext) -> None:
    turn = context.desk.file_making.begin(context.sender.address, CUSTOMERS)
    try:
        data = await context.desk.read(data_at, context.sender.address)
        await context.toast(context.responder.plain("mydata.preparing"))
    except BaseException:
        turn.end()
        raise
    context.responder.make(context.message.chat.id, _send(context, turn, data))


async def _send(context: ButtonContext, turn: Turn, data: Mapping[str, Any]) -> None:
    async with turn:
        files = await _files_of(context, _sizes_in(data))
        packed = await asyncio.to_thread(_pack, data, files)
    chat = context.message.chat.id
    await context.bot.send_document(
        chat,
        BufferedInputFile(packed, "my-data.zip"),
        message_thread_id=context.responder.thread_in(chat),
    )


def _sizes_in(data: Mapping[str, Any]) -> dict[str, int]:
    """Bytes of the files that the desk keeps itself, by name, in the order of ``data``."""
    said = [one["file"] for ticket in data["tickets"] for one in ticket["messages"] if one["file"]]
    sizes = {str(file["name"]): int(file.get("size", 0)) for file in said}
    return {name: sizes[name] for name in data["files"]}


async def _files_of(context: Context, sizes: Mapping[str, int]) -> dict[str, bytes]:
    """Return the files that the desk keeps itself, as many as can be sent; no others are read."""
    if context.files is None:
        return {}
    found: dict[str, bytes] = {}
    room = LARGEST
    for name, size in sizes.items():
        if size <= room:
            found[name] = await context.files.read(name)
            room -= len(found[name])
    return found


def _pack(data: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """Return the archive; what is too large for it is named in it, to be asked for."""
    left_out = [name for name in data["files"] if name not in files]
    data = {**data, "files_left_out": left_out}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", orjson.dumps(data, option=orjson.OPT_INDENT_2))
        for name, content in files.items():
            archive.writestr(f"files/{name}", content)
    return packed.getvalue()


_STEPS: Final[dict[str, Callable[[ButtonContext], Awaitable[None]]]] = {
    "show": _show_again,
    "file": _send_file,
    "ask": _ask,
    "erase": _erase,
}
