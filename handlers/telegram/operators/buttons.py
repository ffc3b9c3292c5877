"""Buttons in the operators' group. Data names a wish, never a right: each is authorised (S5)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from html import escape
from typing import Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.addresses import chat_address
from channels.telegram.messages.message_parser import message_ref
from channels.telegram.screens import help as help_screen
from channels.telegram.screens import outages as outage_screen
from channels.telegram.screens.articles import (
    ArticleFor,
    ArticlesFor,
    LinkArticle,
    SendArticle,
    UseArticle,
    WriteArticle,
)
from channels.telegram.screens.assistant import SuggestionStep
from channels.telegram.screens.card import Freeze, FreezeEnd, TicketVerb
from channels.telegram.screens.help import HelpSection
from channels.telegram.screens.notices import QuestionAfterAll, RetryAnswer, ShowWhole
from channels.telegram.screens.outages import OutageStep
from channels.telegram.screens.people import ShowPerson, WriteTo
from channels.telegram.screens.responses import (
    DropResponse,
    ResponsePage,
    SendResponse,
    ShowResponse,
)
from channels.telegram.screens.screen import Screen
from channels.telegram.screens.tags import UseTag
from channels.telegram.screens.tasks import (
    AssignTask,
    CloseTasks,
    EndedPage,
    EndTasksAs,
    NextUp,
    ResolveTasks,
    SettleLeft,
    TaskPage,
    TaskVerb,
)
from channels.telegram.screens.ticket_choices import (
    AssignData,
    AssignPerson,
    AssignTeam,
    Classify,
    EndAs,
    EscalateTo,
    FieldChoice,
    MakeParent,
    MoveTo,
    SetTopic,
    UndoMerge,
)
from channels.telegram.screens.ticket_list import ListPage, draw
from channels.telegram.screens.words import ShowWords, draw_page
from core.addresses import Address, MessageRef
from core.delivery.card_updates import remove_later
from core.errors import Refusal
from core.tickets import conversation
from core.tickets.board import is_board
from core.tickets.conversation_pages import page_of_words, page_with, post_page
from core.tickets.incoming import find_location
from core.tx import ReadTx
from handlers.telegram.context import ButtonContext
from handlers.telegram.operators import (
    agreements,
    articles,
    assistant,
    card_buttons,
    endings,
    fields,
    people,
    responses,
    states,
    tags,
    task_buttons,
    tasks,
    teams,
    ticket_commands,
    write_first,
)
from handlers.telegram.operators.context import GroupButton, asker_of, name_for
from handlers.telegram.operators.context import parse as parse_command
from handlers.telegram.operators.read_commands import read_page

# Characters of a long text in one message: escaped, it stays below Telegram's limit.
QUOTED: Final = 3000


async def on_button(pressed: ButtonContext, data: CallbackData | None) -> None:
    """Every button of the group. What is not ours is outdated."""
    handler = HANDLERS.get(type(data))
    if handler is None:
        raise Refusal("refusal.outdated")
    message = pressed.message
    context = GroupButton(pressed.desk, pressed.responder, pressed.sender, message, pressed)
    pressed.open_menus.close((message.chat.id, message.message_id))
    await handler(context, data)
    await card_buttons.show_next_steps(context, data)


# Seconds after which «we send it again» is removed: the answer's own sign says how it went.
_RETRYING_FOR: Final = 60.0


async def _assign(context: GroupButton, data: AssignData) -> None:
    """The card is refreshed; whoever gets the ticket is told."""
    said, facts = await teams.assign_by_button(context, data)
    await context.toast(said, **facts)


async def _topic(context: GroupButton, data: SetTopic) -> None:
    title = await agreements.choose_topic(context, data)
    await context.toast("topic", number=data.ticket_id, topic=title)
    done = context.renderer.html("operators.toast.topic", number=data.ticket_id, topic=title)
    await context.edit(Screen(done))


async def _classify(context: GroupButton, data: Classify) -> None:
    title, screen = await agreements.choose(context, data)
    await context.toast("kind", number=data.ticket_id, kind=title)
    await context.edit(screen)


async def _retry(context: GroupButton, data: RetryAnswer) -> None:
    ticket = await context.act(conversation.retry, data.message_id)
    await context.toast()
    await context.edit(Screen(context.renderer.html("operators.retrying", number=ticket.id)))
    chat, told = context.message.chat.id, [context.message.message_id]
    await context.desk.run(remove_later, chat_address(chat), told, _RETRYING_FOR)


async def _question(context: GroupButton, data: QuestionAfterAll) -> None:
    ticket = await context.act(conversation.question_after_all, data.message_id)
    await context.toast("question", number=ticket.id)
    await context.show_buttons(None)


async def _whole(context: GroupButton, data: ShowWhole) -> None:
    """Below the message, for whoever wants to read what it quotes."""
    whole = await context.act(conversation.whole_of, data.message_id)
    parts = [whole[at : at + QUOTED] for at in range(0, len(whole), QUOTED)]
    quotes = [f"<blockquote expandable>{escape(part)}</blockquote>" for part in parts]
    await context.say_where(await replace(context, quiet=True).say(quotes))


async def _words(context: GroupButton, data: ShowWords) -> None:
    """Show a page of what was said, below the post of a flood or in place of another page."""
    if data.verb == "post":
        count = await context.act(post_page, data.ticket_id, data.at)
        await context.toast("words_posted", n=count)
        return
    read = page_with if data.verb == "with" else page_of_words
    screen = draw_page(context.renderer, await context.read(read, data.ticket_id, data.at))
    if data.verb == "with":
        await context.say_where(await replace(context, quiet=True).show(screen))
    else:
        await context.toast()
        await context.edit(screen)


IN_PRIVATE: Final[tuple[type[CallbackData], ...]] = (
    *(ShowPerson, NextUp, WriteArticle, ShowWords),
    *(Classify, SetTopic, MoveTo, EndAs, FieldChoice, UseTag),
    *(FreezeEnd, MakeParent),
    *(ResponsePage, ShowResponse, SendResponse, DropResponse),
    *(ArticlesFor, ArticleFor, SendArticle, LinkArticle, UseArticle, SuggestionStep),
    *(TaskVerb, TaskPage, AssignTask, EndedPage, ResolveTasks, CloseTasks, EndTasksAs),
)
"""Buttons of what one person asked for, which is shown to them in private where the group cannot
show it to them alone.
"""


async def press_in_private(pressed: ButtonContext, data: Any) -> None:
    """Do what a button says for somebody who works here, in their private chat."""
    context = GroupButton(
        pressed.desk,
        pressed.responder,
        pressed.sender,
        pressed.message,
        pressed,
        in_private=True,
    )
    await HANDLERS[type(data)](context, data)


async def _page(context: GroupButton, data: ListPage) -> None:
    """Turn a page; from a notice, show the list below it."""
    asker, words = await _asked_by(context, data.view)
    page = await context.read(
        read_page, data.view, data.cursor, asker, words, backward=data.backward
    )
    company = context.desk.company
    as_file = context.sender.address in company.admins
    screen = draw(context.renderer, page, company.zone, words=words, as_file=as_file)
    place = message_ref(context.message.chat.id, context.message.message_id)
    below = await context.read(_stays, place)
    if below:
        await context.say_where(await replace(context, quiet=True).show(screen))
    else:
        await context.toast()
        await context.edit(screen)


async def _stays(tx: ReadTx, place: MessageRef) -> bool:
    """A notice or the board: a list is shown below it, not in its place."""
    return await find_location(tx, place) is not None or await is_board(tx, place)


async def _asked_by(context: GroupButton, view: str) -> tuple[Address, str]:
    """Who asked for the list, and for what: the command that the list replies to still says it."""
    asker, text = asker_of(context)
    username = await name_for(context.responder.bot, text)
    command = parse_command(text, username, *context.desk.company.number_masks)
    if view == "find" and (command is None or command.name != "find"):
        raise Refusal("refusal.outdated")
    return asker, "" if command is None else command.rest


async def _help(context: GroupButton, data: HelpSection) -> None:
    """Another section of the help."""
    pressed = context.button
    company = pressed.desk.company
    screen = help_screen.draw(
        pressed.renderer,
        data.section,
        admin=pressed.sender.address in company.admins,
        assistant=company.assistance is not None,
    )
    await pressed.show(screen)


async def _outage(context: GroupButton, data: OutageStep) -> None:
    """Lead to the spans and back, or decide."""
    menu = outage_screen.MENUS.get(data.step)
    if menu is not None:
        await context.toast()
        await context.show_buttons(menu(context.renderer, data.ticket_id))
        return
    text = await ticket_commands.decide_outage(context, data)
    await context.toast()
    await context.edit(Screen(text))


HANDLERS: Final[dict[type, Callable[[GroupButton, Any], Awaitable[None]]]] = {
    TicketVerb: card_buttons.press_verb,
    Freeze: card_buttons.freeze,
    FreezeEnd: card_buttons.end_freeze_then,
    Classify: _classify,
    SetTopic: _topic,
    RetryAnswer: _retry,
    QuestionAfterAll: _question,
    ShowWhole: _whole,
    ShowWords: _words,
    ListPage: _page,
    HelpSection: _help,
    ShowPerson: people.on_button,
    WriteTo: write_first.on_button,
    MakeParent: ticket_commands.make_parent,
    UndoMerge: ticket_commands.undo_by_button,
    MoveTo: states.on_button,
    EndAs: endings.on_button,
    UseArticle: endings.on_article,
    FieldChoice: fields.on_button,
    UseTag: tags.on_button,
    OutageStep: _outage,
    AssignPerson: _assign,
    AssignTeam: _assign,
    EscalateTo: _assign,
    TaskVerb: task_buttons.press,
    TaskPage: task_buttons.turn,
    NextUp: tasks.look_again,
    AssignTask: task_buttons.assign,
    EndedPage: task_buttons.turn_ended,
    ResolveTasks: task_buttons.end_with_tasks,
    CloseTasks: task_buttons.end_with_tasks,
    SettleLeft: task_buttons.settle_left_tasks,
    EndTasksAs: task_buttons.end_for_reason,
    ResponsePage: responses.turn,
    ShowResponse: responses.show,
    SendResponse: responses.send,
    DropResponse: responses.drop,
    ArticlesFor: articles.list_again,
    ArticleFor: articles.show,
    SendArticle: articles.send,
    LinkArticle: articles.link,
    WriteArticle: articles.write,
    SuggestionStep: assistant.decide,
}
