"""Buttons in the operators' group. Data names a wish, never a right: each is authorised (S5)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from typing import Any, Final

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardMarkup

from channels.telegram.addresses import chat_address
from channels.telegram.messages.message_parser import message_ref
from channels.telegram.screens import card as card_screen
from channels.telegram.screens import help as help_screen
from channels.telegram.screens import outages as outage_screen
from channels.telegram.screens import tasks as task_screen
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
    draw_reasons,
    draw_states,
)
from channels.telegram.screens.ticket_list import ListPage, draw
from channels.telegram.screens.words import ShowWords, draw_page
from core.addresses import Address, MessageRef
from core.delivery.card_updates import remove_later
from core.delivery.sent_messages import note_question
from core.errors import NoSuchTicket, Refusal
from core.tasks.rules import EQUIPMENT
from core.tasks.task_actions import Choice, settle_left
from core.texts import Key
from core.tickets import conversation, lifecycle
from core.tickets.board import is_board
from core.tickets.card import Card, FaultyCamera, card_of
from core.tickets.conversation_pages import page_of_words, page_with, post_page
from core.tickets.incoming import find_location
from core.tickets.lifecycle import freeze_until, move
from core.tickets.resolutions import reasons_of
from core.tickets.unanswered import WORDS, find_unanswered
from core.tx import ReadTx
from core.words.names import clean_name
from core.words.when import parse_when
from handlers.telegram.context import ButtonContext
from handlers.telegram.operators import (
    agreements,
    articles,
    assistant,
    endings,
    fields,
    people,
    responses,
    states,
    tags,
    tasks,
    teams,
    ticket_commands,
    transcripts,
    write_first,
)
from handlers.telegram.operators.context import OperatorContext, name_for
from handlers.telegram.operators.context import parse as parse_command
from handlers.telegram.operators.read_commands import read_page, show_data, show_journal

# Characters of a long text in one message: escaped, it stays below Telegram's limit.
QUOTED: Final = 3000


@dataclass(frozen=True, slots=True)
class GroupButton(OperatorContext):
    """A button that an operator pressed, on a message in the operators' group."""

    button: ButtonContext

    async def toast(self, verb: str = "", *, alert: bool = False, **facts: Any) -> None:
        """Say what was done, or just stop the button's clock."""
        text = self.responder.plain(f"operators.toast.{verb}", facts) if verb else ""
        await self.responder.toast(self.button.query, text, alert=alert)

    async def show_buttons(self, keyboard: InlineKeyboardMarkup | None) -> None:
        """Other buttons below the same message."""
        await self.responder.show_buttons(self.message, keyboard)

    async def edit(self, screen: Screen) -> None:
        """Edit the message with the button into this screen."""
        await self.responder.edit(self.message, screen.html, keyboard=screen.keyboard)


async def on_button(pressed: ButtonContext, data: CallbackData | None) -> None:
    """Every button of the group. What is not ours is outdated."""
    handler = _HANDLERS.get(type(data))
    if handler is None:
        raise Refusal("refusal.outdated")
    message = pressed.message
    context = GroupButton(pressed.desk, pressed.responder, pressed.sender, message, pressed)
    pressed.open_menus.close((message.chat.id, message.message_id))
    await handler(context, data)
    if (
        isinstance(data, TicketVerb | Freeze | MoveTo | EndAs)
        and getattr(data, "verb", "") not in _MENUS
    ):
        await states.show_next(context, data.ticket_id)


