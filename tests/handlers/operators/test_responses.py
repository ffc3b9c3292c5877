"""`/t` in the group and in an admin's private chat: what is chosen, shown, sent, changed."""

from channels.telegram.screens.responses import PAGE
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from sandbox import Message as Sent
from tests.handlers.operators.group import Group

FILE = """
[[response]]
code = "reboot"
title = "Перезагрузить камеру"
topic = "picture"
texts = { ru = "Здравствуйте, {customer}. Выключите камеру на минуту. {operator}" }

[[response]]
code = "thanks"
title = "Решено, спасибо"
texts = { ru = "Готово." }
actions = { state = "resolve", tags = ["готово"] }
"""

MORE = """
[[response]]
code = "refund"
title = "Возврат"
texts = { ru = "Если списали дважды, вернём за три дня." }

[[response]]
code = "master"
title = "Заявка мастеру"
texts = { ru = "Мастер посмотрит камеру завтра." }
"""


async def prepared(group: Group) -> int:
    await group.desk.run(apply_directory, read_directory(FILE))
    return await group.ticket()


def below(group: Group, message: Sent) -> Sent:
    (screen,) = [one for one in group.chat.bot_messages if one.reply_to is message]
    return screen


async def test_a_response_is_chosen_shown_and_sent(group: Group) -> None:
    number = await prepared(group)
    card = await group.card(number)
    screen = below(group, await group.says(group.olga, "/т", to=card))
    assert screen.text == f"#{number} · чем ответить?"
    assert screen.keyboard == [["Перезагрузить камеру"], ["Решено, спасибо"]]
    await group.presses(group.olga, screen, "Перезагрузить")
    assert screen.text.splitlines() == [
        f"#{number} · Перезагрузить камеру — клиент получит это:",
        "Здравствуйте, Анна. Выключите камеру на минуту. Ольга",
    ]
    assert await group.said(number) == []
    await group.presses(group.olga, screen, "Отправить")
    said = "Здравствуйте, Анна. Выключите камеру на минуту. Ольга"
    assert await group.said(number) == [said]
    assert screen.text.splitlines() == [f"✉ #{number} · Перезагрузить камеру · Ольга", said]
    assert screen.keyboard == []
    await group.deliver()
    assert group.anna.last.text.endswith(said)
    (shown,) = (one for one in group.chat.bot_messages if one.text.endswith(said) if one != screen)
    await group.says(group.olga, "/undo", to=shown)
    assert await group.said(number) == []


async def test_who_sends_what_another_has_chosen_sees_their_own_name_first(group: Group) -> None:
    number = await prepared(group)
    screen = below(group, await group.says(group.olga, f"/t {number} reboot"))
    press = await group.presses(group.oleg, screen, "Отправить")
    assert "изменился" in (await press.answer()).text
    assert await group.said(number) == []
    assert screen.text.endswith("Олег")
    await group.presses(group.oleg, screen, "Отправить")
    assert [words[-4:] for words in await group.said(number)] == ["Олег"]


async def test_nothing_goes_unless_it_is_sent(group: Group) -> None:
    number = await prepared(group)
    screen = below(group, await group.says(group.olga, f"/t {number} решено"))
    assert screen.text.splitlines()[1:] == ["Готово.", "И ещё: обращение решено · теги #готово"]
    await group.presses(group.olga, screen, "Другой")
    assert screen.text == f"#{number} · чем ответить?"
    await group.presses(group.olga, screen, "Решено")
    await group.presses(group.olga, screen, "Отмена")
    assert screen.text == f"#{number}: ничего не отправлено."
    assert await group.said(number) == []


async def test_a_macro_does_all_of_it(group: Group) -> None:
    number = await prepared(group)
    screen = below(group, await group.says(group.olga, f"/t {number} thanks"))
    await group.presses(group.olga, screen, "Отправить")
    assert (await group.row(number)).state == "resolved"
    await group.deliver()
    assert "#готово" in (await group.card(number)).text


async def test_words_of_title_or_text_find_responses_the_most_used_first(group: Group) -> None:
    await group.desk.run(apply_directory, read_directory(FILE + MORE))
    number = await group.ticket()
    one = below(group, await group.says(group.olga, f"/t {number} дважды"))
    assert one.text.splitlines()[0].startswith(f"#{number} · Возврат")
    await group.presses(group.olga, one, "Отмена")
    several = below(group, await group.says(group.olga, f"/t {number} камеру"))
    assert several.text == f"#{number} · ответы со словами «камеру»"
    assert several.keyboard == [["Перезагрузить камеру"], ["Заявка мастеру"]]
    await group.presses(group.olga, several, "Заявка")
    await group.presses(group.olga, several, "Отправить")
    again = below(group, await group.says(group.olga, f"/t {number} камеру"))
    assert again.keyboard == [["Заявка мастеру"], ["Перезагрузить камеру"]], "by use"
    asked = await group.olga.inline_query("камеру", chat_type="supergroup")
    await group.settle()
    offered = [one["title"] for one in await group.olga.inline_results(asked)]
    assert offered == ["Заявка мастеру", "Перезагрузить камеру"]
    await group.boss.say("/t камеру")
    await group.settle()
    told = group.boss.last.text
    assert "master" in told and "reboot" in told and "refund" not in told


