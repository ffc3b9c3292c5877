"""The desk itself: its chats and health, admins, settings, and other systems."""

from datetime import datetime
from typing import Any

from core.events.event import Event, event


@event
class UpdateQuarantined(Event):
    """An update could not be understood or handled; it is kept aside (R11).

    ``total``: how many are kept aside by now, this one included.
    """

    inbox_id: int
    update_id: str
    error: str
    total: int = 1


@event
class EventChainCut(Event):
    """Events caused each other without end: ``event`` was not handed to ``subscriber`` any more.

    ``depth`` is how many subscribers had acted one upon another by then.
    """

    event: str
    subscriber: str
    depth: int


@event
class ChatMoved(Event):
    """A group got a new id; stored ids follow."""

    old: str
    new: str


@event
class ChatLinked(Event):
    """An admin gave a chat its role: ``operators`` or ``alerts``; ``before`` had it until then."""

    role: str
    chat: str
    before: str | None


@event
class DeskTroubled(Event):
    """The bot cannot do its work in the chat with this role (X14); ``code`` says why, ``team``
    whose own group it is. ``title`` is what the chat is called; ``other``: another chat of the
    desk, that is in order.
    """

    role: str
    code: str
    chat: str | None
    team: str = ""
    title: str = ""
    other: str | None = None


@event
class DeskWell(Event):
    """It can again; ``code`` was the trouble, the rest is as in :class:`DeskTroubled`."""

    role: str
    code: str
    chat: str | None
    team: str = ""
    title: str = ""
    other: str | None = None


@event
class DeskSick(Event):
    """Something is wrong with the desk itself (X14): `core.setup.desk_health.CODES`.

    ``to_alerts``: the alert channel can be written to; otherwise the operators hear of it.
    """

    code: str
    to_alerts: bool = True


@event
class DeskRecovered(Event):
    """That is over; the rest is as in :class:`DeskSick`."""

    code: str
    to_alerts: bool = True


@event
class Exported(Event):
    """An admin got tickets, messages, notes and journal as a file: of all time, or of a period.
    ``view``: of one list only.
    """

    since: datetime | None
    until: datetime | None
    view: str | None = None


@event
class TranscriptMade(Event):
    """Somebody got the ticket as a file; ``internal``: with its notes and its journal."""

    internal: bool


@event
class KeyCreated(Event):
    """Another system has a key (A9)."""

    name: str
    scopes: str


@event
class KeyRevoked(Event):
    """A key opens nothing any more."""

    name: str


@event
class KeyUsed(Event):
    """Another system brought the customer's words, or changed a link; it calls them so."""

    key: str
    external_id: str | None = None


@event
class WebhookAdded(Event):
    """Another system is called when something happens (A13); ``url`` as it may be read."""

    name: str
    url: str


@event
class WebhookRemoved(Event):
    """It is not called any more."""

    name: str


@event
class WebhookStopped(Event):
    """It took nothing for too long, or said that it is ``gone``; what waited was ``dropped``."""

    name: str
    url: str
    gone: bool
    dropped: int


@event
class WebhookResumed(Event):
    """An admin has it called again."""

    name: str


@event
class AdminAppointed(Event):
    """Somebody became an admin; ``by`` says how: ``claim`` or ``invitation``. ``invited_by`` is the
    name of who had made the invitation.
    """

    person_id: int
    by: str
    invited_by: str = ""


@event
class AdminDismissed(Event):
    """Somebody is no admin any more."""

    person_id: int


@event
class CompanyChanged(Event):
    """An admin chose something for the company."""

    what: str
    value: Any


@event
class Restored(Event):
    """The database was restored from a backup; tickets are numbered from ``first_number`` on."""

    epoch: int
    first_number: int


@event
class OutboxReleased(Event):
    """An admin lets leave what waited after a restore, but for ``dropped`` rows of the backup."""

    dropped: int
