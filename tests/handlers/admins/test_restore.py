"""A drill: backup, life goes on, the machine is lost, restore. Nothing crosses customers (R21)."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot import update_copies
from bot.commands.database import back_up
from bot.commands.restore import restore
from bot.update_copies import UpdateCopies
from channels.email.compose import message_id
from channels.telegram.addresses import chat_address
from core import inbox
from core.addresses import MessageRef
from core.db import Database, DatabaseInUse
from core.errors import NotAllowed
from core.inbox import Raw
from core.inbox_copies import CopiedUpdate
from core.people.identity import Sender
from core.people.staff import for_admin
from core.setup.company_settings import settle
from core.setup.restored import GAP, find_held, mail_stamp, release
from core.signing_key import make_signing_key
from core.tickets.customer_dialogue import choose_topic
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import hear
from tests.handlers.operators.group import Group

OTHER_EPOCH = "Кнопка из времени, которого нет в восстановленной копии"


async def backup_of(group: Group, folder: Path) -> Path:
    return back_up(group.database, folder / "backup.db", group.clock())


async def begins_again(group: Group, url: str) -> None:
    """The desk starts as `run` starts it."""
    group.database = Database(url)
    group.restart()
    group.app.adopt(await group.desk.run(settle))


async def restores(
    group: Group, backup: Path, *, lost: bool = True, updates: Sequence[CopiedUpdate] = ()
) -> int:
    """The machine is ``lost`` with all that came after the backup, or its database is there yet."""
    path = group.database.path
    assert path is not None
    url = f"sqlite+aiosqlite:///{path}"
    await group.database.close()
    if lost:
        path.unlink()
    done = await restore(url, backup, None, group.desk.company, updates)
    await begins_again(group, url)
    return done.number


@pytest.mark.parametrize("lost", [True, False])
async def test_the_card_of_a_lost_ticket_changes_nobody_elses(
    group: Group, tmp_path: Path, *, lost: bool
) -> None:
    first = await group.ticket("до копии")
    backup = await backup_of(group, tmp_path)
    boris = group.world.user("Борис", language="ru", started=True)
    of_boris = await group.ticket("после копии", by=boris)
    card = await group.card(of_boris)
    number = await restores(group, backup, lost=lost)

    eve = group.world.user("Ева", language="ru", started=True)
    of_eve = await group.ticket("после восстановления", by=eve)
    assert of_eve == number == (2 * GAP if lost else of_boris + 1) > of_boris > first
    assert await group.ticket("и ещё одно", by=eve) == number + 1
    press = await group.presses(group.olga, card, "✅ Решено")
    assert press.text.startswith(OTHER_EPOCH)
    assert (await group.row(of_eve)).resolved_at is None


async def test_buttons_of_the_backups_cards_and_new_ones_work(group: Group, tmp_path: Path) -> None:
    first = await group.ticket("до копии")
    old_card = await group.card(first)
    await restores(group, await backup_of(group, tmp_path))
    await group.presses(group.olga, old_card, "🙋 Взять")
    assert (await group.row(first)).assignee_id is not None
    second = await group.ticket("после восстановления")
    await group.resolves(group.olga, await group.card(second))
    assert (await group.row(second)).resolved_at is not None
    # and after another restore the last epoch's cards are refused again
    third = await group.ticket("ещё одно")
    card = await group.card(third)
    backup = await backup_of(group, tmp_path / "another")
    lost = await group.card(await group.ticket("пропадёт"))
    await restores(group, backup)
    press = await group.presses(group.olga, lost, "✅ Решено")
    assert press.text.startswith(OTHER_EPOCH)
    await group.resolves(group.olga, card)
    assert (await group.row(third)).resolved_at is not None


async def test_a_button_of_a_lost_time_brings_the_card_of_its_ticket_anew(
    group: Group, tmp_path: Path
) -> None:
    first = await group.ticket("до копии")
    backup = await backup_of(group, tmp_path)
    lost = await group.card(await group.ticket("после копии"))
    await restores(group, backup)
    press = await group.forges(group.olga, lost, f"t:take:{first}")
    assert press.text.startswith("Кнопка из времени") and f"Карточка #{first}" in press.text
    assert (await group.row(first)).assignee_id is None
    await group.deliver()
    card = list(group.chat.bot_messages)[-1]
    assert "до копии" in card.text
    await group.presses(group.olga, card, "🙋 Взять")
    assert (await group.row(first)).assignee_id is not None


async def answers_that_wait(group: Group, number: int) -> list[str]:
    """Twelve answers that have not left when the backup is made."""
    words = [f"ответ {n}" for n in range(12)]
    for one in words:
        await group.says(group.olga, one, to=await group.card(number))
    return words


def on_hold(group: Group) -> bool:
    return group.desk.company.on_hold


def heard(group: Group, words: list[str]) -> list[str]:
    return [m.text for m in group.anna.chat.bot_messages if m.text in words]


async def test_what_has_left_since_the_backup_does_not_leave_again(
    group: Group, tmp_path: Path
) -> None:
    number = await group.ticket()
    words = await answers_that_wait(group, number)
    backup = await backup_of(group, tmp_path)
    await group.deliver()
    assert heard(group, words) == words
    await restores(group, backup)
    assert on_hold(group)

    await group.boss.say("/restored")
    await group.settle()
    screen = group.boss.last
    assert "Из копии: " in screen.text and f"Анна: {words[0]}" in screen.text
    await group.presses(group.boss, screen, "Только новое")
    assert screen.text == "Отправка идёт." and not on_hold(group)
    new = await group.card(await group.ticket("новое"))
    assert "новое" in new.text  # what is new leaves
    assert heard(group, words) == words


async def test_an_admin_may_let_all_of_it_go(group: Group, tmp_path: Path) -> None:
    words = await answers_that_wait(group, await group.ticket())
    await restores(group, await backup_of(group, tmp_path))
    await group.boss.say("/restored")
    await group.settle()
    await group.presses(group.boss, group.boss.last, "Всё, и из копии")
    await group.deliver()
    assert heard(group, words) == words
    await group.boss.say("/restored")
    await group.settle()
    assert group.boss.last.text.startswith("Отправка не стоит")


async def test_what_waited_in_the_inbox_of_the_backup_is_as_old_as_the_backup(
    group: Group, tmp_path: Path
) -> None:
    """It was handled once after the backup, and its posts stand: handled again they come twice."""
    number = await group.ticket()
    await group.desk.run(inbox.store, "telegram:1", [Raw("7", "chat", "{}")])
    await restores(group, await backup_of(group, tmp_path))
    (waiting,) = await group.desk.read(inbox.list_unfinished, 0, 1)
    with group.desk.handling(waiting.id):
        await says(group, number, "из копии")
    await group.desk.run(inbox.store, "telegram:1", [Raw("8", "chat", "{}")])
    (came,) = await group.desk.read(inbox.list_unfinished, 0, 1)
    with group.desk.handling(came.id):
        await says(group, number, "после восстановления")

    held = await group.desk.read(find_held)
    assert held is not None
    assert {row.words: row.is_old for row in held.rows if row.words} == {
        "из копии": True,
        "после восстановления": False,
    }
    await group.boss.say("/restored")
    await group.settle()
    await group.presses(group.boss, group.boss.last, "Только новое")
    await group.deliver()
    told = "\n".join(message.text for message in group.chat.messages)
    assert "после восстановления" in told and "из копии" not in told


@pytest.fixture
def copies(group: Group, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UpdateCopies:
    """A folder on another disk, that survives the machine."""
    monkeypatch.setattr(update_copies, "PATIENCE", 60.0)  # however slow this one is
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    group.settings["UPDATE_COPIES_DIR"] = str(folder)
    group.restart()
    return UpdateCopies(folder)


async def runs(group: Group) -> None:
    """The desk fetches and handles what people have done, until nothing of it is left."""
    loops = [asyncio.create_task(each.run()) for each in (group.app.poller, group.app.update_queue)]
    await group.world.until(lambda: not group.world.updates.pending, 30)
    async with asyncio.timeout(30):
        while await group.desk.read(inbox.count_unfinished):
            await asyncio.sleep(0.01)
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    await group.acknowledged()


async def test_what_customers_said_after_the_backup_outlives_the_disk(
    group: Group, copies: UpdateCopies, tmp_path: Path
) -> None:
    """It was confirmed to Telegram, handled, and lost with the machine; a copy lies beside."""
    known = await group.ticket("до копии")
    boris = group.world.user("Борис", language="ru", started=True)
    of_boris = Sender(chat_address(boris.id), boris.full_name, None, boris.language)
    await group.desk.run(choose_topic, of_boris, "picture")
    await group.forget()
    backup = await backup_of(group, tmp_path)
    await group.anna.say("ещё до потери: мигает красным")
    await boris.say("/help")
    said = await boris.say("новая беда после копии")
    await boris.edit(said, "новая беда после копии, исправлено")
    await group.olga.say(group.chat, "разговор в группе")
    await runs(group)
    await group.deliver()
    acknowledged = len(list(boris.chat.bot_messages))
    assert acknowledged

    number = await restores(group, backup, updates=copies.read())
    await runs(group)
    words = await group.rows("SELECT ticket_id, text FROM message ORDER BY id")
    assert [tuple(row) for row in words] == [
        (known, "до копии"),
        (known, "ещё до потери: мигает красным"),
        (number, "новая беда после копии, исправлено"),
    ]
    await group.boss.say("/restored")
    await group.settle()
    await group.presses(group.boss, group.boss.last, "Только новое")
    await group.deliver()
    assert len(list(boris.chat.bot_messages)) == acknowledged, "nobody is told again"
    assert "исправлено" in (await group.card(number)).text, "its card has another number"

    assert await restores(group, backup, updates=copies.read()), "and once more, from the same copy"
    await runs(group)
    assert await group.rows("SELECT count(*) FROM message") == [(len(words),)]


async def says(group: Group, number: int, words: str) -> None:
    """The customer of the ticket adds words to it."""
    ref = MessageRef("telegram", str(group.anna.id), words)
    content: dict[str, Any] = {"kind": "text", "text": words, "entities": [], "more": {}}
    sender = Sender(chat_address(group.anna.id), group.anna.full_name)
    await group.desk.run(hear, sender, IncomingMessage(ref, "text", words, content))


async def test_nobody_but_an_admin_releases(group: Group, tmp_path: Path) -> None:
    await restores(group, await backup_of(group, tmp_path))
    for one in (group.olga, group.anna):
        sender = Sender(chat_address(one.id), one.full_name)
        with pytest.raises(NotAllowed):
            await group.desk.run(release, sender, drop_old=False)
        with pytest.raises(NotAllowed):
            await group.desk.read(for_admin, sender, find_held)
    assert (await group.desk.run(settle)).on_hold


async def test_message_ids_of_mails_do_not_come_again(group: Group, tmp_path: Path) -> None:
    await group.desk.run(make_signing_key)
    before = await group.desk.read(mail_stamp)
    await restores(group, await backup_of(group, tmp_path))
    after = await group.desk.read(mail_stamp)
    assert (before.epoch, after.epoch) == (0, 1) and before.key == after.key
    assert message_id(1, 1, before, "desk.test") != message_id(1, 1, after, "desk.test")


async def test_the_former_database_is_kept_and_a_running_desk_is_not_replaced(
    group: Group, tmp_path: Path
) -> None:
    backup = await backup_of(group, tmp_path / "copies")
    path = group.database.path
    assert path is not None
    other = Database(f"sqlite+aiosqlite:///{path}")
    other.lock()
    with pytest.raises(DatabaseInUse):
        await restore(f"sqlite+aiosqlite:///{path}", backup, None, group.desk.company)
    await other.close()
    lost = await group.ticket("после копии")
    await restores(group, backup, lost=False)
    (former,) = path.parent.glob(f"{path.name}.before-restore-??????????????*[0-9]")
    with closing(sqlite3.connect(former)) as kept:
        assert kept.execute("SELECT max(id) FROM ticket").fetchone() == (lost,)
    assert not list(path.parent.glob(".*restoring*"))


async def test_what_is_no_backup_changes_nothing(group: Group, tmp_path: Path) -> None:
    number = await group.ticket()
    path = group.database.path
    assert path is not None
    await group.database.close()
    other = tmp_path / "other.db"
    other.write_bytes(b"no database" * 100)
    with pytest.raises(sqlite3.Error):
        await restore(f"sqlite+aiosqlite:///{path}", other, None, group.desk.company)
    await begins_again(group, f"sqlite+aiosqlite:///{path}")
    assert await group.row(number) and group.desk.company.epoch == 0
