"""Commands of the private chat, and words to whoever meant another one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from channels.telegram.callbacks import Language
from channels.telegram.keyboards import LANGUAGES, languages
from core.desk import Desk
from core.equipment.cameras import has_cameras
from core.errors import Refusal
from core.people import directory
from core.people.directory import Caller
from core.tickets import dialogue
from handlers.customer.asking import Command, MenuPressed, Pressed
from handlers.customer.cameras import show_cameras
from handlers.customer.greeting import greet, menu_for
from handlers.customer.lists import show_own
from handlers.customer.tickets import show_topics
from handlers.speech import Speech

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
    caller: Caller
    desk: Desk
    speech: Speech


def router() -> Router:
    """Commands and the choice of a language."""
    room = Router(name="customer/commands")
    room.message.register(obey, Command())
    room.callback_query.register(ask_language_again, MenuPressed("language"))
    room.callback_query.register(choose_language, Pressed(Language))
    return room


async def obey(message: Message, command: str, desk: Desk, caller: Caller, speech: Speech) -> None:
    """Do what the command says, or say which there are."""
    known = _COMMANDS.get(command)
    if known is not None:
        await known(Request(message, caller, desk, speech))
    elif command in OF_OPERATORS:
        raise Refusal("refusal.operators_only", command=f"/{command}")
    elif close := get_close_matches(command, list(_COMMANDS), n=1):
        raise Refusal("refusal.unknown_command_guess", command=f"/{command}", guess=f"/{close[0]}")
    else:
        raise Refusal("refusal.unknown_command", command=f"/{command}")


async def start(ask: Request) -> None:
    """Greet. Payloads that we do not know greet as well."""
    await ask.desk.run(dialogue.welcome, ask.caller)
    await greet(ask.message, ask.desk, ask.speech)


async def help_(ask: Request) -> None:
    """What can be done here."""
    text = ask.speech.html("customer.help")
    if await ask.desk.read(has_cameras):
        text += f"\n{ask.speech.html('camera.help')}"
    await ask.speech.say(ask.message.chat.id, text, keyboard=await menu_for(ask.desk, ask.speech))


async def new(ask: Request) -> None:
    """Begin a ticket."""
    await show_topics(ask.message, ask.desk, ask.caller, ask.speech)


async def camera(ask: Request) -> None:
    """Tell of a camera."""
    await show_cameras(ask.message, ask.desk, ask.caller, ask.speech)


async def mine(ask: Request) -> None:
    """Show the person's tickets."""
    await show_own(ask.message, ask.desk, ask.caller, ask.speech)


async def cancel(ask: Request) -> None:
    """Leave the dialogue, and say which it was."""
    left = await ask.desk.run(dialogue.leave_dialogue, ask.caller)
    key = f"customer.left.{'nothing' if left is None else left.step}"
    number = None if left is None else left.ticket
    await ask.speech.say(ask.message.chat.id, ask.speech.html(key, {"number": number}))


async def language(ask: Request) -> None:
    """Ask which language to speak."""
    text = ask.speech.html("customer.language.ask")
    await ask.speech.say(ask.message.chat.id, text, keyboard=languages(ask.speech.voice))


async def ask_language_again(query: CallbackQuery, speech: Speech) -> None:
    """Turn the screen into the question which language to speak."""
    await speech.toast(query)
    text = speech.html("customer.language.ask")
    await speech.edit(query.message, text, keyboard=languages(speech.voice))


async def choose_language(
    query: CallbackQuery, pressed: Language, desk: Desk, caller: Caller, speech: Speech
) -> None:
    """Speak it from now on; the menu below the chat comes anew."""
    if pressed.code not in LANGUAGES or query.message is None:
        raise Refusal("refusal.outdated")
    await desk.run(directory.choose_language, caller, pressed.code)
    spoken = replace(speech, locale=pressed.code)
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
