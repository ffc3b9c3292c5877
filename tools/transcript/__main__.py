"""Every situation of the desk as people see it, in both languages: ``make transcript``.

The real bot plays through the scenes in the sandbox's world; what stands in each chat afterwards is
written to ``build/transcript.md``, to be read by whoever changes a text.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox import Person
from tests.e2e.stage import ROOT, Stage, forking, staged
from tools.transcript.book import Agreements
from tools.transcript.company import company
from tools.transcript.work import work

OUTPUT: Final = ROOT / "build" / "transcript.md"

# labels and words of the scenes, by language
WORDS: Final = {
    "ru": {
        "new": "Новое обращение",
        "mine": "Мои обращения",
        "payment": "Оплата",
        "other": "Другое",
        "open": "Открыть обращение",
        "forget": "Нет, я случайно",
        "yes": "Да, спасибо",
        "no": "Нет, не решено",
        "take": "Взять",
        "freeze": "Заморозить",
        "hour": "1 час",
        "more": "Ещё",
        "close": "Закрыть",
        "sure": "Да, закрыть",
        "back": "Вернуть",
        "retry": "Повторить",
        "question": "Это вопрос",
        "name": "Алиса <b>Ветрова</b>",
    },
    "en": {
        "new": "New ticket",
        "mine": "My tickets",
        "payment": "Payment",
        "other": "Other",
        "open": "Open a ticket",
        "forget": "No, by accident",
        "yes": "Yes, thank you",
        "no": "No, it does not",
        "take": "Take",
        "freeze": "Freeze",
        "hour": "1 hour",
        "more": "More",
        "close": "Close",
        "sure": "Yes, close",
        "back": "Reopen",
        "retry": "Try again",
        "question": "It is a question",
        "name": "Alice <b>Breeze</b>",
    },
}
LINES: Final = {
    "ru": {
        "pay": "Списали оплату два раза, второй раз вчера вечером.",
        "more": "Вот ещё: чек могу прислать.",
        "free": "Камера во дворе показывает чёрный экран",
        "answer": "Здравствуйте. Проверяем, ответим сегодня.",
        "ask": "Пришлите, пожалуйста, номер договора",
        "number": "Договор 4521",
        "note": "// звонил в банк, ждём выписку",
        "frozen": "завтра 9:00 ждём поставку",
        "solution": "вернули второй платёж",
        "thanks": "Спасибо",
        "still": "Деньги так и не пришли",
    },
    "en": {
        "pay": "I was charged twice, the second time last night.",
        "more": "One more thing: I can send the receipt.",
        "free": "The yard camera shows a black screen",
        "answer": "Hello. We are looking into it and will write today.",
        "ask": "Please send the number of your contract",
        "number": "Contract 4521",
        "note": "// called the bank, waiting for the statement",
        "frozen": "tomorrow 9:00 waiting for the delivery",
        "solution": "the second payment was returned",
        "thanks": "Thank you",
        "still": "The money has not come",
    },
}


async def play(stage: Stage, book: Agreements, language: str) -> None:
    """All scenes of a language, with a fresh customer."""
    words, says = WORDS[language], LINES[language]
    alice = stage.world.user(words["name"], language=language)
    tell = Telling(stage, book, alice, words, says)
    book.title("По-русски" if language == "ru" else "In English")
    await tell.beginnings()
    await tell.work()
    await tell.endings()
    await tell.trouble()


@dataclass(slots=True)
class Telling:
    """The scenes, in the order of a ticket's life."""

    stage: Stage
    book: Agreements
    alice: Person
    words: dict[str, str]
    says: dict[str, str]
    number: int = 0

    async def beginnings(self) -> None:
        alice, scene = self.alice, self.book.scene
        await scene("Start", lambda: self._all(alice.start()))
        await scene("Help", lambda: self._all(alice.say("/help")))
        await scene("Menu: a new ticket", lambda: self._all(alice.say(self._label("new"))))
        await scene("A topic", lambda: self._press(alice, "payment"))
        await scene("The first words", lambda: self._all(alice.say(self.says["pay"])))
        self.number = self._newest()
        await scene("More words", lambda: self._all(alice.say(self.says["more"])))
        await scene("A photo with a caption", lambda: self._all(alice.send_photo(caption="чек")))
        await scene("An album", lambda: self._all(alice.send_album(3, caption="1-2-3")))
        await scene("A poll", lambda: self._all(alice.send_poll()))
        await scene("My tickets", lambda: self._all(alice.say(self._label("mine"))))
        await scene("One of them", lambda: self._press(alice, f"#{self.number}", raw=True))
        await scene("Language", lambda: self._all(alice.say("/language")))
        await scene("Cancel", lambda: self._all(alice.say("/cancel")))

    async def work(self) -> None:
        olga, group, scene = self.stage.olga, self.stage.group, self.book.scene
        number = self.number

        def order(text: str) -> Callable[[], Awaitable[object]]:
            return lambda: self._all(olga.say(group, text))

        await scene("Take by button", lambda: self._press_card(olga, "take"))
        await scene("Take what is taken", lambda: self._press_other("take"))
        await scene("An answer", lambda: self._answer(self.says["answer"]))
        await scene("A note", lambda: self._answer(self.says["note"]))
        await scene("Thanks", lambda: self._all(self.alice.say(self.says["thanks"])))
        await scene("A question after all", lambda: self._press_group("question"))
        await scene("A question", order(f"/wait {number} {self.says['ask']}"))
        await scene("Its answer", lambda: self._all(self.alice.say(self.says["number"])))
        await scene("Freeze", order(f"/freeze {number} {self.says['frozen']}"))
        await scene("Unfreeze", order(f"/unfreeze {number}"))
        await scene("Queue", order("/queue"))
        await scene("My own", order("/my"))
        await scene("Ticket", order(f"/ticket {number}"))
        await scene("Journal", order(f"/journal {number}"))
        await self.stage.indexed()
        await scene("Find", order("/find 4521"))
        await scene("Title", order(f"/title {number} {self.says['free']}"))
        await scene("Topic", order(f"/topic {number} {self.words['other']}"))
        await scene("Help of operators", order("/help"))

    async def endings(self) -> None:
        olga, group, alice, scene = self.stage.olga, self.stage.group, self.alice, self.book.scene
        number = self.number

        def order(text: str) -> Callable[[], Awaitable[object]]:
            return lambda: self._all(olga.say(group, text))

        await scene("Resolve", order(f"/resolve {number} {self.says['solution']}"))
        await scene("Not resolved", lambda: self._press(alice, "no"))
        await scene("What is still wrong", lambda: self._all(alice.say(self.says["still"])))
        await scene("Resolve without an answer", order(f"/resolve {number}"))
        await scene("Resolve without words", order(f"/resolve {number}"))
        await scene("Resolved indeed", lambda: self._press(alice, "yes"))
        await scene("Reopen", order(f"/reopen {number}"))
        await scene("Close without an answer", order(f"/close {number}"))
        await scene("Close", order(f"/close {number}"))
        await scene("Words after the end", lambda: self._all(alice.say(self.says["free"])))
        await scene("Cancel with a reason", order(f"/cancel {number + 1} дубль #{number}"))
        await alice.say("/cancel")
        await scene("Words out of the blue", lambda: self._all(alice.say(self.says["free"])))
        await scene("Open with them", lambda: self._press(alice, "open"))
        await scene("Close the newest", self._close_newest)
        await alice.say("/cancel")
        await scene("Words by accident", lambda: self._all(alice.say("ой")))
        await scene("Forget them", lambda: self._press(alice, "forget"))
        await scene("Two open tickets", self._two_open)
        await scene("Which one", lambda: self._all(alice.say(self.says["more"])))
        await scene("That one", lambda: self._press(alice, f"#{self._newest()}", raw=True))
        await scene("An answer with a header", lambda: self._answer(self.says["answer"]))

    async def trouble(self) -> None:
        olga, group, alice, scene = self.stage.olga, self.stage.group, self.alice, self.book.scene

        def order(text: str) -> Callable[[], Awaitable[object]]:
            return lambda: self._all(olga.say(group, text))

        for text in (
            "/take 999",
            "/take",
            "/take 12abc",
            "/tke",
            f"/freeze {self._newest()} позавчера",
            f"/freeze {self._newest()} 25:99",
            f"/reply {self._newest()}",
            f"/resolve {self.number}",
            "/find",
            f"/topic {self._newest()} небывалое",
            "/report overdue",
        ):
            await scene(f"Refused: {text}", order(text))
        await scene(
            "Refused: an operator's command by a customer",
            lambda: self._all(alice.say(f"/take {self.number}")),
        )
        await scene("Edited by the customer", self._edit)
        await scene("Blocked", lambda: self._all(alice.block_bot()))
        await scene("An answer to who has blocked", lambda: self._answer(self.says["answer"]))
        await scene("Unblocked", lambda: self._all(alice.start()))
        await scene("Try again", lambda: self._press_group("retry"))

    # ------------------------------------------------------------------ small moves

    def _label(self, name: str) -> str:
        return {"new": "📝 ", "mine": "📂 "}[name] + self.words[name]

    def _newest(self) -> int:
        return int(self.stage.query("SELECT max(id) FROM ticket")[0][0])

    async def _all(self, *done: Awaitable[object]) -> None:
        for one in done:
            await one

    async def _press(self, person: Person, label: str, *, raw: bool = False) -> None:
        await person.press_soon(label if raw else self.words[label])

    async def _press_card(self, person: Person, label: str) -> None:
        card = await self.stage.card(self.number)
        press = await person.press(self.words[label], in_=self.stage.group, message=card)
        await press.answer()
        self.book.lines += [f"*toast*: {press.text}", ""]

    async def _press_other(self, label: str) -> None:
        del label
        card = await self.stage.card(self.number)
        press = await self.stage.oleg.press_data(card, f"t:take:{self.number}")
        await press.answer()
        self.book.lines += [f"*toast*: {press.text}", ""]

    async def _press_group(self, label: str) -> None:
        press = await self.stage.olga.press_soon(self.words[label], in_=self.stage.group)
        await press.answer()
        self.book.lines += [f"*toast*: {press.text}", ""]

    async def _answer(self, text: str) -> None:
        card = await self.stage.card(self._newest())
        await self.stage.olga.reply(card, text)

    async def _two_open(self) -> None:
        for topic in ("payment", "other"):
            await self.alice.say("/new")
            await self._press(self.alice, topic)
            await self.stage.settle()
            await self.alice.say(self.says["free"])
            await self.stage.settle()
        # what follows within a quarter of an hour would join the newest by itself
        await self.alice.say("/cancel")

    async def _close_newest(self) -> None:
        for _ in range(2):
            await self.stage.olga.say(self.stage.group, f"/close {self._newest()}")

    async def _edit(self) -> None:
        message = await self.alice.say(self.says["number"])
        await self.stage.settle()
        label = f"#{self._newest()}"
        if any(label in b for b in self.alice.last.buttons):
            await self._press(self.alice, label, raw=True)
            await self.stage.settle()
        await self.alice.edit(message, self.says["number"] + " (!)")


