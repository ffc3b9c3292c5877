"""Forty tickets on the sandbox's page: ``python -m tools.screenshots forty`` draws what operators
and customers see of them, in a plain group and in a forum, in both languages.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import islice, product
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, expect

from bot.demo.control import DemoControl
from bot.demo.runner import demo_control
from bot.settings import load_settings
from sandbox import Person, demo, python
from sandbox.mail import MailServers
from sandbox.page import Page
from tests.browser.window import DESK, PHONE, Window
from tests.sandbox.page.visitor import visiting

TICKETS: Final = 40
HOUR: Final = 3600
WORDS: Final[dict[str, dict[str, Any]]] = {
    "ru": {
        "names": ("Марина", "Тимур", "Елена", "Сергей", "Нина", "Павел", "Вера", "Игорь"),
        "surnames": ("Коваленко", "Белых", "Седых", "Черных", "Долгих"),
        "what": ("Не видно", "С ночи нет записи:", "Мутная картинка:", "Камера смотрит в стену:"),
        "where": (
            *("ворота склада", "второй подъезд", "въезд в гаражи", "детская площадка", "касса"),
            *("стоянка", "лифт", "рампа", "проходная", "крыша"),
        ),
        "open": "Открыть",
        "mine": "📂 Мои обращения",
        "answer": "Здравствуйте. Мастер будет завтра до обеда.",
        "freeze": "/freeze {n} понедельник 9:00 ждём поставку",
        "new": "📝 Новое обращение",
        "topic": "Оплата",
        "again": ("Списали оплату два раза", "Не приходит код для входа", "Нужна справка"),
    },
    "en": {
        "names": ("Marina", "Tom", "Helen", "Simon", "Nina", "Paul", "Vera", "Igor"),
        "surnames": ("Brown", "White", "Grey", "Black", "Long"),
        "what": ("Cannot see", "No recording since the night:", "Blurred:", "Faces the wall:"),
        "where": (
            *("the warehouse gate", "the second entrance", "the garages", "the playground"),
            *("the till", "the car park", "the lift", "the ramp", "the lodge", "the roof"),
        ),
        "open": "Open",
        "mine": "📂 My tickets",
        "answer": "Good morning. An engineer will come tomorrow before noon.",
        "freeze": "/freeze {n} Monday 9:00 waiting for a part",
        "new": "📝 New ticket",
        "topic": "Payment",
        "again": ("I was charged twice", "The code to sign in does not come", "I need a paper"),
    },
}
Shoot = Callable[[Window, str], Awaitable[None]]


async def draw(browser: Browser, shoot: Shoot) -> None:
    """All pictures: each language and each kind of group has a sandbox of its own."""
    for language, forum in product(WORDS, (False, True)):
        async with AsyncExitStack() as stack:
            await _scene(stack, browser, shoot, language, forum=forum)


async def _scene(
    stack: AsyncExitStack, browser: Browser, shoot: Shoot, language: str, *, forum: bool
) -> None:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    mail = await stack.enter_async_context(MailServers())
    world = await stack.enter_async_context(demo.start(rate_limits=False))
    played = demo.build(world, forum=forum, language=language, mail=mail)
    control = _unhurried(demo_control(load_settings({}), played, folder, dict(os.environ)))
    page = Page(played, control)
    await control.seed_company()
    await stack.enter_async_context(control.bot)
    visitor = await stack.enter_async_context(visiting(page))
    stack.push_async_callback(control.close)
    shift = Shift(played, WORDS[language])
    await shift.open_all()
    await shift.work()
    name = f"forty-{language}-{'forum' if forum else 'plain'}"
    locale = {"ru": "ru-RU", "en": "en-GB"}[language]
    for size, kind in ((DESK, "desk"), (PHONE, "phone")):
        window = await Window.open(browser, page.url, language=locale, size=size)
        await _look(window, shoot, shift, f"{name}-{kind}")
        await window.context.close()
    window = await Window.open(browser, page.url, language=locale, size=DESK)
    due = min(one["at"] for one in (await visitor.look())["machine"]["deadlines"])
    await visitor.trouble("advance", seconds=due - (await visitor.look())["now"] + 60)
    await visitor.trouble("advance", seconds=5 * HOUR)
    await shift.rest()
    await shoot(window, f"{name}-digest")
    await window.context.close()


def _unhurried(control: DemoControl) -> DemoControl:
    """The same bot without Telegram's pace, which would make forty cards take three minutes."""
    control.bot.cmd = python("-m", "tests.unhurried")
    return control


async def _look(window: Window, shoot: Shoot, shift: Shift, name: str) -> None:
    """The group; the customer's list, the operator's private chat beside it or on their own tab."""
    if window.page.viewport_size == {"width": PHONE[0], "height": PHONE[1]}:
        await window.customer.be(shift.anna.first_name)
        await shoot(window, f"{name}-customer")
        await window.page.locator("#tab-group").click()
        await shoot(window, name)
        return
    await window.customer.be(shift.anna.first_name)
    await shoot(window, name)
    await window.customer.be(shift.staff[0].first_name)
    await expect(window.customer.rows.last).to_be_visible()
    await shoot(window, f"{name}-inbox")


class Shift:
    """The customers of forty tickets, and what operators have done about them."""

    def __init__(self, played: demo.Demo, words: dict[str, Any]) -> None:
        self.world, self.group, self.words = played.world, played.group, words
        self.staff = [played.people[name] for name in ("olga", "oleg", "irina")]
        self.anna, self.admin = played.people["anna"], played.admin
        self.cards: dict[int, Any] = {}

    async def open_all(self) -> None:
        """Anna has several tickets, everybody else one."""
        for text in self.words["again"]:
            await self._open(self.anna, text)
        names = product(self.words["surnames"], self.words["names"])
        matters = product(self.words["where"], self.words["what"])
        for (last, first), (where, what) in islice(zip(names, matters, strict=False), TICKETS - 3):
            person = self.world.user(first, last_name=last, language=self.anna.language)
            await self._open(person, f"{what} {where}")

    async def _open(self, person: Person, text: str) -> None:
        if person.chat.access == "never":
            await person.start()
        known = len(self.cards)
        if person is self.anna and known:
            await person.say(self.words["new"])
            await person.press_soon(self.words["topic"])
            await self.world.until(lambda: "/" not in person.last.text, 10)
            await self.rest()
            await person.say(text)
        else:
            await person.say(text)
            await person.press_soon(self.words["open"])
        await self.world.until(lambda: self._found(known + 1), 20, f"a card of #{known + 1}")

    def _found(self, number: int) -> bool:
        for message in self.group.bot_messages:
            if re.match(rf"\S+ #{number}\b", message.text) and message.buttons:
                self.cards[number] = message
        return number in self.cards

    async def work(self) -> None:
        """Every third is taken, every fifth answered, some put off; then who asks for what."""
        for number, card in self.cards.items():
            who = self.staff[number % 3]
            if number % 5 == 0:
                await who.reply(card, self.words["answer"])
            elif number % 3 == 0:
                await who.say(self.group, f"/take {number}")
            elif number % 7 == 0:
                await who.say(self.group, self.words["freeze"].format(n=number))
        await self.admin.say(self.group, "/board")
        await self.anna.say(self.words["mine"])
        await self.staff[0].start()
        for command in ("/my", "/queue"):
            await self.staff[0].say(command)
            await self.rest()

    async def rest(self) -> None:
        """The bot has done what it was asked for."""
        await self.world.idle(quiet=1.5, timeout=60)
