"""Changes that operators make to a person: name, phones, addresses, language, zone, account."""

from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy import func, select

from core.delivery.card_updates import refresh_cards
from core.delivery.notices import CARD_WAIT
from core.delivery.pacing import Priority
from core.errors import NotAllowed, NothingToDo, Unreadable
from core.events import AccountOpened, PersonDescribed
from core.models import Account, AccountMember, Person, Ticket
from core.people.contact_points import Point, add_point, read_point, remove_point
from core.people.identity import LANGUAGES
from core.people.permissions import may
from core.tickets.catalog import workflow_of
from core.tickets.lifecycle import access
from core.tx import Tx
from core.words.aliases import DETAILS
from core.words.names import clean_name, is_blank
from core.words.pasted import find_zone

LONGEST_ACCOUNT: Final = 200
# Cards that are drawn anew when their customer gets an account: the newest.
_CARDS: Final = 20


async def describe(tx: Tx, ticket_id: int, words: str) -> Person:
    """Note something of the ticket's customer: a phone, an address, or ``name``, ``language``,
    ``zone``, ``account`` and a value; with a minus before it, a phone or an address is removed.

    Raises :class:`Unreadable` with examples, :class:`NothingToDo` when it is known already.
    """
    ticket = await access(tx, ticket_id, "contact")
    person = await tx.get(Person, ticket.customer_id, hold=True)
    taken_out = words.lstrip().startswith(("-", "−", "–"))
    point = read_point(words.lstrip(" -−–") if taken_out else words)
    if point is not None:
        await _point(tx, person, point, taken_out=taken_out)
        return person
    field, _, rest = words.strip().partition(" ")
    setter = _FIELDS.get(DETAILS.get(field.casefold().rstrip(":="), field.casefold()))
    if setter is None or is_blank(rest):
        raise Unreadable("refusal.no_detail", words=words[:40], number=ticket_id)
    await setter(tx, person, rest.strip())
    return person


async def _point(tx: Tx, person: Person, point: Point, *, taken_out: bool) -> None:
    if taken_out:
        await remove_point(tx, person, point)
    else:
        await add_point(tx, person, point)


async def _name(tx: Tx, person: Person, words: str) -> None:
    """Set the name, unless the person writes to us: then it is what they call themselves."""
    if person.address is not None:
        raise NothingToDo("refusal.name_of_theirs", name=person.name)
    old, person.name = person.name, clean_name(words)
    _tell(tx, person, "name", old, person.name)


async def _language(tx: Tx, person: Person, words: str) -> None:
    code = words.casefold()
    if code not in LANGUAGES:
        raise Unreadable("refusal.no_language", words=words[:40], known=", ".join(LANGUAGES))
    old, person.language = person.language, code
    person.language_chosen = True
    _tell(tx, person, "language", old, code)


async def _zone(tx: Tx, person: Person, words: str) -> None:
    zone = find_zone(words)
    if zone is None:
        raise Unreadable("refusal.no_zone", words=words[:40])
    old, person.zone = person.zone, zone.key
    _tell(tx, person, "zone", old, person.zone)


async def belong(tx: Tx, person: Person, words: str) -> None:
    """Put the person into this account; the cards of their open tickets lead to it (T1).

    Raises :class:`NothingToDo` if they are in it.
    """
    account = await find_account(tx, words) or await open_account(tx, words)
    member = await tx.find(AccountMember, person.id)
    old = None if member is None else await tx.get(Account, member.account_id)
    if member is None:
        await tx.insert(AccountMember(person_id=person.id, account_id=account.id))
    else:
        member.account_id = account.id
    _tell(tx, person, "account", None if old is None else old.name, account.name)
    codes = (await workflow_of(tx)).open_codes()
    theirs = select(Ticket.id).where(Ticket.customer_id == person.id, Ticket.state.in_(codes))
    shown = await tx.all(theirs.order_by(Ticket.id.desc()).limit(_CARDS))
    await refresh_cards(tx, shown, Priority.CARD_REFRESH, wait=CARD_WAIT)


def _tell(tx: Tx, person: Person, what: str, old: str | None, new: str | None) -> None:
    if old == new:
        raise NothingToDo("refusal.detail_known")
    tx.emit(PersonDescribed(ticket_id=None, person_id=person.id, what=what, old=old, new=new))


_FIELDS: Final[dict[str, Callable[[Tx, Person, str], Awaitable[None]]]] = {
    "name": _name,
    "language": _language,
    "zone": _zone,
    "account": belong,
}


async def find_account(tx: Tx, name: str) -> Account | None:
    """Return the account of this name, in any case."""
    wanted = clean_name(name, LONGEST_ACCOUNT)
    exact = select(Account).where(Account.name == wanted)
    folded = select(Account).where(func.lower(Account.name) == wanted.lower())
    for query in (exact, folded):
        found = await tx.first(query.limit(1))
        if found is not None:
            return found
    return None


async def open_account(tx: Tx, name: str) -> Account:
    """Create an account: a company or household."""
    if not may(tx.actor.role, "contact"):
        raise NotAllowed("contact")
    account = Account(name=clean_name(name, LONGEST_ACCOUNT))
    await tx.insert(account)
    tx.emit(AccountOpened(ticket_id=None, account_id=account.id, name=account.name))
    return account
