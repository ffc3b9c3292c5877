"""The work behind a ticket: cameras and an outage, teams and tasks, agreements, tickets by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Final

from sandbox import Message, Person
from tests.e2e.asking import answer, asks
from tests.e2e.beside import apply_directory, import_cameras
from tests.e2e.stage import ROOT, Stage
from tools.transcript.book import Agreements, with_buttons

EXAMPLE: Final = ROOT / "examples" / "directory.toml"
LINES: Final = {
    "ru": {
        "name": "Вера",
        "dark": "Экран чёрный с утра",
        "outage": "/outage 3h авария на узле",
        "crew": "Бригада на месте, меняют питание.",
        "fixed": "/resolve заменили блок питания",
        "slow": "Не открывается архив. И ещё: как сменить пароль?",
        "quote": "И ещё: как сменить пароль?",
        "incident": "/class инцидент",
        "why_up": "/escalate нужен доступ к серверу",
        "over": "/assign Ольга проверьте и закройте",
        "nobody": "/assign Никодим",
        "next": "/next завтра 10:00",
        "past": "/next вчера",
        "done": "/done перезапустили сервер",
        "caller": "Фёкла Звонкова",
        "wish": "Просит акт за прошлый месяц",
        "unclassed": "/class небывалое",
        "text": "Архив не открывается со вчера",
    },
    "en": {
        "name": "Vera",
        "dark": "The screen has been black since the morning",
        "outage": "/outage 3h a node is down",
        "crew": "The crew is there and changes the power supply.",
        "fixed": "/resolve replaced the power supply",
        "slow": "The archive does not open. And another thing: how do I change my password?",
        "quote": "And another thing: how do I change my password?",
        "incident": "/class incident",
        "why_up": "/escalate needs access to the server",
        "over": "/assign Ольга please check and close",
        "nobody": "/assign Nicodemus",
        "next": "/next tomorrow 10:00",
        "past": "/next yesterday",
        "done": "/done restarted the server",
        "caller": "Thekla Ringer",
        "wish": "Asks for last month's invoice",
        "unclassed": "/class unheard-of",
        "text": "The archive has not opened since yesterday",
    },
}


async def work(stage: Stage, book: Agreements, language: str) -> None:
    """All scenes of a language, in a company furnished by the example."""
    people = [
        stage.world.user(f"{LINES[language]['name']} {at}", language=language) for at in range(4)
    ]
    company = re.sub(
        r"members = \[.*\]", f"members = [{stage.olga.id}]", EXAMPLE.read_text(), count=1
    )
    company = re.sub(r"members = \[\d+, .*\]", f"members = [{stage.oleg.id}]", company)
    await apply_directory(stage, company)
    area = {"ru": "Лесная", "en": "Forest St"}[language]
    await import_cameras(stage, [(f"{area[:3]}_{p.id}", p, area) for p in people])
    acts = Acts(stage, book, people, LINES[language], language)
    await acts.cameras()
    await acts.tasks()
    await acts.agreements()
    await acts.by_hand()
    await acts.refusals()


@dataclass(slots=True)
class Acts:
    stage: Stage
    book: Agreements
    people: list[Person]
    says: dict[str, str]
    language: str
    card: Message | None = None

    async def cameras(self) -> None:
        olga, (first, *others), scene = self.stage.olga, self.people, self.book.scene
        await scene("Who has a camera", first.start)
        await scene("Camera fault: which, or what is wrong", lambda: self._say(first, "/camera"))
        await scene("No picture", lambda: self._tap(first, 0))
        await scene("The same camera again", lambda: self._say(first, "/camera"))
        await scene("Its trouble in one's own words", lambda: self._say(first, self.says["dark"]))
        await scene("Two more in the area", lambda: self._faults(others[:2]))
        offer = with_buttons(self.stage.group)
        await scene("Merge them", lambda: self._press(olga, offer, 0))
        await scene("By when", lambda: self._press(olga, offer, 1))
        parent = await self.stage.card(self._newest())
        await scene("What it is", lambda: self._reply(olga, parent, self.says["outage"]))
        await scene("A new reporter is told", lambda: self._faults(others[2:]))
        await scene("Words to all", lambda: self._reply(olga, parent, self.says["crew"]))
        await scene("Resolved, with tasks open", lambda: self._resolve(parent))
        await scene("Cameras of one's own, none", self._stranger)

    async def tasks(self) -> None:
        olga, oleg, scene = self.stage.olga, self.stage.oleg, self.book.scene
        for who in (olga, oleg):
            await who.start()
        await scene("On duty", lambda: self._order(oleg, "/on"))
        await scene("Teams", lambda: self._order(olga, "/teams"))
        nora = self.stage.world.user("Nora", language=self.language)
        number, card = await self.stage.open_ticket(nora, self.says["slow"])
        self.card = card
        await scene(
            "An incident has a task", lambda: self._reply(olga, card, self.says["incident"])
        )
        await scene("Taken", lambda: self._reply(olga, card, "/take"))
        await scene("Escalated", lambda: self._reply(olga, card, self.says["why_up"]))
        await scene("Tasks", lambda: self._order(oleg, "/tasks"))
        task = self.stage.query("SELECT max(id) FROM task WHERE ticket_id=?", number)[0][0]
        await scene("One task", lambda: self._order(oleg, f"/task T{task}"))
        await scene("Done", lambda: self._reply(oleg, card, self.says["done"]))
        await scene("Handed over", lambda: self._reply(oleg, card, self.says["over"]))
        await scene("Assign, by buttons", lambda: self._reply(olga, card, "/assign"))
        await scene("Off duty", lambda: self._order(oleg, "/off"))

    async def agreements(self) -> None:
        olga, scene = self.stage.olga, self.book.scene
        card = self.card
        await scene("Class, by buttons", lambda: self._reply(olga, card, "/class"))
        await scene("The first of them", lambda: self._press_newest(olga, 0))
        await scene("Priority, by buttons", lambda: self._reply(olga, card, "/priority"))
        await scene("The most urgent", lambda: self._press_newest(olga, 0))
        await scene("Why this deadline", lambda: self._reply(olga, card, "/why"))
        await scene("Next contact", lambda: self._reply(olga, card, self.says["next"]))
        await scene("Where the time went", lambda: self._reply(olga, card, "/times"))

    async def by_hand(self) -> None:
        olga, scene = self.stage.olga, self.book.scene
        card = self.card
        await scene("A call", lambda: self._order(olga, "/call +7 916 555-44-33"))
        await scene("In private", lambda: self._say(olga, "/call +7 916 555-44-33"))
        await scene("Their name", lambda: self._say(olga, self.says["caller"]))
        for name in ("A new ticket", "Its topic", "Its service", "Its category"):
            await scene(name, lambda: self._tap(olga, 0))
        await scene("What happened", lambda: self._say(olga, self.says["wish"]))
        await scene("Nobody yet", lambda: self._tap(olga, 0))
        await scene("All right", lambda: self._tap(olga, 0))
        await scene("New by hand", lambda: self._say(olga, "/new"))
        await scene("Left", lambda: self._say(olga, "/cancel"))
        await scene("Split, with a quotation", lambda: self._split(card))
        await scene("Similar ones", self._similar)
        await scene("Link", lambda: self._reply(olga, card, "/link https://wiki.example.com/42"))
        await scene("The ticket's links", lambda: self._reply(olga, card, "/link"))

    async def refusals(self) -> None:
        olga, scene = self.stage.olga, self.book.scene
        card = self.card
        for text in (
            self.says["nobody"],
            self.says["unclassed"],
            self.says["past"],
            "/task T999",
            "/priority 0",
            "/outage 3h",
            "/link #999",
        ):
            await scene(f"Refused: {text}", partial(self._reply, olga, card, text))
        await scene("Refused: /call 123", lambda: self._order(olga, "/call 123"))

    # ------------------------------------------------------------------ small moves

    def _newest(self) -> int:
        return int(self.stage.query("SELECT max(id) FROM ticket")[0][0])

    async def _say(self, who: Person, text: str) -> None:
        await who.say(text)

    async def _order(self, who: Person, text: str) -> None:
        await who.say(self.stage.group, text)

    async def _reply(self, who: Person, to: Message | None, text: str) -> None:
        assert to is not None
        await who.reply(to, text)

    async def _tap(self, who: Person, at: int) -> None:
        """A button of the newest message in private that has any."""
        await self._press(who, with_buttons(who.chat), at)

    async def _press_newest(self, who: Person, at: int) -> None:
        await self._press(who, with_buttons(self.stage.group), at)

    async def _press(self, who: Person, message: Message, at: int) -> None:
        press = await who.press_soon(message.buttons[at], message=message)
        await press.answer()
        self.book.lines += [f"*toast*: {press.text}", ""]

    async def _faults(self, people: list[Person]) -> None:
        for person in people:
            await person.start()
            await person.say("/camera")
            asked = await person.expect(where=lambda m: m.inline_keyboard is not None)
            await self._press(person, asked, 0)
            await self.stage.settle()

    async def _stranger(self) -> None:
        stranger = self.stage.world.user("Zoe", language=self.language)
        await stranger.start()
        await stranger.say("/camera")

    async def _resolve(self, parent: Message) -> None:
        question = await answer(self.stage, await self.stage.olga.reply(parent, self.says["fixed"]))
        await self._press(self.stage.olga, question, 0)

    async def _split(self, card: Message | None) -> None:
        await self._reply(self.stage.olga, card, f"/split {self.says['quote']}")

    async def _similar(self) -> None:
        leo = self.stage.world.user("Leo", language=self.language)
        _, card = await self.stage.open_ticket(leo, self.says["text"])
        await self.stage.indexed()
        await asks(self.stage, self.stage.olga, "/similar", card)
