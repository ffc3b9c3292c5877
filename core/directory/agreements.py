"""Putting services, calendars and agreements into the company's directory (E3), checked.

Every function either puts one entry, new or instead of what has its code, or raises
:class:`BadEntry` and changes nothing. What is kept in memory is forgotten, so that the next
transaction sees the change.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select, update

from core.models import (
    Account,
    AccountAgreement,
    Agreement,
    AgreementTerm,
    CalendarRow,
    Category,
    Classification,
    Clock,
    Contract,
    PriorityRow,
    Service,
    Ticket,
)
from core.sla.agreements import Agreements, agreements_of
from core.sla.calendar import BadCalendar, NeverOpen, read_calendar
from core.sla.clock_recorder import restate
from core.sla.terms import Kind, Term
from core.tickets.classes import ASPECTS, CATEGORY, PRIORITY, SERVICE, Classes, classes_of
from core.tx import Tx

# As buttons carry them.
CODE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
LONGEST_TITLE: Final = 100
LONGEST_SPAN: Final = timedelta(days=366)

_TABLES: Final[Mapping[str, type[Any]]] = {
    SERVICE: Service,
    CATEGORY: Category,
    PRIORITY: PriorityRow,
}


class BadEntry(ValueError):
    """An entry cannot be used as it is. ``where`` names it, ``why`` says what is wrong with it."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


async def put_service(
    tx: Tx, code: str, titles: Mapping[str, str], *, position: int, active: bool = True
) -> None:
    """Something that customers have from us."""
    await _put_class(tx, SERVICE, code, titles, active=active, position=position)


async def put_category(
    tx: Tx,
    code: str,
    titles: Mapping[str, str],
    *,
    position: int,
    diagnosed: bool = False,
    active: bool = True,
) -> None:
    """A kind of ticket; ``diagnosed`` ones make tasks (B9)."""
    await _put_class(
        tx, CATEGORY, code, titles, active=active, position=position, diagnosed=diagnosed
    )


async def put_priority(
    tx: Tx, code: str, titles: Mapping[str, str], *, rank: int, active: bool = True
) -> None:
    """How urgent a ticket can be: the smaller the ``rank``, the more."""
    await _put_class(tx, PRIORITY, code, titles, active=active, rank=rank)


async def _put_class(
    tx: Tx, aspect: str, code: str, titles: Mapping[str, str], **more: Any
) -> None:
    where = _checked_code(aspect, code)
    if not titles:
        raise BadEntry(where, "has no title")
    for language, title in titles.items():
        _check_title(f"{where} ({language})", title)
    await tx.session.merge(_TABLES[aspect](code=code, titles=dict(titles), **more))
    await _forget(tx)


async def put_calendar(
    tx: Tx,
    code: str,
    title: str,
    *,
    zone: str,
    week: Sequence[Any],
    days: Mapping[str, Any] | None = None,
) -> None:
    """Working hours: seven days from Monday of ``["09:00", "18:00"]`` pairs, and dates that are
    otherwise. Clocks of tickets that have not ended follow at once: a holiday is one for all.
    """
    where = _checked_code("calendar", code)
    _check_title(where, title)
    days = days or {}
    try:
        calendar = read_calendar(zone, week, days)
        for agreement, span in await _spans_in(tx, code):
            _check_reach(f"{where}, agreement {agreement}", calendar.after, tx, span)
    except (BadCalendar, TypeError, ValueError) as wrong:
        raise wrong if isinstance(wrong, BadEntry) else BadEntry(where, str(wrong)) from None
    hours = {"days": [[list(pair) for pair in pairs] for pairs in week]}
    others = {day: [list(pair) for pair in pairs] for day, pairs in days.items()}
    await tx.session.merge(CalendarRow(code=code, title=title, zone=zone, week=hours, days=others))
    await _forget(tx)
    await _restate_all(tx, code)


async def put_agreement(
    tx: Tx,
    code: str,
    title: str,
    *,
    calendar: str,
    terms: Sequence[Term],
    default: bool = False,
) -> None:
    """An agreement with its terms. Tickets keep what they were promised; new ones, and those
    classified anew, go by the new terms. ``default``: it counts for everybody without another.
    """
    where = _checked_code("agreement", code)
    _check_title(where, title)
    row = await tx.session.get(CalendarRow, calendar)
    if row is None:
        raise BadEntry(where, f"there is no calendar {calendar!r}")
    hours = read_calendar(row.zone, row.week["days"], row.days)
    await _check_terms(tx, where, terms)
    for span in _spans(terms):
        _check_reach(where, hours.after, tx, span)
    if default:
        await tx.session.execute(update(Agreement).values(is_default=False))
    await tx.session.merge(Agreement(code=code, title=title, calendar=calendar, is_default=default))
    await tx.session.flush()
    await tx.session.execute(delete(AgreementTerm).where(AgreementTerm.agreement == code))
    tx.session.add_all(_row(code, term) for term in terms)
    await _forget(tx)


