"""Setting the desk up in an admin's private chat: claim, checklist, choices, trial ticket."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from aiogram import Bot, Router
from aiogram.exceptions import AiogramError
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

from channels.telegram.addresses import message_ref
from channels.telegram.client.chat_health import TEAM, Health, examine
from channels.telegram.screens.callbacks import Chosen, SetUp, parse
from channels.telegram.screens.setup import Progress, checklist, choices, steps
from core.delivery.linked_chats import ROLES
from core.desk import Desk
from core.errors import Refusal, Unreadable
from core.people.identity import Sender
from core.setup.claim import PREFIX, claim
from core.setup.company_settings import answered, ask_for, asked_for, take_choice
from core.setup.test_ticket import find_test_ticket, send_test_ticket
from core.teams.teams import teams_of
from core.tickets.incoming import IncomingMessage
from core.words.names import clean_name
from core.words.when import NotATime, parse_span
from handlers.telegram.filters import Private, is_borrowed, is_nobody
from handlers.telegram.responder import Responder

LONGEST_NAME: Final = 64
SHORTEST: Final = timedelta(minutes=1)


def router() -> Router:
    """Everything of it; only admins come past the filters, and whoever holds the claim's link."""
    room = Router(name="admins/setup")
    room.message.register(on_claim, Private(), ClaimLink())
    room.message.register(on_command, Private(), AdminWrites("/setup"))
    room.message.register(on_words, Private(), Awaited())
    room.callback_query.register(on_step, Private(), AdminPresses(SetUp))
    room.callback_query.register(on_choice, Private(), AdminPresses(Chosen))
    return room


class ClaimLink(Filter):
    """``/start claim_…``, written by a person themselves; gives ``secret``."""

    async def __call__(self, event: Message) -> bool | dict[str, Any]:  # type: ignore[mutable-override]
        """The secret of the link."""
        return secret_of(event, PREFIX)


def secret_of(message: Message, prefix: str) -> bool | dict[str, Any]:
    """What a link carries behind this prefix, if a person opened it themselves."""
    command, _, payload = (message.text or "").partition(" ")
    if command != "/start" or not payload.startswith(prefix):
        return False
    if is_nobody(message) or is_borrowed(message):
        return False
    return {"secret": payload.removeprefix(prefix)}


class AdminWrites(Filter):
    """An admin wrote exactly this command."""

    def __init__(self, command: str) -> None:
        self.command = command

    async def __call__(self, event: Message, desk: Desk) -> bool:  # type: ignore[mutable-override]
        """True for admins."""
        typed = (event.text or "").strip().lower()
        return typed == self.command and is_of_admin(event, desk)


class Awaited(Filter):
    """An admin was asked for words, and these are they; gives ``field``."""

    async def __call__(  # type: ignore[mutable-override]
        self, event: Message, desk: Desk
    ) -> bool | dict[str, Any]:
        """The field that the words are for."""
        sender = event.from_user
        if not event.text or event.text.startswith("/") or sender is None:
            return False
        field = await desk.read(asked_for, sender.id) if is_of_admin(event, desk) else None
        return False if field is None else {"field": field}


class AdminPresses(Filter):
    """An admin pressed a button of this kind; gives ``pressed``."""

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind

    async def __call__(  # type: ignore[mutable-override]
        self, event: CallbackQuery, desk: Desk
    ) -> bool | dict[str, Any]:
        """What the button carried."""
        pressed = parse(event.data)
        if not isinstance(pressed, self.kind) or event.from_user.id not in desk.company.admins:
            return False
        return {"pressed": pressed}


def is_of_admin(message: Message, desk: Desk) -> bool:
    """An admin wrote it themselves."""
    if is_nobody(message) or is_borrowed(message) or message.from_user is None:
        return False
    return message.from_user.id in desk.company.admins


async def on_claim(
    message: Message, secret: str, desk: Desk, sender: Sender, responder: Responder, bot: Bot
) -> None:
    """The first to open the link becomes the admin; the checklist leads on."""
    desk.company = await desk.run(claim, sender, secret)
    await responder.say(message.chat.id, responder.html("setup.claimed"))
    await show_checklist(message.chat.id, desk, responder, bot)


async def on_command(message: Message, desk: Desk, responder: Responder, bot: Bot) -> None:
    """The checklist, whenever an admin wants to see it."""
    await show_checklist(message.chat.id, desk, responder, bot)


