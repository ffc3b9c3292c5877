"""`/find` in both orders: a button below the list, in the group and in private (D5)."""

from core.tickets.search_index import index_new
from tests.handlers.operators.group import Group


async def found(group: Group) -> tuple[int, int]:
    """Numbers of a ticket that is about the gate, and of a newer one that only mentions it."""
    await group.says(group.olga, "/on")
    about = await group.ticket("Шлагбаум не открывается")
    mentions = await group.ticket("Темно во дворе, лампы не горят, а шлагбаум как всегда открыт")
    group.clock.move(minutes=1)
    while await group.desk.run(index_new):
        pass
    return about, mentions


def order(text: str, *numbers: int) -> list[int]:
    """The numbers as they stand in the text."""
    return sorted(numbers, key=lambda number: text.index(f"#{number} "))


async def test_the_order_is_changed_by_a_button_and_back(group: Group) -> None:
    about, mentions = await found(group)
    await group.olga.say("/find шлагбаум")
    await group.settle()
    screens = [group.olga.last]
    command = await group.says(group.olga, "/find шлагбаум")
    screens += [one for one in group.chat.bot_messages if one.reply_to is command]
    assert len(screens) == 2
    for screen in screens:
        assert screen.text.startswith("Найдено по «шлагбаум»\n")
        assert order(screen.text, about, mentions) == [mentions, about]
        assert screen.buttons[-1] == "🎯 Сначала подходящие"
        await group.presses(group.olga, screen, "🎯")
        assert screen.text.startswith("Найдено по «шлагбаум», сначала самые подходящие\n")
        assert order(screen.text, about, mentions) == [about, mentions]
        assert screen.buttons[-1] == "🕒 Сначала новые"
        await group.presses(group.olga, screen, "🕒")
        assert order(screen.text, about, mentions) == [mentions, about]


async def test_one_ticket_needs_no_order(group: Group) -> None:
    await found(group)
    await group.olga.say("/find лампы")
    await group.settle()
    assert group.olga.last.text.startswith("Найдено") and group.olga.last.buttons == []
