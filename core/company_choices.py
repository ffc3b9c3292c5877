"""Settings of the company that are chosen in the chat or by a file of the directory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.company import Company, Limit
from core.models import Setting
from core.tx import ReadTx


@dataclass(frozen=True, slots=True)
class Choice:
    """How one field is stored, and the variable that would override it."""

    variable: str
    keep: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _text(variable: str) -> Choice:
    return Choice(variable, str, str)


def _flag(variable: str) -> Choice:
    return Choice(variable, bool, bool)


def _list(variable: str) -> Choice:
    return Choice(variable, list, tuple)


def _number(variable: str) -> Choice:
    """A number, which may be none."""
    return Choice(variable, lambda number: number, lambda kept: kept)


def _limit(variable: str) -> Choice:
    return Choice(
        variable,
        lambda limit: None if limit is None else [limit.count, limit.span.total_seconds()],
        lambda kept: None if kept is None else Limit(kept[0], timedelta(seconds=kept[1])),
    )


def _span(variable: str) -> Choice:
    """A span that may be off."""
    return Choice(
        variable,
        lambda span: None if span is None else span.total_seconds(),
        lambda seconds: None if seconds is None else timedelta(seconds=seconds),
    )


CHOICES: Final[dict[str, Choice]] = {
    "name": _text("COMPANY_NAME"),
    "language": _text("DEFAULT_LANGUAGE"),
    "zone": Choice("TIMEZONE", lambda zone: zone.key, ZoneInfo),
    "answer_deadline": _span("ANSWER_DEADLINE"),
    "remind_before": _span("REMIND_BEFORE"),
    "rating_wait": _span("RATING_WAIT"),
    "unassigned_wait": _span("UNASSIGNED_WAIT"),
    "mail_when_silent": _span("MAIL_WHEN_SILENT"),
    "keep_words": _span("KEEP_WORDS"),
    "keep_people": _span("KEEP_PEOPLE"),
    "keep_updates": _span("KEEP_UPDATES"),
    "keep_deliveries": _span("KEEP_DELIVERIES"),
    "keep_calls": _span("KEEP_CALLS"),
    "keep_reads": _span("KEEP_READS"),
    "reads_an_hour": _number("READS_AN_HOUR"),
    "outage_faults": _number("OUTAGE_FAULTS"),
    "outage_window": _span("OUTAGE_WINDOW"),
    "message_limit": _limit("MESSAGE_LIMIT"),
    "ticket_limit": _limit("TICKET_LIMIT"),
    "mail_ticket_limit": _limit("MAIL_TICKET_LIMIT"),
    "number_mask": _text("NUMBER_MASK"),
    "former_number_masks": _list("FORMER_NUMBER_MASKS"),
    "number_in_body": _flag("NUMBER_IN_BODY"),
    "mail_blacklist": _list("MAIL_BLACKLIST"),
    "mail_junk": _flag("MAIL_JUNK"),
    "mail_alerts_to": _list("MAIL_ALERTS_TO"),
    "assistant_calls": _number("ASSISTANT_CALLS"),
    "assistant_tokens": _number("ASSISTANT_TOKENS"),
    "topics": _text("TOPICS"),
    "keep_assignee_on_reopen": _flag("KEEP_ASSIGNEE_ON_REOPEN"),
    "sign_answers": _flag("SIGN_ANSWERS"),
    "offer_articles": _flag("OFFER_ARTICLES"),
    "tags": _text("TAGS"),
    "consent": Choice("CONSENT", dict, dict),
    "consent_version": _text("CONSENT_VERSION"),
    "colour": _text("COLOUR"),
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
