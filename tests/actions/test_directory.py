"""The directory as a file: what is shown can be applied, what is wrong changes nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Self
from zoneinfo import ZoneInfo

import pytest
from pydantic import Field
from sqlalchemy import select

from channels.telegram.addresses import chat_address
from core.delivery.linked_chats import OperatorChats
from core.desk import Desk
from core.directory.faults import DirectoryError, Problem
from core.directory.fields import Code, Reference, Titles
from core.directory.kinds import KINDS
from core.directory.reader import read_directory
from core.directory.schema import Directory, DirectoryEntry, Kinds
from core.directory.store import OnlyChecked, apply_directory, directory_schema, show_directory
from core.models import Account, SystemState
from core.people.identity import recognise
from core.teams.teams import teams_of
from core.texts import shipped_texts
from core.tickets.mailboxes import mailbox_of, mailboxes_of
from core.tx import ReadTx, Tx
from tests.actions.people import ALERTS, OLGA, OPERATORS, number
from tests.actions.store import Store

TEXTS = shipped_texts()

SAMPLE = """
[[topic]]
code = "payment"
titles = { ru = "Оплата", en = "Payment" }
answer = "1d"

[[service]]
code = "video"
titles = { ru = "Видеонаблюдение", en = "Video surveillance" }

[[calendar]]
code = "office"
title = "Office hours"
zone = "Europe/Moscow"
week = { mon = ["09:00-13:00", "14:00-18:00"], tue = ["09:00-18:00"] }
days = { 2026-12-30 = ["09:00-16:00"] }
holidays = ["2027-01-01"]

[[agreement]]
code = "standard"
title = "Standard"
calendar = "office"
default = true
terms = [
  { priority = "urgent", reaction = "30m", resolution = "4h" },
  { service = "video", category = "incident", resolution = "16h" },
  { reaction = "4h" },
]

[[account_agreement]]
account = "House 10"
agreement = "standard"

