"""The dialogue steps in which a customer finds their camera (A2)."""

from dataclasses import dataclass
from typing import Final

from core.address_holders import address_of
from core.addresses import Address
from core.equipment.cameras import PAGE, CameraPage, has_cameras, list_own
from core.errors import Refusal
from core.models import Person
from core.people.contact_points import verified_phones
from core.people.identity import Sender, arrive, enter_dialogue, find_by_address, mark_reachable
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import FOLLOW_UP, Heard, Outcome
from core.tx import ReadTx, Tx

# The step in which messages are searched for among one's cameras.
STEP: Final = "cameras"
# The step in which the person's own contact is expected.
PHONE_STEP: Final = "phone"
_LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class Offered:
    """A page of one's cameras, the words searched for, and the phones known as one's own."""

    page: CameraPage
    words: str = ""
    phones: tuple[str, ...] = ()


async def begin_choosing(tx: Tx, sender: Sender) -> Offered:
    """Begin the search for a camera.

    Raises :class:`Refusal` in a company without cameras.
    """
    person = await arrive(tx, sender, "customer")
    mark_reachable(tx, person)
    if not await has_cameras(tx):
        raise Refusal("refusal.no_cameras")
    page = await list_own(tx, sender.address)
    phones = tuple(await verified_phones(tx, sender.address))
    if page.total or phones:
        _look_for(tx, person, page, "")
    else:
        enter_dialogue(person, {"step": PHONE_STEP})
    return Offered(page, phones=phones)


def _look_for(tx: Tx, person: Person, page: CameraPage, words: str) -> None:
    if page.total > PAGE or words:
        until = (tx.now + FOLLOW_UP).isoformat()
        enter_dialogue(person, {"step": STEP, "words": words, "until": until})
    elif (person.dialogue or {}).get("step") == STEP:
        enter_dialogue(person, None)


async def search(tx: Tx, person: Person, incoming: IncomingMessage) -> Heard | None:
    """Take a message as a search for a camera; anything but text is not for this step."""
    words = " ".join(incoming.text.split())[:_LONGEST]
    if incoming.kind != "text" or not words:
        return None
    page = await list_own(tx, address_of(person), words)
    _look_for(tx, person, page, words)
    return Heard(Outcome.SEARCHES, person)


async def look_at_page(tx: ReadTx, sender: Sender, page: int) -> Offered:
    """Return a page of the person's cameras, by the words searched for."""
    person = await find_by_address(tx, sender.address)
    dialogue = (None if person is None else person.dialogue) or {}
    words = str(dialogue.get("words", "")) if dialogue.get("step") == STEP else ""
    return Offered(await list_own(tx, sender.address, words, page), words)


async def wants_phone(tx: ReadTx, address: Address) -> str | None:
    """Return why the person's contact would help to find cameras: it was ``asked`` for, or their
    phone is ``unknown``.

    ``None``: it would not, so it is a message like any other.
    """
    person = await find_by_address(tx, address)
    if ((None if person is None else person.dialogue) or {}).get("step") == PHONE_STEP:
        return "asked"
    if await verified_phones(tx, address) or not await has_cameras(tx):
        return None
    return "unknown"