async def _verb(context: GroupButton, data: TicketVerb) -> None:
    if data.verb in _MENUS:
        await _menu(context, data)
    elif data.verb == "state":
        ways = await states.ways(context, data.ticket_id)
        keyboard = draw_states(context.renderer, ways, card=True).keyboard
        await _lead(context, data, keyboard or InlineKeyboardMarkup(inline_keyboard=[]))
    elif data.verb in teams.MENUS:
        await _choose_whom(context, data)
    elif data.verb == "resolve" and (reasons := (await context.read(reasons_of)).offered):
        screen = draw_reasons(context.renderer, data.ticket_id, reasons, resolve=True)
        await _lead(context, data, screen.keyboard or InlineKeyboardMarkup(inline_keyboard=[]))
    elif data.verb in _ENDS:
        verb, sure = data.verb.removesuffix("!"), data.verb.endswith("!")
        if await tasks.ended(context, data.ticket_id, verb, sure=sure):
            await context.toast(verb, number=data.ticket_id)
        else:
            await context.toast()
    elif data.verb in card_screen.ASSISTED:
        await assistant.ask_by_button(context, data)
    elif data.verb in _SHOWS:
        quiet = replace(context, quiet=data.verb in _FOR_ONE)
        await _SHOWS[data.verb](quiet, data.ticket_id)
        await context.toast("shown")
    else:
        verb = data.verb.removesuffix("!")
        action = {"take": lifecycle.take, "release": lifecycle.release}.get(verb)
        if action is None:
            await context.act(move, data.ticket_id, verb)
        else:
            await context.act(action, data.ticket_id)
        await context.toast(verb, number=data.ticket_id)


_ENDS: Final = frozenset({"resolve", "resolve!", "close!"})
# Seconds after which «we send it again» is removed: the answer's own sign says how it went.
_RETRYING_FOR: Final = 60.0
_SHOWS: Final = {
    "data": show_data,
    "journal": show_journal,
    "why": agreements.show_why,
    "transcript": transcripts.send_whole,
    "tasks": tasks.show_tasks,
    "task": tasks.new_by_button,
}
# What only whoever presses asks for.
_FOR_ONE: Final = frozenset({"data", "journal", "why", "transcript", "tasks"})
_MENUS: Final = frozenset({"freeze", "more", "back", "close", "cancel", "assistant"})


async def _menu(context: GroupButton, data: TicketVerb) -> None:
    """Buttons that only lead to other buttons of the same card."""
    card = await context.read(card_of, data.ticket_id)
    if card is None:
        raise NoSuchTicket(data.ticket_id)
    renderer = context.renderer
    match data.verb:
        case "freeze":
            keyboard = card_screen.freeze_spans(renderer, data.ticket_id)
        case "more":
            also = await _offered(context, card)
            taken = card.assignee_id is not None
            app = await context.responder.app.link(context.responder.bot, data.ticket_id)
            facts = {"taken": taken, "technical": card.technical}
            keyboard = card_screen.more(
                renderer, data.ticket_id, card.verbs, **facts, also=also, app=app
            )
        case "assistant":
            assistant.demand(context)
            keyboard = card_screen.assistant_menu(renderer, data.ticket_id)
        case "close" | "cancel":
            keyboard = card_screen.confirm_end(renderer, data.ticket_id, data.verb)
        case _:
            keyboard = card_screen.keyboard(renderer, card)
    await _lead(context, data, keyboard)


async def _is_warned(context: GroupButton, data: TicketVerb) -> bool:
    """Say that the customer waits for an answer, where the buttons that follow end the ticket: they
    ask already, and nothing more is asked when they are pressed.
    """
    if data.verb not in {"close", "resolve"}:
        return False
    message = await context.read(find_unanswered, data.ticket_id)
    if message is None:
        return False
    words = clean_name(message.text, WORDS)
    await context.toast("unanswered", alert=True, number=data.ticket_id, words=words)
    return True


async def _lead(context: GroupButton, data: TicketVerb, keyboard: InlineKeyboardMarkup) -> None:
    """Show the buttons that a button of the card leads to."""
    if data.verb != "back":
        # what closes, cancels or hands over is behind «more»
        opener = data.verb if data.verb in {"freeze", "resolve"} else "more"
        place = (context.message.chat.id, context.message.message_id)
        leads_here = TicketVerb(verb=opener, ticket_id=data.ticket_id).pack()
        context.button.open_menus.open(place, keyboard, leads_here)
    if not await _is_warned(context, data):
        await context.toast()
    await context.show_buttons(keyboard)


