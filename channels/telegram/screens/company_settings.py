"""The company's settings in words: what stands above the buttons that change them (X12, C1)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from channels.telegram.screens.entry_words import sender_word
from channels.telegram.screens.screen import Renderer
from core.company import Company, Limit
from core.contacts.erased_senders import SENDERS
from core.contacts.retention import Round
from core.texts import Key
from core.words.names import clean_name

# So much of a list of addresses or masks is shown; the question for it has all of it.
_SHOWN: Final = 200
_ALWAYS: Final = Key("company_settings.always")
_NO_LIMIT: Final = Key("company_settings.no_limit")
# A text for on and one for off.
_FLAGS: Final = (
    "keep_assignee_on_reopen",
    "sign_answers",
    "offer_articles",
    "number_in_body",
)


def settings_lines(renderer: Renderer, company: Company, last: Round | None) -> list[str]:
    """What counts now in words, and what the last night has erased."""
    said = [*_said(renderer, company)]
    if last is not None:
        said.append(_round(renderer, last))
    return said


def _said(renderer: Renderer, company: Company) -> Iterator[str]:
    for name, facts in _facts(renderer, company).items():
        yield f"• {renderer.html(f'company_settings.{name}', **facts)}"


def _facts(renderer: Renderer, company: Company) -> dict[str, Mapping[str, Any]]:
    """The texts of all settings, and what they say."""
    return {
        "answers": {"deadline": company.answer_deadline, "remind": company.remind_before},
        **_either("rating_wait", span=company.rating_wait),
        **_either("unassigned_wait", span=company.unassigned_wait),
        **_either("mail_when_silent", span=company.mail_when_silent),
        **{key: {} for name in _FLAGS for key in _either(name, it=getattr(company, name))},
        f"tags.{company.tags}": {},
        **_either("outages", n=company.outage_faults, span=company.outage_window),
        **_limit("message_limit", company.message_limit),
        **_limit("ticket_limit", company.ticket_limit),
        **_limit("mail_ticket_limit", company.mail_ticket_limit),
        f"topics.{company.topics}": {},
        **_numbers(company),
        **_list(
            "junk" if company.mail_junk else SENDERS,
            [sender_word(renderer, entry) for entry in company.mail_blacklist],
        ),
        **_list("mail_alerts_to", company.mail_alerts_to),
        **_budget(company),
        "kept": {
            "words": company.keep_words or _ALWAYS,
            "people": company.keep_people or _ALWAYS,
        },
        "kept_records": {
            "updates": company.keep_updates,
            "deliveries": company.keep_deliveries,
            "calls": company.keep_calls,
            "reads": company.keep_reads,
        },
        **_either("reads_an_hour", n=company.reads_an_hour),
        **_either("colour", values=company.colour and f"#{company.colour}"),
        **_either("consent", version=company.consent and company.consent_version),
    }


def _either(name: str, **facts: Any) -> dict[str, Mapping[str, Any]]:
    """The text for what is on, with these facts; for what is off, none of them says anything."""
    on = all(facts.values())
    return {f"{name}.{'on' if on else 'off'}": facts if on else {}}


def _limit(name: str, limit: Limit | None) -> dict[str, Mapping[str, Any]]:
    return _either(name, n=limit and limit.count, span=limit and limit.span)


def _list(name: str, values: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    return _either(name, values=values and clean_name(", ".join(values), _SHOWN))


def _numbers(company: Company) -> dict[str, Mapping[str, Any]]:
    number = company.number_mask.replace("{0}", "12")
    former = [mask.replace("{0}", "12") for mask in company.former_number_masks]
    if not former:
        return {"number_mask": {"number": number}}
    values = clean_name(", ".join(former), _SHOWN)
    return {"number_mask.former": {"number": number, "values": values}}


def _budget(company: Company) -> dict[str, Mapping[str, Any]]:
    if company.assistance is None:
        return {}
    calls, tokens = company.assistant_calls, company.assistant_tokens
    said = {"calls": calls or _NO_LIMIT, "tokens": tokens or _NO_LIMIT}
    return {"assistant": said}


def _round(renderer: Renderer, last: Round) -> str:
    records = last.updates + last.deliveries + last.calls + last.reads
    return renderer.html(
        "company_settings.round",
        at=last.at,
        words=last.words,
        people=last.people,
        records=records,
    )
