"""The page of a ticket: who reads it, what is written there (A9, S23)."""

import re

import pytest

from core.desk import Desk
from core.models import Message, Ticket
from core.people.staff import by_operator
from core.setup.signed_links import follow_path
from core.signing_key import find_signing_key
from core.tickets.conversation import note, reply
from core.tickets.lifecycle import move
from handlers.http.pages.layout import _luminance
from tests.actions import people
from tests.handlers.http.guest_browser import FILLED, HOSTILE, Guest, chooses, count


async def test_the_pages_have_the_companys_colour_of_this_moment(guest: Guest, desk: Desk) -> None:
    await guest.opens("/form?lang=en")
    assert "--accent: #" in guest.html and "#FFEE00" not in guest.html
    await chooses(desk, 'colour = "#FFEE00"')
    await guest.opens("/form?lang=en")
    assert "--accent: #ffee00; --on-accent: #000;" in guest.html
    await guest.sends(FILLED)
    await guest.follows()
    assert "Ticket #1" in guest.html and "--accent: #ffee00; --on-accent: #000;" in guest.html
    await guest.opens("/form?color=1a5fb4")
    assert "--accent: #1a5fb4; --on-accent: #fff;" in guest.html, "a site may want its own"


async def test_an_answer_is_read_there_and_answered_there(guest: Guest, desk: Desk) -> None:
    await guest.opens("/form?lang=en")
    await guest.sends(FILLED)
    await guest.follows()
    await desk.run(by_operator, people.OLGA, note, 1, people.writes("canary note"))
    await desk.run(by_operator, people.OLGA, reply, 1, people.writes("Returned the second one"))
    await guest.opens(guest.at)
    assert "Returned the second one" in guest.html
    assert "canary" not in guest.html and "Olga" not in guest.html
    assert await guest.sends({"text": "Not yet here"}) == 303
    await guest.follows()
    assert guest.html.count('<li class="mine">') == 2
    await desk.run(by_operator, people.OLGA, move, 1, "close", reason="done")
    await guest.opens(guest.at)
    assert await guest.sends({"text": "Paid twice again"}) == 303
    await guest.follows()
    assert "Ticket #2" in guest.html  # what ended is followed by a new one


async def test_so_many_answers_come_from_one_address_at_once(guest: Guest, desk: Desk) -> None:
    await people.opens(desk)
    path = follow_path(await desk.read(find_signing_key), 1)
    statuses = []
    for number in range(8):
        await guest.opens(f"{path}?lang=en")
        statuses.append(await guest.sends({"text": f"Answer {number}"}, path))
    assert statuses == [303] * 5 + [422] * 3
    assert "too often" in guest.html and "Answer 7" in guest.html
    assert await count(desk, Message) == 1 + 5


async def test_nobody_reads_a_ticket_whose_link_they_were_not_given(
    guest: Guest, desk: Desk
) -> None:
    await people.opens(desk, text="canary words")
    await people.opens(desk, people.BORIS, text="other words")
    key = await desk.read(find_signing_key)
    first, second = follow_path(key, 1), follow_path(key, 2)
    signature = first.rpartition("-")[2]
    forged = [
        f"/t/2-{signature}",
        "/t/1",
        "/t/1-",
        f"/t/1-{'0' * 20}",
        first[:-1],
        first + "0",
        f"/t/01-{signature}",
        f"/t/1-{signature.upper()}",
        f"/t/%31%00-{signature}",
        f"/t/99-{follow_path(key, 99).rpartition('-')[2]}",
        "/t/-1-" + signature,
    ]
    for path in forged:
        assert await guest.opens(path) == 404, path
        assert "words" not in guest.html
        assert await guest.sends({"text": "mine", "once": "a" * 32}, path) == 404
    assert await guest.opens(second) == 200
    assert "other words" in guest.html and "canary" not in guest.html
    assert await count(desk, Message) == 2


@pytest.mark.usefixtures("slowly_again")
async def test_guessing_links_is_slow(guest: Guest) -> None:
    statuses = [await guest.opens(f"/t/1-{n:020x}") for n in range(70)]
    assert set(statuses) == {404, 429} and statuses.count(404) < 70


async def test_hostile_words_stay_words_everywhere(guest: Guest, desk: Desk) -> None:
    await guest.opens(f"/form?lang={HOSTILE}&color={HOSTILE}")
    assert "<script" not in guest.html
    await guest.sends(FILLED | {"name": HOSTILE, "topic": HOSTILE, "consent": ""})
    assert "<script" not in guest.html
    await guest.sends(FILLED | {"name": HOSTILE, "text": HOSTILE, "topic": HOSTILE})
    await guest.follows()
    assert "&lt;script&gt;" in guest.html and "<script" not in guest.html
    policy = guest.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert await count(desk, Ticket) == 1


async def test_only_the_form_may_be_embedded(guest: Guest, desk: Desk) -> None:
    await guest.opens("/form")
    assert "frame-ancestors *" in guest.headers["Content-Security-Policy"]
    await people.opens(desk)
    await guest.opens(follow_path(await desk.read(find_signing_key), 1))
    assert "frame-ancestors 'none'" in guest.headers["Content-Security-Policy"]
    assert guest.headers["Referrer-Policy"] == "no-referrer"  # the address is a secret


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_pages_speak_the_language_that_was_chosen_or_preferred(
    guest: Guest, language: str
) -> None:
    await guest.opens(f"/form?lang={language}")
    assert f'<html lang="{language}">' in guest.html
    headers = {"Accept-Language": f"de, {language};q=0.8"}
    _, _, html = await guest.visitor.ask("GET", "/form", headers=headers)
    assert f'<html lang="{language}">' in html


@pytest.mark.parametrize("colour", ["1a5fb4", "ffff00", "777777", "000000", "ff0000", "00aa55"])
async def test_words_on_a_button_of_any_colour_have_contrast(guest: Guest, colour: str) -> None:
    await guest.opens(f"/form?color={colour}")
    words = re.search(rf"--accent: #{colour}; --on-accent: #(\w+);", guest.html)
    assert words is not None
    dark, bright = sorted([_luminance(colour), 1.0 if words[1] == "fff" else 0.0])
    assert (bright + 0.05) / (dark + 0.05) >= 4.5