async def test_of_many_that_are_found_the_first_are_shown(group: Group) -> None:
    many = "".join(
        f'[[response]]\ncode = "c{n}"\ntitle = "Ответ {n}"\ntexts = {{ ru = "Про шлагбаум" }}\n'
        for n in range(PAGE + 3)
    )
    await group.desk.run(apply_directory, read_directory(FILE + many))
    number = await group.ticket()
    screen = below(group, await group.says(group.olga, f"/t {number} шлагбаум"))
    assert len(screen.keyboard) == PAGE
    assert screen.text.endswith("Ещё 3: добавьте слово.")


async def test_an_unknown_response_and_a_forged_button_send_nothing(group: Group) -> None:
    number = await prepared(group)
    command = await group.says(group.olga, f"/t {number} rebot")
    assert group.answers(command) == ["Готового ответа «rebot» нет. Похожие: reboot."]
    screen = below(group, await group.says(group.olga, f"/t {number} thanks"))
    press = await group.forges(group.olga, screen, f"rx:{number}:thanks:00000000")
    assert (await press.answer()).alert
    press = await group.forges(group.olga, screen, f"rx:{number}:moon:00000000")
    assert (await press.answer()).alert
    assert await group.said(number) == []


async def test_the_bots_name_and_words_offer_responses_to_operators_alone(group: Group) -> None:
    number = await prepared(group)
    card = await group.card(number)
    await group.says(group.olga, "/on")  # whoever acts here is an operator
    asked = await group.olga.inline_query("перезагрузка", chat_type="supergroup")
    stranger = await group.anna.inline_query("перезагрузка")
    await group.settle()
    assert await group.anna.inline_results(stranger) == []
    (offered,) = await group.olga.inline_results(asked)
    assert offered["title"] == "Перезагрузить камеру"
    chosen = await group.olga.choose_inline(offered, group.chat, reply_to=card)
    await group.settle()
    screen = below(group, chosen)
    assert screen.text.splitlines()[0] == f"#{number} · Перезагрузить камеру — клиент получит это:"
    assert await group.said(number) == []


async def test_words_through_another_bot_are_no_command(group: Group) -> None:
    number = await prepared(group)
    other = {"id": 99, "is_bot": True, "first_name": "Gif", "username": "gif"}
    said = await group.says(group.olga, f"/t {number} reboot", via_bot=other)
    assert [words.split(".")[0] for words in group.answers(said)] == [
        "Команды через другого бота не выполняются"
    ]


async def test_an_admin_keeps_them_in_private(group: Group) -> None:
    number = await prepared(group)

    async def says(words: str) -> str:
        await group.boss.say(words)
        await group.settle()
        return group.boss.last.text

    assert "reboot — Перезагрузить камеру" in await says("/t")
    assert "добавлен" in await says("/t_add lift Лифт\nВызвали мастера, {customer}.\nЖдите.")
    assert "Ждите." in await says("/t lift")
    assert "изменён" in await says("/t_add lift/en Лифт\nWe have called them.")
    assert "We have called them." in await says("/t lift")
    assert "{ customer }" in await says("/t_add lift Лифт\nЗдравствуйте, { customer }")
    assert "первой строкой" in await says("/t_add lift")
    screen = below(group, await group.says(group.olga, f"/t {number} lift"))
    assert screen.text.splitlines()[1:] == ["Вызвали мастера, Анна.", "Ждите."]
    assert "удалён" in await says("/t_del lift")
    assert "нет" in await says("/t_del lift")


RULE = """
[[rule]]
code = "dark"
title = "Темно"
event = "opened"
when = { words = ["темно"] }
then = { tags = ["ночь"] }
active = false
"""


async def test_an_admin_lists_rules_and_tries_one_before_it_is_on(group: Group) -> None:
    async def says(words: str) -> str:
        await group.boss.say(words)
        await group.settle()
        return group.boss.last.text

    assert "[[rule]]" in await says("/правила")
    await group.desk.run(apply_directory, read_directory(RULE))
    number = await group.ticket("Ночью темно")
    assert "dark — Темно (выключено)" in await says("/rules")
    tried = await says("/rules dark")
    assert tried.startswith("«Темно» за 30 дней сработало бы для 1 обращения.")
    assert f"#{number}" in tried and tried.endswith("↳ теги")
    assert (await says("/rules moon")).startswith("Правила «moon» нет. Есть: dark.")
    await group.desk.run(apply_directory, read_directory(RULE.replace("active = false\n", "")))
    other = await group.ticket("Опять темно", by=group.world.user("Пётр", started=True))
    assert "#ночь" in (await group.card(other)).text
    await group.says(group.olga, f"/journal {other}")
    assert "правило «Темно»: теги" in group.chat.bot_messages[-1].text
