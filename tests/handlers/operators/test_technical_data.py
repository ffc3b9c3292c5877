"""“Technical data” behind a card, and `/data`: for those who work here (T1, X16)."""

from typing import Any

from sqlalchemy import insert

from core.models import Camera, TicketCamera
from core.tx import Tx
from tests.handlers.operators.group import Group

SECRET = "10.0.0.7"


async def faulty(group: Group) -> int:
    """A ticket about a camera whose file had columns of its own."""
    number = await group.ticket()

    async def equip(tx: Tx) -> None:
        row = {"number": "MOS_1", "name": "Двор", "address": "Мира 1", "area": "", "folded": ""}
        fields = {"IP-адрес": SECRET, "Модель": "<b>DS</b>"}
        one = insert(Camera).values(**row, fields=fields, updated_at=tx.now).returning(Camera.id)
        camera_id = await tx.session.scalar(one)
        await tx.insert(TicketCamera(ticket_id=number, camera_id=camera_id))

    await group.desk.run(equip)
    return number


def seen(group: Group) -> list[tuple[Any, str]]:
    """Who alone sees the posts with it in the group, and their words."""
    shown = [one for one in group.chat.bot_messages if SECRET in one.text]
    return [(one.extra.get("receiver_user", {}).get("id"), one.text) for one in shown]


async def test_one_tap_on_the_card_shows_them_to_whoever_pressed(group: Group) -> None:
    number = await faulty(group)
    await group.says(group.olga, f"/tag {number} дождь")
    await group.deliver()  # the card, drawn anew
    card = await group.card(number)
    assert card.buttons[-2:] == ["📋 Техданные", "⋯ Ещё"]
    await group.presses(group.olga, card, "📋 Техданные")
    ((reader, text),) = seen(group)
    assert reader == group.olga.id
    assert f"IP-адрес: {SECRET}" in text and "Модель: <b>DS</b>" in text, "as words"
    await group.presses(group.olga, card, "⋯ Ещё")
    assert "Технические данные" not in card.buttons, "it is on the card"


async def test_a_card_that_nothing_stands_behind_has_no_such_button(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    assert card.buttons[-1] == "⋯ Ещё" and "📋 Техданные" not in card.buttons
    await group.presses(group.olga, card, "⋯ Ещё")
    assert "Технические данные" in card.buttons


async def test_whoever_gets_an_account_gets_the_button_on_their_cards(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, f"/contact {number} компания Ромашка")
    await group.deliver()
    card = await group.card(number)
    assert "📋 Техданные" in card.buttons


async def test_a_command_shows_the_same_in_both_chats(group: Group) -> None:
    number = await faulty(group)
    await group.says(group.olga, "/on")
    await group.says(group.olga, f"/data {number}")
    ((reader, text),) = seen(group)
    assert reader == group.olga.id
    await group.olga.say(f"/техданные {number}")
    await group.settle()
    assert group.olga.last.text == text


async def test_customers_and_strangers_get_none(group: Group) -> None:
    number = await faulty(group)
    stranger = group.world.user("Ева", started=True)
    for who in (stranger, group.anna):
        await who.say(f"/data {number}")
        await group.settle()
        assert all(SECRET not in message.text for message in who.chat.bot_messages)
