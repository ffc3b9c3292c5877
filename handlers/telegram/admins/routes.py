"""An admin's private chat: which handler takes a message or a button, before the other dialogues.

Whatever else an admin writes in private, they write as anybody does.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.addresses import chat_address
from channels.telegram.messages.message_parser import message_ref
from channels.telegram.screens.articles import ArticleUses, WriteArticle
from channels.telegram.screens.attached_files import EntryFiles
from channels.telegram.screens.directory import DirectoryStep, RestoreVersion
from channels.telegram.screens.directory_entries import DirectoryKind, DirectoryKinds, DirectoryPart
from channels.telegram.screens.entry_buttons import (
    ApplyAnswer,
    AskValue,
    EntryStep,
    PickValue,
)
from channels.telegram.screens.figure_lists import FigureMenu, FigurePage
from channels.telegram.screens.health import FailedStep, JunkStep, QuarantineStep
from channels.telegram.screens.notice_settings import NoticeList, NoticeStep, NoticeText
from channels.telegram.screens.restored import ReleaseStep
from channels.telegram.screens.rules import TryRule
from channels.telegram.screens.setup import DismissAdmin, LinkChat, SetField, SetupStep
from channels.telegram.screens.tables import TableStep
from channels.telegram.screens.ticket_list import ExportList, ListPage, draw
from core.directory.kinds.tickets import TopicEntry
from core.errors import NotAllowed, Refusal, Unreadable
from core.people.staff import for_admin
from core.setup import admins as invitations
from core.setup import claim
from core.setup.company_settings import asked_for
from core.texts import Key
from core.tickets.incoming import find_location
from core.tickets.lists import VIEWS, page_of
from core.words.aliases import ALIASES, REPORTS
from handlers.telegram.admins import (
    articles,
    directory,
    directory_entries,
    entry_files,
    entry_questions,
    export,
    figure_lists,
    health,
    notices,
    other_systems,
    responses,
    restored,
    rules,
    setup,
    statistics,
    tables,
    texts,
)
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.origin import is_borrowed, is_from_admin

# What links carry: `/start <prefix><secret>`. Whoever holds one becomes an admin.
_LINKS: Final[dict[str, Callable[[MessageContext, str], Awaitable[None]]]] = {
    invitations.PREFIX: setup.on_invited,
    claim.PREFIX: setup.on_claim,
}


async def on_link(context: MessageContext) -> bool:
    """A link that makes an admin of whoever opens it. False for everything else."""
    command, _, payload = (context.message.text or "").partition(" ")
    if command != "/start" or is_borrowed(context.message):
        return False
    for prefix, handler in _LINKS.items():
        if payload.startswith(prefix):
            await handler(context, payload.removeprefix(prefix))
            return True
    return False


async def on_message(context: MessageContext) -> bool:
    """Words that an admin was asked for, or a command of theirs. False for everything else."""
    text, user = context.message.text or "", context.message.from_user
    for handler in (_is_directory, entry_files.on_message, _is_table):
        if await handler(context):
            return True
    if not text or user is None or not is_from_admin(context.message, context.desk):
        return False
    if directory.is_table(text):
        await directory.on_text(context, text)
        return True
    if not text.startswith("/"):
        return await entry_questions.on_words(context) or await _on_setting(context, user.id)
    return await _on_command(context, text)


async def _on_setting(context: MessageContext, user: int) -> bool:
    field = await context.desk.read(asked_for, chat_address(user))
    if field is not None:
        await setup.on_words(context, field)
    return field is not None


async def _on_command(context: MessageContext, text: str) -> bool:
    found = _COMMAND.fullmatch(text)
    typed = "" if found is None else found[1].lower()
    name = ALIASES.get(typed, typed)
    if name == "cancel" and await entry_questions.on_cancel(context):
        return True
    handler = COMMANDS.get(name)
    if found is None or handler is None:
        return False
    await handler(context, (found[2] or "").strip())
    return True


async def _is_directory(context: MessageContext) -> bool:
    """The directory's file, perhaps forwarded: what it changes is shown before it does."""
    document = context.message.document
    if document is None or context.sender.address not in context.desk.company.admins:
        return False
    if not (document.file_name or "").lower().endswith(directory.ENDING):
        return False
    await directory.on_file(context, document)
    return True


async def _is_table(context: MessageContext) -> bool:
    """A table of cameras, companies or contracts: what it changes is shown before it does."""
    document = context.message.document
    if document is None or context.sender.address not in context.desk.company.admins:
        return False
    if not (document.file_name or "").lower().endswith(tables.ENDINGS):
        return False
    await tables.on_file(context, document)
    return True


