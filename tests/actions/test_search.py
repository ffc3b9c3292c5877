"""Finding tickets by words: what is found, what no longer is, and what can never be asked."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from core.desk import Desk
from core.models import SearchWord, SystemState, Ticket
from core.people.identity import arrive
from core.tickets import conversation
from core.tickets.classification import retitle
from core.tickets.found_lists import found_of
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import hear
from core.tickets.search import search
from core.tickets.search_index import index_new
from core.tx import Tx
from core.words.stems import asked, stems_of
from tests.actions.people import (
    ALICE,
    BORIS,
    leaves_dialogue,
    opens,
    operator,
    says,
    writes,
)
from tests.actions.store import Store
from tests.clock import Clock


async def indexed(desk: Desk, clock: Clock) -> None:
    """The index has caught up (on PostgreSQL it waits for late commits)."""
    clock.move(minutes=1)
    while await desk.run(index_new):
        pass


async def found(desk: Desk, words: str) -> list[int]:
    return list((await desk.read(search, words)).numbers)


@pytest.mark.parametrize(
    ("words", "hit"),
    [
        ("лампа", True),
        ("ЛАМПЫ у подъездов", True),
        ("подъ", True),
        ("зелёная", True),
        ("зеленые", True),
        ("mos_12_23", True),
        ("MOS_12", True),
        ("alice", True),
        ("cameras", True),
        ("лампа бориса", False),
        ("амп", False),
        ("", False),
        ("!!! ?", False),
        ("а", False),
    ],
)
async def test_words_are_found_in_any_form(
    desk: Desk, clock: Clock, words: str, *, hit: bool
) -> None:
    text = "Зелёная лампа у подъезда, the camera MOS_12_23 is dark"
    number = (await opens(desk, text=text)).id
    await indexed(desk, clock)
    assert await found(desk, words) == ([number] if hit else [])


@pytest.mark.parametrize(
    ("written", "asked_for"),
    [
        ("Ещё темно", "еще"),
        ("Еще темно", "ещё"),
        ("Дом 12Ё", "12е"),  # no stemmer sees to words with figures in them
        ("Дом 12Е", "12ё"),
    ],
)
async def test_the_search_takes_yo_for_ye(
    desk: Desk, clock: Clock, written: str, asked_for: str
) -> None:
    number = (await opens(desk, text=written)).id
    await indexed(desk, clock)
    assert await found(desk, asked_for) == [number]


async def test_all_words_must_be_there_wherever_they_stand(desk: Desk, clock: Clock) -> None:
    one = (await opens(desk, text="не горит лампа")).id
    olga = await operator(desk)
    await desk.run_as(olga, conversation.reply, one, writes("меняем кабель"))
    await desk.run_as(olga, retitle, one, "Третий подъезд")
    other = (await opens(desk, BORIS, "не горит табло")).id
    await indexed(desk, clock)
    assert await found(desk, "горит") == [other, one]
    assert await found(desk, "лампы кабель подъезд") == [one]
    assert await found(desk, "кабель табло") == []
    assert await found(desk, "boris") == [other]


@pytest.mark.parametrize("words", ["жираф лампа-кабель", "лампа-кабель жираф"])
async def test_a_word_that_nobody_has_said_finds_nothing_beside_parts_of_another(
    desk: Desk, clock: Clock, words: str
) -> None:
    """`лампа-кабель` is written nowhere, so its parts are looked for: with the other word."""
    number = (await opens(desk, text="лампа горит, а кабель цел")).id
    await indexed(desk, clock)
    assert await found(desk, "лампа-кабель") == [number]
    assert await found(desk, words) == []


async def test_what_was_written_first_and_numbered_last_hides_nothing(
    desk: Desk, clock: Clock
) -> None:
    """Of two actions at once the later one may have got the lower number in the journal."""
    later = (await opens(desk, text="Жираф")).id
    clock.move(seconds=-4)
    earlier = (await opens(desk, BORIS, "Жираф")).id
    clock.move(seconds=12)
    await desk.run(index_new)  # the later one may not be indexed yet
    await indexed(desk, clock)
    assert await found(desk, "жираф") == [earlier, later]


async def test_notes_are_not_indexed(desk: Desk, clock: Clock) -> None:
    number = (await opens(desk)).id
    await desk.run_as(await operator(desk), conversation.note, number, writes("канарейка"))
    await indexed(desk, clock)
    assert await found(desk, "канарейка") == []


async def test_edits_and_titles_replace_their_words(desk: Desk, clock: Clock) -> None:
    said = says(ALICE, "сломался домофон и лифт")
    number = (await opens(desk)).id
    await desk.run(hear, ALICE, said)
    olga = await operator(desk)
    await desk.run_as(olga, retitle, number, "Старое имя")
    await indexed(desk, clock)
    assert await found(desk, "домофон") == await found(desk, "старое") == [number]

    async def edit(tx: Tx) -> None:
        await arrive(tx, ALICE, "customer")
        content = {"kind": "text", "text": "сломался лифт"}
        await conversation.edit(tx, IncomingMessage(said.ref, "text", "сломался лифт", content))

    await desk.run(edit)
    await desk.run_as(olga, retitle, number, "Новое имя")
    await indexed(desk, clock)
    assert await found(desk, "домофон") == await found(desk, "старое") == []
    assert await found(desk, "лифт новое имя") == [number]


async def test_indexing_twice_changes_nothing(desk: Desk, clock: Clock, store: Store) -> None:
    await opens(desk)
    await indexed(desk, clock)
    words = select(SearchWord.word).order_by(SearchWord.word, SearchWord.ticket_id)
    before = await store.rows(words)

    async def forget_where(tx: Tx) -> None:
        (await tx.get(SystemState, "search")).value = {"journal": 0}

    await desk.run(forget_where)
    await indexed(desk, clock)
    assert await store.rows(words) == before
    assert await desk.run(index_new) == 0


async def test_pages_go_both_ways(desk: Desk, clock: Clock) -> None:
    made = []
    for _ in range(25):
        made.append((await opens(desk, text="не горит лампа")).id)
        await leaves_dialogue(desk, ALICE)
    await indexed(desk, clock)
    first = await desk.read(found_of, "лампа горит")
    assert [line.number for line in first.lines] == made[:-11:-1] and first.before is None
    second = await desk.read(found_of, "лампа горит", first.after or "")
    third = await desk.read(found_of, "лампа горит", second.after or "")
    assert [line.number for line in third.lines] == made[4::-1] and third.after is None
    back = await desk.read(found_of, "лампа горит", second.before or "", backward=True)
    assert back.lines == first.lines and back.before is None and back.place == 1


async def test_where_all_words_are_common_the_look_goes_on_page_by_page(
    desk: Desk, clock: Clock
) -> None:
    both = (await opens(desk, text="частое редкое")).id
    await indexed(desk, clock)

    async def many(tx: Tx) -> None:
        one = await tx.get(Ticket, both)
        facts = {c.key: getattr(one, c.key) for c in Ticket.__table__.columns if c.key != "id"}
        others = [Ticket(**facts) for _ in range(2400)]
        tx.session.add_all(others)
        await tx.session.flush()
        stems = [*stems_of("частое"), *stems_of("редкое")]
        tx.session.add_all(
            SearchWord(word=stems[at % 2], ticket_id=other.id) for at, other in enumerate(others)
        )

    await desk.run(many)
    first = await desk.read(search, "частое редкое")
    assert first.numbers == () and first.more is not None
    second = await desk.read(search, "частое редкое", start=first.more)
    assert second.numbers == (both,) and second.more is None
    page = await desk.read(found_of, "частое редкое")
    assert page.lines == () and page.after is not None


async def test_a_question_is_capped() -> None:
    assert len(asked(" ".join(f"слово{n}" for n in range(50)))) == 8
    assert all(len(word) <= 64 for word in stems_of("ы" * 500, "a" * 500))


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.text(max_size=200))
async def test_nothing_that_can_be_typed_is_an_error(desk: Desk, words: str) -> None:
    await desk.read(found_of, words)


@pytest.mark.parametrize("words", ['"', "AND OR NOT", "col:x", "-x", "*", "a' OR 1=1 --", "%_%"])
async def test_what_looks_like_a_query_is_only_words(desk: Desk, clock: Clock, words: str) -> None:
    await opens(desk)
    await indexed(desk, clock)
    assert await found(desk, words) == []
