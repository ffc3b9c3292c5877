"""``/mydata``: what is known of a customer, as a file for them, or gone (S31)."""

import io
import json
import zipfile
from datetime import timedelta

from sandbox import Person
from tests.handlers.customer.room import PrivateRoom

CANARY = "канарейка"


async def _closed(room: PrivateRoom, who: Person, words: str) -> int:
    number = await room.open_ticket(who, words)
    await room.move(number, "close")
    return number


async def test_who_never_wrote_is_told_that_nothing_is_kept(
    room: PrivateRoom, language: str
) -> None:
    anna = room.customer("Анна", language)
    await room.say(anna, "/mydata")
    assert anna.last.text == room.says(language, "mydata.nothing")
    assert await room.rows("SELECT id FROM person") == []


async def test_the_screen_tells_what_is_kept_and_for_how_long(room: PrivateRoom) -> None:
    anna = room.customer("Анна")
    await room.open_ticket(anna)
    await room.say(anna, "/mydata")
    assert "Имя: Анна" in anna.last.text and "Обращений: 1" in anna.last.text
    assert "стираем" not in anna.last.text
    room.known_as(keep_words=timedelta(days=365), keep_people=timedelta(days=730))
    await room.say(anna, "/mydata")
    assert "Переписку стираем через 365 дней" in anna.last.text, anna.last.text
    assert "через 730 дней забываем" in anna.last.text, anna.last.text


async def test_the_file_holds_their_own_words_and_nobody_elses(room: PrivateRoom) -> None:
    anna, boris = room.customer("Анна"), room.customer("Борис")
    number = await room.open_ticket(anna, f"{CANARY} пропала")
    await room.note(number, "скандалит")
    await room.open_ticket(boris, "воробей прилетел")
    await room.say(anna, "/mydata")
    await room.press(anna, "📄 Получить файлом")
    document = anna.last.to_json(nested=False)["document"]
    file = await room.bot.get_file(document["file_id"])
    packed = (await room.bot.download_file(file.file_path or "")).read()  # type: ignore[union-attr]
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        told = archive.read("data.json").decode()
    assert [ticket["number"] for ticket in json.loads(told)["tickets"]] == [number]
    assert CANARY in told and "воробей" not in told and "скандалит" not in told


async def test_an_open_ticket_is_closed_before_its_customer_is_erased(room: PrivateRoom) -> None:
    anna = room.customer("Анна")
    number = await room.open_ticket(anna, CANARY)
    await room.say(anna, "/mydata")
    await room.press(anna, "Стереть")
    press = await room.press(anna, "Стереть насовсем")
    assert press.text == room.says("ru", "refusal.erase_open", numbers=f"#{number}")
    assert CANARY in repr(await room.rows("SELECT text FROM message"))


async def test_after_an_erase_nothing_of_them_is_left_and_others_stay(room: PrivateRoom) -> None:
    anna, boris = room.customer("Анна"), room.customer("Борис")
    await _closed(room, anna, CANARY)
    await _closed(room, boris, "воробей прилетел")
    await room.say(anna, "/mydata")
    await room.press(anna, "Стереть")
    assert "Вернуть их будет нельзя" in anna.last.text
    await room.press(anna, "Стереть насовсем")
    assert anna.last.text == room.says("ru", "mydata.erased")
    held = repr(await room.everything())
    assert CANARY not in held and "воробей" in held
    assert "Анна" not in held and str(anna.id) not in held
    await room.say(anna, "/mydata")
    assert anna.last.text == room.says("ru", "mydata.nothing")
    assert await _closed(room, anna, "снова я") == 3


async def test_one_may_think_again(room: PrivateRoom) -> None:
    anna = room.customer("Анна")
    await _closed(room, anna, CANARY)
    await room.say(anna, "/mydata")
    await room.press(anna, "Стереть")
    await room.press(anna, "‹ Назад")
    assert "Обращений: 1" in anna.last.text
    assert CANARY in repr(await room.everything())
