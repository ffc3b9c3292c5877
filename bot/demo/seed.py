"""What the sandbox's company has before its first customer writes: teams, an agreement, cameras.

It comes the ways that a company's comes: the files in `examples/` as the command line takes them,
people as their updates make them known, a contract as an admin signs it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.app import desk_of
from bot.commands.directory import put
from bot.commands.import_cameras import import_cameras
from bot.commands.migrate import migrate
from bot.database_access import opened_to_write
from bot.settings import Settings
from core.contacts.contracts import sign
from core.contacts.edit import belong
from core.desk import Desk
from core.people.contact_points import PHONE, Point, add_point
from core.people.identity import Sender, join_operators, recognise
from core.people.staff import by_operator
from core.setup.company_settings import arrive_as_admin
from core.teams.members import begin_duty
from core.tx import Tx

if TYPE_CHECKING:
    from sandbox import Person
    from sandbox.demo import Demo

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
DIRECTORY: Final = EXAMPLES / "directory.toml"
CAMERAS: Final = EXAMPLES / "cameras.csv"


async def seed_company(settings: Settings, demo: "Demo") -> None:
    """Fill the empty database of ``settings``; its bot must not run. Raises as the commands do."""
    from sandbox.demo import ON_DUTY

    async with opened_to_write(settings.database_url.get_secret_value()) as database:
        await migrate(database)
        desk = desk_of(settings, database)
        for person in _staff(demo):
            await desk.run(join_operators, _caller(person))
        await put(settings, database, DIRECTORY)
        await desk.run(by_operator, _caller(demo.people[ON_DUTY]), begin_duty)
        await _sign(desk, demo)
    await import_cameras(settings, CAMERAS, deactivate_missing=False)


def _staff(demo: "Demo") -> "list[Person]":
    """Who is in the operators' group: they have been there longer than the bot."""
    group = demo.group.migrated_to or demo.group
    return [person for person in demo.people.values() if group.member(person) is not None]


async def _sign(desk: Desk, demo: "Demo") -> None:
    from sandbox.demo import CONTRACT, SIGNED_BY

    customer = demo.people[SIGNED_BY]
    phone = Point(PHONE, f"+{customer.phone}")
    await desk.run(_take_over, _caller(demo.admin), CONTRACT, _caller(customer), phone)


async def _take_over(tx: Tx, admin: Sender, contract: str, customer: Sender, phone: Point) -> None:
    """An admin writes down a contract, whose it is, and the phone they call from."""
    person = await recognise(tx, customer)
    await arrive_as_admin(tx, admin)
    account, _ = await sign(tx, contract)
    await belong(tx, person, account.name)
    await add_point(tx, person, phone)


def _caller(person: "Person") -> Sender:
    return Sender(person.id, person.full_name, person.username, person.language)
