"""A rating as a customer gives it: by a tap, changed, with a few words (B14)."""

from sandbox import Person
from tests.handlers.customer.chat import PrivateChat


async def asked(chat: PrivateChat, language: str) -> tuple[int, Person]:
    """A ticket that was solved, and its customer, who is asked."""
    anna = chat.customer("Анна", language)
    number = await chat.open_ticket(anna)
    await chat.move(number, "resolve")
    await chat.say(anna, "/my")
    await chat.press(anna, f"#{number}")
    return number, anna


async def test_five_stars_close_the_ticket_and_invite_some_words(
    chat: PrivateChat, language: str
) -> None:
    number, anna = await asked(chat, language)
    question = anna.last
    assert [f"{n} ⭐" for n in range(1, 6)] == [x for x in question.buttons if "⭐" in x]
    await chat.press(anna, "5 ⭐")
    assert anna.last is question, "one screen, edited"
    assert question.text == chat.says(language, "customer.rated.good", number=number, value=5)
    words, change = (chat.says(language, f"button.rating.{name}") for name in ("words", "change"))
    assert question.buttons == [words, change]
    await chat.press(anna, words)
    assert question.text == chat.says(language, "customer.rate_words", number=number)
    said = await chat.say(anna, "Быстро и вежливо")
    assert said.bot_reactions == ["👌"]
    found = await chat.rows("SELECT rating, comment FROM resolution")
    assert [tuple(row) for row in found] == [(5, "Быстро и вежливо")]
    assert (await chat.rows("SELECT count(*) FROM ticket"))[0][0] == 1


async def test_two_stars_ask_why_and_may_be_changed(chat: PrivateChat, language: str) -> None:
    number, anna = await asked(chat, language)
    await chat.press(anna, "2 ⭐")
    assert anna.last.text == chat.says(language, "customer.rated.bad", number=number)
    await chat.press(anna, chat.says(language, "button.rating.change"))
    assert anna.last.text == chat.says(language, "customer.rate_again", number=number)
    await chat.press(anna, "4 ⭐")
    assert anna.last.text == chat.says(language, "customer.rated.good", number=number, value=4)
    assert (await chat.rows("SELECT state FROM ticket"))[0][0] == "closed"


async def test_whoever_says_that_all_is_well_may_rate_it(chat: PrivateChat, language: str) -> None:
    number, anna = await asked(chat, language)
    await chat.press(anna, chat.says(language, "button.confirm.yes"))
    assert anna.last.text.endswith(chat.says(language, "customer.rate"))
    assert anna.last.buttons == [f"{n} ⭐" for n in range(1, 6)]
    await chat.press(anna, "3 ⭐")
    assert anna.last.text == chat.says(language, "customer.rated.fair", number=number, value=3)


async def test_who_is_invited_to_say_something_may_say_nothing(
    chat: PrivateChat, language: str
) -> None:
    _, anna = await asked(chat, language)
    await chat.press(anna, "5 ⭐")
    await chat.press(anna, chat.says(language, "button.rating.words"))
    await chat.say(anna, "/cancel")
    assert anna.last.text == chat.says(language, "customer.left.rate")


async def test_a_strangers_rating_is_refused(chat: PrivateChat, language: str) -> None:
    number, _ = await asked(chat, language)
    boris = chat.customer("Борис", language)
    await chat.say(boris, "/start")
    for data in (f"sr:5:{number}", f"sx:words:{number}"):
        press = await chat.forge(boris, data)
        assert press.text == chat.says(language, "refusal.outdated")
    assert (await chat.rows("SELECT rating FROM resolution"))[0][0] is None
