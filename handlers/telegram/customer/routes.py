"""The customer's private chat: which handler takes a message or a button, and what words do."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from aiogram.filters.callback_data import CallbackData
from aiogram.types import ChatMemberUpdated, Message, MessageReactionUpdated, ReactionTypeEmoji

from channels.telegram.messages.message_parser import (
    Service,
    Unsupported,
    message_ref,
    read,
)
from channels.telegram.screens.articles import (
    ArticleFiles,
    ArticlesOfTopic,
    JudgeArticle,
    ReadArticle,
)
from channels.telegram.screens.cameras import CameraFault, CameraPage, PickCamera
from channels.telegram.screens.consent import ConsentAnswer
from channels.telegram.screens.customer_menu import (
    LANGUAGES,
    AnswerField,
    ChooseLanguage,
    ChooseTopic,
    FileMessages,
    Menu,
    languages,
)
from channels.telegram.screens.customer_tickets import (
    CloseOwn,
    Confirm,
    OwnTicketOpened,
    Rate,
    RatingStep,
)
from channels.telegram.screens.help import SECTIONS
from channels.telegram.screens.personal_data import PersonalData
from channels.telegram.screens.screen import Screen
from channels.telegram.screens.ticket_list import ListPage
from core.delivery.sent_messages import is_ticket_notice
from core.desk import Desk
from core.equipment.cameras import has_cameras
from core.errors import NoSuchTicket, Refusal
from core.knowledge.catalogue import public_articles
from core.people import identity
from core.people.identity import Sender, regain
from core.texts import Key
from core.tickets import customer_dialogue, intake, unassigned
from core.tickets.delivery_results import lose_sender
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import Heard, Outcome
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.customer import (
    article_files,
    articles,
    cameras,
    consent,
    personal_data,
    private_topics,
    tickets,
)
from handlers.telegram.customer.tickets import greet, menu_for
from handlers.telegram.guesses import closest
from handlers.telegram.origin import is_borrowed

# «/12 подъезд, не работает» is a command, «/12/3» is not.
_COMMAND: Final = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@[A-Za-z0-9_]+)?(?:\s+(.*))?", re.DOTALL)


async def on_message(context: MessageContext) -> bool:
    """A command, a label of the menu, a shared phone, or words for the support."""
    message = context.message
    text = message.text or ""
    if not is_borrowed(message):
        found = _COMMAND.fullmatch(text) if text.startswith("/") else None
        if found is not None:
            await obey(context, found[1].lower(), (found[2] or "").strip())
            return True
        step = context.menu_words.get(text)
        if step is not None:
            await _MENU_LABELS[step](context)
            return True
    if message.contact is None or not await cameras.take_phone(context):
        await on_words(context)
    return True


async def on_menu(context: ButtonContext, data: Menu) -> None:
    """A step of the menu, as a button below a screen."""
    await _demand_unanswered(context)
    await _MENU_BUTTONS[data.step](context)


async def choose_topic(context: ButtonContext, data: ChooseTopic) -> None:
    """A topic is chosen for what is written next, or was written already."""
    await _demand_unanswered(context)
    await tickets.choose_topic(context, data)


async def _demand_unanswered(context: ButtonContext) -> None:
    """What stands in the place of a question is the only confirmation of a ticket: a second press
    must not write over it. Raises :class:`Refusal`.
    """
    place = context.place
    if place is not None and await context.desk.read(is_ticket_notice, place):
        raise Refusal("refusal.outdated")


# Commands of the operators' group: they do nothing for a customer. Of those that only the private
# chats of staff have, a customer is not told.
_OF_STAFF: Final = frozenset().union(*SECTIONS.values()) - {"app"}


async def obey(context: MessageContext, command: str, argument: str) -> None:
    """Do what the command says. Raises Refusal with a line that says which commands there are."""
    handler = COMMANDS.get(command)
    camera = argument.removeprefix(cameras.LINK_PREFIX)
    if command == "start" and camera and camera != argument:
        await cameras.open_link(context, camera)
    elif handler is not None:
        await handler(context)
    elif command in _OF_STAFF:
        raise Refusal("refusal.staff_only", command=f"/{command}")
    elif guess := closest(command, await _usable(context), COMMANDS):
        raise Refusal("refusal.unknown_command_guess", command=f"/{command}", guess=f"/{guess}")
    else:
        raise Refusal("refusal.unknown_command", command=f"/{command}")


async def _usable(context: MessageContext) -> list[str]:
    """The commands that do something here: not every company has cameras, or articles."""
    absent = set() if await context.desk.read(has_cameras) else {"camera"}
    if not await context.desk.read(public_articles, context.renderer.locale):
        absent.add("faq")
    return [name for name in COMMANDS if name not in absent]


async def _start(context: MessageContext) -> None:
    """Greet, also for links whose payload is unknown."""
    await context.desk.run(customer_dialogue.welcome, context.sender)
    await greet(context)


async def _help(context: MessageContext) -> None:
    text = context.responder.html("customer.help")
    if await context.desk.read(has_cameras):
        text += f"\n{context.responder.html('camera.help')}"
    if await context.desk.read(public_articles, context.renderer.locale):
        text += f"\n{context.responder.html('faq.help')}"
    await context.say(text, await menu_for(context.desk, context.responder))


async def _cancel(context: MessageContext) -> None:
    """Leave the dialogue, and say which it was."""
    left = await context.desk.run(customer_dialogue.leave_dialogue, context.sender)
    key = f"customer.left.{'nothing' if left is None else left.step}"
    number = None if left is None else left.ticket
    await context.say(context.responder.html(key, {"number": number}))


def _languages(context: MessageContext | ButtonContext) -> Screen:
    renderer = context.renderer
    return Screen(renderer.html("customer.language.ask"), languages(renderer))


async def _language(context: MessageContext) -> None:
    await context.show(_languages(context))


async def edit_to_languages(context: ButtonContext) -> None:
    """Edit the screen into the choice of a language."""
    await context.show(_languages(context))


async def choose_language(context: ButtonContext, data: ChooseLanguage) -> None:
    """Use it from now on; the menu below the chat is sent anew."""
    if data.code not in LANGUAGES or context.message is None:
        raise Refusal("refusal.outdated")
    await context.desk.run(identity.choose_language, context.sender, data.code)
    responder = replace(context.responder, locale=data.code)
    await context.show(responder.html("customer.language.chosen"))
    text = responder.html("customer.language.menu")
    keyboard = await menu_for(context.desk, responder)
    await responder.say(context.message.chat.id, text, keyboard=keyboard)


COMMANDS: Final[dict[str, Callable[[MessageContext], Awaitable[None]]]] = {
    "start": _start,
    "help": _help,
    "new": tickets.ask_topic,
    "camera": cameras.show_cameras,
    "my": tickets.show_tickets,
    "faq": articles.on_command,
    "language": _language,
    "mydata": personal_data.show,
    "cancel": _cancel,
}


_BLOCKED: Final = frozenset({"kicked", "left"})


async def on_words(context: MessageContext) -> None:
    """Words of any kind go to the desk; a kind that cannot be passed on is refused aloud.

    Confirmations and questions about them come through the outbox.
    """
    incoming = read(context.message)
    if isinstance(incoming, Service):
        await private_topics.on_service_message(context.message, context.desk)
        return
    if isinstance(incoming, Unsupported):
        await context.desk.run(customer_dialogue.refuse_kind, context.sender, incoming.kind)
        raise Refusal("refusal.kind", kind=Key(f"kind.{incoming.kind}"))
    step_of = partial(cameras.step_of, context.responder)
    heard = await context.desk.run(intake.hear, context.sender, incoming, step_of=step_of)
    if heard.outcome is Outcome.SEARCHES:
        await cameras.show_found(_in_language_of(context, heard))
    if heard.rest:
        return
    if heard.outcome is Outcome.JOINED or await private_topics.goes_on_elsewhere(
        context.desk, heard, incoming
    ):
        context.responder.react(context.message, "👌")


def _in_language_of(context: MessageContext, heard: Heard) -> MessageContext:
    """The same, in the language and zone of who was heard: nobody has asked for them before."""
    locale, zone = identity.told_in(heard.person)
    return replace(context, responder=replace(context.responder, locale=locale, own_zone=zone))


async def file_messages(context: ButtonContext, data: FileMessages) -> None:
    """The person has said where their words belong; the question becomes what was done."""
    if not data.forget:
        await tickets.confirm_filed(context, await _file(context, data.ticket_id))
    elif await context.desk.run(unassigned.drop_unassigned_messages, context.sender):
        await context.show(context.responder.html("customer.filed.forgotten"))
    else:
        raise Refusal("refusal.outdated")


async def _file(context: ButtonContext, ticket_id: int | None) -> Heard:
    try:
        heard = await context.desk.run(
            unassigned.file_unassigned_messages, context.sender, ticket_id, question=context.place
        )
    except NoSuchTicket as refused:
        raise Refusal("refusal.outdated") from refused
    if heard is None:
        raise Refusal("refusal.outdated")
    return heard


async def on_edit(message: Message, desk: Desk, sender: Sender) -> None:
    """The copies follow; the old words stay in the journal (X8)."""
    incoming = read(message)
    if isinstance(incoming, IncomingMessage):
        await desk.run(customer_dialogue.edit_own, sender, incoming)


async def on_reaction(event: MessageReactionUpdated, desk: Desk, sender: Sender) -> None:
    """A reaction to a message of ours; of several the latest."""
    given = [one.emoji for one in event.new_reaction if isinstance(one, ReactionTypeEmoji)]
    ref = message_ref(event.chat.id, event.message_id)
    await desk.run(customer_dialogue.react, sender, ref, given[-1] if given else None)


async def on_blocked(event: ChatMemberUpdated, desk: Desk, sender: Sender) -> None:
    """The person blocked the bot, or let it in again; their tickets say so to operators (R12)."""
    if event.new_chat_member.status in _BLOCKED:
        await desk.run(lose_sender, sender, "blocked")
    else:
        await desk.run(regain, sender)


_MENU_LABELS: Final[dict[str, Callable[[MessageContext], Awaitable[None]]]] = {
    "new": tickets.ask_topic,
    "mine": tickets.show_tickets,
    "cameras": cameras.show_cameras,
    "faq": articles.show_topics,
}
_MENU_BUTTONS: Final[dict[str, Callable[[ButtonContext], Awaitable[None]]]] = {
    "new": tickets.edit_to_topics,
    "mine": tickets.edit_to_tickets,
    "cameras": cameras.edit_to_list,
    "faq": articles.edit_to_topics,
    "back": tickets.go_back,
    "language": edit_to_languages,
}

BUTTONS: Final[dict[type[CallbackData], Callable[[ButtonContext, Any], Awaitable[None]]]] = {
    Menu: on_menu,
    ChooseLanguage: choose_language,
    ChooseTopic: choose_topic,
    FileMessages: file_messages,
    OwnTicketOpened: tickets.show_ticket,
    ListPage: tickets.turn_ticket_page,
    CloseOwn: tickets.close_own,
    Confirm: tickets.confirm,
    Rate: tickets.rate,
    RatingStep: tickets.go_on_rating,
    AnswerField: tickets.answer_field,
    ArticlesOfTopic: articles.show_topic,
    ReadArticle: articles.show_article,
    JudgeArticle: articles.on_verdict,
    ArticleFiles: article_files.send_files,
    CameraPage: cameras.turn_page,
    PickCamera: cameras.pick,
    CameraFault: cameras.report,
    PersonalData: personal_data.on_button,
    ConsentAnswer: consent.on_answer,
}
