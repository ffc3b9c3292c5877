"""Plays the plots of the sandbox: its people write and press buttons, the real bot answers.

Everything goes through the Bot API. Buttons are found by their callback data, so that their labels
may change.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.callback_data import parse
from channels.telegram.screens.cameras import CameraFault, PickCamera
from channels.telegram.screens.card import Freeze, TicketVerb
from channels.telegram.screens.customer_menu import FileMessages
from channels.telegram.screens.customer_tickets import Confirm

if TYPE_CHECKING:
    from bot.demo.status import BotStatus
    from sandbox import Chat, Message, Person
    from sandbox.demo import Demo
    from sandbox.page.bot_control import Progress
    from sandbox.plots import Plot, Step

# Seconds to wait for the bot: a group gets 18 messages a minute, and the bot keeps to that.
TIMEOUT: Final = 90.0
# How many seconds past a deadline the clock is set.
LATE: Final = 60.0


@dataclass(slots=True)
class _Case:
    """One ticket of the story."""

    customer: "Person"
    number: int = 0


@dataclass(slots=True)
class Story:
    """Plays once. Raises AssertionError when the bot does not do what it should."""

    demo: "Demo"
    status: "BotStatus"

    async def tell(self, progress: "Progress") -> None:
        """Play the plots one after the other; ``progress`` is told which is played."""
        from sandbox.plots import PLOTS

        plots = PLOTS[self.demo.language]
        for at, plot in enumerate(plots, 1):
            progress(at, len(plots))
            case = await self._open_ticket(plot)
            for step in plot.steps:
                await _STEPS[step.action](self, case, step)

    # ------------------------------------------------------------------ the customer

    async def _open_ticket(self, plot: "Plot") -> _Case:
        first, _, last = plot.name.partition(" ")
        about = {"last_name": last, "language": plot.language}
        if plot.phone is not None:
            about["phone"] = plot.phone
        person = self.demo.world.user(first, **about)
        known = self._newest_number()
        await (self._write if plot.camera is None else self._report_camera)(person, plot)
        case = _Case(person)
        await self._until(lambda: self._newest_number() > known, "a card in the group")
        case.number = self._newest_number()
        await self._wait_until_sent()
        return case

    async def _write(self, person: "Person", plot: "Plot") -> None:
        """The customer says what has happened, and presses «open a ticket»."""
        _ = person.start()
        await self._said_in(person.chat, "the bot greets")
        if plot.photo is None:
            _ = person.say(plot.words)
        else:
            _ = person.send_photo(caption=plot.words, **_photo(plot.photo))
        await self._press(person, person.chat, lambda found: found == FileMessages(where="new"))

    async def _report_camera(self, person: "Person", plot: "Plot") -> None:
        """The customer follows a camera's link and shares the phone that shows it is theirs."""
        _ = person.start(f"cam_{plot.camera}")
        await self._until(lambda: bool(person.chat.reply_keyboards), "the bot asks for the phone")
        _ = person.send_contact()
        await self._press(person, person.chat, lambda found: isinstance(found, PickCamera))
        await self._press(
            *(person, person.chat),
            lambda found: isinstance(found, CameraFault) and found.fault == plot.words,
        )

    async def confirm(self, case: _Case, _step: "Step") -> None:
        """The customer confirms that everything works again."""
        wanted = Confirm(answer="y", ticket_id=case.number)
        await self._press(case.customer, case.customer.chat, lambda found: found == wanted)

    # ------------------------------------------------------------------ the operators

    async def command(self, case: _Case, step: "Step") -> None:
        """An operator replies to the card with a command; its buttons may still be redrawn."""
        card, _ = self._button(self._group, lambda found: _is_about(found, case.number))
        _ = self._operator(step).reply(card, f"/{step.action} {step.words}".strip())
        await self._until(lambda: self.demo.world.updates.pending == 0, "the command is taken")

    async def press_verb(self, case: _Case, step: "Step") -> None:
        """An operator presses one of the card's buttons."""
        wanted = TicketVerb(verb=step.action, ticket_id=case.number)
        await self._press(self._operator(step), self._group, lambda found: found == wanted)

    async def freeze(self, case: _Case, step: "Step") -> None:
        """An operator puts the ticket off, and chooses until when."""
        await self.press_verb(case, step)
        wanted = Freeze(span=step.words, ticket_id=case.number)
        await self._press(self._operator(step), self._group, lambda found: found == wanted)

    async def reply(self, case: _Case, step: "Step") -> None:
        """An operator answers by a reply to the card."""
        card, _ = self._button(self._group, lambda found: _is_about(found, case.number))
        _ = self._operator(step).reply(card, step.words)
        await self._said_in(case.customer.chat, "the answer arrives", step.words)

    async def neglect(self, case: _Case, _step: "Step") -> None:
        """Move the clock until the answer is overdue and the alert has come."""
        told = len(self.demo.alerts.bot_messages)
        await self._advance_past(await self._due(case, "answer"))
        await self._until(lambda: len(self.demo.alerts.bot_messages) > told, "an overdue alert")

    async def dawdle(self, case: _Case, _step: "Step") -> None:
        """Move the clock until the resolution's deadline is near."""
        await self._advance_past(await self._due(case, "resolution_near"))

    async def _advance_past(self, due: float) -> None:
        if self.demo.troubles is not None:
            left = due + LATE - self.demo.world.clock.now()
            await self.demo.troubles.advance({"seconds": left})

    async def _due(self, case: _Case, kind: str) -> float:
        """Return when the timer is due, once the bot has set it."""
        end = time.monotonic() + TIMEOUT
        while (due := await self.status.due(case.number, kind)) is None:
            if time.monotonic() > end:
                raise AssertionError(f"#{case.number} has no deadline: {kind}")
            await asyncio.sleep(0.05)  # no event to wait for: the bot is another process
        return due

    async def _wait_until_sent(self) -> None:
        """Wait until the bot has noted its card: people are not as quick as this script."""
        while await self.status.is_sending():  # noqa: ASYNC110 - the bot is another process
            await asyncio.sleep(0.05)

    # ------------------------------------------------------------------ how

    @property
    def _group(self) -> "Chat":
        return self.demo.group.migrated_to or self.demo.group

    def _operator(self, step: "Step") -> "Person":
        return self.demo.people[step.who]

    async def _press(
        self, person: "Person", chat: "Chat", wanted: Callable[[CallbackData], bool]
    ) -> None:
        await self._until(lambda: self._has(chat, wanted), "a button")
        message, (row, column) = self._button(chat, wanted)
        press = person.press_at(message, row, column).result
        await self._until(lambda: press.answered, "an answer to a press")

    def _has(self, chat: "Chat", wanted: Callable[[CallbackData], bool]) -> bool:
        return next(_buttons(chat, wanted), None) is not None

    def _button(
        self, chat: "Chat", wanted: Callable[[CallbackData], bool]
    ) -> "tuple[Message, tuple[int, int]]":
        return next(_buttons(chat, wanted))

    def _newest_number(self) -> int:
        numbers = [
            found.ticket_id
            for message in self._group.bot_messages
            for found, _ in _callbacks(message)
            if isinstance(found, TicketVerb)
        ]
        return max(numbers, default=0)

    async def _said_in(self, chat: "Chat", what: str, words: str = "") -> None:
        await self._until(lambda: any(words in m.text for m in chat.bot_messages), what)

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        await self.demo.world.until(condition, TIMEOUT, what)


