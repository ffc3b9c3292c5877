"""Fills the sandbox's database: teams, an agreement, cameras, people, a contract.

It uses the ways of a real company: the files in `examples/` through the commands of the command
line, people through what their updates would do, a contract as an admin signs it.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.app import desk_of
from bot.commands.directory import apply_in
from bot.commands.import_cameras import import_cameras
from bot.database_access import open_for_writing
from bot.migrations import migrate
from bot.settings import Settings
from channels.telegram.addresses import chat_address
from core.contacts.contracts import sign
from core.contacts.edit import belong
from core.desk import Desk
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
DIRECTORY: Final = "directory.toml"
CAMERAS: Final = "cameras.csv"


async def seed_company(settings: Settings, demo: "Demo") -> None:
    """Fill the empty database of ``settings``; its bot must not run. Raises as the commands do."""
    from sandbox.demo import ON_DUTY

    folder = FOLDERS[demo.language]
    async with open_for_writing(settings.database_url.get_secret_value()) as database:
        await migrate(database)
        desk = desk_of(settings, database)
        for person in _staff(demo):
            await desk.run(join_operators, _sender(person))
        await apply_in(settings, database, folder / DIRECTORY)
        await desk.run(by_operator, _sender(demo.people[ON_DUTY]), begin_duty)
        await _sign(desk, demo)
    await import_cameras(settings, folder / CAMERAS, deactivate_missing=False)


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
