"""Cameras and their owners; the steps in which customers find one of their own (A2).

Nobody sees other people's.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, and_, func, or_, select

from core.address_holders import address_of, holder_of
from core.addresses import Address
from core.errors import Refusal
from core.models import Camera, CameraOwner, ContactPoint, Person
from core.people.contact_points import verified_phones
from core.people.identity import Sender, arrive, enter_dialogue, find_by_address, mark_reachable
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import FOLLOW_UP, Heard, Outcome
from core.tx import ReadTx, Tx
from core.words.names import place_of
from core.words.pasted import fold_number
from core.words.stems import fold

# How many cameras fit on a phone's screen, with the buttons to turn pages.
PAGE: Final = 8


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """A camera as people know it."""

    id: int
    number: str
    name: str
    address: str
    area: str

    @property
    def place(self) -> str:
        """Return where it is: address and name, unless the name contains the address."""
        return place_of(self.name, self.address)


@dataclass(frozen=True, slots=True)
class CameraPage:
    """A page of somebody's cameras; ``page`` counts from 0, ``total`` over all pages."""

    cameras: tuple[CameraFacts, ...]
    page: int
    pages: int
    total: int


def facts_of(camera: Camera) -> CameraFacts:
    """Return the camera's facts."""
    return CameraFacts(camera.id, camera.number, camera.name, camera.address, camera.area)


async def has_cameras(tx: ReadTx) -> bool:
    """Return whether the company has active cameras."""
    query = select(Camera.id).where(Camera.active.is_(True)).limit(1)
    return await tx.first(query) is not None


async def list_own(tx: ReadTx, address: Address, words: str = "", page: int = 0) -> CameraPage:
    """Return the person's cameras with all of these words in number, name or address.

    A page beyond the last is the last.
    """
    owned = found = await _owned_by(tx, address)
    for word in fold(words).split():
        found = found.where(Camera.folded.contains(word, autoescape=True))
    total = await _count(tx, found)
    if not total and words:
        found = await _spelt_alike(tx, owned, words)
        total = await _count(tx, found)
    pages = max(1, -(-total // PAGE))
    page = max(0, min(page, pages - 1))
    query = found.order_by(Camera.number).offset(page * PAGE).limit(PAGE)
    cameras = await tx.all(query)
    return CameraPage(tuple(map(facts_of, cameras)), page, pages, total)


async def _count(tx: ReadTx, cameras: Select[Camera]) -> int:
    return await tx.first(select(func.count()).select_from(cameras.subquery())) or 0


async def _spelt_alike(tx: ReadTx, owned: Select[Camera], number: str) -> Select[Camera]:
    """Select those with this number in another spelling: case, letters that look alike, a №."""
    wanted = fold_number(number)
    rows = await tx.rows(owned.with_only_columns(Camera.id, Camera.number))
    alike = [camera_id for camera_id, spelt in rows if wanted and wanted in fold_number(spelt)]
    return owned.where(Camera.id.in_(alike))


async def find_own(
    tx: ReadTx, address: Address, *, camera_id: int | None = None, number: str | None = None
) -> Camera:
    """Return the person's camera with this id, or this number in any spelling.

    Raises :class:`Refusal`, the same for a camera of somebody else and for one that does not exist.
    """
    owned = await _owned_by(tx, address)
    wanted = Camera.id == camera_id if number is None else Camera.number == number
    camera = await tx.first(owned.where(wanted))
    if camera is None and number is not None:
        near = await tx.all(await _spelt_alike(tx, owned, number))
        same = [one for one in near if fold_number(one.number) == fold_number(number)]
        camera = same[0] if len(same) == 1 else None
    if camera is None:
        raise Refusal("refusal.no_such_camera")
    return camera


async def _owned_by(tx: ReadTx, address: Address) -> Select[Camera]:
    """Select active cameras of this address, and of every verified contact point of its person."""
    points = await tx.rows(
        select(ContactPoint.kind, ContactPoint.value).where(
            ContactPoint.person_id == holder_of(address), ContactPoint.verified_at.is_not(None)
        )
    )
    keys = {(address.channel, address.chat), *(tuple(point) for point in points)}
    theirs = (and_(CameraOwner.kind == kind, CameraOwner.value == value) for kind, value in keys)
    return select(Camera).where(
        Camera.id.in_(select(CameraOwner.camera_id).where(or_(*theirs))), Camera.active.is_(True)
    )


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
        enter_dialogue(person, {"step": STEP, "words": words, "until": until} | tx.actor.here)
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
