"""Tags on tickets (D3): a word in lower case, by a command, in a note, renamed by an admin."""

import pytest

from core.desk import Desk
from core.errors import NotAllowed, NothingToDo, Refusal, Unreadable
from core.tickets.card import card_of
from core.tickets.conversation import edit, note
from core.tickets.incoming import IncomingMessage
from core.tickets.tags import list_tags, rename_tag, tag, tags_in
from tests.actions.people import ANNA, BORIS, OPERATORS, opens, operator, writes
from tests.actions.store import Store


async def tags_on_card(desk: Desk, number: int) -> tuple[str, ...]:
    card = await desk.read(card_of, number)
    assert card is not None
    return card.tags


async def test_tags_come_and_go_and_the_card_shows_them(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    assert await tags_on_card(desk, ticket.id) == ()
    await desk.run_as(olga, tag, ticket.id, "#Повтор, двор-5 Ёлка")
    assert await tags_on_card(desk, ticket.id) == ("двор-5", "елка", "повтор")
    await desk.run_as(olga, tag, ticket.id, "-повтор −ёлка vip")
    assert await tags_on_card(desk, ticket.id) == ("vip", "двор-5")
    assert await store.facts(ticket.id, "ticket_tagged") == [
        {"added": ["повтор", "двор-5", "елка"], "removed": []},
        {"added": ["vip"], "removed": ["повтор", "елка"]},
    ]
    assert "card" in await store.told(OPERATORS)
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, tag, ticket.id, "vip -moon")


@pytest.mark.parametrize("word", ["12", "-", "a b;c", "<b>", "x" * 33, "тег!", "_-_"])
async def test_what_is_no_word_is_no_tag(desk: Desk, store: Store, word: str) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    before = await store.everything()
    with pytest.raises(Unreadable):
        await desk.run_as(olga, tag, ticket.id, word)
    assert await store.everything() == before


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("ждём #кабель и #Насос-2.", ["кабель", "насос-2"]),
        ("см. #12 и #15", []),
        ("https://x.example/#top a#b ##c &#x27;", []),
        ("(#срочно)", ["срочно"]),
        ("nothing", []),
    ],
)
def test_words_with_a_hash_are_tags_and_numbers_are_tickets(text: str, tags: list[str]) -> None:
    assert tags_in(text) == tags


async def test_a_word_with_a_hash_in_a_note_is_a_tag(desk: Desk) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    said = writes("ждём #кабель")
    await desk.run_as(olga, note, ticket.id, said)
    assert await tags_on_card(desk, ticket.id) == ("кабель",)
    changed = IncomingMessage(said.ref, "text", "ждём #насос", {"kind": "text", "text": "x"})
    await desk.run_as(olga, edit, changed)
    assert await tags_on_card(desk, ticket.id) == ("кабель", "насос")


async def test_an_admin_renames_and_joins_tags(desk: Desk, store: Store) -> None:
    one, other = await opens(desk), await opens(desk, BORIS)
    olga, anna = await operator(desk), await operator(desk, ANNA)
    await desk.run_as(olga, tag, one.id, "дубль повтор")
    await desk.run_as(olga, tag, other.id, "дубль")
    with pytest.raises(NotAllowed):
        await desk.run_as(olga, rename_tag, "дубль", "повтор")
    assert await desk.run_as(anna, rename_tag, "#дубль", "Повтор") == 2
    assert await tags_on_card(desk, one.id) == ("повтор",)
    assert await tags_on_card(desk, other.id) == ("повтор",)
    assert await desk.read(list_tags) == [("повтор", 2)]
    with pytest.raises(Refusal):
        await desk.run_as(anna, rename_tag, "дубль", "x")
    assert await store.facts(None, "tag_renamed") == [{"old": "дубль", "new": "повтор", "total": 2}]
