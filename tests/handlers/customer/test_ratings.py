"""A rating as a customer gives it: by a tap, changed, with a few words (B14)."""

from sandbox import Person
from tests.handlers.customer.room import PrivateRoom


async def asked(room: PrivateRoom, language: str) -> tuple[int, Person]:
    """A ticket that was solved, and its customer, who is asked."""
    anna = room.customer("Анна", language)
    number = await room.open_ticket(anna)
    await room.move(number, "resolve")
    await room.say(anna, "/my")
    await room.press(anna, f"#{number}")
    return number, anna


async def test_five_stars_close_the_ticket_and_invite_some_words(
    room: PrivateRoom, language: str
) -> None:
    number, anna = await asked(room, language)
    question = anna.last
    assert [f"{n} ⭐" for n in range(1, 6)] == [x for x in question.buttons if "⭐" in x]
    await room.press(anna, "5 ⭐")
    assert anna.last is question, "one screen, edited"
    assert question.text == room.says(language, "customer.rated.good", number=number, value=5)
    words, change = (room.says(language, f"button.rating.{name}") for name in ("words", "change"))
    assert question.buttons == [words, change]
    await room.press(anna, words)
    assert question.text == room.says(language, "customer.rate_words", number=number)
    said = await room.say(anna, "Быстро и вежливо")
    assert said.bot_reactions == ["👌"]
    found = await room.rows("SELECT rating, comment FROM resolution")
    assert [tuple(row) for row in found] == [(5, "Быстро и вежливо")]
    assert (await room.rows("SELECT count(*) FROM ticket"))[0][0] == 1


async def test_two_stars_ask_why_and_may_be_changed(room: PrivateRoom, language: str) -> None:
    number, anna = await asked(room, language)
    await room.press(anna, "2 ⭐")
    assert anna.last.text == room.says(language, "customer.rated.bad", number=number)
    await room.press(anna, room.says(language, "button.rating.change"))
    assert anna.last.text == room.says(language, "customer.rate_again", number=number)
    await room.press(anna, "4 ⭐")
    assert anna.last.text == room.says(language, "customer.rated.good", number=number, value=4)
    assert (await room.rows("SELECT state FROM ticket"))[0][0] == "closed"


async def test_whoever_says_that_all_is_well_may_rate_it(room: PrivateRoom, language: str) -> None:
    number, anna = await asked(room, language)
    await room.press(anna, room.says(language, "button.confirm.yes"))
    assert anna.last.text.endswith(room.says(language, "customer.rate"))
    assert anna.last.buttons == [f"{n} ⭐" for n in range(1, 6)]
    await room.press(anna, "3 ⭐")
    assert anna.last.text == room.says(language, "customer.rated.fair", number=number, value=3)


async def test_who_is_invited_to_say_something_may_say_nothing(
    room: PrivateRoom, language: str
) -> None:
    _, anna = await asked(room, language)
    await room.press(anna, "5 ⭐")
    await room.press(anna, room.says(language, "button.rating.words"))
    await room.say(anna, "/cancel")
    assert anna.last.text == room.says(language, "customer.left.rate")


async def test_a_strangers_rating_is_refused(room: PrivateRoom, language: str) -> None:
    number, _ = await asked(room, language)
    boris = room.customer("Борис", language)
    await room.say(boris, "/start")
    for data in (f"sr:5:{number}", f"sx:words:{number}"):
        press = await room.forge(boris, data)
        assert press.text == room.says(language, "refusal.outdated")
    assert (await room.rows("SELECT rating FROM resolution"))[0][0] is None
