"""An operator writes first to a customer who is known (A12), in the group."""

from dataclasses import replace

import pytest

from core.tickets.search_index import index_new
from sandbox import Person as Human
from tests.handlers.operators.group import Group
from tests.handlers.operators.test_work import newest

pytestmark = pytest.mark.usefixtures("group")

WORDS = "Здравствуйте, мастер будет завтра."


async def heard(group: Group, who: Human) -> list[str]:
    """What the customer has got."""
    await group.deliver()
    return [message.text for message in who.chat.bot_messages]


async def of_anna(group: Group) -> None:
    """Anna Smirnova has had a ticket, which is over; her phone was noted."""
    group.anna.last_name = "Смирнова"
    number = await group.ticket()
    await group.says(group.olga, f"/contact {number} +79161234567")
    await group.says(group.olga, f"/close {number} ! всё работает")
    await group.deliver()
    await group.desk.run(index_new)


@pytest.mark.parametrize(
    "whom",
    [
        "+79161234567",
        "8 916 123-45-67",
        "+7 (916) 123 45 67:",
        "\u200e9161234567",
        "Анна Смирнова",
        "Анна,",
        "Анне Смирновой:",
    ],
)
async def test_a_known_customer_is_written_to_by_phone_or_name(group: Group, whom: str) -> None:
    await of_anna(group)
    command = await group.says(group.olga, f"/write {whom} {WORDS}")
    assert group.answers(command) == []
    assert (await heard(group, group.anna))[-1] == WORDS
    (ticket,) = await group.rows("SELECT * FROM ticket WHERE closed_at IS NULL")
    assert (ticket.origin, ticket.title, ticket.answer_due) == ("operator", WORDS, None)
    assert await group.said(ticket.id) == [WORDS]
    assert command.bot_reactions == ["👌"]
    card = await group.card(ticket.id)
    assert "👤 Анна Смирнова · завёл оператор" in card.text and "👷 Ольга" in card.text


async def test_what_the_customer_answers_joins_that_ticket(group: Group) -> None:
    await of_anna(group)
    await group.says(group.olga, f"/write Анна {WORDS}")
    await heard(group, group.anna)
    await group.anna.say("Хорошо, жду после обеда")
    await group.settle()
    (ticket,) = await group.rows("SELECT * FROM ticket WHERE closed_at IS NULL")
    said = await group.rows("SELECT text FROM message WHERE ticket_id=:n ORDER BY id", n=ticket.id)
    assert [text for (text,) in said] == [WORDS, "Хорошо, жду после обеда"]


@pytest.mark.parametrize(
    "text", ["1 числа будет мастер", "— мастер будет", "в 5 часов", "а вы дома?"]
)
async def test_a_name_takes_no_word_of_what_is_said(group: Group, text: str) -> None:
    await of_anna(group)
    await group.says(group.olga, f"/write Анна {text}")
    assert (await heard(group, group.anna))[-1] == text


async def namesakes(group: Group) -> Human:
    """There is another Anna."""
    await of_anna(group)
    other = group.world.user(
        "Анна", last_name="Котова", language="ru", started=True, username="kotova"
    )
    await group.ticket(by=other)
    await group.desk.run(index_new)
    return other


async def test_of_several_of_one_name_the_author_chooses_and_it_is_sent_once(group: Group) -> None:
    other = await namesakes(group)
    command = await group.says(group.olga, f"/написать Анна: {WORDS}")
    question = newest(group)
    assert question.text.startswith("Кому написать?") and question.reply_to is command
    label = next(label for label in question.buttons if "Котова" in label)
    press = await group.presses(group.oleg, question, label)
    assert "Выбирает тот, кто дал команду: Ольга." in press.text
    pressed = question.button(label)
    assert pressed is not None
    await group.presses(group.olga, question, label)
    assert question.text == "Написано: Анна Котова, обращение #3." and question.buttons == []
    assert (await heard(group, other))[-1].endswith(f"\n{WORDS}")
    press = await group.forges(group.olga, question, str(pressed["callback_data"]))
    assert await group.rows("SELECT count(*) FROM ticket") == [(3,)]
    assert WORDS not in await heard(group, group.anna)


async def test_a_photo_with_words_goes_as_it_is(group: Group) -> None:
    await of_anna(group)
    await group.olga.send_photo(group.chat, caption=f"/write Анна {WORDS}")
    await group.settle()
    await group.deliver()
    assert group.anna.chat.bot_messages[-1].kind == "photo"
    assert group.anna.chat.bot_messages[-1].text == WORDS


async def test_whom_nobody_knows_or_nothing_reaches_is_said_and_nothing_is_opened(
    group: Group,
) -> None:
    await of_anna(group)
    before = await group.everything()
    for words, line in (
        ("/write Ирина Добрый день", "Не знаю клиента «Ирина Добрый день»."),
        ("/write +79990001122 Добрый день", "Не знаю клиента «+79990001122 Добрый день»."),
        ("/write 1 Добрый день", "Не знаю клиента «1 Добрый день»."),
        ("/write Анна", "Не хватает слов. Например: /write +7 916 123-45-67 Здравствуйте"),
        ("/write Олег Привет", "Не знаю клиента «Олег Привет»."),
    ):
        command = await group.says(group.olga, words)
        answers = group.answers(command)
        assert [answer[: len(line)] for answer in answers] == [line], words
    assert await group.everything() == before


async def test_who_has_blocked_the_bot_and_has_no_address_is_not_written_to(group: Group) -> None:
    await of_anna(group)
    await group.anna.block_bot()
    await group.settle()
    command = await group.says(group.olga, f"/write Анна {WORDS}")
    (answer,) = group.answers(command)
    assert answer.startswith("Анна Смирнова: написать некуда.")
    assert len(await group.rows("SELECT id FROM ticket")) == 1


@pytest.mark.parametrize("command", ["/reply {n} mail: ", "/reply {n} почта: "])
async def test_an_answer_goes_by_mail_where_an_operator_says_so(group: Group, command: str) -> None:
    """Wherever the customer wrote (F8); without an address it is refused, with the way on."""
    number = await group.ticket()
    group.desk.company = replace(group.desk.company, letter_channels=frozenset({"email"}))
    refused = await group.says(group.olga, command.format(n=number) + WORDS)
    assert f"Добавьте: /contact {number} адрес" in group.answers(refused)[0]
    await group.says(group.olga, f"/contact {number} anna@x.test")
    await group.says(group.olga, command.format(n=number) + WORDS)
    query = "SELECT channel, address FROM outbox WHERE kind = 'content' AND person_id IS NOT NULL"
    assert await group.rows(query) == [("email", "anna@x.test")]
    assert await group.said(number) == [WORDS]


@pytest.mark.parametrize("whom", ["new@y.test", "New@Y.test:", "new@y.test,"])
async def test_whoever_has_an_address_is_written_to_there_known_or_not(
    group: Group, whom: str
) -> None:
    group.desk.company = replace(group.desk.company, letter_channels=frozenset({"email"}))
    command = await group.says(group.olga, f"/write {whom} {WORDS}")
    assert group.answers(command) == []
    query = "SELECT channel, address FROM outbox WHERE kind = 'content' AND person_id IS NOT NULL"
    assert await group.rows(query) == [("email", "new@y.test")]
    (ticket,) = await group.rows("SELECT * FROM ticket")
    assert (ticket.origin, ticket.title) == ("email", WORDS)
    assert await group.said(ticket.id) == [WORDS]