# how the reminder, the alert and the wake-up are known
SIGNS: Final = {
    "ru": ("осталось", "просрочено", "проснулось"),
    "en": ("left", "late", "awake"),
}


async def clock(stage: Stage, book: Agreements, language: str) -> None:
    """What the clock does: reminder, overdue, wake-up, lists."""
    near, late, awake = SIGNS[language]
    quick = {"ANSWER_DEADLINE": "6s", "REMIND_BEFORE": "3s", "DEFAULT_LANGUAGE": language}
    async with stage.process(**quick):

        async def overdue() -> None:
            await stage.open_ticket(stage.customer("Boris", language), LINES[language]["free"])
            await stage.group.expect(near, timeout=20)
            await stage.alerts.expect(late, timeout=20)

        async def woken() -> None:
            number, card = await stage.open_ticket(stage.customer("Vera", language), "?..")
            reason = LINES[language]["frozen"].split(maxsplit=2)[2]
            await stage.olga.reply(card, f"/freeze 3s {reason}")
            await stage.group.expect(awake, timeout=20)
            # it is late soon: what is told of it would stand in a scene by chance
            await stage.group.expect(rf"#{number} .*{near}", timeout=20)
            await stage.alerts.expect(rf"#{number} .*{late}", timeout=20)

        await book.scene("Reminder and overdue", overdue)
        await book.scene("Frozen and woken", woken)
        await book.scene("Overdue list", lambda: _say(stage.olga, stage, "/overdue"))
        await book.scene("Report", lambda: _say(stage.admin, stage, "/report overdue"))


