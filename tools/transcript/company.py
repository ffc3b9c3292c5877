"""What a company makes of its desk: its directory, answers, articles, lists, rules, figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sandbox import Message, Person
from tests.e2e.asking import SOON
from tests.e2e.beside import apply_directory
from tests.e2e.stage import Stage
from tools.transcript.book import Agreements, with_buttons

LINES: Final = {
    "ru": {
        "name": "Вера",
        "light": "Свет во дворе",
        "state": "Ждём лампу",
        "why": "Лампа заказана",
        "entrance": "Подъезд",
        "first": "первый",
        "second": "второй",
        "tag": "лампа",
        "slip": "лампаа",
        "needed": "Нужна лампа",
        "waiting": "Ждут лампу",
        "order": "Закажите лампу.",
        "broken": "Не горит лампа у входа",
        "minute": "Выключить на минуту",
        "hello": "Здравствуйте, {first_name}. Выключите, пожалуйста, свет на минуту.",
        "article": "Кто меняет лампы",
        "how": "Лампы у входа меняет дежурный электрик, обычно за день.",
        "spam": "реклама",
    },
    "en": {
        "name": "Vera",
        "light": "Light in the yard",
        "state": "Waiting for a lamp",
        "why": "A lamp is ordered",
        "entrance": "Entrance",
        "first": "first",
        "second": "second",
        "tag": "lamp",
        "slip": "lampp",
        "needed": "A lamp is needed",
        "waiting": "Lamps to come",
        "order": "Order a lamp.",
        "broken": "The lamp at the door is out",
        "minute": "Off for a minute",
        "hello": "Hello, {first_name}. Please switch the light off for a minute.",
        "article": "Who changes lamps",
        "how": "The electrician on duty changes lamps at the door, mostly within a day.",
        "spam": "advertising",
    },
}
# Of it the company learns while people look on.
NEWS: Final = """
[[topic]]
code = "light"
titles = {{ {language} = "{light}" }}

[[state]]
code = "lamp"
titles = {{ {language} = "{state}" }}
description = {{ {language} = "{why}" }}
category = "on_hold"
pause = true
sources = ["new", "in_progress", "reopened"]
marker = "🔵"

[[field]]
code = "entrance"
titles = {{ {language} = "{entrance}" }}
kind = "choice"
choices = ["{first}", "{second}"]
topics = ["light"]
required = "opening"

[[tag]]
word = "{tag}"
titles = {{ {language} = "{needed}" }}
marker = "🟡"

[[view]]
code = "lamps"
titles = {{ {language} = "{waiting}" }}
tags = ["{tag}"]

[[rule]]
code = "order"
title = "{needed}"
event = "opened"
when = {{ topics = ["light"] }}
then = {{ note = "{order}" }}
"""
# That it knows from the start.
KNOWN: Final = """
[[response]]
code = "minute"
title = "{minute}"
texts = {{ {language} = "{hello}" }}
actions = {{ tags = ["{tag}"], state = "wait" }}

[[article]]
code = "lamps"
title = "{article}"
status = "public"
language = "{language}"
text = "{how}"
"""
FAULTY: Final = """
[[state]]
code = "nowhere"
titles = {{ {language} = "{state}" }}
category = "on_hold"
colour = "blue"

