"""Settings of the company that are chosen in the chat or by a file of the directory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.company import Company
from core.models import Setting
from core.tx import ReadTx


@dataclass(frozen=True, slots=True)
class Choice:
    """How one field is stored, and the variable that would override it."""

    variable: str
    keep: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _span(variable: str) -> Choice:
    """A span that may be off."""
    return Choice(
        variable,
        lambda span: None if span is None else span.total_seconds(),
        lambda seconds: None if seconds is None else timedelta(seconds=seconds),
    )


CHOICES: Final[dict[str, Choice]] = {
    "name": Choice("COMPANY_NAME", str, str),
    "language": Choice("DEFAULT_LANGUAGE", str, str),
    "zone": Choice("TIMEZONE", lambda zone: zone.key, ZoneInfo),
    "answer_deadline": _span("ANSWER_DEADLINE"),
    "remind_before": _span("REMIND_BEFORE"),
    "rating_wait": _span("RATING_WAIT"),
    "unassigned_wait": _span("UNASSIGNED_WAIT"),
    "mail_when_silent": _span("MAIL_WHEN_SILENT"),
    "keep_words": _span("KEEP_WORDS"),
    "keep_people": _span("KEEP_PEOPLE"),
    "topics": Choice("TOPICS", str, str),
    "keep_assignee_on_reopen": Choice("KEEP_ASSIGNEE_ON_REOPEN", bool, bool),
    "sign_answers": Choice("SIGN_ANSWERS", bool, bool),
    "offer_articles": Choice("OFFER_ARTICLES", bool, bool),
    "consent": Choice("CONSENT", dict, dict),
    "consent_version": Choice("CONSENT_VERSION", str, str),
}


async def find_chosen(tx: ReadTx, company: Company | None = None) -> Company:
    """Return the company with what was chosen in the chat or by a file of the directory."""
    company = company or tx.company
    kept = {row.name: row.value["is"] for row in await tx.all(select(Setting))}
    chosen = {
        field: choice.read(kept[field])
        for field, choice in CHOICES.items()
        if field in kept and field not in company.fixed
    }
    return replace(company, **chosen)
