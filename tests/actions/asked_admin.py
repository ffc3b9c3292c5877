"""An admin who is asked for values of the directory, and a small company to ask about."""

from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from channels.telegram.screens.entry_questions import draw_entry, draw_proposal, draw_question
from channels.telegram.screens.entry_words import known_of
from channels.telegram.screens.screen import Renderer
from core.desk import Desk
from core.directory import entry_answers, entry_draft
from core.directory import entry_questions as asking
from core.directory.entry_answers import CanBeApplied, MoreToAsk, Proposal
from core.directory.entry_edits import list_entries
from core.directory.entry_questions import Question
from core.directory.entry_tables import value_at
from core.directory.faults import DirectoryError
from core.directory.reader import read_directory
from core.directory.spoken import read_answer
from core.directory.store import apply_directory
from core.models import Account
from core.people.identity import Sender
from core.people.staff import as_admin, by_operator, enrol
from core.texts import shipped_texts
from core.tx import Tx
from tests.actions.people import ANNA, OLGA

COMPANY: Final = """
[[topic]]
code = "payment"
titles = { ru = "Оплата", en = "Payment" }

[[service]]
code = "video"
titles = { ru = "Видео", en = "Video" }

[[calendar]]
code = "office"
title = "Office"
zone = "Europe/Moscow"
week = { mon = ["09:00-18:00"], tue = ["09:00-18:00"] }

[[calendar]]
code = "round"
title = "Round the clock"
zone = "Europe/Moscow"
week = { mon = ["00:00-24:00"] }

[[agreement]]
code = "standard"
title = "Standard"
calendar = "office"
default = true
terms = [{ reaction = "4h" }]

[[agreement]]
code = "special"
title = "Special"
calendar = "office"
terms = [{ reaction = "2h" }]

[[team]]
code = "first"
titles = { ru = "Первая линия", en = "First line" }
members = [200002]

[[response]]
code = "reboot"
title = "Restart"
texts = { ru = "Перезапустите, {customer}.", en = "Restart it." }

[[article]]
code = "app"
title = "The app"
text = "It is in every shop."
status = "public"
language = "en"

[[view]]
code = "old"
titles = { en = "Old ones" }
older = "7d"

[[rule]]
code = "fire"
title = "Fire"
event = "opened"
when = { words = ["fire"] }
then = { priority = "urgent" }

[[report]]
code = "figures"
what = "week"
days = ["mon"]
"""


async def filled(desk: Desk) -> None:
    """A small company with an entry of most kinds, and an account."""
    await desk.run(apply_directory, read_directory(COMPANY))

    async def account(tx: Tx) -> None:
        await tx.insert(Account(name="House 10"))

    await desk.run(account)
    await desk.run(by_operator, OLGA, enrol)


@dataclass(slots=True)
class Chat:
    """An admin who is asked and answers, and sees every screen drawn."""

    desk: Desk
    who: Sender = ANNA
    locale: str = "en"
    question: Question | None = None
    proposal: Proposal | None = None
    faults: list[str] = field(default_factory=list)
    told: str = ""

    @property
    def renderer(self) -> Renderer:
        return Renderer(shipped_texts(), self.locale, self.desk.clock(), ZoneInfo("Europe/Moscow"))

    async def run(self, action: Any, *given: Any, **options: Any) -> Any:
        return await self.desk.run(as_admin, self.who, action, *given, **options)

    async def mark(self, kind: str, key: str) -> str:
        return next(one.mark for one in await self.desk.read(list_entries, kind) if one.key == key)

    async def opens(self, kind: str, key: str, *path: str) -> Question:
        fields = await self.desk.read(asking.fields_of, kind)
        asked = next(one for one in fields if one.path == path)
        mark = await self.mark(kind, key)
        view = await self.desk.read(asking.view_entry, kind, mark)
        assert draw_entry(self.renderer, view).html
        self.question = await self.run(asking.ask, self.who, kind, mark, asked.mark)
        return self.question

    async def begins(self, kind: str) -> Question:
        self.question = await self.run(asking.begin, self.who, kind)
        return self.question

    async def says(self, words: str) -> None:
        question = self.question
        assert question is not None
        assert draw_question(self.renderer, question).html
        today = self.desk.clock().date()
        known = known_of(self.renderer, question.asked, question.choices, today)
        before = question.now if question.picked is None else question.picked
        await self.answers(read_answer(question.asked.shape, words, before, known))

    async def answers(self, value: Any) -> None:
        question, answer = self.question, [value]
        assert question is not None
        self.faults, self.proposal = [], None
        try:
            await self.run(entry_answers.check_answer, question.draft, answer)
        except CanBeApplied as checked:
            given = (self.who, question.draft, answer, checked)
            self.proposal = await self.run(entry_answers.keep_answer, *given)
            fields = await self.desk.read(asking.fields_of, question.draft.kind)
            assert draw_proposal(self.renderer, self.proposal, fields).html
        except MoreToAsk as more:
            first = more.options[0]
            asked = entry_answers.keep_and_ask, self.who, question.draft, answer, first
            self.question = await self.run(*asked)
        except DirectoryError as error:
            self.faults = [fault.key for fault in error.faults]
            self.told = draw_question(self.renderer, question, error.faults).html

    async def applies(self, **options: Any) -> None:
        draft = await self.desk.read(entry_draft.find_draft, self.who)
        assert draft is not None
        await self.run(entry_answers.apply_answer, self.who, draft, **options)

    async def value(self, kind: str, key: str, *path: str) -> Any:
        mark = await self.mark(kind, key)
        return value_at((await self.desk.read(asking.view_entry, kind, mark)).table, path)