async def _offered(context: GroupButton, card: Card) -> list[str]:
    """What only some tickets offer."""
    offered = list(await context.read(teams.offered, card))
    offered += [] if context.responder.assistant is None else ["assistant"]
    offered += ["tasks"] if card.behind.tasks else []
    seen_to = any(task.kind == EQUIPMENT for task in card.behind.tasks)
    offered += ["task"] if isinstance(card.faulty, FaultyCamera) and not seen_to else []
    return [*offered, "why"] if card.promised.agreed else offered


async def _choose_whom(context: GroupButton, data: TicketVerb) -> None:
    keyboard, level = await context.read(teams.menu, context.renderer, data)
    if keyboard is None:
        nobody = f"nobody_to_{data.verb}"
        await context.toast(nobody, alert=True, number=data.ticket_id, level=level)
    else:
        await _lead(context, data, keyboard)


async def _assign(context: GroupButton, data: AssignData) -> None:
    """The card is refreshed; whoever gets the ticket is told."""
    said, facts = await teams.assign_by_button(context, data)
    await context.toast(said, **facts)


async def _task(context: GroupButton, data: TaskVerb) -> None:
    if data.verb == "cancel":
        await context.toast()
        await context.show_buttons(task_screen.confirm_cancel(context.renderer, data.task))
        return
    if data.verb == "assign":
        keyboard = await tasks.colleagues_for(context, data.task)
        if keyboard is None:
            await context.toast("nobody_to_task", alert=True, task=data.task)
        else:
            await context.toast()
            await context.show_buttons(keyboard)
        return
    done = await tasks.act(context, data)
    await context.toast(done, task=data.task)
    await context.edit(await tasks.screen_of(context, data.task))


async def _assign_task(context: GroupButton, data: AssignTask) -> None:
    name = await tasks.assign_by_button(context, data)
    await context.toast("task_assign", task=data.task, to=name)
    await context.edit(await tasks.screen_of(context, data.task))


async def _ended_page(context: GroupButton, data: EndedPage) -> None:
    screen = await tasks.ended_page(context, data.before)
    await context.toast()
    await context.edit(screen)


async def _task_page(context: GroupButton, data: TaskPage) -> None:
    asker, _ = _asker(context)
    screen = await tasks.page(context, data.view, data.page, asker)
    await context.toast()
    await context.edit(screen)


async def _end_for_reason(context: GroupButton, data: EndTasksAs) -> None:
    """Resolve the ticket for the reason that was chosen before its tasks were asked about."""
    how: dict[str, Any] = {"choice": Choice(data.choice), "closing": data.reason}
    await tasks.ended(context, data.ticket_id, "resolve", sure=True, **how)
    await context.toast("resolve", number=data.ticket_id)
    done = context.renderer.html("tasks.settled.resolve", number=data.ticket_id)
    await context.edit(Screen(done))


async def _end_with_tasks(context: GroupButton, data: ResolveTasks) -> None:
    """Resolve or close the ticket, with the words of the command that was asked about."""
    verb = "close" if isinstance(data, CloseTasks) else "resolve"
    _, said = _asker(context)
    username = await name_for(context.responder.bot, said)
    command = parse_command(said, username, *context.desk.company.number_masks)
    await tasks.end_with_tasks(context, data, verb, command)
    await context.toast(verb, number=data.ticket_id)
    done = context.renderer.html(f"tasks.settled.{verb}", number=data.ticket_id)
    await context.edit(Screen(done))


async def _settle_left(context: GroupButton, data: SettleLeft) -> None:
    """The question about tasks of a ticket that ended without an operator becomes the answer."""
    choice = Choice(data.choice)
    await context.act(settle_left, data.ticket_id, choice)
    await context.toast()
    done = context.renderer.html(f"tasks.left.{choice}", number=data.ticket_id)
    await context.edit(Screen(done))


_SPANS: Final = {"1h": "1h", "tomorrow": "tomorrow 9:00", "monday": "monday 9:00", "week": "7d"}


async def _freeze(context: GroupButton, data: Freeze) -> None:
    if data.span == "other":
        await _ask_for_date(context, data.ticket_id)
        return
    until = _end_of(context, data.span)
    await context.act(move, data.ticket_id, "freeze", until=until)
    verb = "freeze" if until is None else "freeze_until"
    await context.toast(verb, number=data.ticket_id, until=until)


