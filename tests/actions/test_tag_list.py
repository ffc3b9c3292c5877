"""The tags that the company lists (D3): titles, what may be given, what looks like a slip."""

import pytest

from core.automation.rules import rules_of
from core.desk import Desk
from core.directory.store import restore_version, show_directory
from core.directory.tag_edits import rename_tag
from core.directory.versions import current_version
from core.errors import Refusal
from core.responses.catalogue import responses_of
from core.tickets.card import card_of
from core.tickets.conversation import note
from core.tickets.details import details_of
from core.tickets.list_lines import lines_of
from core.tickets.tag_list import Tag, near
from core.tickets.tags import (
    Doubt,
    choose_from,
    doubtful,
    list_tags,
    replace_tag,
    set_tag,
    tag,
    tags_with_titles,
)
from core.tickets.views import views_of
from tests.actions.people import ANNA, opens, operator, writes
from tests.actions.test_directory import apply, faults

TITLES = '{ en = "Repeated", ru = "Повторно" }'
REPEATED = f'[[tag]]\nword = "повтор"\ntitles = {TITLES}\nmarker = "🔴"\n'
VIP = '[[tag]]\nword = "vip"\n'
ONLY_LISTED = '[settings]\ntags = "listed"\n'
NAMING = """
[[response]]
code = "thanks"
title = "Thanks"
actions = { tags = ["повтор"] }

[[view]]
code = "again"
titles = { en = "Again" }
tags = ["vip", "повтор"]

[[rule]]
code = "again"
title = "Again"
event = "opened"
when = { tags = ["повтор"] }
then = { tags = ["#Повтор", "vip"] }
"""


async def test_what_the_company_lists_is_shown_can_be_applied_and_says_what_it_is_called(
    desk: Desk,
) -> None:
    await apply(desk, REPEATED + VIP)
    shown = await desk.read(show_directory)
    assert REPEATED.strip() in shown and VIP.strip() in shown
    assert await apply(desk, shown) == []
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, tag, ticket.id, "vip повтор двор")
    card = await desk.read(card_of, ticket.id)
    assert card is not None and card.tags == ("vip", "двор", "повтор")
    assert [(one.word, one.title("en"), one.marker) for one in card.listed] == [
        ("vip", "", None),
        ("повтор", "Repeated", "🔴"),
    ]
    (line,) = await desk.read(lines_of, [ticket.id])
    assert (line.tags, line.listed) == (card.tags, card.listed)
    named = (await desk.read(details_of, [ticket.id]))[ticket.id].tags
    assert named == {"vip": {}, "двор": {}, "повтор": {"ru": "Повторно", "en": "Repeated"}}
    listed = await desk.read(tags_with_titles)
    assert [(word, count) for word, count, _ in listed] == [("повтор", 1), ("vip", 1), ("двор", 1)]


async def test_a_word_stands_in_the_list_once_however_it_is_written(desk: Desk) -> None:
    (fault,) = await faults(desk, VIP + '[[tag]]\nword = "#VIP"\n')
    assert fault.startswith("line 4: tag vip, word: ")
    assert (await faults(desk, '[[tag]]\nword = "12"\n'))[0].startswith("line 2: tag 12, word: ")
    assert "marker" in (await faults(desk, VIP + 'marker = "x"\n'))[0]


async def test_a_tag_out_of_use_stays_on_tickets_and_is_given_no_more(desk: Desk) -> None:
    one, other, olga = await opens(desk), await opens(desk), await operator(desk)
    await apply(desk, REPEATED + VIP)
    await desk.run_as(olga, tag, one.id, "повтор")
    await apply(desk, REPEATED + "active = false\n")
    with pytest.raises(Refusal, match="tag_off"):
        await desk.run_as(olga, tag, other.id, "повтор")
    await desk.run_as(olga, note, other.id, writes("again, #повтор"))
    for number, tags in ((one.id, ("повтор",)), (other.id, ())):
        card = await desk.read(card_of, number)
        assert card is not None and card.tags == tags
    assert (await desk.read(choose_from, other.id))[0] == ["vip"]
    assert (await desk.read(choose_from, one.id)) == (["vip", "повтор"], frozenset({"повтор"}))
    await desk.run_as(olga, tag, one.id, "-повтор")


async def test_any_word_is_a_tag_until_only_listed_ones_are_given(desk: Desk) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await apply(desk, VIP)
    await desk.run_as(olga, tag, ticket.id, "двор")
    await apply(desk, ONLY_LISTED)
    with pytest.raises(Refusal, match="tag_not_listed_near"):
        await desk.run_as(olga, tag, ticket.id, "vipp")
    with pytest.raises(Refusal, match="tag_not_listed"):
        await desk.run_as(olga, tag, ticket.id, "подъезд")
    await desk.run_as(olga, note, ticket.id, writes("#подъезд #vip"))
    assert await desk.read(list_tags) == [("vip", 1), ("двор", 1)]
    await desk.run_as(olga, tag, ticket.id, "-двор")


