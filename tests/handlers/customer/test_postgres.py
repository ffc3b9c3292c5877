"""The same private chat on the other database."""

import pytest

from core.texts import Texts
from tests.handlers.customer.room import private_room
from tests.harness import fill
from tests.postgres import Postgres


@pytest.mark.postgres
async def test_from_the_first_word_to_the_verdict(postgres: Postgres, texts: Texts) -> None:
    with postgres.database() as url:
        fill(url)
        async with private_room(url, texts) as room:
            anna = room.customer()
            await room.say(anna, "Камера не показывает")
            await room.press(anna, "Открыть обращение")
            for _ in range(9):
                await room.open_ticket(anna)
            await room.move(4, "close")
            await room.say(anna, "/my")
            await room.press(anna, "›")
            assert [label for label in anna.last.buttons if label[0] == "#"] == ["#1", "#4"]
            await room.press(anna, "#1")
            assert "Камера не показывает" in anna.last.text
            await room.move(1, "resolve")
            await room.forge(anna, "c:n:1")
            assert anna.last.text.startswith("Вернули обращение #1 в работу.")
            await room.say(anna, "Всё так же темно")
            press = await room.forge(anna, "c:n:1")
            assert press.text == "Кнопка устарела."
            assert (await room.rows("SELECT count(*) FROM message WHERE ticket_id = 1")) == [(2,)]
            room.world.assert_clean(ignore=("not_modified",))
