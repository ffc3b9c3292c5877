"""Tags on tickets (D3): a word in lower case, by a command, in a note, renamed by an admin."""

import pytest

from core.desk import Desk
from core.directory.tag_edits import rename_tag
from core.errors import NotAllowed, NothingToDo, Refusal, Unreadable
from core.tickets.card import card_of
from core.tickets.conversation import edit, note
from core.tickets.found_lists import found_of
from core.tickets.incoming import IncomingMessage
from core.tickets.search_index import index_new
from core.tickets.tags import list_tags, tag, tags_in
from tests.actions.people import (
    ALICE,
    ANNA,
    BORIS,
    OPERATORS,
    leaves_dialogue,
    opens,
    operator,
    writes,
)
from tests.actions.store import Store
from tests.clock import Clock


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


async def test_tags_are_searched_alone_and_with_words(desk: Desk, clock: Clock) -> None:
    lamp = (await opens(desk, text="the lamp is broken")).id
    door = (await opens(desk, BORIS, text="the door is broken")).id
    olga = await operator(desk)
    await desk.run_as(olga, tag, lamp, "двор vip")
    await desk.run_as(olga, tag, door, "двор")
    clock.move(seconds=11)  # entries of the journal are settled
    while await desk.run(index_new):
        pass

    async def found(words: str) -> list[int]:
        return [line.number for line in (await desk.read(found_of, words)).lines]

    assert await found("#Двор") == [door, lamp]
    assert await found("#двор #vip") == [lamp]
    assert await found("#двор broken") == [door, lamp]
    assert await found("doors #двор") == [door]
    assert await found("#vip doors") == []
    assert await found("#moon") == []
    assert (await found(f"#{door}"))[0] == door


async def test_pages_of_a_tag_hold_everything_once(desk: Desk, clock: Clock) -> None:
    olga, made = await operator(desk), []
    for _ in range(23):
        made.append((await opens(desk)).id)
        await leaves_dialogue(desk, ALICE)
        await desk.run_as(olga, tag, made[-1], "vip")
    turned = [await desk.read(found_of, "#vip")]
    while (after := turned[-1].after) is not None:
        turned.append(await desk.read(found_of, "#vip", after))
    assert [line.number for page in turned for line in page.lines] == made[::-1]
    back = await desk.read(found_of, "#vip", str(turned[2].before), backward=True)
    assert back.lines == turned[1].lines


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
