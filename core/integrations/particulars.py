"""What is said of a ticket that comes from outside beside its words: the company's own fields, what
it is classified as, its tags. All of it is looked at, so that every fault is named at once (B18).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import Refusal, Unreadable
from core.models import Ticket
from core.tickets.catalog import ASPECTS, Classes, classes_of
from core.tickets.classification import ClassWish, set_kind
from core.tickets.field_edits import put_value
from core.tickets.fields import Field, asked_at_opening, fields_of, read_value
from core.tickets.tags import change_tags, demand_givable, read_tag
from core.tx import Actor, ReadTx, Tx
from core.words.names import is_blank

Fault = tuple[str, Refusal]


@dataclass(frozen=True, slots=True)
class Particulars:
    """``fields``: what was said to the company's own fields, by code; ``wish``: codes of the
    directory, which have to exist; ``tags``: words.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    wish: ClassWish = field(default_factory=ClassWish)
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Fitting:
    """The same as it is kept."""

    values: Sequence[tuple[Field, str]]
    wish: ClassWish
    tags: Sequence[str]


class Unfit(Unreadable):
    """What cannot be of a ticket, or is missing. ``faults``: the place of each, as `fields.flat`,
    and why; the first of them is this refusal's own sentence.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0][1]
        super().__init__(first.key, **first.facts)
        self.faults = tuple(faults)


async def read_particulars(tx: ReadTx, topic: str | None, given: Particulars) -> Fitting:
    """Return them as a ticket of this topic keeps them. Raises :class:`Unfit`."""
    faults = _unknown_classes(await classes_of(tx), given.wish, tx.company.language)
    values = await _read_values(tx, topic, given, faults)
    tags = await _read_tags(tx, given.tags, faults)
    if faults:
        raise Unfit(faults)
    return Fitting(values, given.wish, tags)


async def put_particulars(tx: Tx, ticket: Ticket, fitting: Fitting, by: Actor) -> None:
    """Give them to the ticket: the values are its customer's, the rest is ``by`` somebody."""
    for one, value in fitting.values:
        await put_value(tx, ticket.id, one, value)
    customer = tx.actor
    tx.actor = by
    if fitting.wish != ClassWish():
        await set_kind(tx, ticket, fitting.wish)
    await change_tags(tx, ticket, fitting.tags)
    tx.actor = customer


def missing_among(asked: Sequence[Field], said: Mapping[str, str]) -> list[Field]:
    """Return the fields that were asked for and have no words."""
    return [one for one in asked if is_blank(said.get(one.code, ""))]


def is_missing(one: Field, language: str) -> Refusal:
    """Return what is said of a field that must be filled and is not."""
    return Unreadable("refusal.field_needed", field=one.title(language))


def _unknown_classes(classes: Classes, wish: ClassWish, language: str) -> list[Fault]:
    faults: list[Fault] = []
    for aspect in ASPECTS:
        code = getattr(wish, aspect)
        found = classes.get(aspect, code)
        if code is not None and (found is None or not found.active):
            offered = [f"{one.code} ({one.title(language)})" for one in classes.offered(aspect)]
            known = ", ".join(offered)
            why = Unreadable("refusal.no_such_code", words=code[:40], known=known)
            faults.append((aspect, why))
    return faults


async def _read_values(
    tx: ReadTx, topic: str | None, given: Particulars, faults: list[Fault]
) -> list[tuple[Field, str]]:
    category, language = given.wish.category, tx.company.language
    offered = {
        code: one for code, one in (await fields_of(tx)).items() if one.concerns(topic, category)
    }
    values = []
    for code, words in given.fields.items():
        place = f"fields.{code[:40]}"
        if code not in offered:
            known = ", ".join(offered)
            why: Refusal = Unreadable("refusal.unknown_field", words=code[:40], known=known)
            faults.append((place, why))
        elif not is_blank(words):
            try:
                values.append((offered[code], await read_value(tx, offered[code], words)))
            except Unreadable as unfit:
                faults.append((place, unfit))
    missing = missing_among(await asked_at_opening(tx, topic, category), given.fields)
    faults += [(f"fields.{one.code}", is_missing(one, language)) for one in missing]
    return values


async def _read_tags(tx: ReadTx, words: Sequence[str], faults: list[Fault]) -> list[str]:
    tags = []
    for place, word in enumerate(words):
        try:
            tag = read_tag(word)
            await demand_givable(tx, tag)
            tags.append(tag)
        except Refusal as unfit:
            faults.append((f"tags.{place}", unfit))
    return tags