async def _say(person: Person, stage: Stage, text: str) -> None:
    await person.say(stage.group, text)


async def conversation(stage: Stage, book: Agreements, language: str) -> None:
    """Customers and operators, then what the clock does."""
    async with stage.process(DEFAULT_LANGUAGE=language):
        await play(stage, book, language)
    await clock(stage, book, language)
    book.commands()


async def equipment(stage: Stage, book: Agreements, language: str) -> None:
    """The work behind a ticket, in a company furnished by the example."""
    async with stage.process(DEFAULT_LANGUAGE=language):
        await work(stage, book, language)


async def own(stage: Stage, book: Agreements, language: str) -> None:
    """What a company makes of its desk."""
    async with stage.process(DEFAULT_LANGUAGE=language):
        await company(stage, book, language)


Part = Callable[[Stage, Agreements, str], Awaitable[None]]
# Each in a world of its own, so that they can be played side by side.
PARTS: Final[dict[str, tuple[Part, str]]] = {
    "conversation.ru": (conversation, "ru"),
    "work.ru": (equipment, "ru"),
    "conversation.en": (conversation, "en"),
    "work.en": (equipment, "en"),
    "company.ru": (own, "ru"),
    "company.en": (own, "en"),
}


async def played(name: str) -> list[str]:
    """Play a part to its end; returns the lines of its book."""
    part, language = PARTS[name]
    with tempfile.TemporaryDirectory() as folder:
        async with staged(Path(folder), language=language) as stage:
            book = Agreements(stage)
            await part(stage, book, language)
    return book.lines


async def main() -> int:
    """Play everything and write the book."""
    async with forking():
        parts = await asyncio.gather(*map(played, PARTS))
    lines = [line for part in parts for line in part]
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text("\n".join(lines) + "\n")
    print(f"{OUTPUT.relative_to(ROOT)}: {len(lines)} lines")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
