"""Tables of cameras, companies and contracts that an admin sends to the bot (T1)."""

from io import BytesIO
from typing import Any

import openpyxl
import pytest

from core.tickets.technical_data import technical_data
from handlers.telegram.admins import tables
from sandbox import Message, Person
from tests.handlers.operators.group import Group

ACCOUNTS = "Компания;Тариф;Роутер\nРомашка;Двор+;в подвале\nРоза;Бизнес;\n"


async def sends(
    group: Group, data: str | bytes, name: str = "accounts.csv", who: Person | None = None
) -> Message:
    raw = data if isinstance(data, bytes) else data.encode()
    sent = await (who or group.boss).send_document(data=raw, name=name)
    await group.settle()
    return sent


async def presses(group: Group, label: str) -> None:
    await group.boss.press(label)
    await group.settle()


async def accounts(group: Group) -> list[str]:
    return [name for (name,) in await group.rows("SELECT name FROM account ORDER BY name")]


def files(group: Group) -> list[Any]:
    found = (message.to_json(nested=False) for message in group.boss.chat.bot_messages)
    return [message["document"] for message in found if message.get("document")]


async def test_a_table_is_shown_and_brought_by_a_button(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, f"/contact {number} компания Ромашка")
    sent = await sends(group, ACCOUNTS)
    shown = group.boss.last
    assert shown.reply_to is sent
    assert shown.text == ("Таблица компаний · строк: 2\nНовых: 1 · изменятся: 1 · без изменений: 0")
    assert await accounts(group) == ["Ромашка"], "nothing changes before the button"
    assert shown.buttons == ["Применить", "Не менять"]
    await presses(group, "Применить")
    assert shown.text == "Готово. Новых: 1, изменено: 1." and not shown.buttons
    assert await accounts(group) == ["Роза", "Ромашка"]
    data = await group.desk.read(technical_data, number)
    assert data.account is not None
    assert data.account.columns == (("Роутер", "в подвале"), ("Тариф", "Двор+"))
    await sends(group, ACCOUNTS)
    assert group.boss.last.text.endswith("Всё уже так, менять нечего.")
    assert not group.boss.last.buttons


async def test_a_workbook_does_too_and_what_it_leaves_out_is_named(group: Group) -> None:
    await sends(group, ACCOUNTS)
    await presses(group, "Применить")
    book, kept = openpyxl.Workbook(), BytesIO()
    for row in (("account", "Тариф"), ("Ромашка", "Двор")):
        book.active.append(row)
    book.save(kept)
    await sends(group, kept.getvalue(), "компании.XLSX")
    told = group.boss.last.text
    assert "Нет в таблице, останутся как есть: 1 — Роза" in told
    assert "Больше нет столбцов: Роутер." in told
    await presses(group, "Не менять")
    assert group.boss.last.text == "Хорошо, ничего не меняю."


async def test_cameras_that_a_table_leaves_out_can_be_switched_off(group: Group) -> None:
    head = "number,name,owner\n"
    await sends(group, f"{head}1,Двор,{group.anna.id}\n2,Вход,{group.anna.id}\n", "c.csv")
    assert group.boss.last.text.startswith("Таблица камер · строк: 2")
    await presses(group, "Применить")
    await sends(group, f"{head}1,Двор,{group.anna.id}\n", "c.csv")
    assert group.boss.last.buttons == ["Применить, остальные отключить", "Не менять"]
    await presses(group, "Применить, остальные отключить")
    assert group.boss.last.text == "Готово. Новых: 0, изменено: 0, отключено: 1."
    assert await group.rows("SELECT number FROM camera WHERE active") == [("1",)]


async def test_every_fault_is_named_in_the_admins_language(group: Group) -> None:
    text = "Компания,Номер,С\nРоза,1,завтра\n,2,\nРоза,1,\n"
    await sends(group, text)
    assert group.boss.last.text.splitlines()[1:] == [
        "строка 2: since: «завтра» — не день; напишите 2026-11-30 или 30.11.2026",
        "строка 3: account: пусто",
        "строка 4: number «1» уже есть в строке 2",
    ]
    assert not files(group)
    await sends(group, "account\n" + ",\n" + "".join(f"{'я' * 201}\n" for _ in range(200)))
    (file,) = files(group)
    assert file["file_name"] == "faults.txt", "what a message does not show is a file"
    assert await accounts(group) == []


async def test_what_is_no_table_of_ours_is_said_with_what_there_is(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sends(group, "тариф\n1\n")
    assert "«компания, номер» — договоры" in group.boss.last.text
    monkeypatch.setattr(tables, "MOST", 1)
    await sends(group, ACCOUNTS)
    assert "до 1 строк" in group.boss.last.text
    assert "python -m bot import accounts" in group.boss.last.text


async def test_what_was_changed_meanwhile_is_shown_before_anything_is_done(group: Group) -> None:
    await sends(group, ACCOUNTS)
    shown = group.boss.last
    number = await group.ticket()
    await group.says(group.olga, f"/contact {number} компания Роза")
    await group.boss.press("Применить", message=shown)
    await group.settle()
    assert shown.text.startswith("Тем временем кое-что изменилось.")
    assert await accounts(group) == ["Роза"]
    assert "Новых: 1 · изменятся: 1" in group.boss.last.text
    await presses(group, "Применить")
    assert await accounts(group) == ["Роза", "Ромашка"]


async def test_only_an_admin_brings_tables(group: Group) -> None:
    await sends(group, ACCOUNTS)
    data = group.boss.last.to_json(nested=False)["reply_markup"]["inline_keyboard"][0][0]
    await group.olga.start()
    await sends(group, ACCOUNTS, who=group.olga)
    assert "Таблица" not in group.olga.last.text
    press = await group.forges(group.olga, group.olga.last, data["callback_data"])
    assert (await press.answer()).text
    assert await accounts(group) == []
