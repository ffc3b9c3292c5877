"""`check` asks Telegram for the bot, the group and the channel, and what the bot may do there."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from tests.bot.check.practice import Practice


@pytest.fixture
async def elsewhere() -> AsyncIterator[str]:
    """A server that is not Telegram: whatever it is asked, it shows its page."""

    async def page(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="<html>It works!</html>", content_type="text/html")

    runner = web.ServerRunner(web.Server(page))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_without_a_token_it_says_where_to_get_one(practice: Practice) -> None:
    assert "get one from @BotFather" in await practice.fault(BOT_TOKEN="")


async def test_a_token_that_telegram_does_not_know(practice: Practice) -> None:
    said = await practice.fault(BOT_TOKEN="42:another")
    assert "does not know BOT_TOKEN" in said
    assert "ask @BotFather" in said


async def test_a_server_that_cannot_be_reached(practice: Practice) -> None:
    said = await practice.fault(TELEGRAM_API_URL="http://127.0.0.1:9")
    assert "Telegram cannot be reached" in said
    assert "look at the network, TELEGRAM_PROXY, or TELEGRAM_API_URL" in said


async def test_a_server_that_is_not_telegram(practice: Practice, elsewhere: str) -> None:
    assert "look at TELEGRAM_API_URL" in await practice.fault(TELEGRAM_API_URL=elsewhere)


@pytest.mark.parametrize("code", [404, 502])
async def test_a_server_that_answers_with_an_error(practice: Practice, code: int) -> None:
    practice.world.faults.error(code, method="getMe", description="Something")
    assert "TELEGRAM_API_URL" in await practice.fault()


async def test_nobody_is_an_admin(practice: Practice) -> None:
    assert "set ADMIN_IDS to" in await practice.fault(ADMIN_IDS="")


async def test_what_was_set_up_in_the_chat_counts_as_much_as_variables(practice: Practice) -> None:
    nothing = {"OPERATOR_CHAT_ID": "", "ALERT_CHAT_ID": "", "ADMIN_IDS": ""}
    assert len(await practice.faults(**nothing)) == 3
    await practice.set_up_in_the_chat()
    assert [str(finding) for finding in await practice.examine(**nothing)][-2:] == [
        "ok     the operator group is “Операторы”, the bot is an admin there",
        "ok     the alert channel is “Просрочки”, the bot is an admin there",
    ]
    assert "-1001 is out of reach" in await practice.fault(**nothing | {"ALERT_CHAT_ID": "-1001"})


# ------------------------------------------------------------------ the group and the channel


@pytest.mark.parametrize("variable", ["OPERATOR_CHAT_ID", "ALERT_CHAT_ID"])
async def test_a_chat_that_is_not_set(practice: Practice, variable: str) -> None:
    assert f"set {variable} to its id" in await practice.fault(**{variable: ""})


@pytest.mark.parametrize("variable", ["OPERATOR_CHAT_ID", "ALERT_CHAT_ID"])
async def test_a_chat_that_is_not_there(practice: Practice, variable: str) -> None:
    said = await practice.fault(**{variable: "-1001"})
    assert "-1001 is out of reach" in said
    assert f"look at {variable}, and add the bot there as an admin" in said


async def test_a_bot_that_is_no_admin_does_not_see_what_is_said(practice: Practice) -> None:
    await practice.group.demote_bot(practice.anna)
    assert "make the bot an admin of “Операторы”" in await practice.fault()


async def test_a_team_s_own_group_is_looked_at_as_well(practice: Practice) -> None:
    await practice.set_up_in_the_chat()
    field_group = practice.world.supergroup("Выездные", owner=practice.anna, bot="admin")
    await practice.has_team("field", field_group.id)
    told = "ok     the group of the team field is “Выездные”, the bot is an admin there"
    assert told in [str(finding) for finding in await practice.examine()]
    await field_group.remove_bot(practice.anna)
    said = await practice.fault()
    assert f"the group of the team field {field_group.id} is out of reach" in said
    assert "look at the team's chat in the directory, and add the bot there as an admin" in said


async def test_a_bot_that_was_thrown_out(practice: Practice) -> None:
    await practice.group.remove_bot(practice.anna)
    assert "add the bot there as an admin" in await practice.fault()


@pytest.mark.parametrize(
    ("right", "title"),
    [("can_delete_messages", "Delete messages"), ("can_pin_messages", "Pin messages")],
)
async def test_a_right_that_is_missing_in_the_group(
    practice: Practice, right: str, title: str
) -> None:
    await practice.group.promote_bot(practice.anna, **{right: False})
    said = await practice.fault()
    assert f"the operator group: the bot lacks the right “{title}”" in said
    assert "allow it in the bot's admin rights" in said


async def test_a_right_that_is_missing_in_the_channel(practice: Practice) -> None:
    await practice.alerts.promote_bot(practice.anna, can_post_messages=False)
    assert "the alert channel: the bot lacks the right “Post messages”" in await practice.fault()


async def test_a_channel_where_the_group_should_be(practice: Practice) -> None:
    said = await practice.fault(OPERATOR_CHAT_ID=str(practice.alerts.id))
    assert "OPERATOR_CHAT_ID" in said
    assert "in “Просрочки”, a channel, nobody can answer" in said


async def test_alerts_may_go_to_a_group(practice: Practice) -> None:
    assert not await practice.faults(ALERT_CHAT_ID=str(practice.group.id))


async def test_a_group_that_has_become_a_supergroup_has_another_id(practice: Practice) -> None:
    group = practice.world.group("Старая", owner=practice.anna, bot="admin")
    new = group.migrate()
    said = await practice.fault(OPERATOR_CHAT_ID=str(group.id))
    assert f"set OPERATOR_CHAT_ID to {new.id}" in said
