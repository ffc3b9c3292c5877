"""Operators in their private chat with the bot: tickets by hand and calls (A5, A7).

Whatever else they write there, they write as anybody does. From the group a link leads here; what
it carries stands for a command.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.addresses import chat_address
from channels.telegram.messages.message_parser import Service, Unsupported, read
from channels.telegram.screens.buttons import Button, rows_of
from channels.telegram.screens.help import draw_app_link
from channels.telegram.screens.manual_ticket import ManualStep, draw
from channels.telegram.screens.screen import Screen
from core.errors import Refusal, Unreadable
from core.manual_tickets import dialogue, save
from core.manual_tickets.dialogue import View
from core.manual_tickets.draft import CALL, TICKET
from core.people.app_logins import make_link
from core.people.staff import enrol
from core.texts import Key
from core.words.contact_values import typed_phone
from core.words.numbers import GREATEST
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.operators.context import (
    Command,
    CommandContext,
    OperatorContext,
    example,
    name_for,
    parse,
)
from handlers.telegram.operators.people import show_found
from handlers.telegram.origin import is_borrowed

_NEW: Final = "new"
_CALL: Final = "call"
_APP: Final = "app"
_KINDS: Final = {_NEW: TICKET, _CALL: CALL}


@dataclass(frozen=True, slots=True)
class PrivateContext(OperatorContext):
    """The same in private: for operators and admins. What they do there, they do as staff."""

    async def send(self, view: View) -> None:
        """Send the next question."""
        screen = draw(view, self.renderer)
        await self.responder.say(self.message.chat.id, screen.html, keyboard=screen.keyboard)


def _private(context: MessageContext | ButtonContext) -> PrivateContext:
    return PrivateContext(
        context.desk,
        context.responder,
        context.sender,
        context.message,
        in_private=True,
    )


async def on_message(context: MessageContext) -> bool:
    """A command of this dialogue, or the answer to its question. False for everything else."""
    message, text = context.message, context.message.text or ""
    person = message.from_user
    if person is None or text in context.menu_words:
        return False
    if not text.startswith("/"):
        if not await context.desk.read(dialogue.is_under_way, chat_address(person.id)):
            return False
        await _on_words(context)
        return True
    command = None if is_borrowed(message) else await _command_of(context, text)
    if command is None:
        return False
    if command.name == "cancel" and not await context.desk.read(
        dialogue.is_under_way, chat_address(person.id)
    ):
        return False
    await COMMANDS[command.name](_private(context), command)
    return True


async def _command_of(context: MessageContext, text: str) -> Command | None:
    username = await name_for(context.bot, text)
    command = parse(text, username, *context.desk.company.number_masks)
    if command is not None and command.name == "start":
        command = _read_payload(command)
    return command if command is not None and command.name in COMMANDS else None


def _read_payload(command: Command) -> Command | None:
    """`/start new`, `/start call_79161234567`, `/start app`, `/start app_12` as the commands they
    stand for; else ``None``.
    """
    name, _, figures = command.rest.partition("_")
    if name in (_NEW, _APP) and not figures:
        return replace(command, name=name, rest="")
    if name == _APP and figures.isdecimal() and len(figures) <= len(str(GREATEST)):
        return replace(command, name=name, rest=figures)
    if name == _CALL and figures.isdecimal():
        return replace(command, name=_CALL, rest=f"+{figures}")
    return replace(command, name=_CALL, rest="") if command.rest == _CALL else None


async def _begin(context: PrivateContext, command: Command) -> None:
    await context.send(await context.act(dialogue.begin, _KINDS[command.name], command.rest))


async def _who(context: PrivateContext, command: Command) -> None:
    await show_found(context, command.rest)


async def _app(context: PrivateContext, command: Command) -> None:
    """A way to the table of tickets, or to one of them: here, and once in a browser."""
    public_url = context.responder.app.public_url
    if public_url is None:
        raise Refusal("app.not_served")
    secret = await context.act(make_link, context.sender.address)
    number = int(command.rest) if command.rest else None
    screen = draw_app_link(context.renderer, public_url, secret, number)
    await context.responder.say(context.message.chat.id, screen.html, keyboard=screen.keyboard)


async def _cancel(context: PrivateContext, _command: Command) -> None:
    await context.act(dialogue.leave)
    text = context.renderer.html("by_hand.left")
    await context.responder.say(context.message.chat.id, text)


COMMANDS: Final[dict[str, Callable[[PrivateContext, Command], Awaitable[None]]]] = {
    _NEW: _begin,
    _CALL: _begin,
    "who": _who,
    _APP: _app,
    "cancel": _cancel,
}


async def _on_words(context: MessageContext) -> None:
    """An answer in words, or the words of the ticket with whatever is attached."""
    incoming = read(context.message)
    if isinstance(incoming, Service):
        return
    if isinstance(incoming, Unsupported):
        raise Refusal("refusal.kind", kind=Key(f"kind.{incoming.kind}"))
    private = _private(context)
    await private.send(await private.act(dialogue.say, incoming))


async def on_step(context: ButtonContext, data: ManualStep) -> None:
    """A choice, a way back or out, or the last word."""
    private = _private(context)
    view: View | None = None
    if data.step == "save":
        saved = await private.act(save.save)
        key = "by_hand.recorded" if saved.recorded else "by_hand.opened"
        await context.show(context.renderer.html(key, number=saved.number))
        return
    if data.step == "leave":
        await private.act(dialogue.leave)
    elif data.step == "back":
        view = await private.act(dialogue.go_back)
    else:
        view = await private.act(dialogue.choose, data.step, data.value)
    if view is None:
        await context.show(context.renderer.html("by_hand.left"))
    else:
        await context.show(draw(view, context.renderer))


BUTTONS: Final[dict[type[CallbackData], Callable[[ButtonContext, Any], Awaitable[None]]]] = {
    ManualStep: on_step,
}


# In the group


async def lead_to_new(context: CommandContext) -> None:
    """A ticket by hand is opened in private: what is asked there concerns nobody else."""
    await _lead(context, _NEW)


async def lead_to_call(context: CommandContext) -> None:
    """The same for a call; the phone goes along."""
    if not context.command.rest:
        await _lead(context, _CALL)
        return
    phone = typed_phone(context.command.rest)
    if phone is None:
        words = context.command.rest[:40]
        raise Unreadable("refusal.no_phone", words=words, example=example(_CALL))
    await _lead(context, f"{_CALL}_{phone.removeprefix('+')}")


async def lead_to_app(context: CommandContext) -> None:
    """One press opens the app, where the bot has a main Mini App; else it leads to the private
    chat, from which Telegram opens any.
    """
    app, bot = context.responder.app, context.responder.bot
    opened, private = await app.link(bot), await app.private_link(bot)
    if opened is None or private is None:
        raise Refusal("app.not_served")
    await context.act(enrol)
    plain = context.renderer.plain
    ways = [Button(text=plain("button.hand.open_private"), url=private)]
    if opened != private:
        ways.insert(0, Button(text=plain("button.app.open"), url=opened))
    told = "app.from_group" if opened != private else "app.in_private"
    await context.show(Screen(context.renderer.html(told), rows_of(ways)))


async def _lead(context: CommandContext, payload: str) -> None:
    await context.act(enrol)
    username = (await context.responder.bot.me()).username
    url = f"https://t.me/{username}?start={payload}"
    label = context.renderer.plain("button.hand.open_private")
    text = context.renderer.html("by_hand.in_private")
    await context.show(Screen(text, rows_of([Button(text=label, url=url)])))
