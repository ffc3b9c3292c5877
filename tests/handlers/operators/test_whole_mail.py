"""What a mail quotes is kept, and read by a button below its new words."""

from core.addresses import Address, MessageRef
from core.people.identity import Sender
from core.tickets.correspondence import Arrival, receive
from core.tickets.incoming import IncomingMessage
from tests.handlers.operators.group import Group

WHOLE = "Всё ещё закрыта.\n\n> Нажмите два раза & ждите <минуту>."


async def arrive(group: Group, number: int, text: str, **content: str) -> None:
    """A letter of Vera's."""
    sender = Sender(Address("telegram", "9001"), "Вера")
    ref = MessageRef("telegram", sender.address.chat, str(number))
    said = [IncomingMessage(ref, "text", text, {"kind": "text", "text": text, **content})]
    await group.desk.run(receive, Arrival(sender, said, "Калитка", numbers=(1,)))
    await group.deliver()


async def test_an_operator_reads_all_of_a_mail_by_a_button(group: Group) -> None:
    await arrive(group, 1, "Калитка закрыта.")
    await arrive(group, 2, "Всё ещё закрыта.", whole=WHOLE)
    (shown,) = [one for one in group.chat.messages if "Письмо целиком" in one.buttons]
    assert "Нажмите" not in shown.text
    await group.presses(group.olga, shown, "Письмо целиком")
    await group.deliver()
    assert any(WHOLE in one.text for one in group.chat.messages[-2:])
