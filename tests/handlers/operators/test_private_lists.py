"""What only shows works in the private chat of those who work here, too (X16)."""

import pytest

from tests.handlers.operators.group import Group


async def asked(group: Group, command: str) -> str:
    """What Olga, an operator, reads in her private chat."""
    await group.olga.say(command)
    await group.settle()
    return group.olga.last.text


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("/queue", "Очередь · 1"),
        ("/очередь", "Очередь · 1"),
        ("/overdue", "Просрочено · 1"),
        ("/find 1", "Найдено по «1»"),
        ("/ticket 1", "⭕ #1"),
        ("/journal 1", "Журнал #1"),
        ("/teams", "Команд"),
        ("/next_up", "Что дальше\n⭕ #1 Анна · Беда с камерой"),
        ("/дальше", "Что дальше"),
    ],
)
async def test_what_only_shows_works_in_private(group: Group, command: str, shown: str) -> None:
    await group.says(group.olga, "/on")
    await group.ticket("Беда с камерой")
    group.clock.move(days=4)
    posts = len(group.chat.bot_messages)
    assert (await asked(group, command)).startswith(shown)
    assert len(group.chat.bot_messages) == posts


async def test_my_in_private_is_what_i_work_on(group: Group) -> None:
    number = await group.ticket("Беда с камерой")
    await group.says(group.olga, f"/take {number}")
    assert (await asked(group, "/my")).startswith("Мои обращения · 1")


async def test_pages_are_turned_in_private(group: Group) -> None:
    await group.says(group.olga, "/on")
    for n in range(12):
        await group.ticket(f"Беда {n}")
    first = await asked(group, "/queue")
    await group.presses(group.olga, group.olga.last, "›")
    assert "#12 " in group.olga.last.text and "#12 " not in first


async def test_a_command_that_changes_something_stays_in_the_group(group: Group) -> None:
    await group.says(group.olga, "/on")
    number = await group.ticket()
    before = await group.row(number)
    assert "группе операторов" in await asked(group, f"/take {number}")
    assert await group.row(number) == before


async def test_who_does_not_work_here_gets_no_list(group: Group) -> None:
    await group.ticket("Беда с камерой")
    for command in ("/queue", "/find 1", "/ticket 1", "/journal 1"):
        await group.anna.say(command)
        await group.settle()
        assert "команда" in group.anna.last.text.lower() and "Беда" not in group.anna.last.text


@pytest.mark.parametrize(
    "command", ["/stats", "/стат", "/report", "/blocked", "/health", "/export"]
)
async def test_what_is_for_admins_sends_an_operator_nowhere(group: Group, command: str) -> None:
    await group.says(group.olga, "/on")
    await group.ticket()
    said = await asked(group, command)
    assert said == f"{command} — для администраторов. Что можете вы: /help"


@pytest.mark.parametrize("command", ["/взять 1", "/write", "/mute 1", "/board"])
async def test_what_is_for_the_group_says_so_in_private(group: Group, command: str) -> None:
    await group.says(group.olga, "/on")
    await group.ticket()
    typed = command.partition(" ")[0]
    assert (await asked(group, command)).startswith(f"Команда {typed} работает только в группе")


async def test_an_admin_is_led_to_the_group_for_what_works_there_alone(group: Group) -> None:
    await group.boss.say("/contract Ромашка")
    await group.settle()
    assert group.boss.last.text.startswith("Команда /contract работает только в группе")