async def _show_checklist(context: MessageContext, _words: str) -> None:
    await setup.show_checklist(context)


async def _show_topics(context: MessageContext, _words: str) -> None:
    await directory_entries.show_kind(context, TopicEntry.name)


async def _on_step(context: ButtonContext, data: SetupStep) -> None:
    handler = setup.on_admin_step if data.step in setup.ADMIN_STEPS else setup.on_step
    await handler(context, data)


BUTTONS: Final[dict[type[CallbackData], Callable[[ButtonContext, Any], Awaitable[None]]]] = {
    SetupStep: _on_step,
    SetField: setup.on_choice,
    DismissAdmin: setup.on_dismiss,
    LinkChat: setup.on_link,
    QuarantineStep: health.replay,
    JunkStep: health.on_junk,
    FailedStep: health.settle,
    ReleaseStep: restored.on_button,
    DirectoryStep: directory.on_button,
    RestoreVersion: directory.on_restore,
    TableStep: tables.on_button,
    TryRule: rules.on_button,
    DirectoryKinds: directory_entries.on_kinds,
    DirectoryKind: directory_entries.on_kind,
    DirectoryPart: directory_entries.on_part,
    EntryFiles: entry_files.on_button,
    AskValue: entry_questions.on_ask,
    PickValue: entry_questions.on_pick,
    EntryStep: entry_questions.on_step,
    ApplyAnswer: entry_questions.on_apply,
    NoticeList: notices.on_list,
    NoticeStep: notices.on_step,
    NoticeText: notices.on_text,
    FigurePage: figure_lists.on_page,
    FigureMenu: figure_lists.on_menu,
    ExportList: export.on_button,
    WriteArticle: articles.on_write,
    ArticleUses: articles.on_uses,
}


# What stands below statistics and lists, wherever they are.
FIGURES: Final = (FigurePage, FigureMenu, ExportList)
# One's own list is shown where one works.
_VIEWS: Final = frozenset(VIEWS) - {"mine"}


async def on_report(context: MessageContext, words: str) -> None:
    """``/report``: the only report there is, what is overdue (C7); with ``xlsx`` as a workbook."""
    name, _, form = words.casefold().partition(" ")
    if name not in REPORTS or form.strip() not in {"", "xlsx"}:
        raise Unreadable("operators.no_report", example=Key("operators.example.report"))
    if form:
        await export.send_overdue(context)
        return
    page = await context.desk.read(for_admin, context.sender, page_of, "overdue")
    await context.show(draw(context.renderer, page, context.desk.company.zone, as_file=True))


async def on_button(context: ButtonContext, data: Any) -> None:
    """Turn a page; below an alert, show the list."""
    desk, message = context.desk, context.message
    if context.sender.address not in desk.company.admins:
        raise NotAllowed("report")
    if isinstance(data, FIGURES):
        await BUTTONS[type(data)](context, data)
        return
    if not isinstance(data, ListPage) or data.view not in _VIEWS or message is None:
        raise Refusal("refusal.outdated")
    page = await desk.read(
        for_admin, context.sender, page_of, data.view, data.cursor, backward=data.backward
    )
    screen = draw(context.renderer, page, desk.company.zone, as_file=True)
    notice = await desk.read(find_location, message_ref(message.chat.id, message.message_id))
    if notice is None:
        await context.show(screen)
        return
    await context.toast()
    await context.responder.say(
        message.chat.id, screen.html, keyboard=screen.keyboard, reply_to=message.message_id
    )


_COMMAND: Final = re.compile(r"/([^\W\d_]{1,32})(?:@\w+)?(?:[\s_]+(.*))?", re.DOTALL)
COMMANDS: Final[dict[str, Callable[[MessageContext, str], Awaitable[None]]]] = {
    "setup": _show_checklist,
    "report": on_report,
    "quarantine": health.show_quarantine,
    "junk": health.show_junk,
    "health": health.show_health,
    "restored": restored.on_command,
    "key": other_systems.on_key,
    "webhook": other_systems.on_webhook,
    "export": export.on_command,
    "stats": statistics.on_command,
    "t": responses.on_command,
    "rules": rules.on_command,
    "directory": directory.on_command,
    "topics": _show_topics,
    "kb": articles.on_command,
    "notices": notices.on_command,
    "texts": texts.on_command,
}