async def _ask_for_date(context: GroupButton, ticket_id: int) -> None:
    """Ask until when, below the card; a reply to the question freezes the ticket."""
    renderer, message = context.renderer, context.message
    user = context.button.query.from_user
    who = Key("group.mention", {"id": user.id, "name": clean_name(context.sender.name)})
    text = renderer.html("operators.freeze_until", number=ticket_id, who=who)
    example = renderer.plain("operators.freeze_example")
    asked = await context.responder.ask(message, text, example)
    if asked is not None:
        place = message_ref(message.chat.id, asked)
        await context.act(note_question, ticket_id, place, "freeze")
    await context.toast("answer_below")


async def _freeze_end(context: GroupButton, data: FreezeEnd) -> None:
    until = _end_of(context, data.span)
    await context.act(freeze_until, data.ticket_id, until)
    await context.toast("freeze_until", number=data.ticket_id, until=until)
    await context.show_buttons(None)


def _end_of(context: GroupButton, span: str) -> datetime | None:
    return parse_when(_SPANS.get(span, ""), context.desk.clock(), context.desk.company.zone).at


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
    await context.toast("shown")
    parts = [whole[at : at + QUOTED] for at in range(0, len(whole), QUOTED)]
    quotes = [f"<blockquote expandable>{escape(part)}</blockquote>" for part in parts]
    await replace(context, quiet=True).say(quotes)


async def _words(context: GroupButton, data: ShowWords) -> None:
    """Show a page of what was said, below the post of a flood or in place of another page."""
    if data.verb == "post":
        count = await context.act(post_page, data.ticket_id, data.at)
        await context.toast("words_posted", n=count)
        return
    read = page_with if data.verb == "with" else page_of_words
    screen = draw_page(context.renderer, await context.read(read, data.ticket_id, data.at))
    if data.verb == "with":
        await context.toast("shown")
        await replace(context, quiet=True).show(screen)
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
    await _HANDLERS[type(data)](context, data)


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
    await context.toast("shown" if below else "")
    if not below:
        await context.edit(screen)
    else:
        await replace(context, quiet=True).show(screen)


async def _stays(tx: ReadTx, place: MessageRef) -> bool:
    """A notice or the board: a list is shown below it, not in its place."""
    return await find_location(tx, place) is not None or await is_board(tx, place)


async def _asked_by(context: GroupButton, view: str) -> tuple[Address, str]:
    """Who asked for the list, and for what: the command that the list replies to still says it."""
    asker, text = _asker(context)
    username = await name_for(context.responder.bot, text)
    command = parse_command(text, username, *context.desk.company.number_masks)
    if view == "find" and (command is None or command.name != "find"):
        raise Refusal("refusal.outdated")
    return asker, "" if command is None else command.rest


def _asker(context: GroupButton) -> tuple[Address, str]:
    """Who wrote what the message answers, and how; without such words, who presses."""
    asked = getattr(context.message, "reply_to_message", None)
    author = None if asked is None else asked.from_user
    if asked is None or author is None or author.is_bot:
        return context.sender.address, ""
    return chat_address(author.id), asked.text or asked.caption or ""


async def show_help(pressed: ButtonContext, data: HelpSection) -> None:
    """Another section of the help, in the group or in private."""
    company = pressed.desk.company
    screen = help_screen.draw(
        pressed.renderer,
        data.section,
        admin=pressed.sender.address in company.admins,
        assistant=company.assistance is not None,
    )
    await pressed.show(screen)


async def _help(context: GroupButton, data: HelpSection) -> None:
    await show_help(context.button, data)


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


_HANDLERS: Final[dict[type, Callable[[GroupButton, Any], Awaitable[None]]]] = {
    TicketVerb: _verb,
    Freeze: _freeze,
    FreezeEnd: _freeze_end,
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
    TaskVerb: _task,
    TaskPage: _task_page,
    NextUp: tasks.look_again,
    AssignTask: _assign_task,
    EndedPage: _ended_page,
    ResolveTasks: _end_with_tasks,
    CloseTasks: _end_with_tasks,
    SettleLeft: _settle_left,
    EndTasksAs: _end_for_reason,
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
