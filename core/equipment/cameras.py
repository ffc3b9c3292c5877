"""Cameras and their owners; finding one among one's own (A2). Nobody sees other people's."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, and_, func, or_, select

from core.address_holders import holder_of
from core.addresses import Address
from core.errors import Refusal
from core.models import Camera, CameraOwner, ContactPoint
from core.tx import ReadTx
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
        if not self.address or fold(self.address) in fold(self.name):
            return self.name
        return f"{self.address}, {self.name}"


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
    return (await tx.session.scalars(query)).one_or_none() is not None


async def list_own(tx: ReadTx, address: Address, words: str = "", page: int = 0) -> CameraPage:
    """Return the person's cameras with all of these words in number, name or address.

    A page beyond the last is the last.
    """
    found = await _owned_by(tx, address)
    for word in fold(words).split():
        found = found.where(Camera.folded.contains(word, autoescape=True))
    total = await tx.session.scalar(select(func.count()).select_from(found.subquery())) or 0
    pages = max(1, -(-total // PAGE))
    page = max(0, min(page, pages - 1))
    query = found.order_by(Camera.number).offset(page * PAGE).limit(PAGE)
    cameras = await tx.session.scalars(query)
    return CameraPage(tuple(map(facts_of, cameras)), page, pages, total)


async def find_own(
    tx: ReadTx, address: Address, *, camera_id: int | None = None, number: str | None = None
) -> Camera:
    """Return the person's camera with this id or number.

    Raises :class:`Refusal`, the same for a camera of somebody else and for one that does not exist.
    """
    wanted = Camera.id == camera_id if number is None else Camera.number == number
    query = (await _owned_by(tx, address)).where(wanted)
    camera = (await tx.session.scalars(query)).one_or_none()
    if camera is None:
        raise Refusal("refusal.no_such_camera")
    return camera


async def _owned_by(tx: ReadTx, address: Address) -> Select[Camera]:
    """Select active cameras of this address, and of every verified contact point of its person."""
    points = await tx.session.execute(
        select(ContactPoint.kind, ContactPoint.value).where(
            ContactPoint.person_id == holder_of(address), ContactPoint.verified_at.is_not(None)
        )
    )
    keys = {(address.channel, address.chat), *(tuple(point) for point in points)}
    theirs = (and_(CameraOwner.kind == kind, CameraOwner.value == value) for kind, value in keys)
    return select(Camera).where(
        Camera.id.in_(select(CameraOwner.camera_id).where(or_(*theirs))), Camera.active.is_(True)
    )