[[team]]
code = "field"
titles = { ru = "Выездная бригада", en = "Field crew" }
level = 2
chat = -100500
members = ["@olga"]
"""


async def apply(desk: Desk, text: str, *, really: bool = True) -> list[str]:
    return await desk.run(apply_directory, read_directory(text), really=really)


async def faults(desk: Desk, text: str) -> list[str]:
    """What is wrong with a file, in English; it must have changed nothing."""
    before = await desk.read(show_directory)
    with pytest.raises(DirectoryError) as error:
        await apply(desk, text)
    assert await desk.read(show_directory) == before
    return [say(fault.text.key, **fault.text.facts) for fault in error.value.faults]


def say(key: str, **facts: object) -> str:
    now, zone = datetime(2026, 11, 28, tzinfo=UTC), ZoneInfo("UTC")
    return TEXTS.say("en", key, facts, now=now, zone=zone)


async def _arrange(tx: Tx) -> None:
    await recognise(tx, OLGA)
    await tx.insert(Account(name="House 10"))


@pytest.fixture(autouse=True)
async def arranged(desk: Desk) -> None:
    """There is somebody to be a member, and an account."""
    await desk.run(_arrange)


async def test_what_is_shown_can_be_applied_and_changes_nothing(desk: Desk) -> None:
    await apply(desk, SAMPLE)
    shown = await desk.read(show_directory)
    assert await apply(desk, shown) == []
    assert await desk.read(show_directory) == shown


async def test_comments_say_what_every_field_is_and_change_nothing(desk: Desk) -> None:
    await apply(desk, SAMPLE)
    shown = await desk.read(show_directory, describe=say)
    assert "# [[team]] Support teams\n" in shown
    assert "#   level: support level from 1 to 9" in shown
    assert "#     reaction: to take or answer it" in shown
    assert await apply(desk, shown) == []
    assert "".join(
        f"{line}\n" for line in shown.splitlines() if line and not line.startswith("#")
    ) == "".join(f"{line}\n" for line in (await desk.read(show_directory)).splitlines() if line)


async def test_a_file_becomes_the_directory_and_the_difference_says_how(desk: Desk) -> None:
    difference = await apply(desk, SAMPLE)
    assert '+answer = "1d"' in difference
    assert "+[[team]]" in difference
    shown = await desk.read(show_directory)
    for line in ('members = ["@olga"]', 'holidays = ["2027-01-01"]', "default = true"):
        assert line in shown
    assert '{ priority = "urgent", reaction = "30m", resolution = "4h" }' in shown
    assert 'account = "House 10"\nagreement = "standard"' in shown
    assert 'code = "general"' in shown  # what the file does not name stays


async def test_a_check_says_the_difference_and_changes_nothing(desk: Desk) -> None:
    before = await desk.read(show_directory)
    with pytest.raises(OnlyChecked) as checked:
        await apply(desk, SAMPLE, really=False)
    assert "+[[agreement]]" in checked.value.difference
    assert await desk.read(show_directory) == before


async def test_what_was_kept_is_read_anew(desk: Desk) -> None:
    assert list(await desk.read(teams_of)) == []
    await apply(desk, SAMPLE)
    assert list(await desk.read(teams_of)) == ["field"]
    await apply(desk, SAMPLE.replace("Field crew", "Crew"))
    assert (await desk.read(teams_of))["field"].title("en") == "Crew"


async def test_another_default_takes_the_place_of_the_first(desk: Desk) -> None:
    await apply(desk, SAMPLE)
    other = SAMPLE[SAMPLE.index("[[agreement]]") : SAMPLE.index("[[account")]
    await apply(desk, other.replace('"standard"', '"other"'))
    shown = await desk.read(show_directory)
    assert shown.count("default = true") == 1
    assert shown.index('code = "other"') < shown.index("default = true")


async def test_an_account_without_an_agreement_of_its_own_is_shown_no_more(desk: Desk) -> None:
    await apply(desk, SAMPLE)
    assert await apply(desk, '[[account_agreement]]\naccount = "House 10"')
    assert "[[account_agreement]]" not in await desk.read(show_directory)


async def test_a_domain_is_an_accounts_until_a_file_says_that_it_is_nobodys(desk: Desk) -> None:
    await apply(desk, SAMPLE)
    domain = '[[account_domain]]\ndomain = "house.test"\n'
    (fault,) = await faults(desk, f'{domain}account = "x"')
    assert 'account_domain house.test, account: there is no account "x"' in fault
    (fault,) = await faults(desk, '[[account_domain]]\ndomain = "@House.test"')
    assert "in lower case, as in daisy.example" in fault
    assert await apply(desk, f'{domain}account = "House 10"')
    assert f'{domain}account = "House 10"' in await desk.read(show_directory)
    assert await apply(desk, domain)
    assert "[[account_domain]]" not in await desk.read(show_directory)


async def test_a_mailbox_names_what_there_is_and_is_switched_off_by_a_line(desk: Desk) -> None:
    await apply(desk, SAMPLE)
    box = '[[mailbox]]\naddress = "billing@house.test"\n'
    told = await faults(desk, f'{box}topic = "money"\nteam = "crew"\nagreement = "gold"')
    assert [fault.partition(": ")[0] for fault in told] == ["line 3", "line 4", "line 5"]
    assert "mailbox billing@house.test, topic: there is no topic money" in told[0]
    full = f'{box}topic = "payment"\npriority = "high"\nagreement = "standard"\nteam = "field"\n'
    assert await apply(desk, full.replace("billing@", "Billing@"))
    assert full in await desk.read(show_directory)
    assert mailbox_of(await desk.read(mailboxes_of), ["billing@house.test"]) is not None
    assert await apply(desk, f"{full}active = false")
    assert mailbox_of(await desk.read(mailboxes_of), ["billing@house.test"]) is None


async def test_a_mailbox_promises_nothing_that_is_switched_off(desk: Desk) -> None:
    await apply(desk, SAMPLE)
    old = '[[agreement]]\ncode = "old"\ntitle = "Old"\ncalendar = "office"\n'
    old += 'terms = [{ reaction = "4h" }]\n'
    await apply(desk, f"{old}active = false")
    box = '[[mailbox]]\naddress = "billing@house.test"\nagreement = "old"\n'
    (fault,) = await faults(desk, box)
    assert fault.startswith("line 3: ")
    assert "agreement old is switched off; switch it on or name another" in fault
    assert await apply(desk, f"{box}active = false"), "it promises nothing itself"
    assert await apply(desk, f"{old}\n{box}"), "the file switches it on"


async def test_a_team_may_take_the_group_that_an_earlier_one_leaves(desk: Desk) -> None:
    await apply(desk, SAMPLE)
    leaves = '[[team]]\ncode = "field"\ntitles = { en = "Field" }\n'
    takes = '[[team]]\ncode = "network"\ntitles = { en = "Network" }\nchat = -100500\n'
    assert await faults(desk, takes) == [
        "line 4: team network, chat: this group is that of the team field"
    ]
    assert await faults(desk, takes + leaves)
    await apply(desk, leaves + takes)
    assert (await desk.read(teams_of)).of_chat(chat_address(-100500)) is not None


LESS_WORK = (
    'mon = ["09:00-13:00", "14:00-18:00"], tue = ["09:00-18:00"]',
    'mon = ["09:00-11:00"]',
)
NEVER = "so much working time does not pass in twenty years in the calendar office"
SEEN_BY_THE_DATABASE = [
    ('"office"\ndefault', '"x"\ndefault', "agreement standard, calendar: there is no calendar x, "),
    ('"urgent"', '"x"', "agreement standard, terms 1, priority: there is no priority x, neither"),
    ('"video", ', '"x", ', "agreement standard, terms 2, service: there is no service x, neither"),
    ('agreement = "standard"', 'agreement = "x"', "account_agreement House 10, agreement: there"),
    ('"House 10"', '"x"', 'account_agreement x, account: there is no account "x"; the command'),
    ('"House 10"', '"\\u0000"', 'account_agreement �, account: there is no account "\\u0000"'),
    ('"16h"', '"8000h"', f"agreement standard, terms 2, resolution: {NEVER}"),
    ('"@olga"', '"@nobody"', "team field, members 1: @nobody has not written to the bot; they may"),
    ('"@olga"', f'"Olga", {number(OLGA)}', "team field, members 2: this member is named twice"),
    ("-100500", str(OPERATORS), "team field, chat: this chat is the company's; a team needs a"),
    ("-100500", str(ALERTS), "team field, chat: this chat is the company's; a team needs a group"),
]


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


@pytest.mark.parametrize(("old", "new", "why"), SEEN_BY_THE_DATABASE)
async def test_what_only_the_database_knows_is_told_with_its_line(
    desk: Desk, old: str, new: str, why: str
) -> None:
    text = SAMPLE.replace(old, new).replace(*LESS_WORK)
    (fault,) = await faults(desk, text)
    assert fault.startswith(f"line {line_of(SAMPLE, old)}: {why}")


async def test_what_could_be_meant_is_listed(desk: Desk) -> None:
    (fault,) = await faults(desk, SAMPLE.replace('"urgent"', '"panic"'))
    assert fault.endswith("there are: high, low, normal, urgent")


async def test_all_faults_are_told_at_once_wherever_they_are_seen(desk: Desk) -> None:
    text = SAMPLE.replace('"1d"', '"soon"').replace('"@olga"', '"@nobody"')
    text = text.replace("Europe/Moscow", "Mars").replace('"urgent"', '"panic"')
    told = await faults(desk, text)
    assert [fault.split(":")[1] for fault in told] == [
        " topic payment, answer",
        " calendar office, zone",
        " agreement standard, terms 1, priority",  # its calendar is there, only not right yet
        " team field, members 1",
    ]


async def test_what_a_broken_table_may_hold_is_not_missed(desk: Desk) -> None:
    text = SAMPLE.replace('zone = "Europe/Moscow"', "zone = Europe").replace("@olga", "@nobody")
    syntax, member = await faults(desk, text)
    assert syntax.startswith(f"line {line_of(text, 'zone')}: this is not valid TOML")
    assert member.startswith(f"line {line_of(text, 'members')}: team field, members 1: @nobody")


async def test_a_calendar_must_go_on_serving_the_agreements_that_count_in_it(desk: Desk) -> None:
    await apply(desk, SAMPLE.replace('"16h"', '"8000h"'))
    calendar = SAMPLE[SAMPLE.index("[[calendar]]") : SAMPLE.index("[[agreement]]")]
    assert await faults(desk, calendar.replace(*LESS_WORK)) == [
        f"line 5: calendar office, week: {NEVER} (agreement standard)"
    ]


async def test_a_date_is_free_or_has_hours_and_is_kept_once(desk: Desk) -> None:
    twice = SAMPLE.replace('["2027-01-01"]', '["2027-01-02", "2027-01-01", "2027-01-02"]')
    await apply(desk, twice)
    assert 'holidays = ["2027-01-01", "2027-01-02"]' in await desk.read(show_directory)
    (fault,) = await faults(desk, SAMPLE.replace('["2027-01-01"]', '["2026-12-30"]'))
    assert fault == (
        f"line {line_of(SAMPLE, 'days')}: calendar office, days, 2026-12-30: "
        "the same is named twice, leave one of them: 2026-12-30"
    )


async def test_two_agreements_for_everybody_are_one_too_many(desk: Desk) -> None:
    agreement = SAMPLE[SAMPLE.index("[[agreement]]") : SAMPLE.index("[[account")]
    (fault,) = await faults(desk, SAMPLE + agreement.replace('"standard"', '"other"'))
    assert fault.endswith("default: one agreement is the default, and standard is already")


async def test_a_refused_file_leaves_every_table_as_it_was(desk: Desk, store: Store) -> None:
    before = await store.everything()
    await faults(desk, SAMPLE.replace('"@olga"', '"@nobody"'))
    assert await store.everything() == before


# A kind is one class


class ColourEntry(DirectoryEntry):
    """A made-up kind that the product knows nothing of; it refers to topics."""

    name = "colour"
    caches: ClassVar[tuple[type, ...]] = (OperatorChats,)

    code: Code
    titles: Titles
    shade: Annotated[int, Field(ge=0, le=255)] = 0
    topic: Annotated[str | None, Reference("topic")] = None

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        query = (
            select(SystemState)
            .where(SystemState.name.startswith("colour "))
            .order_by(SystemState.name)
        )
        return [cls.stored(**row.value) for row in await tx.session.scalars(query)]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        taken = [one for one in directory.entries("colour").values() if one != self]
        same = any(isinstance(one, ColourEntry) and one.shade == self.shade for one in taken)
        return [Problem(("shade",), "directory_file.fault.same_key", {"first": 0})] if same else []

    async def put(self, tx: Tx, position: int) -> None:
        row = SystemState(name=f"colour {self.code}", value=self.model_dump(), at=tx.now)
        await self.save(tx, row)


RED = """[[colour]]
code = "red"
titles = { en = "Red" }
shade = 7
topic = "payment"
"""


async def test_a_new_kind_is_one_class_and_nothing_else(desk: Desk) -> None:
    kinds: Kinds = (*KINDS, ColourEntry)
    texts = {"directory_file.colour": "Colours", "directory_file.colour.shade": "from 0 to 255"}

    async def apply_with_colours(text: str) -> list[str]:
        return await desk.run(apply_directory, read_directory(text, kinds), kinds)

    difference = await apply_with_colours(SAMPLE + RED)
    assert difference[-5:] == [f"+{line}" for line in RED.splitlines()]
    shown = await desk.read(show_directory, kinds, lambda key: texts.get(key, ""))
    assert "# [[colour]] Colours\n" in shown and "#   shade: from 0 to 255\n" in shown
    assert await apply_with_colours(shown) == []

    for wrong, lines in (
        (RED.replace("shade = 7", "shade = 700"), [4]),
        (RED.replace("red", "rot").replace("payment", "gone"), [4, 5]),
    ):
        with pytest.raises(DirectoryError) as error:
            await apply_with_colours(wrong)
        assert [fault.line for fault in error.value.faults] == lines

    schema = directory_schema(lambda key: texts.get(key, ""), kinds)
    assert schema["$defs"]["ColourEntry"]["properties"]["shade"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 255,
        "default": 0,
        "description": "from 0 to 255",
    }
