"""What is behind a ticket: its camera, its customer's account, contracts and promises (T1).

For those who work here alone: a camera's owners are other people's phones and addresses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import and_, func, select, tuple_

from core.errors import NoSuchTicket
from core.models import (
    Account,
    AccountAgreement,
    AccountMember,
    Camera,
    CameraOwner,
    Classification,
    ContactPoint,
    Contract,
    Person,
    Ticket,
    TicketCamera,
)
from core.sla.agreements import AgreementFacts, agreement_for, agreements_of
from core.sla.terms import Signed, Term
from core.tickets.catalog import ASPECTS, Classes, ClassFacts, classes_of, workflow_of
from core.tickets.list_lines import Line, lines_of
from core.tx import ReadTx

# So many of each are shown, and how many there are is said: a house has a hundred owners.
MOST: Final = 10

Columns = tuple[tuple[str, str], ...]
"""Free columns of an imported file: title and content, by the title's alphabet."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a camera is, as the file says it; ``name``: of the person who has proved that."""

    kind: str
    value: str
    name: str | None


@dataclass(frozen=True, slots=True)
class CameraData:
    """A camera. ``owners`` and ``faults``, other open tickets about it, are the first few of
    ``owned`` and ``faulty``.
    """

    number: str
    name: str
    address: str
    area: str
    active: bool
    columns: Columns
    owners: tuple[Owner, ...]
    owned: int
    faults: tuple[Line, ...]
    faulty: int


@dataclass(frozen=True, slots=True)
class TermData:
    """A promise: for tickets of these classes (none: any), so much working time."""

    kind: tuple[ClassFacts, ...]
    reaction: timedelta | None
    resolution: timedelta | None


@dataclass(frozen=True, slots=True)
class AgreementData:
    """An agreement. ``counts``: the ticket goes by it."""

    title: str
    calendar: str
    counts: bool
    terms: tuple[TermData, ...]


@dataclass(frozen=True, slots=True)
class ContractData:
    """A contract; ``agreement``: its title. ``in_force``: today. ``columns``: those of its file."""

    number: str
    agreement: str | None
    since: date | None
    until: date | None
    in_force: bool
    columns: Columns = ()


@dataclass(frozen=True, slots=True)
class AccountData:
    """An account; ``agreement``: the title of what was agreed with all of it. ``columns``: those of
    its file.
    """

    name: str
    agreement: str | None
    contracts: tuple[ContractData, ...]
    columns: Columns = ()


@dataclass(frozen=True, slots=True)
class TechnicalData:
    """All of it; a ticket may have none."""

    number: int
    camera: CameraData | None
    account: AccountData | None
    agreements: tuple[AgreementData, ...]


async def technical_data(tx: ReadTx, ticket_id: int) -> TechnicalData:
    """Return what is behind the ticket. Raises :class:`NoSuchTicket`."""
    ticket = await tx.find(Ticket, ticket_id)
    if ticket is None:
        raise NoSuchTicket(ticket_id)
    account, promised = await _account(tx, ticket)
    camera = await _camera(tx, ticket_id)
    if account is not None or (camera is not None and camera.owners):
        tx.shows(ticket.customer_id, "data")
    return TechnicalData(
        number=ticket_id,
        camera=camera,
        account=account,
        agreements=await _agreements(tx, ticket, promised),
    )


def _columns(fields: Mapping[str, Any]) -> Columns:
    return tuple(sorted((str(title), str(content)) for title, content in fields.items()))


async def _camera(tx: ReadTx, ticket_id: int) -> CameraData | None:
    query = select(Camera).join(TicketCamera, TicketCamera.camera_id == Camera.id)
    camera: Camera | None = await tx.first(query.where(TicketCamera.ticket_id == ticket_id))
    if camera is None:
        return None
    owners, owned = await _owners(tx, camera.id)
    faults, faulty = await _faults(tx, camera.id, ticket_id)
    return CameraData(
        camera.number,
        camera.name,
        camera.address,
        camera.area,
        camera.active,
        _columns(camera.fields),
        owners,
        owned,
        faults,
        faulty,
    )