def _is_about(found: CallbackData, ticket_id: int) -> bool:
    return isinstance(found, TicketVerb) and found.ticket_id == ticket_id


def _buttons(
    chat: "Chat", wanted: Callable[[CallbackData], bool]
) -> "Iterator[tuple[Message, tuple[int, int]]]":
    """Yield the buttons with such callback data, newest message first, with row and column."""
    for message in reversed(chat.bot_messages):
        for found, place in _callbacks(message):
            if wanted(found):
                yield message, place


def _callbacks(message: "Message") -> Iterator[tuple[CallbackData, tuple[int, int]]]:
    rows = (message.inline_keyboard or {}).get("inline_keyboard", ())
    for row, buttons in enumerate(rows):
        for column, button in enumerate(buttons):
            found = parse(button.get("callback_data"))
            if found is not None:
                yield found, (row, column)


def _photo(name: str) -> dict[str, Any]:
    from sandbox.page.samples import photo

    width, height, data = photo(name)
    return {"data": data, "name": f"{name}.png", "width": width, "height": height}


_Step = Callable[[Story, _Case, "Step"], Awaitable[None]]
_STEPS: Final[dict[str, _Step]] = {
    "take": Story.press_verb,
    "resolve": Story.command,
    "wait": Story.command,
    "class": Story.command,
    "priority": Story.command,
    "escalate": Story.command,
    "freeze": Story.freeze,
    "reply": Story.reply,
    "confirm": Story.confirm,
    "neglect": Story.neglect,
    "dawdle": Story.dawdle,
}
