"""The lines of a card that tell what a ticket has to do with, and how its customer is reached."""

from collections.abc import Iterator
from typing import Final

from channels.telegram.voice import Voice
from core.texts import Key
from core.tickets.card import Card
from core.tickets.relations import URL, LinkFacts
from core.words.names import clean_name

# A card with more of them is read by nobody; /ticket shows no more either.
_SHOWN: Final = 5
_LONGEST_TITLE: Final = 60


def reached(card: Card, voice: Voice) -> Iterator[str]:
    """Phones and addresses of a customer whom Telegram does not know; no line for all others."""
    said = [voice.html(f"card.reach.{kind}", value=value) for kind, value in card.reach]
    if said:
        yield " · ".join(said)


def related(card: Card, voice: Voice) -> Iterator[str]:
    """Its parent, its children, its links; no line where there are none."""
    parts = list(_parts(card, voice))
    if parts:
        yield f"{voice.html('card.links')} {' · '.join(parts)}"


def _parts(card: Card, voice: Voice) -> Iterator[str]:
    relations = card.relations
    if relations.parent is not None:
        yield voice.html("card.parent", parent=relations.parent)
    if relations.children:
        yield voice.html("card.children", n=relations.children)
    for link in relations.links[:_SHOWN]:
        yield _link(link, voice)
    if len(relations.links) > _SHOWN:
        yield voice.html("card.links_more", n=len(relations.links) - _SHOWN)


def _link(link: LinkFacts, voice: Voice) -> str:
    if link.kind != URL:
        state = Key(f"card.link.state.{link.state}")
        return voice.html(f"card.link.{link.kind}", other=link.other, state=state)
    title = clean_name(link.title or (link.url or "").split("//", 1)[-1], _LONGEST_TITLE)
    key = "card.link.url_state" if link.state else "card.link.url"
    return voice.html(key, url=link.url, title=title, state=link.state or "")
