"""Fills the sandbox's database: a whole company's directory, cameras, people, a contract.

It uses the ways of a real company: the files in `examples/` through the commands of the command
line, people through what their updates would do, a contract as an admin signs it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.app import desk_of
from bot.commands.directory import apply_in
from bot.commands.import_table import import_table
from bot.database_access import open_for_writing
from bot.demo.past import QUIET, live_through
from bot.demo.past_time import Cast
from bot.migrations import migrate
from bot.settings import Settings
from channels.telegram.addresses import chat_address
from core.contacts.contracts import sign
from core.contacts.edit import belong
from core.desk import Clock, Desk, utc_now
from core.people.contact_points import Point, add_point
from core.people.identity import Sender, join_operators, recognise
from core.people.staff import by_operator
from core.setup.company_settings import arrive_as_admin
from core.teams.members import begin_duty
from core.tx import Tx
from core.words.contact_values import PHONE

if TYPE_CHECKING:
    from sandbox import Person
    from sandbox.demo import Demo

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
# By the desk's language.
FOLDERS: Final = {"ru": EXAMPLES, "en": EXAMPLES / "en"}
# The directory's files, applied as if they were one, in this order.
_DIRECTORY: Final = ("directory", "tickets", "answers", "articles")
CAMERAS: Final = "cameras.csv"
# What the command line imports, by kind, in this order.
_TABLES: Final = {"cameras": CAMERAS, "accounts": "accounts.csv", "contracts": "contracts.csv"}
# The operators of the weeks before, the busier ones more than once.
_WORKED: Final = ("olga", "olga", "olga", "irina", "irina", "oleg")


async def seed_company(
    settings: Settings, demo: "Demo", *, weeks: int = 0, clock: Clock = utc_now
) -> None:
    """Fill the empty database of ``settings``; its bot must not run. Raises as the commands do.

    ``weeks``: so many the company has worked before the day that ``clock`` shows.
    """
    from sandbox.demo import ON_DUTY

    folder = FOLDERS[demo.language]
    async with open_for_writing(settings.database_url.get_secret_value()) as database:
        await migrate(database)
        desk = desk_of(settings, database)
        for person in _staff(demo):
            await desk.run(join_operators, _sender(person))
        await apply_in(settings, database, *directory_files(demo.language))
        await desk.run(by_operator, _sender(demo.people[ON_DUTY]), begin_duty)
        await _sign(desk, demo)
    for kind, name in _TABLES.items():
        await import_table(settings, kind, folder / name)
    if weeks:
        await _live_through(settings, demo, weeks, clock)


async def _live_through(settings: Settings, demo: "Demo", weeks: int, clock: Clock) -> None:
    from sandbox.past import FIRST_ID, PAST

    words, group = PAST[demo.language], demo.group.migrated_to or demo.group
    cast = Cast(
        operators=tuple(_sender(demo.people[name]) for name in _WORKED),
        customers=tuple(
            Sender(chat_address(FIRST_ID + at), name, None, demo.language)
            for at, name in enumerate(words.customers)
        ),
        group=group.id,
        words=words,
    )
    async with open_for_writing(settings.database_url.get_secret_value()) as database:
        desk = desk_of(settings, database, clock=clock)
        desk.subscribers = QUIET
        await live_through(desk, cast, weeks)


def directory_files(language: str) -> list[Path]:
    """Return the files of this company's directory, in the order in which they are applied."""
    return [FOLDERS[language] / f"{name}.toml" for name in _DIRECTORY]


def _staff(demo: "Demo") -> "list[Person]":
    """Return the members of the operators' group: they joined it before the bot did."""
    group = demo.group.migrated_to or demo.group
    return [person for person in demo.people.values() if group.member(person) is not None]


async def _sign(desk: Desk, demo: "Demo") -> None:
    from sandbox.demo import CONTRACT, SIGNED_BY

    customer = demo.people[SIGNED_BY]
    phone = Point(PHONE, f"+{customer.phone}")
    await desk.run(
        _sign_for, _sender(demo.admin), CONTRACT[demo.language], _sender(customer), phone
    )


async def _sign_for(tx: Tx, admin: Sender, contract: str, customer: Sender, phone: Point) -> None:
    """Let the admin record a contract, whose it is, and the phone they call from."""
    person = await recognise(tx, customer)
    await arrive_as_admin(tx, admin)
    account, _ = await sign(tx, contract)
    await belong(tx, person, account.name)
    await add_point(tx, person, phone)


def _sender(person: "Person") -> Sender:
    return Sender(chat_address(person.id), person.full_name, person.username, person.language)
