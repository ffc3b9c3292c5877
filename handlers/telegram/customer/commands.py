"""Commands of the private chat, and words to whoever meant another one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from channels.telegram.screens.callbacks import Language
from channels.telegram.screens.keyboards import LANGUAGES, languages
from core.desk import Desk
from core.equipment.cameras import has_cameras
from core.errors import Refusal
from core.people import identity
from core.people.identity import Sender
from core.tickets import customer_dialogue
from handlers.telegram.customer.cameras import show_cameras
from handlers.telegram.customer.filters import Command, MenuPressed, Pressed
from handlers.telegram.customer.greeting import greet, menu_for
from handlers.telegram.customer.new_ticket import show_topics
from handlers.telegram.customer.own_tickets import show_own
from handlers.telegram.responder import Responder

# What operators do in their group; here it would be nobody's.
OF_OPERATORS: Final = frozenset(
    {"contact", "contract", "merge", "unlink"}
    | {"assign", "call", "class", "close", "done", "escalate", "export", "field", "find"}
    | {"freeze", "journal", "link", "next", "note", "overdue", "priority", "queue", "release"}
    | {"reopen", "reply", "report", "resolve", "similar", "split", "stats", "t", "tag", "take"}
    | {"task", "tasks", "ticket", "title", "topic", "undo", "unfreeze", "wait", "who"}
    | {"times", "why", "off", "on", "teams"}
)


@dataclass(frozen=True, slots=True)
class Request:
    """A message that asks for something: who, where, and how to speak with them."""

    message: Message
    sender: Sender
    desk: Desk
    responder: Responder


def router() -> Router:
    """Commands and the choice of a language."""
    room = Router(name="customer/commands")
    room.message.register(obey, Command())
    room.callback_query.register(ask_language_again, MenuPressed("language"))
    room.callback_query.register(choose_language, Pressed(Language))
    return room


async def obey(
    message: Message, command: str, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """Do what the command says, or say which there are."""
    known = _COMMANDS.get(command)
    if known is not None:
        await known(Request(message, sender, desk, responder))
    elif command in OF_OPERATORS:
        raise Refusal("refusal.operators_only", command=f"/{command}")
    elif close := get_close_matches(command, list(_COMMANDS), n=1):
        raise Refusal("refusal.unknown_command_guess", command=f"/{command}", guess=f"/{close[0]}")
    else:
        raise Refusal("refusal.unknown_command", command=f"/{command}")


async def start(ask: Request) -> None:
    """Greet. Payloads that we do not know greet as well."""
    await ask.desk.run(customer_dialogue.welcome, ask.sender)
    await greet(ask.message, ask.desk, ask.responder)


async def help_(ask: Request) -> None:
    """What can be done here."""
    text = ask.responder.html("customer.help")
    if await ask.desk.read(has_cameras):
        text += f"\n{ask.responder.html('camera.help')}"
    await ask.responder.say(
        ask.message.chat.id, text, keyboard=await menu_for(ask.desk, ask.responder)
    )


async def new(ask: Request) -> None:
    """Begin a ticket."""
    await show_topics(ask.message, ask.desk, ask.sender, ask.responder)


async def camera(ask: Request) -> None:
    """Tell of a camera."""
    await show_cameras(ask.message, ask.desk, ask.sender, ask.responder)


async def mine(ask: Request) -> None:
    """Show the person's tickets."""
    await show_own(ask.message, ask.desk, ask.sender, ask.responder)


async def cancel(ask: Request) -> None:
    """Leave the dialogue, and say which it was."""
    left = await ask.desk.run(customer_dialogue.leave_dialogue, ask.sender)
    key = f"customer.left.{'nothing' if left is None else left.step}"
    number = None if left is None else left.ticket
    await ask.responder.say(ask.message.chat.id, ask.responder.html(key, {"number": number}))


async def language(ask: Request) -> None:
    """Ask which language to speak."""
    text = ask.responder.html("customer.language.ask")
    await ask.responder.say(ask.message.chat.id, text, keyboard=languages(ask.responder.renderer))


async def ask_language_again(query: CallbackQuery, responder: Responder) -> None:
    """Turn the screen into the question which language to speak."""
    await responder.toast(query)
    text = responder.html("customer.language.ask")
    await responder.edit(query.message, text, keyboard=languages(responder.renderer))


async def choose_language(
    query: CallbackQuery, pressed: Language, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """Speak it from now on; the menu below the chat comes anew."""
    if pressed.code not in LANGUAGES or query.message is None:
        raise Refusal("refusal.outdated")
    await desk.run(identity.choose_language, sender, pressed.code)
    spoken = replace(responder, locale=pressed.code)
    await spoken.toast(query)
    await spoken.edit(query.message, spoken.html("customer.language.chosen"))
    menu_again = spoken.html("customer.language.menu")
    await spoken.say(query.message.chat.id, menu_again, keyboard=await menu_for(desk, spoken))


_COMMANDS: Final[dict[str, Callable[[Request], Awaitable[None]]]] = {
    "start": start,
    "help": help_,
    "new": new,
    "camera": camera,
    "my": mine,
    "language": language,
    "cancel": cancel,
}
