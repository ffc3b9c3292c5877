"""Entries of the company's directory, put as the desk puts them, without a file."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from core.directory.deadlines import ChangedPromises, compare_promises, promises_of
from core.directory.fields import DAYS
from core.directory.kinds.accounts import AccountAgreementEntry
from core.directory.kinds.agreements import (
    AgreementEntry,
    CalendarEntry,
    TermPart,
)
from core.directory.kinds.teams import TeamEntry
from core.directory.kinds.tickets import ServiceEntry
from core.directory.reader import Item
from core.directory.recount import begin_recount
from core.directory.store import put_items
from core.sla.terms import Term
from core.tx import Tx


async def put_team(tx: Tx, /, code: str, titles: Mapping[str, str], **more: Any) -> None:
    await put_items(tx, [team(code, titles, **more)])


async def put_service(tx: Tx, code: str, titles: Mapping[str, str], *, position: int) -> None:
    await put_items(tx, [service(code, titles, position=position)])


async def put_calendar(tx: Tx, code: str, title: str, **hours: Any) -> None:
    """Clocks that count in it are counted anew, as an admin chooses."""
    before = await promises_of(tx)
    await put_items(tx, [calendar(code, title, **hours)])
    changed = compare_promises(before, await promises_of(tx))
    await begin_recount(tx, ChangedPromises(changed.now, calendars=changed.calendars))


async def put_agreement(tx: Tx, code: str, title: str, **agreed: Any) -> None:
    await put_items(tx, [agreement(code, title, **agreed)])


# Several that are put together are checked together: every put reads the whole directory.


def team(
    code: str,
    titles: Mapping[str, str],
    *,
    level: int = 1,
    chat: int | None = None,
    members: Sequence[int | str] = (),
    active: bool = True,
    auto_assign: str | None = None,
) -> Item:
    entry = TeamEntry(
        code=code,
        titles=dict(titles),
        level=level,
        chat=chat,
        members=list(members),
        active=active,
        auto_assign=auto_assign,
    )
    return Item(entry)


def service(code: str, titles: Mapping[str, str], *, position: int) -> Item:
    return Item(ServiceEntry(code=code, titles=dict(titles)), position)


def calendar(
    code: str,
    title: str,
    *,
    zone: str,
    week: Sequence[Sequence[Sequence[str]]],
    days: Mapping[str, Sequence[Sequence[str]]] | None = None,
) -> Item:
    """Seven days from Monday, and dates that are otherwise, of ``["09:00", "18:00"]`` pairs."""
    entry = CalendarEntry(
        code=code,
        title=title,
        zone=zone,
        week={day: list(map("-".join, pairs)) for day, pairs in zip(DAYS, week, strict=True)},
        days={day: list(map("-".join, pairs)) for day, pairs in (days or {}).items()},
    )
    return Item(entry)


def agreement(
    code: str, title: str, *, calendar: str, terms: Sequence[Term], default: bool = False
) -> Item:
    entry = AgreementEntry(
        code=code,
        title=title,
        calendar=calendar,
        default=default,
        terms=[_term(term) for term in terms],
    )
    return Item(entry)


def _term(term: Term) -> TermPart:
    kind, spans = term.kind, term.spans
    return TermPart(
        service=kind.service,
        category=kind.category,
        priority=kind.priority,
        reaction=None if spans.reaction is None else timedelta(seconds=spans.reaction),
        resolution=None if spans.resolution is None else timedelta(seconds=spans.resolution),
    )


async def put_account_agreement(tx: Tx, account: str, agreement: str | None) -> None:
    await put_items(tx, [Item(AccountAgreementEntry(account=account, agreement=agreement))])