async def show_checklist(chat: int, desk: Desk, responder: Responder, bot: Bot) -> None:
    """Send it with its buttons."""
    progress = await look(desk, bot)
    await responder.say(
        chat, checklist(responder.renderer, progress), keyboard=steps(responder.renderer, progress)
    )


async def look(desk: Desk, bot: Bot) -> Progress:
    """How far the desk is; what Telegram does not tell right now counts as unlinked or gone."""
    company, teams = desk.company, await desk.read(teams_of)
    try:
        name = (await bot.me()).username or ""
        chats = await examine(bot, company, teams.housed)
    except AiogramError:
        name = ""
        chats = [Health(role, "unknown", getattr(company, ROLES[role])) for role in ROLES]
        chats += [Health(TEAM, "unknown", team.chat, team=team.code) for team in teams.housed]
    return Progress(name, chats, company, await desk.read(find_test_ticket), teams)


async def on_step(
    query: CallbackQuery, pressed: SetUp, desk: Desk, sender: Sender, responder: Responder, bot: Bot
) -> None:
    """Do what the button says: the checklist afresh, a question, or the trial."""
    if pressed.step == "trial":
        await _try_out(query, desk, sender, responder)
    elif pressed.step != "list":
        await desk.run(ask_for, sender, pressed.step)
        await responder.toast(query)
        text = responder.html(f"setup.ask.{pressed.step}")
        await responder.edit(
            query.message, text, keyboard=choices(responder.renderer, pressed.step)
        )
        return
    else:
        await desk.run(answered, sender)
        await responder.toast(query)
    await _edit_checklist(query, desk, responder, bot)


async def _edit_checklist(query: CallbackQuery, desk: Desk, responder: Responder, bot: Bot) -> None:
    progress = await look(desk, bot)
    text, keyboard = checklist(responder.renderer, progress), steps(responder.renderer, progress)
    await responder.edit(query.message, text, keyboard=keyboard)


async def _try_out(query: CallbackQuery, desk: Desk, sender: Sender, responder: Responder) -> None:
    message = query.message
    if message is None:
        raise Refusal("refusal.outdated")
    words = responder.plain("setup.trial.words")
    content = {"kind": "text", "text": words}
    said = IncomingMessage(
        message_ref(message.chat.id, -message.message_id), "text", words, content
    )
    number = await desk.run(send_test_ticket, sender, said)
    await responder.toast(query, responder.plain("setup.trial.sent", {"number": number}))


async def on_choice(
    query: CallbackQuery,
    pressed: Chosen,
    desk: Desk,
    sender: Sender,
    responder: Responder,
    bot: Bot,
) -> None:
    """A button held the value."""
    value = _READ[pressed.field](pressed.value)
    desk.company = await desk.run(take_choice, sender, pressed.field, value)
    await responder.toast(query, responder.plain("setup.chosen"))
    await _edit_checklist(query, desk, responder, bot)


async def on_words(
    message: Message, field: str, desk: Desk, sender: Sender, responder: Responder, bot: Bot
) -> None:
    """The admin wrote the value."""
    value = _READ[field](message.text or "")
    desk.company = await desk.run(take_choice, sender, field, value)
    await show_checklist(message.chat.id, desk, responder, bot)


def _name(words: str) -> str:
    name = clean_name(words, LONGEST_NAME)
    if not name:
        raise Unreadable("setup.unreadable.name")
    return name


def _zone(words: str) -> ZoneInfo:
    wanted = words.strip().replace(" ", "_").casefold()
    for zone in available_timezones():
        if wanted in {zone.casefold(), zone.rpartition("/")[2].casefold()}:
            return ZoneInfo(zone)
    raise Unreadable("setup.unreadable.zone")


def _language(words: str) -> str:
    if words.casefold() not in {"ru", "en"}:
        raise Unreadable("setup.ask.language")
    return words.casefold()


def _span(words: str) -> timedelta:
    try:
        span = parse_span(words)
    except NotATime:
        raise Unreadable("setup.unreadable.answer_deadline") from None
    if span < SHORTEST:
        raise Unreadable("setup.unreadable.answer_deadline")
    return span


_READ: Final[dict[str, Callable[[str], Any]]] = {
    "name": _name,
    "zone": _zone,
    "language": _language,
    "answer_deadline": _span,
}