[[rule]]
code = "wrong"
title = "{needed}"
event = "opened"
when = {{ topics = ["lihgt"] }}
then = {{ freeze = "soon" }}
"""


async def company(stage: Stage, book: Agreements, language: str) -> None:
    """All scenes of a language."""
    says = LINES[language]
    await apply_directory(stage, KNOWN.format(language=language, **says))
    vera = stage.world.user(says["name"], language=language)
    acts = Acts(stage, book, vera, says, language)
    await acts.directory()
    card = await acts.ticket()
    await acts.answers(card)
    await acts.looking(card)
    await acts.customer(card)
    await acts.versions()


@dataclass(slots=True)
class Acts:
    stage: Stage
    book: Agreements
    vera: Person
    says: dict[str, str]
    language: str

    async def directory(self) -> None:
        admin, scene = self.stage.admin, self.book.scene
        await admin.start()
        await scene("The directory", lambda: self._say(admin, "/directory"))
        await scene("One of its parts", lambda: self._tap(admin, 0))
        await scene("A file with mistakes", lambda: self._send(FAULTY))
        await scene("A file with something new", lambda: self._send(NEWS))
        await scene("Applied", lambda: self._tap(admin, 0))
        await scene("Rules", lambda: self._say(admin, "/rules"))

    async def ticket(self) -> Message:
        vera, olga, scene = self.vera, self.stage.olga, self.book.scene
        await vera.start()
        await scene("A new ticket", lambda: self._say(vera, "/new"))
        await scene("Its topic", lambda: vera.press_soon(self.says["light"]))
        await scene("A field is asked for", lambda: self._say(vera, self.says["broken"]))
        await scene("Filled", lambda: self._tap(vera, 0))
        ((number,),) = self.stage.query("SELECT max(id) FROM ticket")
        card = await self.stage.card(number)
        await scene("States, by buttons", lambda: self._reply(card, "/state"))
        await scene("Moved", lambda: self._press(olga, self.says["state"]))
        await scene("Tags, by buttons", lambda: self._reply(card, "/tag"))
        await scene("Tagged", lambda: self._press(olga, f"#{self.says['tag']}"))
        await scene("A slip of the pen", lambda: self._reply(card, f"/tag {self.says['slip']}"))
        await scene("Mended", lambda: self._press(olga, f"#{self.says['tag']}"))
        await scene("Tags", lambda: self._order("/tags"))
        return card

    async def answers(self, card: Message) -> None:
        olga, scene = self.stage.olga, self.book.scene
        await scene("Canned responses", lambda: self._reply(card, "/t"))
        await scene("One of them, filled", lambda: self._press(olga, self.says["minute"]))
        await scene("Sent", lambda: self._press_at(olga, 0))
        await scene("Articles", lambda: self._reply(card, "/kb"))
        await scene("One of them", lambda: self._press(olga, self.says["article"]))
        await scene("Sent to the customer", lambda: self._press_at(olga, 0))

    async def looking(self, card: Message) -> None:
        olga, admin, scene = self.stage.olga, self.stage.admin, self.book.scene
        await scene("Lists", lambda: self._order("/views"))
        await scene("One list", lambda: self._press(olga, self.says["waiting"]))
        await scene("What next", lambda: self._order("/next_up"))
        await scene("A rule, tried", lambda: self._say(admin, "/rules order"))
        await scene("Figures", self._figures)
        await scene("Refused: /queue moon", lambda: self._order("/queue moon"))
        await scene("Refused: /state moon", lambda: self._reply(card, "/state moon"))
        await scene("Refused: /tag 12!", lambda: self._reply(card, "/tag 12!"))

    async def customer(self, card: Message) -> None:
        vera, olga, scene = self.vera, self.stage.olga, self.book.scene
        await scene("Questions and answers", lambda: self._say(vera, "/faq"))
        await scene("Found", lambda: self._say(vera, f"/faq {self.says['tag']}"))
        await scene("Read", lambda: vera.press_soon(self.says["article"]))
        await scene("It helped", lambda: self._tap(vera, 0))
        await scene("Muted", lambda: self._reply(card, f"/mute 2h {self.says['spam']}"))
        await scene("Words of who is muted", lambda: self._say(vera, self.says["broken"]))
        await scene("Heard again", lambda: self._press_at(olga, 0))
        await scene("My data", lambda: self._say(vera, "/mydata"))

    async def versions(self) -> None:
        admin, scene = self.stage.admin, self.book.scene
        await scene("Versions", lambda: self._say(admin, "/directory versions"))
        await scene("An old one", lambda: self._say(admin, "/directory 1"))
        await scene("Brought back", lambda: self._tap(admin, 0))

    # ------------------------------------------------------------------ small moves

    async def _say(self, who: Person, text: str) -> None:
        await who.say(text)

    async def _order(self, text: str) -> None:
        await self.stage.olga.say(self.stage.group, text)

    async def _reply(self, card: Message, text: str) -> None:
        await self.stage.olga.reply(card, text)

    async def _send(self, file: str) -> None:
        text = file.format(language=self.language, **self.says)
        await self.stage.admin.send_document(data=text.encode(), name="directory.toml")

    async def _tap(self, who: Person, at: int) -> None:
        """A button of the newest message in private that has any."""
        message = with_buttons(who.chat)
        await self._toast(who, message, message.buttons[at])

    async def _press_at(self, who: Person, at: int) -> None:
        message = with_buttons(self.stage.group)
        await self._toast(who, message, message.buttons[at])

    async def _press(self, who: Person, label: str) -> None:
        await self._toast(who, with_buttons(self.stage.group), label)

    async def _figures(self) -> None:
        """They are drawn beside the updates, so resting does not wait for them."""
        admin = self.stage.admin
        await admin.say("/stats")
        await admin.expect(where=lambda one: one.kind == "photo", timeout=SOON)

    async def _toast(self, who: Person, message: Message, label: str) -> None:
        press = await who.press_soon(label, message=message)
        await press.answer()
        self.book.lines += [f"*toast*: {press.text}", ""]
