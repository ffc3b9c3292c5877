"""What is behind a ticket, as those who work here read it: camera, account, promises (T1)."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from typing import Final

from channels.telegram.screens.screen import Renderer, clipped
from channels.telegram.screens.ticket_list import draw_lines
from core.tickets.list_lines import Line
from core.tickets.technical_data import (
    AccountData,
    AgreementData,
    CameraData,
    Columns,
    ContractData,
    Owner,
    TechnicalData,
    TermData,
)
from core.words.names import clean_name

# A column's title and content, and how many of them: a file may have any.
_TITLE, _CONTENT, _COLUMNS = 60, 300, 40
_DETAILS = frozenset({"phone", "email"})
# A day as tables of others have it; a spreadsheet adds a time to it that means nothing.
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T]00:00(?::00)?)?")


Faults = Callable[[Renderer, Sequence[Line]], list[str]]


def _as_list(renderer: Renderer, faults: Sequence[Line]) -> list[str]:
    return draw_lines(renderer, faults, renderer.zone)


def draw_technical_data(
    renderer: Renderer, data: TechnicalData, faults: Faults = _as_list
) -> list[str]:
    """All of it as lines, an empty one before each part but the first. ``faults``: writes the other
    tickets about the camera, which lead elsewhere on a page than in a chat.
    """
    parts = [[renderer.html("technical.head", number=data.number)]]
    if data.camera is not None:
        parts.append(list(_camera(renderer, data.camera, faults)))
    if data.account is not None:
        parts.append(list(_account(renderer, data.account)))
    parts += [list(_agreement(renderer, one)) for one in data.agreements]
    if len(parts) == 1:
        return [renderer.html("technical.none", number=data.number)]
    first, *others = parts
    return [*first, *(line for part in others for line in (f"\n{part[0]}", *part[1:]))]


def _camera(renderer: Renderer, camera: CameraData, faults: Faults) -> Iterator[str]:
    key = "technical.camera" if camera.active else "technical.camera_off"
    yield renderer.html(key, number=clipped(camera.number, _TITLE))
    for name in ("name", "address", "area"):
        if words := clipped(getattr(camera, name), _CONTENT):
            yield renderer.html(f"technical.{name}", words=words)
    yield from _columns(renderer, camera.columns)
    if camera.owners:
        owners = ", ".join(_owner(renderer, one) for one in camera.owners)
        more = _more(renderer, camera.owned - len(camera.owners))
        yield f"{renderer.html('technical.owners')} {owners}{more}"
    if camera.faults:
        yield renderer.html("technical.faults")
        yield from faults(renderer, camera.faults)
        if left := _more(renderer, camera.faulty - len(camera.faults)):
            yield left.strip()


def _columns(renderer: Renderer, columns: Columns) -> Iterator[str]:
    for title, content in columns[:_COLUMNS]:
        name, day = _heading(clipped(title, _TITLE)), _day(content)
        if day is None:
            yield renderer.html("technical.column", title=name, content=clipped(content, _CONTENT))
        else:
            yield renderer.html("technical.column_day", title=name, day=_noon(renderer, day))
    if more := _more(renderer, len(columns) - _COLUMNS):
        yield more.strip()


def _heading(title: str) -> str:
    """As our own columns are written; a name as “eSIM” stays as it is."""
    first = title.partition(" ")[0]
    return title[:1].upper() + title[1:] if first.islower() else title


def _day(content: str) -> date | None:
    found = _DAY.fullmatch(content)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:  # no such day
        return None


def _more(renderer: Renderer, n: int) -> str:
    return f" {renderer.html('technical.more', n=n)}" if n > 0 else ""


def _owner(renderer: Renderer, owner: Owner) -> str:
    """The person, where we know who it is; how the file names them, unless that says nothing."""
    name = "" if owner.name is None else renderer.html("who.name", name=clean_name(owner.name))
    if owner.kind not in _DETAILS:
        return name or renderer.html("technical.owner_id", value=owner.value)
    return f"{name} {renderer.html(f'card.reach.{owner.kind}', value=owner.value)}".strip()


def _account(renderer: Renderer, account: AccountData) -> Iterator[str]:
    yield renderer.html("technical.account", account=clean_name(account.name))
    if account.agreement is not None:
        yield renderer.html("technical.account_agreement", agreement=clean_name(account.agreement))
    yield from _columns(renderer, account.columns)
    for one in account.contracts:
        yield _contract(renderer, one)
        yield from _columns(renderer, one.columns)


def _contract(renderer: Renderer, contract: ContractData) -> str:
    parts = [renderer.html("technical.contract", number=clean_name(contract.number))]
    parts += [
        renderer.html(f"technical.{name}", day=_noon(renderer, day))
        for name, day in (("since", contract.since), ("until", contract.until))
        if day is not None
    ]
    if contract.agreement is not None:
        agreement = clean_name(contract.agreement)
        parts.append(renderer.html("technical.contract_agreement", agreement=agreement))
    if not contract.in_force:
        parts.append(renderer.html("technical.not_in_force"))
    return " · ".join(parts)


def _noon(renderer: Renderer, day: date) -> datetime:
    return datetime.combine(day, time(12), renderer.zone)


def _agreement(renderer: Renderer, agreement: AgreementData) -> Iterator[str]:
    key = "technical.agreement_counts" if agreement.counts else "technical.agreement"
    names = {"title": clean_name(agreement.title), "calendar": clean_name(agreement.calendar)}
    yield renderer.html(key, **names)
    yield from (_term(renderer, one) for one in agreement.terms)


def _term(renderer: Renderer, term: TermData) -> str:
    kind = " · ".join(clean_name(one.title(renderer.locale)) for one in term.kind)
    about = renderer.html("technical.kind", kind=kind) if kind else renderer.html("technical.any")
    spans = [
        renderer.html(f"technical.{name}", span=span)
        for name, span in (("reaction", term.reaction), ("resolution", term.resolution))
        if span is not None
    ]
    return f"{about} {', '.join(spans) or renderer.html('technical.no_terms')}"
