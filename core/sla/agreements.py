"""The company's agreements and calendars, and the row with a ticket's classification."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import and_, select

from core.models import (
    AccountAgreement,
    AccountMember,
    Agreement,
    AgreementTerm,
    CalendarRow,
    Classification,
    Contract,
    Ticket,
)
from core.sla.calendar import Calendar, read_calendar
from core.sla.terms import Kind, Signed, Spans, Term, choose
from core.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True)
class CalendarFacts:
    """A calendar with its title; ``hours`` compute."""

    code: str
    title: str
    hours: Calendar


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """An agreement: its terms and its calendar. One that is not ``active`` is not chosen any more;
    tickets keep it.
    """

    code: str
    title: str
    calendar: str
    terms: tuple[Term, ...]
    active: bool = True


@dataclass(frozen=True, slots=True)
class Agreements:
    """All agreements and calendars, by code. ``default``: the one for everybody else."""

    agreements: Mapping[str, AgreementFacts] = field(default_factory=dict)
    calendars: Mapping[str, CalendarFacts] = field(default_factory=dict)
    default: str | None = None

    def __bool__(self) -> bool:
        """Return whether there are any agreements."""
        return bool(self.agreements)

    def calendar_of(self, agreement: str) -> CalendarFacts:
        """Return the calendar of an agreement."""
        return self.calendars[self.agreements[agreement].calendar]


async def agreements_of(tx: ReadTx) -> Agreements:
    """Return the company's agreements, cached until the directory changes."""
    return await tx.cached(Agreements, _read)


async def _read(tx: ReadTx) -> Agreements:
    rows = await tx.all(select(Agreement).order_by(Agreement.code))
    if not rows:
        return Agreements()
    terms: dict[str, list[Term]] = {row.code: [] for row in rows}
    for term in await tx.all(select(AgreementTerm).order_by(AgreementTerm.id)):
        terms[term.agreement].append(_term(term))
    calendars = await tx.all(select(CalendarRow).order_by(CalendarRow.code))
    return Agreements(
        {
            row.code: AgreementFacts(
                row.code, row.title, row.calendar, tuple(terms[row.code]), row.active
            )
            for row in rows
        },
        {row.code: _calendar(row) for row in calendars},
        next((row.code for row in rows if row.is_default), None),
    )


def _term(row: AgreementTerm) -> Term:
    kind = Kind(row.service, row.category, row.priority)
    return Term(kind, Spans(row.reaction, row.resolution))


def _calendar(row: CalendarRow) -> CalendarFacts:
    return CalendarFacts(row.code, row.title, read_calendar(row.zone, hours_of(row), row.days))


def hours_of(row: CalendarRow) -> list[Any]:
    """Return the hours of the seven days, as they are stored."""
    return list(row.week["days"])


async def agreement_for(tx: ReadTx, agreed: Agreements, person_id: int, day: date) -> str | None:
    """Return the code of the agreement that counts for this person on this day."""
    query = (
        select(Contract.agreement, Contract.since, Contract.until, AccountAgreement.agreement)
        .select_from(AccountMember)
        .outerjoin(
            Contract,
            and_(Contract.account_id == AccountMember.account_id, Contract.agreement.is_not(None)),
        )
        .outerjoin(AccountAgreement, AccountAgreement.account_id == AccountMember.account_id)
        .where(AccountMember.person_id == person_id)
    )
    rows = await tx.rows(query)
    signed = [Signed(code, since, until) for code, since, until, _ in rows if code is not None]
    account = rows[0][3] if rows else None
    return choose(signed, account, agreed.default, day)


async def hours_for(tx: ReadTx, ticket: Ticket) -> Calendar | None:
    """Return the working hours in which this ticket's customer is answered: those of the agreement
    that counts for it. ``None``: nothing was agreed, all hours count.
    """
    agreed = await agreements_of(tx)
    if not agreed:
        return None
    if (
        agreed.default is not None
        and len({facts.calendar for facts in agreed.agreements.values()}) == 1
    ):
        return agreed.calendar_of(agreed.default).hours  # whichever counts: nothing is asked
    named = select(Classification.agreement).where(Classification.ticket_id == ticket.id)
    code: str | None = await tx.first(named)
    if code is None:
        day = ticket.opened_at.astimezone(tx.company.zone).date()
        code = await agreement_for(tx, agreed, ticket.customer_id, day)
    return None if code is None else agreed.calendar_of(code).hours


async def answers_in_hours(tx: ReadTx) -> bool:
    """Return whether customers without another agreement are answered in working hours only."""
    agreed = await agreements_of(tx)
    return agreed.default is not None and not agreed.calendar_of(agreed.default).hours.always


class Graded:
    """Whether any ticket has a classification or an agreement."""


async def is_anything_graded(tx: ReadTx) -> bool:
    """Return whether any ticket has such a row; cached until one gets the first."""
    return await tx.any_row(Graded, select(Classification.ticket_id))


async def new_row(tx: Tx, ticket_id: int) -> Classification:
    """Return a row for a ticket that had none."""
    if not await is_anything_graded(tx):
        tx.invalidate(Graded)
    row = Classification(ticket_id=ticket_id)
    await tx.insert(row)
    return row
