"""Weeks of a small company's work, so that its pages have something to show."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from channels.telegram.addresses import chat_address
from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.models import Message
from core.people.identity import Sender
from core.people.staff import by_operator, enrol
from core.reports.ticket_metrics import count_all
from core.tasks.task_opening import create_task
from core.tickets.conversation import answer_delivered, note, reply
from core.tickets.intake import hear
from core.tickets.lifecycle import move, take
from core.tickets.search_index import index_new
from core.tickets.sweep import sweep
from core.tickets.tags import tag
from core.tx import ReadTx
from tests.actions import people
from tests.clock import Clock

WEEKS: Final = 5
EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
ADMIN: Final = Sender(chat_address(301), "Maria")
NAMES: Final = {
    "ru": ("Мария Климова", "Ольга Петрова", "Олег Ким", "Ирина Соколова-Микитова"),
    "en": ("Mary Clement", "Olga Peters", "Oliver King", "Irene Sokolov-Featherstone"),
}


def staff(language: str) -> list[Sender]:
    """An admin and three operators."""
    numbers = (people.number(ADMIN), 201, 202, 203)
    named = zip(numbers, NAMES[language], strict=True)
    return [Sender(chat_address(number), name, None, language) for number, name in named]


TOPICS: Final = ("payment", "access", None)


@dataclass(frozen=True, slots=True)
class Words:
    """What customers and operators say, in one language."""

    customers: tuple[str, ...]
    problems: tuple[str, ...]
    answers: tuple[str, ...]
    long: str
    note: str
    more: str
    tags: str


WORDS: Final = {
    "ru": Words(
        (
            "Анна Смирнова",
            "Пётр Ефимов",
            "Борис Годунов",
            "Вера Павловна Розальская",
            "ТСЖ «Лермонтовское, дом 10, корпус 2»",
            "Тимур",
        ),
        (
            "Камера во дворе не показывает со вчерашнего вечера, горит красный огонёк.",
            "Списали оплату два раза за ноябрь.",
            "Не пускает в приложение: говорит, что пароль неверный.",
            "Нет архива за вторник, а он очень нужен: въехали в ворота.",
            "Калитка открывается через раз.",
        ),
        (
            "Добрый день. Видим, что камера не на связи. Мастер будет завтра до обеда.",
            "Здравствуйте. Проверили: второе списание вернётся в течение трёх дней.",
            "Сбросили пароль, новый пришёл вам в сообщении.",
        ),
        "Здравствуйте. Камера у въезда в гаражи повёрнута в стену после ветра. "
        "Номер на наклейке: MOS_07_02_очень_длинный_номер_без_единого_пробела_на_наклейке. "
        "Подъехать можно в любой день с 9 до 18, ключ у консьержа.",
        "Позвонить электрику: возможно, нет питания на столбе.",
        "Мастера всё ещё нет. Когда его ждать?",
        "въезд повторно",
    ),
    "en": Words(
        (
            "Anna Smith",
            "Peter Young",
            "Boris Good",
            "Veronica Featherstonehaugh",
            "Lermontov Street Owners’ Association, house 10",
            "Tim",
        ),
        (
            "The camera in the yard has been dark since last night, a red light is on.",
            "I was charged twice for November.",
            "The app does not let me in: it says that the password is wrong.",
            "There is no recording of Tuesday, and I need it: somebody hit the gate.",
            "The small gate opens every other time.",
        ),
        (
            "Good afternoon. We see that the camera is offline. An engineer comes tomorrow.",
            "Hello. We have checked: the second charge comes back within three days.",
            "We have reset the password, the new one is in a message to you.",
        ),
        "Hello. The camera at the entrance to the garages looks at the wall after the wind. "
        "The number on its label: MOS_07_02_a_very_long_number_without_a_single_space_on_a_label. "
        "You can come any day from 9 to 18, the key is with the concierge.",
        "Call the electrician: the pole may be without power.",
        "There is still no engineer. When will he come?",
        "gate again",
    ),
}


async def tell(desk: Desk, clock: Clock, language: str) -> int:
    """Let weeks pass in which customers write and operators answer most of them.

    Returns the number of the ticket that has the most to show.
    """
    folder = EXAMPLES if language == "ru" else EXAMPLES / "en"
    directory = read_directory((folder / "directory.toml").read_text("utf-8"))
    await desk.run(apply_directory, directory, really=True)
    of_tickets = read_directory((EXAMPLES / "tickets.toml").read_text("utf-8"))
    await desk.run(apply_directory, of_tickets, really=True)
    articles = read_directory((folder / "articles.toml").read_text("utf-8"))
    await desk.run(apply_directory, articles, really=True)
    colleagues = staff(language)
    for person in colleagues:
        await desk.run(by_operator, person, enrol)
    words, chance = WORDS[language], random.Random(7)
    customers = [
        Sender(chat_address(1000 + number), name, None, language)
        for number, name in enumerate(words.customers)
    ]
    for day in range(7 * WEEKS):
        for _ in range(chance.randint(0, 1) if day % 7 > 4 else chance.randint(1, 5)):
            await _one(desk, clock, words, customers, colleagues, chance)
            clock.move(minutes=chance.randint(10, 90))
        clock.move(hours=24 - (clock().hour - 6))
        await desk.run(sweep)
    number = await _today(desk, clock, words, customers, colleagues[1])
    while await desk.run(index_new):
        pass
    await count_all(desk)
    return number


async def _one(
    desk: Desk,
    clock: Clock,
    words: Words,
    customers: list[Sender],
    colleagues: list[Sender],
    chance: random.Random,
) -> None:
    customer, topic = chance.choice(customers), chance.choice(TOPICS)
    number = (await people.opens(desk, customer, chance.choice(words.problems), topic)).id
    await people.leaves_dialogue(desk, customer)
    if chance.random() < 0.06:
        return
    clock.move(minutes=chance.randint(5, 400))
    operator = chance.choice(colleagues[1:])
    await desk.run(by_operator, operator, take, number)
    await _answer(desk, operator, number, chance.choice(words.answers))
    if chance.random() < 0.85:
        clock.move(minutes=chance.randint(30, 900))
        solution = words.answers[number % len(words.answers)]
        await desk.run(by_operator, operator, move, number, "resolve", reason=solution)


async def _answer(desk: Desk, operator: Sender, number: int, text: str) -> None:
    await desk.run(by_operator, operator, reply, number, people.writes(text))
    newest = select(func.max(Message.id)).where(Message.ticket_id == number)
    message = await desk.read(_first, newest)
    await desk.run(answer_delivered, [message])


async def _first(tx: ReadTx, query: Any) -> Any:
    return await tx.first(query)


async def _today(
    desk: Desk, clock: Clock, words: Words, customers: list[Sender], olga: Sender
) -> int:
    """The ticket that is looked at, and some beside it."""
    clock.move(hours=3)
    anna = customers[0]
    number = (await people.opens(desk, anna, words.long, "access")).id
    clock.move(minutes=12)
    await desk.run(by_operator, olga, take, number)
    await desk.run(by_operator, olga, note, number, people.writes(words.note))
    clock.move(minutes=9)
    await _answer(desk, olga, number, words.answers[0])
    await desk.run(by_operator, olga, tag, number, words.tags)
    await desk.run(by_operator, olga, create_task, number)
    clock.move(hours=2)
    await desk.run(hear, anna, people.says(anna, words.more))
    for customer, text in zip(customers[1:4], words.problems[1:4], strict=True):
        await people.opens(desk, customer, text, "payment")
        clock.move(minutes=17)
    return number
