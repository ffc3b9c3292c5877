"""Who hears of what: the whole table, event by event (G2, G3, X5)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core import events as e
from core.delivery.notices import NOTICES, Audience, Notice, Stored, notices_of
from core.delivery.pacing import Priority

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
OPENED: dict[str, Any] = {"ticket_id": 1, "customer_id": 2, "topic": None, "title": "x"}
OPENED |= {"state": "new", "origin": "telegram", "follows": None, "answer_due": NOW}


def entered(verb: str, old: str = "open", new: str = "closed", **more: Any) -> e.StateEntered:
    facts: dict[str, Any] = {"ticket_id": 1, "verb": verb, "old": old, "new": new}
    facts |= {"old_category": old, "category": new, "reason": None, "until": None}
    facts |= {"assignee_id": None, "waiting_since": None, "answer_due": None}
    return e.StateEntered(**(facts | more))


def wrote(**more: Any) -> e.CustomerWrote:
    facts: dict[str, Any] = {"ticket_id": 1, "message_id": 5, "album": None, "counts": True}
    facts |= {"turned": False, "answer_due": NOW}
    return e.CustomerWrote(**(facts | more))


def edited(**more: Any) -> e.MessageEdited:
    facts: dict[str, Any] = {"ticket_id": 1, "message_id": 5, "old": "a", "new": "b"}
    return e.MessageEdited(**(facts | {"from_customer": True} | more))


def taken(**more: Any) -> e.TicketTaken:
    facts: dict[str, Any] = {"ticket_id": 1, "assignee_id": 3, "by_answer": False, "first": True}
    return e.TicketTaken(**(facts | more))


def missed(**more: Any) -> e.DeadlineMissed:
    return e.DeadlineMissed(ticket_id=1, due=NOW, **more)


CLOCK: dict[str, Any] = {"ticket_id": 1, "kind": "reaction", "deadline": NOW}
LATE = "customer:ticket.late"
MISSED = ["staff_mail:mail.clock.reaction", "operators:card"]


def clock_missed(**more: Any) -> e.ClockMissed:
    return e.ClockMissed(**(CLOCK | more))


def caught_up(**lists: Any) -> e.CaughtUp:
    return e.CaughtUp(ticket_id=None, down=9, **({"overdue": (), "near": (), "woke": ()} | lists))


def task_done(**more: Any) -> e.TaskDone:
    facts: dict[str, Any] = {"ticket_id": 1, "task_id": 2, "kind": "equipment", "assignee_id": 3}
    facts |= {"outcome": "done", "by_hand": True, "done_by": 3, "holder_id": 4, "active": True}
    return e.TaskDone(**(facts | more))


def heard_by(event: e.Event, *, in_card: bool = False, origin: str = "telegram") -> list[str]:
    """Each notice as `whom:what`; a notice whose text is silent about this event is none."""
    lines = []
    stored = Stored(origin, in_card=in_card)
    for notice in notices_of(event):
        if notice.silent:  # it goes where a company has it told: actions/test_own_notices.py
            continue
        if notice.if_stored is not None and not notice.if_stored(event, stored):
            continue
        key = notice.key(event) if callable(notice.key) else notice.key
        if notice.kind != "text" or key is not None:
            lines.append(f"{notice.to}:{key or notice.kind}")
    return lines


@pytest.mark.parametrize(
    ("event", "heard"),
    [
        (
            e.TicketOpened(**OPENED),
            ["operators:card", "customer:ticket.opened", "staff_mail:mail.ticket_opened"],
        ),
        (e.TicketOpened(**OPENED, part_of="outage"), []),
        (
            e.WordsNotShown(ticket_id=1, message_id=5, content_kind="photo", words="", told=True),
            ["operators:group.not_shown", "customer:reaction", "customer:ticket.not_shown"],
        ),
        (
            e.WordsNotShown(ticket_id=1, message_id=5, content_kind="photo", words="", told=False),
            ["operators:group.not_shown"],
        ),
        (e.CardNotShown(ticket_id=1), ["alerts:alert.card_refused", "admins:alert.card_refused"]),
        (
            e.TicketOpened(**OPENED, part_of="fault"),
            ["operators:card", "staff_mail:mail.ticket_opened"],
        ),
        (e.TicketOpened(**OPENED, undecided=True), ["customer:ticket.opened"]),
        (
            e.TicketOpened(**(OPENED | {"origin": "split"})),
            ["operators:card", "staff_mail:mail.ticket_opened"],
        ),
        (wrote(), ["operators:content"]),
        (wrote(turned=True), ["operators:content", "operators:card"]),
        (wrote(album="a"), ["operators:content"]),
        (edited(), ["operators:edit"]),
        (edited(from_customer=False), ["customer:edit", "reporters:edit"]),
        (taken(), ["customer:ticket.taken", "operators:card"]),
        (taken(by_answer=True), ["operators:card"]),
        (taken(first=False), ["operators:card"]),
        (e.AnswerWritten(ticket_id=1, message_id=5, album=None), ["customer:content"]),
        (e.AnswerWritten(ticket_id=1, message_id=5, album="a"), ["customer:content"]),
        (
            e.AnswerFailed(ticket_id=1, message_id=5, reason="blocked"),
            ["operators:answer.failed.blocked", "operators:card"],
        ),
        (
            e.AnswerFailed(ticket_id=1, message_id=5, reason="network"),
            ["operators:answer.failed.other", "operators:card"],
        ),
        (e.NoteWritten(ticket_id=1, note_id=4), ["operators:reaction"]),
        (e.NoteEdited(ticket_id=1, note_id=4, old="x"), []),
        (clock_missed(), ["alerts:alert.clock.reaction", *MISSED]),
        (clock_missed(after_downtime=True), ["operators:card"]),
        (e.ClockNear(**CLOCK), ["operators:group.clock_near.reaction"]),
        (e.ClockNear(**(CLOCK | {"after_downtime": True})), []),
        (e.ClockNear(**(CLOCK | {"in_outage": True})), []),
        (clock_missed(in_outage=True), ["operators:card"]),
        (e.ContactDue(ticket_id=1, at=NOW), ["operators:group.contact"]),
        (e.ContactDue(ticket_id=1, at=NOW, after_downtime=True), []),
        (missed(), [LATE, "alerts:alert.overdue", "staff_mail:mail.overdue", "operators:card"]),
        (missed(after_downtime=True), [LATE, "operators:card"]),
        (e.StillPaused(ticket_id=1, category="frozen"), ["operators:group.still.frozen"]),
        (caught_up(), []),
        (caught_up(overdue=(1,)), ["alerts:alert.digest", "staff_mail:mail.digest"]),
        (caught_up(late=(1,)), ["alerts:alert.digest", "staff_mail:mail.digest"]),
        (caught_up(near=(1,)), ["operators:group.digest"]),
        (e.PersonReachable(ticket_id=None, person_id=2), []),
    ],
)
def test_an_event_is_heard_of_by_whom_it_concerns(event: e.Event, heard: list[str]) -> None:
    assert heard_by(event) == heard


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (entered("freeze", new="frozen"), "ticket.frozen"),
        (entered("freeze", new="frozen", until=NOW), "ticket.frozen_until"),
        (entered("freeze", new="frozen", reason="x"), "ticket.frozen"),
        (entered("freeze", new="frozen", reason="x", public=True), "ticket.frozen_reason"),
        (entered("freeze", new="frozen", until=NOW, reason="x"), "ticket.frozen_until"),
        (
            entered("freeze", new="frozen", until=NOW, reason="x", public=True),
            "ticket.frozen_until_reason",
        ),
        (entered("close", reason="x"), "ticket.closed"),
        (entered("close", reason="x", public=True), "ticket.closed_reason"),
        (entered("resolve"), "ticket.resolved"),
        (entered("resolve", reason="x"), "ticket.resolved_reason"),
        (entered("close"), "ticket.closed"),
        (entered("expire"), "ticket.closed"),
        (entered("cancel", reason="x"), "ticket.cancelled_reason"),
        (entered("reopen", "closed", "open"), "ticket.reopened"),
        (entered("hear", "frozen", "open"), "ticket.reopened"),
        (entered("hear", "waiting", "open"), None),
        (entered("hear", "open", "open"), None),
        (entered("confirm"), None),
        (entered("wait", new="waiting"), None),
        (entered("take"), None),
    ],
)
def test_the_customer_is_told_of_a_move_in_the_words_for_it(
    event: e.StateEntered, text: str | None
) -> None:
    said = [line.removeprefix("customer:") for line in heard_by(event) if "customer" in line]
    assert said == ([] if text is None else [text])


def test_words_that_the_card_shows_are_not_posted_below_it() -> None:
    assert heard_by(wrote(), in_card=True) == []
    assert heard_by(wrote(turned=True), in_card=True) == ["operators:card"]
    assert heard_by(edited(), in_card=True) == ["operators:card"]


def test_who_holds_a_ticket_hears_of_a_task_that_somebody_else_has_done() -> None:
    heard = ["operators:group.task.done", "operators:card"]
    assert heard_by(task_done()) == heard
    for of_no_interest in ({"holder_id": 3}, {"by_hand": False}, {"active": False}):
        assert heard_by(task_done(**of_no_interest)) == ["operators:card"]


def test_words_to_an_outage_or_to_all_reach_everybody_who_reported_it() -> None:
    answer = e.AnswerWritten(ticket_id=1, message_id=5, album=None)
    everybody = ["customer:content", "reporters:content"]
    assert heard_by(answer, origin="outage") == everybody
    assert heard_by(e.AnswerWritten(ticket_id=1, message_id=5, album="a", to_all=True)) == everybody
    retried = e.AnswerRetried(ticket_id=1, message_id=5)
    assert heard_by(retried, origin="outage") == everybody
    assert heard_by(retried) == ["customer:content"]


def test_who_becomes_an_admin_by_the_first_claim_is_told_to_nobody() -> None:
    assert heard_by(e.AdminAppointed(ticket_id=None, person_id=1, by="claim")) == []
    invited = e.AdminAppointed(ticket_id=None, person_id=1, by="invitation")
    assert heard_by(invited) == ["admins:setup.admin.appointed"]


def test_trouble_of_a_chat_is_told_to_admins_to_the_other_chat_and_by_mail() -> None:
    facts: dict[str, Any] = {"ticket_id": None, "role": "operators", "code": "gone", "chat": 1}
    assert heard_by(e.DeskTroubled(**facts)) == [
        "admins:setup.operators.gone",
        "other_chat:setup.operators.gone",
        "staff_mail:mail.troubled.operators",
    ]
    assert heard_by(e.DeskWell(**facts))[0] == "admins:setup.operators.well"


def test_a_note_that_came_with_an_action_gets_no_sign_of_its_own() -> None:
    assert heard_by(e.NoteWritten(ticket_id=1, note_id=4, said_with="task")) == []


def test_an_answer_in_a_chat_goes_to_a_silent_customer_by_mail_and_a_failure_is_told() -> None:
    mailed = e.SilentCustomerMailed(ticket_id=1, message_id=5, messages=(5, 6))
    assert heard_by(mailed) == ["customer_mail:unread"]
    failed = e.CopyNotMailed(ticket_id=1, message_id=5)
    assert heard_by(failed) == ["operators:group.copy_not_mailed"]


def test_a_failed_answer_says_already_that_the_customer_is_out_of_reach() -> None:
    facts: dict[str, Any] = {"ticket_id": 1, "person_id": 2, "reason": "blocked"}
    assert heard_by(e.PersonUnreachable(**facts)) == ["operators:group.unreachable"]
    noted = e.PersonUnreachable(**facts, to="a@x.test")
    assert heard_by(noted) == ["operators:group.unreachable_noted"]
    assert heard_by(e.PersonUnreachable(**facts, by_answer=True)) == []


def test_of_who_is_out_of_reach_and_has_no_open_ticket_the_group_has_nothing_to_hear() -> None:
    """An admin who never began a chat with the bot, or a customer whose tickets are closed."""
    for to in ("", "a@x.test"):
        lost = e.PersonUnreachable(ticket_id=None, person_id=2, reason="blocked", to=to)
        assert heard_by(lost) == []


def test_a_move_that_changes_nothing_to_see_leaves_the_card_alone() -> None:
    assert heard_by(entered("reply", "open", "open")) == []
    assert heard_by(entered("reply", "new", "open")) == ["operators:card"]
    assert heard_by(entered("take", "open", "open")) == ["operators:card"]


def every_notice() -> list[tuple[type[e.Event], Notice]]:
    return [(event, notice) for event, lines in NOTICES.items() for notice in lines]


def test_notes_and_titles_never_reach_a_customer() -> None:
    internal = {e.NoteWritten, e.NoteEdited, e.TitleChanged, e.TopicChanged, e.TicketReleased}
    told = {event for event, notice in every_notice() if notice.to is Audience.CUSTOMER}
    assert not internal & told


def test_cards_and_receipts_coalesce_and_give_way_to_people() -> None:
    for _, notice in every_notice():
        if notice.kind in {"card", "reaction", "edit"}:
            assert notice.dedup_key is not None, notice
        if notice.to is Audience.CUSTOMER and notice.kind == "content":
            assert notice.priority is Priority.HUMAN_ANSWER


def test_what_coalesces_is_named_by_facts_of_the_event() -> None:
    for event, notice in every_notice():
        if notice.dedup_key is not None:
            notice.dedup_key.format(**dict.fromkeys(event.__dataclass_fields__, 1))


def test_an_event_of_no_entry_is_silent() -> None:
    assert notices_of(e.KindRefused(ticket_id=None, person_id=1, kind="poll")) == []
