"""`/junk` for admins: tickets of unwanted senders, and restoring one with one tap."""

from core.addresses import Address, MessageRef
from core.people.identity import Sender
from core.tickets.correspondence import Arrival, receive
from core.tickets.incoming import IncomingMessage
from core.tickets.junk import PAGE, junk_page
from tests.handlers.operators.group import Group


async def arrive(group: Group, number: int, *, text: str = "Купите") -> None:
    """A mail from somebody on the blacklist."""
    sender = Sender(Address("telegram", str(9000 + number)), f"Мэллори {number}")
    content = {"kind": "text", "text": text}
    ref = MessageRef("telegram", sender.address.chat, str(number))
    said = [IncomingMessage(ref, "text", text, content)]
    why = "от отправителя из чёрного списка: @y.test"
    await group.desk.run(receive, Arrival(sender, said, "Дёшево", unwanted=True, junk=why))


async def numbers(group: Group) -> list[int]:
    return [line.number for line in (await group.desk.read(junk_page)).lines]


async def test_an_admin_pages_through_junk_and_restores_with_one_tap(group: Group) -> None:
    for number in range(1, PAGE + 3):
        await arrive(group, number)
    await group.settle()
    assert not any("Дёшево" in one.text for one in group.chat.messages)
    await group.boss.say("/junk")
    await group.settle()
    shown = group.boss.last
    assert shown.text.startswith(f"Нежелательные · {PAGE + 2}")
    assert "Мэллори 10 · Дёшево · от отправителя из чёрного списка: @y.test" in shown.text
    await group.presses(group.boss, shown, "Раньше ›")
    assert "↩ #1" in shown.buttons and "↩ #10" not in shown.buttons
    press = await group.presses(group.boss, shown, "↩ #1")
    assert (await press.answer()).text == "Обращение #1 снова в работе."
    assert 1 not in await numbers(group)
    await group.deliver()
    assert any(
        "#1 · Обращение\nДёшево" in one.text and "Купите" in one.text for one in group.chat.messages
    )


async def test_an_admin_restores_by_number_and_hears_what_is_wrong_with_one(group: Group) -> None:
    await arrive(group, 1)
    for words, said in (
        ("/спам завтра", "/junk 12"),
        ("/спам 7", "Обращение #7 не среди нежелательных"),
        ("/спам #1", "Обращение #1 снова в работе."),
        ("/junk", "Нежелательных обращений нет."),
    ):
        await group.boss.say(words)
        await group.settle()
        assert said in group.boss.last.text
