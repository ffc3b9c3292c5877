"""The company's directory in an admin's private chat: `/directory` gives the file, sending it back
checks it and shows the difference, and a button applies it (X12).
"""

import asyncio
import re
from typing import Final

from aiogram.types import Document, Message

from channels.telegram.screens.directory import (
    DirectoryStep,
    RestoreVersion,
    draw_difference,
    draw_faults,
    draw_restoring,
    is_cut,
)
from channels.telegram.screens.screen import Screen
from core.directory.faults import DirectoryError, Fault
from core.directory.file_rules import rules_in
from core.directory.kinds import KINDS
from core.directory.reader import Document as Written
from core.directory.reader import read_directory
from core.directory.store import (
    ChangedMeanwhile,
    OnlyChecked,
    apply_directory,
    restore_version,
    show_file,
)
from core.directory.versions import document_of, list_versions
from core.people.staff import as_admin, for_admin
from core.texts import Key
from core.words.aliases import VERSION_WORDS
from handlers.telegram.admins.answered_files import answered, digest_of, fetch, send, show
from handlers.telegram.admins.directory_entries import show_found, show_kinds
from handlers.telegram.context import ButtonContext, MessageContext

ENDING: Final = ".toml"
_NAME: Final = f"directory{ENDING}"


async def on_command(context: MessageContext, words: str) -> None:
    """``/directory``: the file as it is now; ``/directory versions``: which there were;
    ``/directory 7``: one of them, and what bringing it back would change; ``/directory words``:
    the part, or the entries, that are called so.
    """
    if words.isdecimal():
        await _offer_version(context, int(words[:9]))
    elif words.casefold() in VERSION_WORDS:
        await _show_versions(context)
    elif words:
        await show_found(context, words)
    else:
        say = context.renderer.plain
        text = await context.desk.read(for_admin, context.sender, show_file, say)
        await send(context, text, _NAME, "directory_chat.file")
        await show_kinds(context)


async def _show_versions(context: MessageContext) -> None:
    versions = await context.desk.read(for_admin, context.sender, list_versions)
    renderer = context.renderer
    lines = [renderer.html("directory_chat.versions" if versions else "directory_chat.no_versions")]
    for one in versions:
        author = one.author or Key(f"directory_file.origin.{one.origin}")
        facts = {"number": one.number, "at": one.at, "author": author}
        lines.append(renderer.html("directory_chat.version", **facts))
    await context.say("\n".join(lines))


async def _offer_version(context: MessageContext, number: int) -> None:
    text = await context.desk.read(for_admin, context.sender, document_of, number)
    await send(
        context, text, f"directory-{number}{ENDING}", "directory_chat.old_file", number=number
    )
    try:
        await context.desk.run(as_admin, context.sender, restore_version, number, really=False)
    except OnlyChecked as checked:
        if checked.difference:
            await show(context, draw_restoring(context.renderer, checked, number))
    except DirectoryError as error:
        await show(context, draw_faults(context.renderer, error.faults))


async def on_restore(context: ButtonContext, data: RestoreVersion) -> None:
    """Bring back the version that was shown, unless the directory has changed meanwhile."""
    try:
        await context.desk.run(
            as_admin,
            context.sender,
            restore_version,
            data.number,
            expected=data.version,
            recount=data.step == "recount",
        )
    except (ChangedMeanwhile, DirectoryError):
        await context.show(
            context.renderer.html("directory_chat.restore_again", number=data.number)
        )
        return
    await context.show(context.renderer.html("directory_chat.restored", number=data.number))


# A file, or the tables of one, that an admin sends


_NAMES: Final = "|".join(kind.name for kind in KINDS)
_TABLE: Final = re.compile(rf"\s*\[\[?(?:{_NAMES})\]\]?\s*(?:\n|\Z)")


def is_table(text: str) -> bool:
    """True for words that begin as the directory does: an entry that was changed by hand."""
    return _TABLE.match(text) is not None


async def on_text(context: MessageContext, text: str) -> None:
    """Check the entries, and show what they would change; each stays at its place in its list."""
    await _check(context, text.encode(), context.message.message_id)


async def on_file(context: MessageContext, document: Document) -> None:
    """Check the file, and show what it would change, or all that is wrong with it."""
    await _check(context, await fetch(context, document), context.message.message_id)


async def _check(context: MessageContext | ButtonContext, data: bytes, reply_to: int) -> None:
    renderer, lines = context.renderer, []
    try:
        lines = await _apply(context, data, None, really=False)
        screen = Screen(renderer.html("directory_chat.unchanged"))
    except OnlyChecked as checked:
        lines = checked.difference
        screen = Screen(renderer.html("directory_chat.unchanged"))
        if lines:
            rules = [*rules_in(await asyncio.to_thread(_read, data))]
            screen = draw_difference(renderer, checked, digest_of(data), rules)
    except DirectoryError as error:
        lines = [renderer.plain(one.text.key, **one.text.facts) for one in error.faults]
        screen = draw_faults(renderer, error.faults)
    await show(context, screen, reply_to)
    if is_cut(lines):
        await send(context, "\n".join(lines), "directory.txt")


async def _apply(
    context: MessageContext | ButtonContext,
    data: bytes,
    expected: int | None,
    *,
    recount: bool = False,
    really: bool = True,
) -> list[str]:
    document = await asyncio.to_thread(_read, data)
    return await context.desk.run(
        as_admin,
        context.sender,
        apply_directory,
        document,
        expected=expected,
        origin="chat",
        recount=recount,
        really=really,
    )


def _read(data: bytes) -> Written:
    try:
        return read_directory(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DirectoryError([Fault(line, "", "directory_file.fault.no_utf8")]) from None


async def on_button(context: ButtonContext, data: DirectoryStep) -> None:
    """Apply what was shown, and nothing else: the file stands above, its digest and the version of
    the directory in the button.
    """
    if data.step == "drop":
        await context.show(context.renderer.html("directory_chat.dropped"))
        return
    message, content = await answered(context, data.digest)
    try:
        recount = data.step == "recount"
        await _apply(context, content, data.version, recount=recount)
    except (ChangedMeanwhile, DirectoryError):
        # somebody was faster: what it would change now is another question
        await context.show(context.renderer.html("directory_chat.changed_meanwhile"))
        await _check(context, content, message.message_id)
        return
    await context.show(context.renderer.html("directory_chat.applied"))


async def read_answered(context: ButtonContext, digest: str) -> tuple[Message, Written]:
    """The same, read. Raises :class:`Refusal` for another file than the button was made for."""
    message, content = await answered(context, digest)
    return message, await asyncio.to_thread(_read, content)
