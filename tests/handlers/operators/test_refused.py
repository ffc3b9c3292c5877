"""What Telegram refuses to show to operators is not swallowed: somebody is told (X2)."""

from sandbox import Message as Sent
from tests.handlers.operators.group import Group

REFUSED = "Bad Request: wrong file identifier/HTTP URL specified"


async def refused_document(group: Group) -> tuple[int, Sent]:
    """A customer's file that has got its 👌, and that the group will never see."""
    number = await group.ticket()
    group.world.faults.error(400, method="sendDocument", chat=group.chat, description=REFUSED)
    sent = await group.anna.send_document(name="счёт.pdf")
    await group.settle()
    assert sent.bot_reactions == ["👌"]
    await group.deliver()
    return number, sent


async def test_a_refused_document_is_named_below_its_card(group: Group) -> None:
    number, _ = await refused_document(group)
    line = group.chat.bot_messages[-1]
    assert line.text.startswith(f"#{number}: не удалось показать")
    assert "файл «счёт.pdf»" in line.text
    assert line.reply_to is await group.card(number)


async def test_whoever_sent_what_was_refused_loses_the_sign_and_is_told(group: Group) -> None:
    _, sent = await refused_document(group)
    assert sent.bot_reactions == []
    assert "передать не получилось" in group.anna.last.text
    assert group.anna.last.reply_to is sent


async def test_a_refused_edit_is_told_in_the_group(group: Group) -> None:
    number = await group.ticket()
    said = await group.anna.say("А ещё звук пропал")
    await group.settle()
    await group.deliver()
    group.world.faults.error(400, method="editMessageText", chat=group.chat, description=REFUSED)
    await group.anna.edit(said, "А ещё пропал звук")
    await group.settle()
    await group.deliver()
    shown = group.chat.bot_messages[-1].text
    assert shown.startswith(f"#{number}: не удалось показать, что прислал клиент: текст")


async def test_a_card_that_cannot_be_posted_alarms_the_admins(group: Group) -> None:
    group.world.faults.error(400, method="sendMessage", chat=group.chat, description=REFUSED)
    await group.boss.say("/start")
    await group.settle()
    number = await group.ticket()
    assert f"Карточку обращения #{number} Telegram не принял" in group.boss.last.text
