"""Who hears of what customers and operators say, and of what became of it. Pure."""

from typing import Any, Final

from core import events as e
from core.delivery.notices.notice import (
    CARD_WAIT,
    Audience,
    Notice,
    NoticeTable,
    Stored,
    card,
    to_reporters,
)
from core.delivery.pacing import Priority

ALBUM_WAIT: Final = 1.0
FOLD_WAIT: Final = 10.0


def _is_below_card(_event: e.Event, stored: Stored) -> bool:
    """Neither the card nor the post of a flood stands for these words: they are posted below it."""
    return not (stored.in_card or stored.flooded)


WORDS_BELOW_CARD: Final = (
    Notice(
        Audience.OPERATORS,
        "content",
        Priority.GROUP_NEWS,
        when=lambda event: event.album is None,
        if_stored=_is_below_card,
    ),
    Notice(
        Audience.OPERATORS,
        "content",
        Priority.GROUP_NEWS,
        when=lambda event: event.album is not None,
        if_stored=_is_below_card,
        wait=ALBUM_WAIT,
        dedup_key="album:{album}",
    ),
)


def _failure(event: e.AnswerFailed) -> str:
    reason = "blocked" if event.reason == "blocked" else "other"
    return f"answer.failed.{'letter_' if event.by_letter else ''}{reason}"


def _goes_to_all(event: Any, stored: Stored) -> bool:
    """An operator's words to an outage, or to all, are words to everybody who reported it (X9)."""
    return stored.origin == "outage" or getattr(event, "to_all", False)


NOTICES: Final[NoticeTable] = {
    e.CustomerWrote: (
        *WORDS_BELOW_CARD,
        Notice(
            Audience.OPERATORS,
            "flood",
            Priority.CARD_REFRESH,
            when=lambda event: event.flood is not None,
            wait=FOLD_WAIT,
            dedup_key="flood:{flood}",
        ),
        card(lambda event: event.turned),
        Notice(
            Audience.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "customer.verdict.content",
            when=lambda event: event.confirms,
        ),
    ),
    e.FloodBegan: (
        Notice(
            Audience.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "customer.flood",
            when=lambda event: event.told,
            if_stored=lambda _event, stored: not stored.by_letter,
        ),
    ),
    e.MessageShown: (Notice(Audience.OPERATORS, "content", Priority.GROUP_NEWS),),
    e.WordsKept: (
        Notice(
            Audience.CUSTOMER,
            "text",
            Priority.ANSWER_TO_ACTOR,
            lambda event: "customer.ask.which" if event.choices else "customer.ask.whether",
        ),
    ),
    e.MessageEdited: (
        Notice(
            Audience.OPERATORS,
            "edit",
            Priority.GROUP_NEWS,
            when=lambda event: event.from_customer,
            if_stored=_is_below_card,
            dedup_key="edit:{message_id}",
        ),
        card(if_stored=lambda event, stored: stored.in_card or event.turned),
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.edited",
            when=lambda event: event.announced,
            wait=CARD_WAIT,
            dedup_key="edited:{message_id}",
            reply="card",
        ),
        Notice(
            Audience.CUSTOMER,
            "edit",
            Priority.HUMAN_ANSWER,
            when=lambda event: not event.from_customer,
            dedup_key="edit:{message_id}",
        ),
        to_reporters(
            "edit", when=lambda event: not event.from_customer, dedup_key="edit:{message_id}"
        ),
    ),
    e.CustomerReacted: (
        Notice(
            Audience.OPERATORS,
            "reaction",
            Priority.RECEIPT,
            when=lambda event: event.message_id is not None,
            dedup_key="receipt:{message_id}",
            reply="source",
            extra=(("emoji", "👌"),),
        ),
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.disliked",
            when=lambda event: event.message_id is not None and not event.liked,
            dedup_key="disliked:{message_id}",
            reply="source",
        ),
        Notice(
            Audience.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            lambda event: f"customer.verdict.{'content' if event.liked else 'disputed'}",
            when=lambda event: event.message_id is None,
        ),
    ),
    e.QuestionAfterAll: (card(),),
    e.AnswerWritten: (
        Notice(
            Audience.CUSTOMER,
            "content",
            Priority.HUMAN_ANSWER,
            when=lambda event: event.album is None,
        ),
        Notice(
            Audience.CUSTOMER,
            "content",
            Priority.HUMAN_ANSWER,
            when=lambda event: event.album is not None,
            wait=ALBUM_WAIT,
            dedup_key="album:{album}",
        ),
        Notice(
            Audience.ASSIGNEE,
            "text",
            Priority.GROUP_NEWS,
            "staff.answered",
            when=lambda event: bool(event.concerns),
            dedup_key="answered:{ticket_id}",
        ),
        to_reporters("content", when=lambda event: event.album is None, if_stored=_goes_to_all),
        to_reporters(
            "content",
            when=lambda event: event.album is not None,
            if_stored=_goes_to_all,
            wait=ALBUM_WAIT,
            dedup_key="album:{album}",
        ),
    ),
    e.AnswerDelivered: (
        Notice(
            Audience.OPERATORS,
            "reaction",
            Priority.RECEIPT,
            dedup_key="receipt:{message_id}",
            reply="source",
            extra=(("emoji", "👌"),),
        ),
        card(),
    ),
    e.AnswerFailed: (
        Notice(Audience.OPERATORS, "text", Priority.HUMAN_ANSWER, _failure, reply="source"),
        card(),
    ),
    e.AnswerRedirected: (
        Notice(
            Audience.OPERATORS, "text", Priority.GROUP_NEWS, "answer.redirected", reply="source"
        ),
        card(),
    ),
    e.AnswerRetried: (
        Notice(Audience.CUSTOMER, "content", Priority.HUMAN_ANSWER),
        to_reporters("content", if_stored=_goes_to_all),
    ),
    e.SilentCustomerMailed: (Notice(Audience.CUSTOMER_MAIL, "unread", Priority.HUMAN_ANSWER),),
    e.CopyNotMailed: (
        Notice(
            Audience.OPERATORS, "text", Priority.GROUP_NEWS, "group.copy_not_mailed", reply="card"
        ),
    ),
    e.AnswerWithdrawn: (
        Notice(Audience.CUSTOMER, "delete", Priority.HUMAN_ANSWER),
        to_reporters("delete"),
        Notice(
            Audience.OPERATORS,
            "reaction",
            Priority.RECEIPT,
            dedup_key="receipt:{message_id}",
            reply="source",
            extra=(("emoji", None),),
        ),
        card(),
    ),
    e.NoteWritten: (
        Notice(
            Audience.OPERATORS,
            "reaction",
            Priority.RECEIPT,
            when=lambda event: event.said_with is None,
            dedup_key="note:{note_id}",
            reply="source",
            extra=(("emoji", "✍"),),
        ),
    ),
    e.WordsNotShown: (
        Notice(Audience.OPERATORS, "text", Priority.GROUP_NEWS, "group.not_shown", reply="card"),
        Notice(
            Audience.CUSTOMER,
            "reaction",
            Priority.RECEIPT,
            when=lambda event: event.told,
            dedup_key="receipt:{message_id}",
            reply="source",
            extra=(("emoji", None),),
        ),
        Notice(
            Audience.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "ticket.not_shown",
            when=lambda event: event.told,
            reply="source",
        ),
    ),
    e.CardNotShown: tuple(
        Notice(to, "text", Priority.GROUP_NEWS, "alert.card_refused")
        for to in (Audience.ALERTS, Audience.ADMINS)
    ),
    e.CallRecorded: (card(),),
}
