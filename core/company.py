"""The company's settings that rules ask for: one frozen value, handed to every transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from core.addresses import Address

TOPICS: Final = ("replies", "all", "off")
"""What is done with a group's topics: a topic per ticket in which replies are answers, one in which
every message is, or none.
"""
NO_TOPICS: Final = "off"
ALL_ANSWERS: Final = "all"
ASSISTANT_TROUBLE: Final = "assistant"
"""Where the system's state says that the last question to the assistant had no answer."""


SEVERAL: Final = range(2, 1001)
"""How many faults may make an outage: one is not several, and nobody waits for a thousand."""
LIMITED: Final = range(1, 1001)
"""How many messages or tickets of one person may be a limit."""
BUDGETED: Final = range(1, 10**9 + 1)
"""How many questions or tokens a day may be a budget of the assistant's."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many of something within a span of real time."""

    count: int
    span: timedelta


@dataclass(frozen=True, slots=True)
class Assistance:
    """There is an assistant; an answer of its may take so long."""

    patience: timedelta


@dataclass(frozen=True, slots=True)
class Company:
    """Who we are and how long things take (C1, C5, B15; decisions below the tables).

    ``admins`` are addresses; ``named_admins`` are those of them whom the environment names. Spans
    are real time. ``rating_wait=None`` never closes a resolved ticket by itself. Words without a
    ticket become one after ``unassigned_wait``; ``None``: never (A4). Who does not react to an
    answer in a chat for ``mail_when_silent`` gets it by mail; ``None``: never (F8).
    Mail of new and overdue tickets goes to ``mail_alerts_to``. Numbers are written as
    ``number_mask`` says, and read as it or one of the ``former_number_masks`` does; with
    ``number_in_body`` they count in the text of a mail, too. Mail of whom the ``mail_blacklist``
    names opens nothing, or with ``mail_junk`` a ticket in the junk state (F4).
    The words of a ticket are erased ``keep_words`` after its end, customers ``keep_people`` after
    that of their newest one; ``None``: never (S31). ``keep_updates``, ``keep_deliveries``,
    ``keep_calls``: how long handled updates, ended rows of the outbox, and answers of API calls
    are kept, counted from when they came; ``keep_reads``: who has looked at contact data. Who looks
    at those of more than ``reads_an_hour`` customers is told of; ``None``: nobody is (S36).
    ``letter_channels``: anybody who has an address there can be written to first, and is told of
    one new ticket an hour (S19).
    ``topics`` is one of `TOPICS` (X7). ``sign_answers``: customers see the first name of whoever
    answers.
    ``tags``: `open`, any word may become a tag, or `listed`, only those of the directory (D3).
    ``consent``: by language, what customers agree to before anything of theirs is stored; empty:
    they are not asked. Another ``consent_version`` asks anew (S31), on the web form in any case.
    ``colour``: six hexadecimal digits, that of the web pages; empty: the desk's own.
    ``fixed`` names the fields that the environment decides: nobody changes them in the chat. So
    many ``outage_faults`` in one area within ``outage_window`` are offered to operators as one; 0
    never does (X9). Beyond ``message_limit`` one person's messages are not posted one by one;
    ``None``: all are. Beyond ``ticket_limit`` they open no ticket, and their words join the newest
    open one; ``None``: there is no limit (S10). ``mail_ticket_limit`` is the same for one
    address of mail (S19). After a restore (R21) ``epoch`` is above 0, tickets are numbered from
    ``first_number`` on, and nothing is delivered while ``on_hold``; what comes of inbox rows up to
    ``inbox_up_to`` is then as old as the backup that they stood in.
    ``assistance``: there is an assistant; it may cost so many ``assistant_calls`` and
    ``assistant_tokens`` in a day of the company's, ``None``: without a limit (X17).
    """

    name: str = ""
    language: str = "ru"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Moscow"))
    answer_deadline: timedelta = timedelta(days=3)
    remind_before: timedelta = timedelta(hours=4)
    rating_wait: timedelta | None = timedelta(days=3)
    unassigned_wait: timedelta | None = timedelta(minutes=10)
    keep_assignee_on_reopen: bool = False
    sign_answers: bool = False
    offer_articles: bool = False
    tags: str = "open"
    consent: Mapping[str, str] = field(default_factory=dict)
    consent_version: str = "1"
    colour: str = ""
    admins: frozenset[Address] = frozenset()
    named_admins: frozenset[Address] = frozenset()
    operators_chat: Address | None = None
    alerts_chat: Address | None = None
    mail_alerts_to: tuple[str, ...] = ()
    number_mask: str = "SR-{0}"
    former_number_masks: tuple[str, ...] = ()
    number_in_body: bool = False
    mail_blacklist: tuple[str, ...] = ()
    mail_junk: bool = False
    mail_when_silent: timedelta | None = None
    keep_words: timedelta | None = None
    keep_people: timedelta | None = None
    keep_updates: timedelta = timedelta(hours=72)
    keep_deliveries: timedelta = timedelta(days=30)
    keep_calls: timedelta = timedelta(hours=48)
    keep_reads: timedelta = timedelta(days=180)
    reads_an_hour: int | None = 60
    topics: str = "replies"
    outage_faults: int = 3
    outage_window: timedelta = timedelta(minutes=30)
    message_limit: Limit | None = None
    ticket_limit: Limit | None = None
    mail_ticket_limit: Limit | None = Limit(20, timedelta(hours=1))
    letter_channels: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    epoch: int = 0
    first_number: int = 0
    on_hold: bool = False
    inbox_up_to: int = 0
    assistance: Assistance | None = None
    assistant_calls: int | None = 200
    assistant_tokens: int | None = 500_000

    # How numbers are written in what people say: as now, or as before. Kept, since every message
    # of an operator is read by it.
    number_masks: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        masks = (self.number_mask, *self.former_number_masks)
        object.__setattr__(self, "number_masks", masks)

    def consent_in(self, language: str) -> str:
        """Return the text of the consent for a reader; empty where none is asked for."""
        texts = self.consent
        return texts.get(language) or texts.get(self.language) or next(iter(texts.values()), "")
