"""The sandbox's company before its first customer writes, and the example files it comes from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date

import pytest

from bot.app import desk_of
from bot.commands.directory import apply_in
from bot.commands.import_table import import_table, summary
from bot.demo.seed import CAMERAS, FOLDERS, directory_files, seed_company
from bot.settings import Settings, load_settings
from channels.telegram.addresses import chat_address
from core.db import Database
from core.desk import Desk
from core.directory.kinds.teams import TeamEntry
from core.directory.reader import read_directory
from core.equipment.cameras import list_own
from core.equipment.csv_file import read_cameras
from core.knowledge.catalogue import articles_of
from core.people.contact_points import Point, holders_of
from core.people.identity import find_by_address
from core.sla.agreements import agreement_for, agreements_of
from core.teams.members import colleagues_of
from core.tickets.views import views_of
from core.tx import ReadTx
from sandbox import demo
from sandbox.demo import PEOPLE, Demo
from sandbox.past import FIRST_ID, PAST
from sandbox.plots import PLOTS

IDS = {role.name: role.id for role in PEOPLE}


NAMES = {
    "ru": ("Ольга", "Ирина", "Олег", "Анна Петровна"),
    "en": ("Olga", "Irina", "Oleg", "Anna Petrovna"),
}
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)

Company = tuple[Desk, Demo, Settings]


def written(language: str) -> str:
    """The whole directory of this company, as one file."""
    return "\n".join(file.read_text(encoding="utf-8") for file in directory_files(language))


@pytest.fixture(scope="module", params=["ru", "en"])
async def company(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Company]:
    """The desk of the furnished company, in this language; no bot runs."""
    folder = tmp_path_factory.mktemp("company")
    async with demo.start() as world:
        there = demo.build(world, language=request.param)
        url = f"sqlite+aiosqlite:///{folder}/desk.db"
        settings = load_settings(there.environment() | {"DATABASE_URL": url})
        await seed_company(settings, there)
        database = Database(url)
        yield desk_of(settings, database), there, settings
        await database.close()


async def test_customers_have_several_cameras_one_and_none(company: Company) -> None:
    desk, there, _ = company
    found = {
        name: await desk.read(list_own, chat_address(IDS[name]))
        for name in ("anna", "boris", "john")
    }
    assert {name: page.total for name, page in found.items()} == {"anna": 5, "boris": 1, "john": 0}
    assert len({camera.area for camera in found["anna"].cameras}) == 2
    assert re.fullmatch(r"MOS_\d\d_\d\d", found["boris"].cameras[0].number)
    # enough in one area for the question whether it is one cause
    areas = [camera.area for camera in found["anna"].cameras]
    assert max(map(areas.count, areas)) >= desk.company.outage_faults
    assert set(IDS) == set(there.people)


async def test_the_whole_company_is_there(company: Company) -> None:
    desk, played, _ = company
    kinds = Counter(item.entry.name for item in read_directory(written(played.language)).items)
    assert (kinds["response"], kinds["rule"], kinds["article"]) == (30, 10, 40)
    assert kinds["view"] and kinds["field"] and kinds["closing_reason"] and kinds["mailbox"]
    articles = (await desk.read(articles_of)).values()
    assert Counter(one.status for one in articles) == {"public": 30, "internal": 10}
    assert {one.language for one in articles} == {played.language}
    assert {one.code for one in (await desk.read(views_of)).values()} >= {"refunds", "unclaimed"}


async def test_two_teams_have_levels_members_and_somebody_on_duty(
    company: Company,
) -> None:
    desk, played, _ = company
    there = {one.name: one for one in await desk.read(colleagues_of)}
    lines = {name: [(team.code, team.level) for team in one.teams] for name, one in there.items()}
    olga, irina, oleg, admin = NAMES[played.language]
    assert lines == {
        olga: [("first", 1)],
        irina: [("first", 1)],
        oleg: [("second", 2)],
        admin: [("second", 2)],
    }
    assert [name for name, one in there.items() if one.on_duty] == [oleg]


async def _agreed(tx: ReadTx, chat: int) -> str | None:
    person = await find_by_address(tx, chat_address(chat))
    return await agreement_for(
        tx, await agreements_of(tx), person.id if person else 0, date(2026, 11, 23)
    )


async def test_a_contract_goes_before_what_counts_for_everybody(
    company: Company,
) -> None:
    desk, there, _ = company
    agreed = {name: await desk.read(_agreed, IDS[name]) for name in ("anna", "boris")}
    assert agreed == {"anna": "standard", "boris": "always"}
    phone = Point("phone", f"+{there.people['boris'].phone}")
    assert [one.name for one in await desk.read(holders_of, phone)] == [
        there.people["boris"].full_name
    ]


async def test_people_who_have_written_nothing_are_strangers_to_the_desk(
    company: Company,
) -> None:
    desk, _, _ = company
    anna = chat_address(IDS["anna"])
    assert await desk.read(find_by_address, anna) is None, "the bot will greet her"


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_files_name_only_people_of_the_sandbox(language: str) -> None:
    cameras = FOLDERS[language] / CAMERAS
    members = {
        who
        for item in read_directory(written(language)).items
        if isinstance(item.entry, TeamEntry)
        for who in item.entry.members
    }
    owners = {owner for camera in read_cameras(cameras.read_bytes()) for owner in camera.owners}
    phones = {f"+{plot.phone}" for plot in PLOTS[language] if plot.phone}
    past = {FIRST_ID + at for at in range(len(PAST[language].customers))}
    assert members <= set(IDS.values()) and not past & set(IDS.values())
    assert {int(value) for kind, value in owners if kind == "telegram"} <= {*IDS.values(), *past}
    assert {value for kind, value in owners if kind == "phone"} == phones


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_story_is_about_cameras_that_its_people_own(language: str) -> None:
    owners = {
        camera.number: {value for _, value in camera.owners}
        for camera in read_cameras((FOLDERS[language] / CAMERAS).read_bytes())
    }
    told = [plot for plot in PLOTS[language] if plot.camera]
    assert told and all(f"+{plot.phone}" in owners[plot.camera or ""] for plot in told)


async def test_the_files_can_be_applied_again_and_change_nothing(company: Company) -> None:
    desk, played, settings = company
    folder = FOLDERS[played.language]
    assert await apply_in(settings, desk.database, *directory_files(played.language)) == []
    plan = await import_table(settings, "cameras", folder / CAMERAS, retire=True)
    assert summary(plan).startswith("0 new, 0 changed, 10 unchanged; 1 have no owner")
    for kind in ("accounts", "contracts"):
        again = await import_table(settings, kind, folder / f"{kind}.csv")
        assert summary(again) == "0 new, 0 changed, 2 unchanged"


def test_an_english_company_speaks_english_but_for_its_foreigners() -> None:
    """Its people, chats, cameras, hints; what is there in both languages aside."""
    folder = FOLDERS["en"]
    directory = re.sub(r"(titles|texts|description|signature|when) = \{.*", "", written("en"))
    said = [directory, (folder / CAMERAS).read_text(encoding="utf-8"), demo.TOUR["en"]]
    said += [demo.GROUP["en"], demo.ALERTS["en"], demo.CONTRACT["en"]]
    said += [role.names["en"][0] for role in PEOPLE if not role.foreign]
    said += [
        plot.name + plot.words + str(plot.steps) for plot in PLOTS["en"] if plot.language == "en"
    ]
    assert [words for words in said if CYRILLIC.search(words)] == []
    assert len([plot for plot in PLOTS["en"] if plot.language != "en"]) == 1
