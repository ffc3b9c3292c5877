"""The demonstration's director: plays the plots of the sandbox with its people and the real bot.

All of it goes through the Bot API: people say and press, the bot answers. Buttons are found by
what they carry, so that their words may change.
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
from channels.telegram.screens.customer_tickets import Confirm
from channels.telegram.screens.new_ticket import FileMessages

if TYPE_CHECKING:
    from bot.demo.control import DemoControl
    from sandbox import Chat, Message, Person
    from sandbox.demo import Demo
    from sandbox.page.bot_control import Progress
    from sandbox.plots import Plot, Step

# A group gets 18 messages a minute, and the bot keeps to it.
PATIENCE: Final = 90.0
# Past the deadline by so much, in seconds.
LATE: Final = 60.0


@dataclass(slots=True)
class _Case:
    """One ticket of the story."""

    customer: "Person"
    number: int = 0


@dataclass(slots=True)
class Story:
    """Plays once; raises AssertionError when the bot does not do what it should."""

    demo: "Demo"
    room: "DemoControl"

    async def tell(self, progress: "Progress") -> None:
        """One ticket after the other, each up to where it stays."""
        from sandbox.plots import PLOTS

        for at, plot in enumerate(PLOTS, 1):
            progress(at, len(PLOTS))
            case = await self._opened(plot)
            for step in plot.steps:
                await _DEEDS[step.deed](self, case, step)

    # ------------------------------------------------------------------ the customer

    async def _opened(self, plot: "Plot") -> _Case:
        first, _, last = plot.name.partition(" ")
        about = {"last_name": last, "language": plot.language}
        if plot.phone is not None:
            about["phone"] = plot.phone
        person = self.demo.world.user(first, **about)
        known = self._newest_number()
        await (self._wrote if plot.camera is None else self._told_of_camera)(person, plot)
        case = _Case(person)
        await self._until(lambda: self._newest_number() > known, "a card in the group")
        case.number = self._newest_number()
        await self._written_down()
        return case

    async def _wrote(self, person: "Person", plot: "Plot") -> None:
        """They say what has happened, and that it is to become a ticket."""
        _ = person.start()
        await self._said_in(person.chat, "the bot greets")
        if plot.photo is None:
            _ = person.say(plot.words)
        else:
            _ = person.send_photo(caption=plot.words, **_photo(plot.photo))
        await self._press(person, person.chat, lambda found: found == FileMessages(where="new"))

    async def _told_of_camera(self, person: "Person", plot: "Plot") -> None:
        """They come by a camera's link; that it is theirs is known when they share their phone."""
        _ = person.start(f"cam_{plot.camera}")
        await self._until(lambda: bool(person.chat.reply_keyboards), "the bot asks for the phone")
        _ = person.send_contact()
        await self._press(person, person.chat, lambda found: isinstance(found, PickCamera))
        await self._press(
            *(person, person.chat),
            lambda found: isinstance(found, CameraFault) and found.fault == plot.words,
        )

    async def confirm(self, case: _Case, _step: "Step") -> None:
        """Everything works again."""
        wanted = Confirm(answer="y", ticket_id=case.number)
        await self._press(case.customer, case.customer.chat, lambda found: found == wanted)

    # ------------------------------------------------------------------ the operators

    async def word(self, case: _Case, step: "Step") -> None:
        """An operator says what to do, in reply to the card: its buttons may be on their way."""
        card, _ = self._button(self._group, lambda found: _is_about(found, case.number))
        _ = self._operator(step).reply(card, f"/{step.deed} {step.words}".strip())
        await self._until(lambda: self.demo.world.updates.pending == 0, "the words are taken")

    async def verb(self, case: _Case, step: "Step") -> None:
        """An operator presses what the card offers."""
        wanted = TicketVerb(verb=step.deed, ticket_id=case.number)
        await self._press(self._operator(step), self._group, lambda found: found == wanted)

    async def freeze(self, case: _Case, step: "Step") -> None:
        """… and says until when."""
        await self.verb(case, step)
        wanted = Freeze(span=step.words, ticket_id=case.number)
        await self._press(self._operator(step), self._group, lambda found: found == wanted)

    async def reply(self, case: _Case, step: "Step") -> None:
        """An operator answers, by a reply to the card."""
        card, _ = self._button(self._group, lambda found: _is_about(found, case.number))
        _ = self._operator(step).reply(card, step.words)
        await self._said_in(case.customer.chat, "the answer arrives", step.words)

    async def neglect(self, case: _Case, _step: "Step") -> None:
        """Time passes until the answer is overdue, and the alert has come."""
        told = len(self.demo.alerts.bot_messages)
        await self._pass(await self._due(case, "answer"))
        await self._until(lambda: len(self.demo.alerts.bot_messages) > told, "an overdue alert")

    async def dawdle(self, case: _Case, _step: "Step") -> None:
        """Time passes until the resolution is near. The group hears of it at Telegram's pace."""
        await self._pass(await self._due(case, "resolution_near"))

    async def _pass(self, due: float) -> None:
        if self.demo.troubles is not None:
            left = due + LATE - self.demo.world.clock.now()
            await self.demo.troubles.advance({"seconds": left})

    async def _due(self, case: _Case, kind: str) -> float:
        """When, once the bot has set it."""
        end = time.monotonic() + PATIENCE
        while (due := await self.room.due(case.number, kind)) is None:
            if time.monotonic() > end:
                raise AssertionError(f"#{case.number} has no deadline: {kind}")
            await asyncio.sleep(0.05)  # no bell: the bot is another process
        return due

    async def _written_down(self) -> None:
        """The bot knows where the card stands; people are not as quick as this story."""
        while (await self.room.look()).get("outbox", {}).get("sending"):  # noqa: ASYNC110 - no bell
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
            for found, _ in _carried(message)
            if isinstance(found, TicketVerb)
        ]
        return max(numbers, default=0)

    async def _said_in(self, chat: "Chat", what: str, words: str = "") -> None:
        await self._until(lambda: any(words in m.text for m in chat.bot_messages), what)

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        await self.demo.world.until(condition, PATIENCE, what)


def _is_about(found: CallbackData, ticket_id: int) -> bool:
    return isinstance(found, TicketVerb) and found.ticket_id == ticket_id


def _buttons(
    chat: "Chat", wanted: Callable[[CallbackData], bool]
) -> "Iterator[tuple[Message, tuple[int, int]]]":
    """The buttons that carry it, the newest message first, each with its row and column."""
    for message in reversed(chat.bot_messages):
        for found, place in _carried(message):
            if wanted(found):
                yield message, place


def _carried(message: "Message") -> Iterator[tuple[CallbackData, tuple[int, int]]]:
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


_Deed = Callable[[Story, _Case, "Step"], Awaitable[None]]
_DEEDS: Final[dict[str, _Deed]] = {
    "take": Story.verb,
    "resolve": Story.word,
    "wait": Story.word,
    "class": Story.word,
    "priority": Story.word,
    "escalate": Story.word,
    "freeze": Story.freeze,
    "reply": Story.reply,
    "confirm": Story.confirm,
    "neglect": Story.neglect,
    "dawdle": Story.dawdle,
}
