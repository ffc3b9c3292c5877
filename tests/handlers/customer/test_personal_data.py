"""``/mydata``: what is known of a customer, as a file for them, or gone (S31)."""

import io
import json
import zipfile
from datetime import timedelta
from types import SimpleNamespace

import pytest

from bot.erasure_cleanup import clear_all_traces
from channels.telegram.addresses import chat_address
from core.contacts.personal_data import data_at
from core.file_making import CUSTOMERS
from handlers.telegram.customer import personal_data
from sandbox import Person
from tests.handlers.customer.chat import PrivateChat

CANARY = "канарейка"


async def _closed(chat: PrivateChat, who: Person, words: str) -> int:
    number = await chat.open_ticket(who, words)
    await chat.move(number, "close")
    return number


async def test_who_never_wrote_is_told_that_nothing_is_kept(
    chat: PrivateChat, language: str
) -> None:
    anna = chat.customer("Анна", language)
    await chat.say(anna, "/mydata")
    assert anna.last.text == chat.says(language, "mydata.nothing")
    assert await chat.rows("SELECT id FROM person") == []


async def test_the_screen_tells_what_is_kept_and_for_how_long(chat: PrivateChat) -> None:
    anna = chat.customer("Анна")
    await chat.open_ticket(anna)
    await chat.say(anna, "/mydata")
    assert "Имя: Анна" in anna.last.text and "Обращений: 1" in anna.last.text
    assert "стираем" not in anna.last.text
    chat.known_as(keep_words=timedelta(days=365), keep_people=timedelta(days=730))
    await chat.say(anna, "/mydata")
    assert "Переписку стираем через 365 дней" in anna.last.text, anna.last.text
    assert "через 730 дней забываем" in anna.last.text, anna.last.text


async def test_the_file_holds_their_own_words_and_nobody_elses(chat: PrivateChat) -> None:
    anna, boris = chat.customer("Анна"), chat.customer("Борис")
    number = await chat.open_ticket(anna, f"{CANARY} пропала")
    await chat.note(number, "скандалит")
    await chat.open_ticket(boris, "воробей прилетел")
    await chat.say(anna, "/mydata")
    await chat.press(anna, "📄 Получить файлом")
    document = anna.last.to_json(nested=False)["document"]
    file = await chat.bot.get_file(document["file_id"])
    packed = (await chat.bot.download_file(file.file_path or "")).read()  # type: ignore[union-attr]
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        told = archive.read("data.json").decode()
    assert [ticket["number"] for ticket in json.loads(told)["tickets"]] == [number]
    assert CANARY in told and "воробей" not in told and "скандалит" not in told


@pytest.mark.parametrize(("signed", "author"), [(True, "Олег"), (False, None)])
async def test_the_file_names_colleagues_and_states_as_customers_see_them(
    chat: PrivateChat, *, signed: bool, author: str | None
) -> None:
    anna = chat.customer("Анна")
    await chat.answer(await chat.open_ticket(anna), "Смотрим")
    chat.known_as(sign_answers=signed)
    data = await chat.desk.read(data_at, chat_address(anna.id))
    (ticket,) = data["tickets"]
    assert [one["author"] for one in ticket["messages"]] == ["Анна", author]
    assert ticket["state"] == "open"


def test_files_that_are_left_out_are_named() -> None:
    packed = personal_data._pack({"files": ["a", "b"]}, {"a": b"abc"})
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["data.json", "files/a"]
        assert json.loads(archive.read("data.json"))["files_left_out"] == ["b"]


async def test_a_file_that_does_not_fit_is_not_read(
    chat: PrivateChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Store:
        async def read(self, name: str) -> bytes:
            return {"small": b"abc"}[name]

    monkeypatch.setattr(personal_data, "LARGEST", 10)
    found = await personal_data._files_of(
        SimpleNamespace(files=Store()),  # type: ignore[arg-type]
        {"large": 11, "small": 3},
    )
    assert found == {"small": b"abc"}
    anna, boris = chat.customer("Анна"), chat.customer("Борис")
    await chat.open_ticket(anna)
    turn = chat.desk.file_making.begin(chat_address(boris.id), CUSTOMERS)
    await chat.say(anna, "/mydata")
    press = await chat.press(anna, "📄 Получить файлом")
    assert "уже готовится" in press.text
    turn.end()
    await chat.press(anna, "📄 Получить файлом")
    assert anna.last.to_json(nested=False)["document"]


async def test_who_waits_for_a_file_that_cannot_be_made_is_told(
    chat: PrivateChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_context: object, _names: list[str]) -> dict[str, bytes]:
        raise OSError("the store is away")

    monkeypatch.setattr(personal_data, "_files_of", away)
    anna = chat.customer("Анна")
    await chat.open_ticket(anna)
    await chat.say(anna, "/mydata")
    await chat.press(anna, "📄 Получить файлом")
    assert anna.last.text == chat.says("ru", "refusal.not_made")


async def test_an_open_ticket_is_closed_before_its_customer_is_erased(chat: PrivateChat) -> None:
    anna = chat.customer("Анна")
    number = await chat.open_ticket(anna, CANARY)
    await chat.say(anna, "/mydata")
    await chat.press(anna, "Стереть")
    press = await chat.press(anna, "Стереть насовсем")
    assert press.text == chat.says("ru", "refusal.erase_open", numbers=f"#{number}")
    assert CANARY in repr(await chat.rows("SELECT text FROM message"))


async def test_after_an_erase_nothing_of_them_is_left_and_others_stay(chat: PrivateChat) -> None:
    anna, boris = chat.customer("Анна"), chat.customer("Борис")
    await _closed(chat, anna, CANARY)
    await _closed(chat, boris, "воробей прилетел")
    await chat.say(anna, "/mydata")
    await chat.press(anna, "Стереть")
    assert "Вернуть их будет нельзя" in anna.last.text
    await chat.press(anna, "Стереть насовсем")
    assert anna.last.text == chat.says("ru", "mydata.erased")
    await clear_all_traces(chat.desk)  # within a minute
    held = repr(await chat.everything())
    assert CANARY not in held and "воробей" in held
    assert "Анна" not in held and str(anna.id) not in held
    await chat.say(anna, "/mydata")
    assert anna.last.text == chat.says("ru", "mydata.nothing")
    assert await _closed(chat, anna, "снова я") == 3


async def test_one_may_think_again(chat: PrivateChat) -> None:
    anna = chat.customer("Анна")
    await _closed(chat, anna, CANARY)
    await chat.say(anna, "/mydata")
    await chat.press(anna, "Стереть")
    await chat.press(anna, "‹ Назад")
    assert "Обращений: 1" in anna.last.text
    assert CANARY in repr(await chat.everything())
