"""The same private chat on the other database."""

import pytest

from core.texts import Texts
from tests.handlers.customer.chat import private_chat
from tests.harness import fill
from tests.postgres import Postgres


@pytest.mark.postgres
async def test_from_the_first_word_to_the_verdict(postgres: Postgres, texts: Texts) -> None:
    with postgres.database(fill) as url:
        async with private_chat(url, texts) as chat:
            anna = chat.customer()
            await chat.say(anna, "Камера не показывает")
            await chat.press(anna, "Открыть обращение")
            for _ in range(9):
                await chat.open_ticket(anna)
            await chat.move(4, "close")
            await chat.say(anna, "/my")
            await chat.press(anna, "›")
            assert [label for label in anna.last.buttons if label[0] == "#"] == ["#1", "#4"]
            await chat.press(anna, "#1")
            assert "Камера не показывает" in anna.last.text
            await chat.move(1, "resolve")
            await chat.forge(anna, "c:n:1")
            assert anna.last.text.startswith("Вернули обращение #1 в работу.")
            await chat.say(anna, "Всё так же темно")
            press = await chat.forge(anna, "c:n:1")
            assert press.text == "Кнопка устарела."
            assert (await chat.rows("SELECT count(*) FROM message WHERE ticket_id = 1")) == [(2,)]
            chat.world.assert_clean(ignore=("not_modified",))
