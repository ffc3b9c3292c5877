"""Cameras of the stories, whose they are, and short ways of telling of them."""

from channels.telegram.addresses import chat_address
from core.desk import Desk
from core.equipment.camera_import import apply, compare
from core.equipment.cameras import CameraFacts, find_own
from core.equipment.csv_file import Read
from core.equipment.faults import report
from core.people.identity import Sender
from core.sheets.plan import Plan
from core.tickets.intake import Heard
from core.tx import Tx
from tests.actions.people import says

AREA = "North"


def camera(number: str, *owners: Sender | str, area: str = AREA, name: str = "Entrance") -> Read:
    """A camera of these people: Telegram's, or phones and addresses as a file says them."""
    kinds = frozenset(
        ("telegram", owner.address.chat)
        if isinstance(owner, Sender)
        else ("email" if "@" in owner else "phone", owner)
        for owner in owners
    )
    return Read(number, name, "1 Birch St", area, kinds)


async def brings(desk: Desk, *cameras: Read, deactivate_missing: bool = False) -> Plan[Read]:
    """The file with these cameras is imported."""
    plan = await desk.read(compare, cameras, deactivate_missing=deactivate_missing)
    for piece in plan.batches():
        await desk.run(apply, piece)
    return plan


def title(facts: CameraFacts) -> str:
    return f"Fault of camera {facts.number}, {facts.place}"


async def tells(desk: Desk, sender: Sender, number: str, words: str = "No picture") -> Heard:
    """The person reports the camera by a button."""

    async def telling(tx: Tx) -> Heard:
        found = await find_own(tx, sender.address, number=number)
        return await report(tx, sender, found.id, says(sender, words), title=title)

    return await desk.run(telling)


def crowd(size: int, first: int = 5000) -> list[Sender]:
    return [Sender(chat_address(first + at), f"Neighbour {at}", None, "en") for at in range(size)]
