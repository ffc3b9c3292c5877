"""`/key` for admins: keys of other systems are made, listed and revoked in private."""

import re

from core.integrations.keys import find_key, list_keys
from tests.handlers.operators.group import Group


async def said(group: Group, words: str) -> str:
    await group.boss.say(words)
    await group.settle()
    return group.boss.last.text


async def test_an_admin_makes_lists_and_revokes_a_key(group: Group) -> None:
    assert "Ключей других систем нет" in await said(group, "/key")
    shown = await said(group, "/key create shop tickets:read")
    token = re.search(r"fd_[\w-]{43}", shown)
    assert token is not None and "Больше его не увидеть" in shown
    key = await group.desk.read(find_key, token[0])
    assert key is not None and key.scopes == {"tickets:read"}
    listed = await said(group, "/ключи")
    assert "shop: tickets:read" in listed and token[0] not in listed
    assert "больше ничего не открывает" in await said(group, "/key revoke shop")
    assert await group.desk.read(find_key, token[0]) is None


async def test_what_cannot_be_is_refused_with_what_could(group: Group) -> None:
    assert "tickets:write" in await said(group, "/key create shop everything")
    await said(group, "/key create shop")
    assert "уже есть" in await said(group, "/key create shop")
    assert "Ключа «crm» нет" in await said(group, "/key revoke crm")
    assert "/key create shop" in await said(group, "/key please")


async def test_nobody_else_makes_or_sees_a_key(group: Group) -> None:
    stranger = group.world.user("Ева", started=True)
    for words in ("/key", "/key create mine tickets:read"):
        await stranger.say(words)
    await group.settle()
    assert not await group.desk.read(list_keys)
    assert "fd_" not in " ".join(message.text for message in stranger.chat.bot_messages)