async def put_account_agreement(tx: Tx, account: str, agreement: str | None) -> None:
    """What counts for everybody of this account (by name) without a contract of their own."""
    where = f"account {account!r}"
    number = await tx.session.scalar(select(Account.id).where(Account.name == account))
    if number is None:
        raise BadEntry(where, "there is no such account")
    if agreement is None:
        await tx.session.execute(
            delete(AccountAgreement).where(AccountAgreement.account_id == number)
        )
        return
    if agreement not in (await agreements_of(tx)).agreements:
        raise BadEntry(where, f"there is no agreement {agreement!r}")
    await tx.session.merge(AccountAgreement(account_id=number, agreement=agreement))
    await tx.session.flush()


async def drop_agreement(tx: Tx, code: str) -> None:
    """Take an agreement away. Refused while a contract, an account or a ticket goes by it."""
    used: dict[str, Any] = {
        "a contract": Contract.agreement,
        "an account": AccountAgreement.agreement,
        "a ticket": Classification.agreement,
    }
    for what, column in used.items():
        if await tx.session.scalar(select(func.count()).where(column == code)):
            raise BadEntry(f"agreement {code}", f"{what} goes by it")
    await tx.session.execute(delete(AgreementTerm).where(AgreementTerm.agreement == code))
    await tx.session.execute(delete(Agreement).where(Agreement.code == code))
    await _forget(tx)


async def drop_calendar(tx: Tx, code: str) -> None:
    """Take a calendar away. Refused while an agreement or a clock counts in it."""
    for what, column in (("an agreement", Agreement.calendar), ("a ticket", Clock.calendar)):
        if await tx.session.scalar(select(func.count()).where(column == code)):
            raise BadEntry(f"calendar {code}", f"{what} counts in it")
    await tx.session.execute(delete(CalendarRow).where(CalendarRow.code == code))
    await _forget(tx)


async def _forget(tx: Tx) -> None:
    await tx.session.flush()
    tx.invalidate(Agreements, Classes)


def _checked_code(what: str, code: str) -> str:
    if not CODE.fullmatch(code):
        raise BadEntry(f"{what} {code!r}", "a code has up to 32 of a–z, 0–9, «_», «.», «-»")
    return f"{what} {code}"


def _check_title(where: str, title: str) -> None:
    if not title.strip() or len(title) > LONGEST_TITLE:
        raise BadEntry(where, f"a title has 1 to {LONGEST_TITLE} characters")


async def _check_terms(tx: Tx, where: str, terms: Sequence[Term]) -> None:
    classes, seen = await classes_of(tx), set[Kind]()
    if not terms:
        raise BadEntry(where, "has no terms")
    for number, term in enumerate(terms, start=1):
        line = f"{where}, term {number}"
        for aspect in ASPECTS:
            code = getattr(term.kind, aspect)
            if code is not None and classes.get(aspect, code) is None:
                raise BadEntry(line, f"there is no {aspect} {code!r}")
        if term.kind in seen:
            raise BadEntry(line, "an earlier term is for the same tickets")
        seen.add(term.kind)
        for span in (term.spans.reaction, term.spans.resolution):
            if span is not None and not 0 < span <= LONGEST_SPAN.total_seconds():
                raise BadEntry(line, "a span is from a second to 366 days of working time")


def _check_reach(where: str, after: Any, tx: Tx, span: int) -> None:
    try:
        after(tx.now, timedelta(seconds=span))
    except NeverOpen as never:
        raise BadEntry(where, str(never)) from None


def _spans(terms: Sequence[Term]) -> list[int]:
    both = [span for term in terms for span in (term.spans.reaction, term.spans.resolution)]
    return [span for span in both if span is not None]


async def _spans_in(tx: Tx, calendar: str) -> list[tuple[str, int]]:
    agreements = (await agreements_of(tx)).agreements.values()
    return [
        (a.code, span) for a in agreements if a.calendar == calendar for span in _spans(a.terms)
    ]


def _row(agreement: str, term: Term) -> AgreementTerm:
    return AgreementTerm(
        agreement=agreement,
        service=term.kind.service,
        category=term.kind.category,
        priority=term.kind.priority,
        reaction=term.spans.reaction,
        resolution=term.spans.resolution,
    )


async def _restate_all(tx: Tx, calendar: str) -> None:
    query = (
        select(Clock.ticket_id)
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .where(Clock.calendar == calendar, Ticket.closed_at.is_(None))
        .distinct()
        .order_by(Clock.ticket_id.desc())
    )
    for number in list(await tx.session.scalars(query)):
        await tx.session.get_one(Ticket, number, with_for_update=True)
        await restate(tx, number, same_terms=True)
