"""A line of a list leads to its card, and says what tells the ticket from the others (D1)."""

from sqlalchemy import text

from sandbox import Message as Sent
from tests.handlers.operators.group import Group


async def listed(group: Group, command: str) -> Sent:
    """The list that Olga asked for."""
    asked = await group.says(group.olga, command)
    return next(m for m in group.chat.bot_messages if m.reply_to is asked)


async def test_each_line_leads_to_its_card_and_names_customer_and_subject(group: Group) -> None:
    number = await group.ticket("Нет архива за вторник")
    card = await group.card(number)
    queue = await listed(group, "/queue")
    assert f"#{number} Анна · Нет архива за вторник" in queue.text
    (link,) = [e for e in queue.entities if e["type"] == "text_link"]
    assert link["url"] == f"https://t.me/c/{str(group.chat.id)[4:]}/{card.id}"


async def test_the_subject_is_what_operators_called_the_ticket(group: Group) -> None:
    number = await group.ticket("Здравствуйте, у меня вопрос")
    assert "Анна · Здравствуйте, у меня вопрос" in (await listed(group, "/queue")).text
    await group.says(group.olga, f"/title {number} Возврат за ноябрь")
    assert "Анна · Возврат за ноябрь" in (await listed(group, "/queue")).text


async def test_what_a_topic_names_alike_differs_by_how_it_began(group: Group) -> None:
    number = await group.ticket("Списали два раза")
    await group.says(group.olga, f"/topic {number} Оплата")
    assert "Анна · Списали два раза" in (await listed(group, "/queue")).text


async def test_what_all_lines_share_is_said_once_above_them(group: Group) -> None:
    for words in ("Одно", "Другое"):
        await group.ticket(words)
    async with group.desk.database.write() as session:  # a minute may end between them
        due = text("UPDATE ticket SET answer_due = (SELECT min(answer_due) FROM ticket)")
        await session.execute(due)
    queue = await listed(group, "/queue")
    assert "не назначен" not in queue.text and "сегодня" not in queue.text
    await group.says(group.oleg, "/take 1")
    assert (await listed(group, "/queue")).text.count("👷 Олег") == 1
    await group.says(group.oleg, "/take 2")
    head, shared, *lines = (await listed(group, "/queue")).text.split("\n")
    assert head == "Очередь · 2" and shared.startswith("У всех: 👷 Олег · до ")
    assert not any("Олег" in line or " · до " in line for line in lines)


async def test_an_age_that_all_share_says_what_it_counts(group: Group) -> None:
    group.clock.now = group.clock().replace(hour=9, minute=0)  # in Moscow
    for words in ("Одно", "Другое"):
        await group.ticket(words)
    group.clock.move(days=1)
    _, shared, *_ = (await listed(group, "/queue")).text.split("\n")
    assert shared.startswith("У всех: ") and "в работе 1 день" in shared


async def test_what_to_do_next_is_one_list_that_is_drawn_anew(group: Group) -> None:
    number = await group.ticket("Нет архива за вторник")
    await group.says(group.olga, f"/task new {number} Проверить диск")
    shown = await listed(group, "/next_up")
    head, ticket, task = shown.text.split("\n")
    assert head == "Что дальше" and "Анна · Нет архива за вторник" in ticket
    assert task == f"🛠 T1 Проверить диск · не назначен · #{number}"
    await group.says(group.oleg, f"/take {number}")
    await group.presses(group.olga, shown, "Обновить")
    assert shown.text == f"Что дальше\n{task}"


async def test_my_own_tickets_need_no_name(group: Group) -> None:
    await group.ticket("Нет архива")
    await group.says(group.olga, "/take 1")
    assert "Ольга" not in (await listed(group, "/my")).text


async def test_where_messages_have_no_links_a_command_is_tapped(group: Group) -> None:
    number = await group.ticket("Нет архива")
    async with group.database.write() as session:
        await session.execute(text("UPDATE sent_message SET chat='-42' WHERE role='card'"))
    assert f"🔴 /ticket_{number} Анна · Нет архива" in (await listed(group, "/queue")).text
    assert f"#{number}" in (await listed(group, f"/ticket_{number}")).text