async def _owners(tx: ReadTx, camera_id: int) -> tuple[tuple[Owner, ...], int]:
    mine = CameraOwner.camera_id == camera_id
    place = tuple_(ContactPoint.kind, ContactPoint.value)
    proved = and_(
        place == tuple_(CameraOwner.kind, CameraOwner.value), ContactPoint.verified_at.is_not(None)
    )
    query = (
        select(CameraOwner.kind, CameraOwner.value, Person.name)
        .outerjoin(ContactPoint, proved)
        .outerjoin(Person, Person.id == ContactPoint.person_id)
        .where(mine)
        .order_by(CameraOwner.kind, CameraOwner.value)
        .limit(MOST)
    )
    rows = await tx.rows(query)
    total = await tx.first(select(func.count()).select_from(CameraOwner).where(mine))
    return tuple(Owner(*row) for row in rows), int(total or 0)


async def _faults(tx: ReadTx, camera_id: int, ticket_id: int) -> tuple[tuple[Line, ...], int]:
    """Other tickets about the camera that have not ended, newest first."""
    codes = (await workflow_of(tx)).open_codes()
    others = (
        select(Ticket.id)
        .join(TicketCamera, TicketCamera.ticket_id == Ticket.id)
        .where(TicketCamera.camera_id == camera_id, Ticket.id != ticket_id, Ticket.state.in_(codes))
    )
    numbers = await tx.all(others.order_by(Ticket.id.desc()).limit(MOST))
    total = await tx.first(select(func.count()).select_from(others.subquery()))
    return await lines_of(tx, numbers), int(total or 0)


async def _account(tx: ReadTx, ticket: Ticket) -> tuple[AccountData | None, list[str]]:
    """The account of the ticket's customer, and the codes of what was agreed with it."""
    query = (
        select(Account.id, Account.name, Account.fields, AccountAgreement.agreement)
        .join(AccountMember, AccountMember.account_id == Account.id)
        .outerjoin(AccountAgreement, AccountAgreement.account_id == Account.id)
        .where(AccountMember.person_id == ticket.customer_id)
    )
    rows = await tx.rows(query)
    if not rows:
        return None, []
    account_id, name, fields, found = rows[0]
    agreement: str | None = found or None
    titles = (await agreements_of(tx)).agreements
    signed = await tx.all(
        select(Contract).where(Contract.account_id == account_id).order_by(Contract.number)
    )
    contracts = tuple(_contract(tx, one, titles) for one in signed)
    promised = [
        one.agreement
        for one, shown in zip(signed, contracts, strict=True)
        if one.agreement is not None and shown.in_force
    ]
    data = AccountData(name, _title(titles, agreement), contracts, _columns(fields))
    return data, [*promised, *([] if agreement is None else [agreement])]


def _contract(tx: ReadTx, contract: Contract, titles: Mapping[str, AgreementFacts]) -> ContractData:
    today = tx.now.astimezone(tx.company.zone).date()
    days = Signed("", contract.since, contract.until)
    return ContractData(
        contract.number,
        _title(titles, contract.agreement),
        contract.since,
        contract.until,
        days.counts_on(today),
        _columns(contract.fields),
    )


def _title(titles: Mapping[str, AgreementFacts], code: str | None) -> str | None:
    if code is None:
        return None
    return titles[code].title if code in titles else code


async def _agreements(tx: ReadTx, ticket: Ticket, promised: list[str]) -> tuple[AgreementData, ...]:
    """The agreement that counts for the ticket, then the others of its customer."""
    agreed = await agreements_of(tx)
    if not agreed:
        return ()
    named = select(Classification.agreement).where(Classification.ticket_id == ticket.id)
    counts: str | None = await tx.first(named)
    if counts is None:
        day = ticket.opened_at.astimezone(tx.company.zone).date()
        counts = await agreement_for(tx, agreed, ticket.customer_id, day)
    classes = await classes_of(tx)
    named_codes = (code for code in (counts, *promised) if code is not None)
    codes = dict.fromkeys(code for code in named_codes if code in agreed.agreements)
    return tuple(
        AgreementData(
            title=agreed.agreements[code].title,
            calendar=agreed.calendar_of(code).title,
            counts=code == counts,
            terms=tuple(_term(classes, term) for term in agreed.agreements[code].terms),
        )
        for code in codes
    )


def _term(classes: Classes, term: Term) -> TermData:
    chosen = (classes.get(aspect, getattr(term.kind, aspect)) for aspect in ASPECTS)
    return TermData(
        tuple(one for one in chosen if one is not None),
        _span(term.spans.reaction),
        _span(term.spans.resolution),
    )


def _span(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
