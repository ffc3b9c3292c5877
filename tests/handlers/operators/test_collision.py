"""Two who answer in one ticket know of each other; who had a ticket hears that it is back (X6)."""

from tests.handlers.operators.group import Group
from tests.handlers.operators.test_quiet import answer, seen_by


async def olgas(group: Group) -> int:
    """A ticket that Olga answers in."""
    number = await group.ticket()
    await group.says(group.olga, "Смотрю", await group.card(number))
    return number


async def test_whoever_answers_in_a_colleagues_ticket_is_told_whose_it_is(group: Group) -> None:
    number = await olgas(group)
    said = await group.says(group.oleg, "И я смотрю", await group.card(number))
    told = answer(group, said)
    assert told.text.startswith(f"#{number} ведёт Ольга") and seen_by(told) == group.oleg.id
    again = await group.says(group.oleg, "Ещё слово", await group.card(number))
    assert group.answers(again) == []
    assert await group.said(number) == ["Смотрю", "И я смотрю", "Ещё слово"]


async def test_so_is_whoever_answers_by_a_command(group: Group) -> None:
    number = await olgas(group)
    said = await group.says(group.oleg, f"/reply {number} и я смотрю")
    assert answer(group, said).text.startswith(f"#{number} ведёт Ольга")


async def test_the_holder_is_told_when_somebody_else_answers(group: Group) -> None:
    await group.olga.start()
    number = await olgas(group)
    await group.says(group.oleg, "И я смотрю", await group.card(number))
    await group.deliver()
    assert group.olga.last.text.startswith(f"Олег отвечает по вашему #{number}")


async def test_a_holder_who_has_no_private_chat_is_told_in_the_group(group: Group) -> None:
    number = await olgas(group)
    await group.says(group.oleg, "И я смотрю", await group.card(number))
    await group.deliver()
    line = group.chat.find(f"по вашему #{number} отвечает Олег")
    assert line.text.startswith("Ольга,")


async def test_who_holds_a_ticket_hears_nothing_of_their_own_answers(group: Group) -> None:
    await group.olga.start()
    number = await olgas(group)
    said = await group.says(group.olga, "Нашла", await group.card(number))
    await group.deliver()
    assert group.answers(said) == []
    assert "по вашему" not in group.olga.last.text


async def test_who_had_a_ticket_is_called_when_it_comes_back(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, f"/resolve {number} заменили кабель")
    await group.deliver()
    await group.anna.say("Опять темно, смотрите сами")
    await group.settle()
    await group.deliver()
    line = group.chat.find(f"#{number} вернулось")
    assert "Ольга" in line.text
    assert any(e["type"] in {"text_mention", "text_link"} for e in line.entities)
