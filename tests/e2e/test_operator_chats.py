"""A team's own group over the wire: its tickets and commands there, who works in it, shut out of
it, grown into a supergroup (G1, X14).
"""

from __future__ import annotations

import re
from typing import Final

import pytest

from sandbox import Chat, Message, Person
from tests.e2e.beside import apply_directory
from tests.e2e.looking import soon, value
from tests.e2e.stage import Stage

# A change of the bot's rights is an update, so nobody has to wait for the next look.
SOON: Final = 20.0
TEAM: Final = """
[[team]]
code = "field"
titles = {{ ru = "Выездная бригада", en = "Field crew" }}
chat = {chat}
members = ["@oleg_op"]
"""
OVER: Final = TEAM.replace("chat = {chat}", "active = false")
WORDS: Final[dict[str, dict[str, str]]] = {
    "ru": {
        "team": "Выездная бригада",
        "moved": "➡ #{number} теперь в другой группе: Выездная бригада.",
        "told": "#{number} для команды «Выездная бригада»: Олег. Передаёт Ольга.",
        "edited": "👤 Анна · #{number} · исправлено\nНе открывается со вторника",
        "gone": "Группа команды «Выездная бригада» недоступна",
        "not_admin": "В группе «Бригада» команды «Выездная бригада» бот не администратор",
        "well": "Группа команды «Выездная бригада» снова работает: «Бригада»",
        "checked": "✅ Группа команды «Выездная бригада»: «Бригада»",
        "queue": "очередь",
    },
    "en": {
        "team": "Field crew",
        "moved": "➡ #{number} is in another group now: Field crew.",
        "told": "#{number} is for Field crew: Олег. From Ольга.",
        "edited": "👤 Анна · #{number} · edited\nНе открывается со вторника",
        "gone": "The group of the team “Field crew” is out of reach",
        "not_admin": "In “Бригада”, the group of the team “Field crew”, the bot is not an admin",
        "well": "The group of the team “Field crew” works again: “Бригада”",
        "checked": "✅ Group of the team “Field crew”: “Бригада”",
        "queue": "queue",
    },
}


@pytest.fixture
def stage(bilingual: Stage) -> Stage:
    return bilingual


def offers(person: Person, chat: Chat) -> set[str]:
    return {str(item["command"]) for item in person.world.visible_commands(person, chat)}


async def card_in(stage: Stage, group: Chat, number: int) -> Message:
    found: list[Message] = []

    def look() -> bool:
        head = re.compile(rf"^\S+ #{number}\b")
        found[:] = [m for m in group.bot_messages if m.keyboard and head.match(m.text)]
        return bool(found)

    await stage.world.until(look, SOON, f"a card of #{number} in {group.title}")
    return found[-1]


async def founded(stage: Stage, words: dict[str, str]) -> Chat:
    """The company makes a group, gives it to a team, and is told what is missing there."""
    await stage.admin.start()
    group = stage.world.group("Бригада", members=[stage.oleg], owner=stage.admin)
    await group.add_bot(by=stage.admin)
    for command in ("/on", "/off"):  # he has been seen at work, and is known by his name
        await stage.oleg.say(stage.group, command)
    await stage.settle()
    await apply_directory(stage, TEAM.format(chat=group.id))
    await stage.admin.expect(re.escape(words["not_admin"]), timeout=SOON)
    await group.promote_bot(by=stage.admin)
    await stage.admin.expect(re.escape(words["well"]), timeout=SOON)
    return group


async def worked_on(stage: Stage, words: dict[str, str], group: Chat, anna: Person) -> int:
    """A ticket comes there, with what is said and edited from then on, and is answered there."""
    number, card = await stage.open_ticket(anna, "Домофон")
    first = await anna.say("Не открывается с понедельника")
    await stage.group.expect("с понедельника", reply_to=card, timeout=SOON)
    await stage.olga.reply(card, f"/assign {words['team']} нужен выезд")
    there = await card_in(stage, group, number)
    told = await group.expect(re.escape(words["told"].format(number=number)), timeout=SOON)
    assert told.reply_to is there
    moved = words["moved"].format(number=number)
    await stage.world.until(lambda: card.text == moved and not card.keyboard, SOON, moved)
    await anna.edit(first, "Не открывается со вторника")
    edited = await group.expect("со вторника", timeout=SOON)
    assert edited.text == words["edited"].format(number=number) and edited.reply_to is there
    answer = await stage.oleg.reply(there, "Выезжаем")
    await anna.expect("Выезжаем", timeout=SOON)
    await group.expect_reaction(answer, "👌", timeout=SOON)

    def commands_are_there() -> bool:
        usual = {"queue", "escalate", "tasks"} <= offers(stage.oleg, group)
        return usual and "report" in offers(stage.admin, group)

    await stage.world.until(commands_are_there, SOON, "commands in the team's group")
    return number


async def grown_up(stage: Stage, group: Chat, anna: Person, number: int) -> tuple[Chat, Message]:
    """A basic group becomes a supergroup: ids follow, the ticket goes on in it."""
    grown = group.migrate()
    await anna.say("Ждём у подъезда")
    await grown.expect("Ждём у подъезда", timeout=SOON)
    assert value(stage, "SELECT chat FROM team WHERE code='field'") == f"telegram:{grown.id}"
    card = await card_in(stage, grown, number)
    await stage.oleg.say(grown, f"/freeze {number} 2h")
    await stage.world.until(lambda: card.text.startswith(f"🟡 #{number}"), SOON, "it sleeps")
    return grown, card


async def shut_out(stage: Stage, words: dict[str, str], group: Chat, anna: Person) -> None:
    """Told once to whoever must know, its end too; nothing is lost meanwhile."""
    await group.remove_bot()
    await stage.admin.expect(re.escape(words["gone"]), timeout=SOON)
    await stage.alerts.expect(re.escape(words["gone"]), timeout=SOON)
    await anna.say("Код 45")
    waiting = "SELECT count(*) FROM outbox WHERE error='blocked' AND state='queued'"
    await soon(lambda: value(stage, waiting), "something rests", SOON)
    await group.add_bot(admin=True)
    await stage.admin.expect(re.escape(words["well"]), timeout=SOON)
    await group.expect("Код 45", timeout=SOON)
    await stage.admin.say("/setup")
    await stage.admin.expect(re.escape(words["checked"]), timeout=SOON)


async def test_a_team_with_a_group_of_its_own(stage: Stage, words: dict[str, str]) -> None:
    anna, oleg = stage.customer("Анна"), stage.oleg
    group = await founded(stage, words)
    number = await worked_on(stage, words, group, anna)
    grown, card = await grown_up(stage, group, anna, number)
    await shut_out(stage, words, grown, anna)
    # who leaves one of two groups works on in the other
    await oleg.leave(stage.group)
    await stage.settle()
    left = "SELECT operator_left FROM person WHERE address='telegram:' || ?"
    assert value(stage, left, oleg.id) is None
    await oleg.reply(card, f"/resolve {number} починили")
    await anna.expect(f"#{number}.*починили", timeout=SOON)
    await oleg.join(stage.group)
    # the team is no more: what is not closed yet comes back to the group of all
    await apply_directory(stage, OVER.format())
    await card_in(stage, stage.group, number)
    await stage.settle()
    assert not stage.query("SELECT id FROM outbox WHERE state='failed'")
