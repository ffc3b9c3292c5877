"""Customers: how they are reached, what they agreed to, what is kept of them."""

from datetime import datetime

from core.events.event import Event, event


@event
class PersonRestricted(Event):
    """An operator has muted or blocked somebody until then (S10); once for each open ticket."""

    person_id: int
    kind: str
    until: datetime
    reason: str


@event
class RestrictionLifted(Event):
    """An operator has ended it before its time."""

    person_id: int
    kind: str


@event
class PersonTurnedAway(Event):
    """Somebody who is blocked has written, and is told so; what comes after is not answered."""

    person_id: int


@event
class PersonUnreachable(Event):
    """Nothing reaches this person any more. ``by_answer``: it was an answer that failed;
    ``by_letter``: it was a mail. ``to``: an address that was only noted of them, to which an
    operator's answer goes all the same (F8).
    """

    person_id: int
    reason: str
    by_answer: bool = False
    by_letter: bool = False
    to: str = ""


@event
class CustomerRedirected(Event):
    """The customer has blocked us in their chat, and is answered by mail from now on (F8)."""

    person_id: int
    to: str


@event
class PersonReachable(Event):
    """The person can be written to again."""

    person_id: int


@event
class ConsentGiven(Event):
    """Somebody has agreed to this version of what is done with their data; ``origin``: where."""

    person_id: int
    version: str
    origin: str


@event
class ConsentRefused(Event):
    """Somebody who was known already has not agreed."""

    person_id: int


@event
class PhoneVerified(Event):
    """A person has shared their own contact: the phone is theirs. ``before`` had it until then."""

    person_id: int
    phone: str
    before: int | None


@event
class ContactMade(Event):
    """An operator made somebody known to the desk (A5); ``name`` is what they are called."""

    person_id: int
    name: str


@event
class ContactPointAdded(Event):
    """Somebody can be reached at ``value``, a ``phone`` or an ``email``, as was said of them."""

    person_id: int
    kind: str
    value: str


@event
class ContactPointRemoved(Event):
    """Somebody cannot be reached there."""

    person_id: int
    kind: str
    value: str


@event
class PersonDescribed(Event):
    """What is known of somebody has changed: ``what`` is ``name``, ``language``, ``zone`` or
    ``account``.
    """

    person_id: int
    what: str
    old: str | None
    new: str | None


@event
class PeopleMerged(Event):
    """``merged_id`` turned out to be ``person_id``: all that was theirs is this person's now.

    ``by``: ``operator``, or ``phone``, when they have proved one that both had. ``insisted``: both
    had written to us, and an admin said that they are one all the same.
    """

    person_id: int
    merged_id: int
    merged_name: str
    by: str
    insisted: bool = False


@event
class CustomerChanged(Event):
    """The ticket's customer turned out to be ``customer_id``; ``old`` and ``new`` are names.

    ``active``: the ticket has not ended.
    """

    customer_id: int
    old: str
    new: str
    active: bool


@event
class PersonErased(Event):
    """What was known of a customer was erased, with the words of so many ``tickets`` (S31)."""

    person_id: int
    tickets: int


@event
class RetentionApplied(Event):
    """What the company does not keep any longer was erased: the words of so many ``tickets``, and
    so many ``people`` with all that is known of them (S31).
    """

    tickets: int
    people: int


@event
class MailsUnasked(Event):
    """So many mails wait for a consent that nobody is asked for: no mail server vouches for who
    they are from (S31).
    """

    count: int


@event
class RecordsErased(Event):
    """Records of the desk's own work were older than the company keeps them: so many handled
    ``updates``, ended ``deliveries``, answered ``calls`` of other systems, ``reads`` of contact
    data (S31).
    """

    updates: int
    deliveries: int
    calls: int
    reads: int = 0


@event
class ContactsReadOften(Event):
    """Within an hour somebody who works here has looked at the contact data of so many ``people``,
    more than the company thinks usual (S36). ``reader``: where they are reached.
    """

    reader: str
    name: str
    people: int


@event
class AccountOpened(Event):
    """A company or household became known."""

    account_id: int
    name: str


@event
class ContractSigned(Event):
    """An account has a contract, or the same one with other terms; days are ISO dates."""

    account_id: int
    number: str
    agreement: str | None
    since: str | None
    until: str | None


@event
class SheetImported(Event):
    """Accounts or contracts, as ``kind`` says, were brought in line with a file; the numbers count
    them.
    """

    kind: str
    new: int
    changed: int
    unchanged: int
