"""Texts in the company's own words: applied with the directory, taken over, brought back (G3)."""

import pytest

from channels.telegram.screens.customer_menu import living_menu_words, menu_words
from core.desk import Desk
from core.directory.store import directory_schema, restore_version, show_directory, show_file
from core.setup.own_texts import OwnTexts, adopt_texts, find_own_texts
from core.texts import Forms, Texts
from tests.actions.test_directory import apply, faults, say
from tests.harness import ROOT


def own(code: str, *texts: str, active: bool = True) -> str:
    off = "" if active else "active = false\n"
    return f'[[text]]\ncode = "{code}"\ntexts = {{ {", ".join(texts)} }}\n{off}\n'


OPENED = own("ticket.opened", 'ru = "Приняли #{number}, ждите {due}"', 'en = "Got #{number}"')


@pytest.fixture
def texts() -> Texts:
    return Texts.load(ROOT / "locales")


async def take(desk: Desk, texts: Texts) -> None:
    adopt_texts(texts, await desk.read(find_own_texts))


def english(texts: Texts, key: str) -> str:
    return texts.written("en", key)[0]


async def test_what_was_applied_is_said_and_an_old_version_brings_old_words_back(
    desk: Desk, texts: Texts
) -> None:
    original = english(texts, "ticket.opened")
    await apply(desk, OPENED)
    await take(desk, texts)
    assert english(texts, "ticket.opened") == "Got #{number}"
    assert texts.written("ru", "ticket.opened") == ["Приняли #{number}, ждите {due}"]
    await apply(desk, OPENED.replace("Got", "It is in:"))
    await take(desk, texts)
    assert english(texts, "ticket.opened") == "It is in: #{number}"
    await desk.run(restore_version, 2)
    await take(desk, texts)
    assert english(texts, "ticket.opened") == "Got #{number}"
    await desk.run(restore_version, 1)
    await take(desk, texts)
    assert english(texts, "ticket.opened") == original


async def test_what_is_shown_can_be_applied_and_changes_nothing(desk: Desk) -> None:
    plural = own("group.flood", 'en = ["{name}: {n} more", "{name}: {n} more of them"]')
    await apply(desk, OPENED + plural)
    shown = await desk.read(show_directory)
    assert await apply(desk, shown) == []
    assert 'en = ["{name}: {n} more", "{name}: {n} more of them"]' in shown
    assert "# [[text]]" in await desk.read(show_file, say)


FAULTS = """
line 2: text tikcet.opened, code: there is no text tikcet.opened; similar ones: ticket.opened, \
ticket.reopened, task.opened
line 7: text ticket.opened, texts, de: only en, ru are allowed, not de
line 7: text ticket.opened, texts, en: one text is needed here, no list
line 7: text ticket.opened, texts, ru: braces may hold only {due}, {number}; it says {name}
line 11: text button.menu.new, texts, ru: too long: 41 characters, 40 find room
line 15: text group.flood, texts, en 1: the only markup that there may be is <b>; it says <i>
line 15: text group.flood, texts, en 1: the only markup that there may be is <b>; it says </i>
line 15: text group.flood, texts, en 2: <b> lacks its counterpart
"""


async def test_every_fault_is_named_with_its_line_and_what_would_be_allowed(desk: Desk) -> None:
    wrong = (
        own("tikcet.opened", 'en = "x"')
        + own("ticket.opened", 'ru = "{name}"', 'de = "x"', 'en = ["a", "b"]')
        + own("button.menu.new", 'en = "My tickets"', f'ru = "{"я" * 41}"')
        + own("group.flood", 'en = ["<i>{name}</i>", "<b>{name}"]')
    )
    assert await faults(desk, wrong) == FAULTS.strip().splitlines()
    assert len(await faults(desk, '[[text]]\ncode = "ticket.opened"\ntexts = {}\n')) == 1
    assert len(await faults(desk, '[[text]]\ncode = "ticket.opened"\ntexts = { en = 7 }\n')) == 1


async def test_buttons_of_the_menu_can_be_told_apart(desk: Desk) -> None:
    same = own("button.menu.new", 'en = "📂 Mine"') + own("button.menu.mine", 'en = "📂 Mine"')
    assert any("stands on the button button.menu.mine" in one for one in await faults(desk, same))
    (command,) = await faults(desk, own("button.menu.new", 'en = "/start"'))
    assert command.endswith("a button must not begin with /: that would be a command")


async def test_what_a_button_said_before_is_understood_still(desk: Desk, texts: Texts) -> None:
    pressed = living_menu_words(texts)
    original = english(texts, "button.menu.new")
    for words in ("Ask us", "Tell us"):
        await apply(desk, own("button.menu.new", f'en = "{words}"'))
        await take(desk, texts)
        assert pressed[words] == "new"
    for words in ("Ask us", "Tell us", original):
        assert pressed[words] == "new", "customers still have this button"
    await apply(desk, own("button.menu.new", 'en = "Tell us"', active=False))
    await take(desk, texts)
    assert english(texts, "button.menu.new") == original
    assert pressed["Tell us"] == "new"
    assert dict(pressed) == menu_words(texts)


async def test_words_that_a_newer_release_cannot_fill_are_not_said(texts: Texts) -> None:
    original = english(texts, "ticket.opened")
    gone: dict[str, Forms] = {
        "ticket.opened": ["{gone}"],
        "ticket.no_more": ["x"],
        "ticket.taken": ["Taken."],
    }
    adopt_texts(texts, OwnTexts(said={"en": gone, "xx": {"ticket.opened": ["x"]}}))
    assert english(texts, "ticket.opened") == original
    assert english(texts, "ticket.taken") == "Taken."
    adopt_texts(texts, OwnTexts())
    assert english(texts, "ticket.taken") != "Taken."


def test_the_schema_describes_a_text() -> None:
    fields = directory_schema(say)["$defs"]["TextEntry"]["properties"]
    assert fields["texts"]["minProperties"] == 1
    assert fields["code"]["maxLength"] == 100