async def test_where_only_listed_tags_are_given_the_directory_names_no_other(desk: Desk) -> None:
    await apply(desk, NAMING)
    said = await faults(desk, ONLY_LISTED + VIP)
    told = "line 2: settings, tags: {} again: no [[tag]] says повтор; add it, or take it out here"
    assert said == [
        told.format("response").replace("again", "thanks", 1),
        *(told.format(kind) for kind in ("view", "rule", "rule")),
    ]
    await apply(desk, ONLY_LISTED + VIP + REPEATED)
    (fault,) = await faults(desk, NAMING.replace('["vip", "повтор"]', '["#VIP", "moon"]'))
    assert fault.startswith("line 10: view again, tags 2: there is no tag moon")
    assert "vip, повтор" in fault
    await apply(desk, NAMING)


async def test_a_tag_called_otherwise_is_so_in_the_document_and_wherever_it_is_named(
    desk: Desk,
) -> None:
    ticket, anna = await opens(desk), await operator(desk, ANNA)
    await apply(desk, REPEATED + VIP + NAMING)
    await desk.run_as(anna, tag, ticket.id, "повтор")
    version = await desk.read(current_version)
    assert await desk.run_as(anna, rename_tag, "повтор", "снова") == 1
    assert await desk.read(current_version) == version + 1
    shown = await desk.read(show_directory)
    assert "повтор" not in shown and REPEATED.replace("повтор", "снова").strip() in shown
    assert (await desk.read(responses_of))["thanks"].actions.tags == ("снова",)
    assert (await desk.read(views_of))["again"].conditions["tags"] == ["vip", "снова"]
    assert (await desk.read(rules_of))["opened"][0].actions["tags"] == ["снова", "vip"]
    assert await apply(desk, shown) == []
    # joined with another one of the list: what that is called counts
    assert await desk.run_as(anna, rename_tag, "снова", "vip") == 1
    shown = await desk.read(show_directory)
    assert "снова" not in shown and VIP.strip() in shown
    assert (await desk.read(views_of))["again"].conditions["tags"] == ["vip"]
    # an old version lists the old word again; tickets keep what they have
    await desk.run_as(anna, restore_version, version)
    assert REPEATED.strip() in await desk.read(show_directory)
    card = await desk.read(card_of, ticket.id)
    assert card is not None and card.tags == ("vip",)


async def test_what_nobody_has_used_before_and_looks_like_a_tag_may_be_a_slip(desk: Desk) -> None:
    one, other, olga = await opens(desk), await opens(desk), await operator(desk)
    await apply(desk, REPEATED)
    await desk.run_as(olga, tag, other.id, "подъезд")
    await desk.run_as(olga, tag, one.id, "поовтор подьезд крыша")
    words = ["поовтор", "подьезд", "крыша", "повтор"]
    assert await desk.read(doubtful, one.id, words) == [
        Doubt("поовтор", ("повтор",)),
        Doubt("подьезд", ("подъезд",)),
    ]
    await desk.run_as(olga, replace_tag, one.id, "поовтор", "повтор")
    for _ in range(2):  # whoever presses twice, or after somebody else, has what was shown
        await desk.run_as(olga, set_tag, one.id, "подьезд", given=False)
        await desk.run_as(olga, set_tag, one.id, "подъезд", given=True)
    card = await desk.read(card_of, one.id)
    assert card is not None and card.tags == ("крыша", "повтор", "подъезд")
    assert await desk.read(doubtful, other.id, ["крыша"]) == []
    many = [f"подъезд{at}" for at in range(100)]
    assert len(await desk.read(doubtful, one.id, many)) == 10


@pytest.mark.parametrize(
    ("word", "known", "alike"),
    [
        ("повторр", ["повтор", "vip"], ["повтор"]),
        ("повтор", ["повтор"], []),
        ("кот", ["крот", "дом"], ["крот"]),
        ("дом", ["том", "кот"], []),
    ],
)
def test_words_are_alike_where_one_is_the_other_with_a_slip(
    word: str, known: list[str], alike: list[str]
) -> None:
    assert list(near(word, known)) == alike


def test_a_title_that_only_repeats_the_word_is_none() -> None:
    assert Tag("елка", {"ru": "Ёлка"}, None, active=True).title("ru") == ""
