"""Topics of a customer's private chat: words in a ticket's topic are its words (X7)."""

from dataclasses import replace
from typing import Any

from core.addresses import Address
from core.contacts.erasure import erase
from core.delivery.private_topics import forget_private_topic, private_topic
from core.desk import Desk
from core.models import Ticket
from core.people.identity import Sender
from core.tickets import unassigned
from core.tickets.customer_dialogue import begin_ticket, choose_topic
from core.tickets.intake import Heard, Outcome, hear
from core.tickets.lifecycle import move
from core.tickets.unassigned import file_waiting
from tests.actions.people import ALICE, operator, says
from tests.actions.store import Store
from tests.clock import Clock


def there(thread: str | None, sender: Sender = ALICE) -> Sender:
    return replace(sender, thread=thread)


async def wrote(
    desk: Desk, thread: str | None, text: str = "It is dark", sender: Sender = ALICE, **more: Any
) -> Heard:
    said = says(sender, text, **more)
    if thread is not None:
        said.content["thread"] = thread
    return await desk.run(hear, there(thread, sender), said)


async def opened(desk: Desk, thread: str | None, text: str = "It is dark") -> int:
    await desk.run(begin_ticket, there(thread))
    await desk.run(choose_topic, there(thread), "payment")
    heard = await wrote(desk, thread, text)
    assert heard.outcome is Outcome.OPENED and heard.ticket is not None
    return heard.ticket.id


async def topic_of(desk: Desk, number: int, chat: Address = ALICE.address) -> str | None:
    found = await desk.read(private_topic, number, chat)
    return None if found is None else found.thread


async def words_of(store: Store, number: int) -> list[str]:
    return [message.text for message in await store.messages(number)]


async def test_a_ticket_that_is_opened_in_a_topic_has_it(desk: Desk) -> None:
    number = await opened(desk, "7")
    assert await topic_of(desk, number) == "7"


async def test_a_ticket_that_is_opened_outside_of_topics_has_none(desk: Desk) -> None:
    number = await opened(desk, None)
    assert await topic_of(desk, number) is None


async def test_words_in_a_tickets_topic_belong_to_it_whatever_else_is_open(
    desk: Desk, store: Store
) -> None:
    first = await opened(desk, "7")
    second = await opened(desk, "8", "No sound")
    heard = await wrote(desk, "7", "Still dark")
    assert (heard.outcome, heard.ticket and heard.ticket.id) == (Outcome.JOINED, first)
    assert await words_of(store, second) == ["No sound"]


async def test_words_in_a_new_topic_are_asked_about_though_one_ticket_is_open(desk: Desk) -> None:
    number = await opened(desk, "7")
    heard = await wrote(desk, "9", "And the bill is wrong")
    assert heard.outcome is Outcome.ASK_WHICH
    assert [ticket.id for ticket in heard.choices] == [number]


async def test_what_is_kept_in_one_topic_is_filed_by_the_question_in_it(
    desk: Desk, store: Store
) -> None:
    await wrote(desk, "7", "It is dark")
    asked = await wrote(desk, "8", "The bill is wrong")
    assert asked.outcome is Outcome.ASK_WHETHER, "each topic has a question of its own"
    heard = await desk.run(unassigned.file_unassigned_messages, there("8"), None)
    assert heard is not None and heard.ticket is not None
    assert await words_of(store, heard.ticket.id) == ["The bill is wrong"]
    assert await topic_of(desk, heard.ticket.id) == "8"
    assert await desk.run(unassigned.drop_unassigned_messages, there("7")) == 1


async def test_what_nobody_files_becomes_a_ticket_in_its_topic(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await wrote(desk, "7", "It is dark")
    await wrote(desk, "8", "The bill is wrong")
    clock.move(hours=1)
    while await desk.run(file_waiting):
        pass
    tickets = await store.tickets()
    assert [await words_of(store, ticket.id) for ticket in tickets] == [
        ["It is dark"],
        ["The bill is wrong"],
    ]
    assert [await topic_of(desk, ticket.id) for ticket in tickets] == ["7", "8"]


async def test_a_customer_is_answered_in_the_topic_where_they_wrote_last(
    desk: Desk, store: Store
) -> None:
    number = await opened(desk, "7")
    await wrote(desk, "9", "Still dark")
    await desk.run(unassigned.file_unassigned_messages, there("9"), number)
    assert await topic_of(desk, number) == "9"
    await wrote(desk, "7", "And cold")
    assert await topic_of(desk, number) == "7"
    assert await words_of(store, number) == ["It is dark", "Still dark", "And cold"]


async def test_words_outside_of_topics_leave_a_ticket_where_it_is(desk: Desk) -> None:
    number = await opened(desk, "7")
    heard = await wrote(desk, None, "Still dark")
    assert heard.ticket is not None and heard.ticket.id == number
    assert await topic_of(desk, number) == "7"


async def test_a_dialogue_begun_outside_goes_on_in_a_new_topic_but_not_in_a_tickets(
    desk: Desk,
) -> None:
    first = await opened(desk, "7")
    await desk.run(begin_ticket, there(None))
    await desk.run(choose_topic, there(None), "payment")
    heard = await wrote(desk, "7", "Still dark")
    assert heard.ticket is not None and heard.ticket.id == first
    heard = await wrote(desk, "9", "Charged twice")
    assert heard.outcome is Outcome.OPENED and heard.ticket is not None
    assert await topic_of(desk, heard.ticket.id) == "9"


async def test_a_ticket_begun_in_anothers_topic_leaves_it_to_the_other(desk: Desk) -> None:
    first = await opened(desk, "7")
    second = await opened(desk, "7", "Charged twice")
    assert (await topic_of(desk, first), await topic_of(desk, second)) == ("7", None)
    heard = await wrote(desk, "7", "Still dark")
    assert heard.ticket is not None and heard.ticket.id == first


async def test_words_in_the_topic_of_an_ended_ticket_open_the_next_one_there(desk: Desk) -> None:
    first = await opened(desk, "7")
    await desk.run_as(await operator(desk), move, first, "close")
    heard = await wrote(desk, "7", "It is dark again")
    assert heard.outcome is Outcome.OPENED and heard.ticket is not None
    assert heard.ticket.follows_id == first
    assert await topic_of(desk, heard.ticket.id) == "7"
    heard = await wrote(desk, "7", "And cold")
    assert heard.outcome is Outcome.JOINED


async def test_a_topic_with_the_same_number_in_another_chat_is_another(desk: Desk) -> None:
    number = await opened(desk, "7")
    other = Sender(Address("telegram", "102"), "Boris", None, "ru")
    heard = await wrote(desk, "7", "Hello", other)
    assert heard.outcome is Outcome.ASK_WHETHER
    assert await topic_of(desk, number, other.address) is None


async def test_a_deleted_topic_is_nobodys(desk: Desk) -> None:
    number = await opened(desk, "7")
    await desk.run(forget_private_topic, ALICE.address, "7")
    assert await topic_of(desk, number) is None
    heard = await wrote(desk, "7", "Still dark")
    assert heard.outcome is Outcome.ASK_WHICH, "it is a new one by then"


async def test_an_erased_customers_topics_are_erased(desk: Desk) -> None:
    number = await opened(desk, "7")
    await desk.run_as(await operator(desk), move, number, "cancel")
    ticket = await desk.read(lambda tx: tx.get(Ticket, number))
    await desk.run(erase, ticket.customer_id)
    assert await topic_of(desk, number) is None
