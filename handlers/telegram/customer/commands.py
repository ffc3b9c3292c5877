"""Commands of the private chat, the greeting, and a line to whoever meant another command."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from channels.telegram.screens.customer_menu import LANGUAGES, ChooseLanguage, languages
from channels.telegram.screens.screen import Screen
from core.equipment.cameras import has_cameras
from core.errors import Refusal
from core.people import identity
from core.tickets import customer_dialogue
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.customer import cameras
from handlers.telegram.customer.new_ticket import greet, menu_for, show_topics
from handlers.telegram.customer.own_tickets import show_list

# Commands of the operators' group: they do nothing here.
_OF_OPERATORS: Final = frozenset(
    {"contact", "contract", "merge", "unlink"}
    | {"assign", "call", "class", "close", "done", "escalate", "export", "field", "find"}
    | {"freeze", "journal", "link", "next", "note", "overdue", "priority", "queue", "release"}
    | {"reopen", "reply", "report", "resolve", "similar", "split", "stats", "t", "tag", "take"}
    | {"task", "tasks", "ticket", "title", "topic", "undo", "unfreeze", "wait", "who"}
    | {"times", "why", "off", "on", "teams"}
)


async def obey(context: MessageContext, command: str, argument: str) -> None:
    """Do what the command says. Raises Refusal with a line that says which commands there are."""
    handler = _COMMANDS.get(command)
    camera = argument.removeprefix(cameras.LINK_PREFIX)
    if command == "start" and camera and camera != argument:
        await cameras.open_link(context, camera)
    elif handler is not None:
        await handler(context)
    elif command in _OF_OPERATORS:
        raise Refusal("refusal.operators_only", command=f"/{command}")
    elif close := get_close_matches(command, list(_COMMANDS), n=1):
        raise Refusal("refusal.unknown_command_guess", command=f"/{command}", guess=f"/{close[0]}")
    else:
        raise Refusal("refusal.unknown_command", command=f"/{command}")


async def _start(context: MessageContext) -> None:
    """Greet, also for links whose payload is unknown."""
    await context.desk.run(customer_dialogue.welcome, context.sender)
    await greet(context)


async def _help(context: MessageContext) -> None:
    text = context.responder.html("customer.help")
    if await context.desk.read(has_cameras):
        text += f"\n{context.responder.html('camera.help')}"
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


_COMMANDS: Final[dict[str, Callable[[MessageContext], Awaitable[None]]]] = {
    "start": _start,
    "help": _help,
    "new": show_topics,
    "camera": cameras.show_cameras,
    "my": show_list,
    "language": _language,
    "cancel": _cancel,
}
