"""Callback data: what we pack comes back, and nothing else comes in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.telegram.screens import callbacks as c

PACKED: list[c.Callback] = [
    *(c.TicketVerb(verb, 10**17) for verb in sorted(c.TICKET_VERBS)),
    *(c.FreezeFor(12, code) for code in c.FREEZES),
    c.AnswerRetry(5),
    c.Question(6),
    c.QueuePage("queue"),
    c.QueuePage("my", "0.2026-11-24T12:30:00+00:00.123", backward=True),
    c.Topic("image-quality_2"),
    *(c.Menu(name) for name in sorted(c.MENUS)),
    c.File(),
    c.File(12),
    c.File(forget=True),
    c.Mine(9),
    c.Confirm(12, yes=True),
    c.Confirm(12, yes=False),
    c.Language("ru"),
    c.Classify("service", "video-2", 10**17),
    c.Classify("category", "incident", 1),
    c.Classify("priority", "u" * 32, 10**17),
    *(c.SetUp(step) for step in sorted(c.SET_UPS)),
    *(c.Chosen(field, "America/Argentina/Buenos_Aires") for field in c.FIELDS),
    *(c.Dismiss(verb, 10**17) for verb in c.DISMISSALS),
]


@pytest.mark.parametrize("callback", PACKED, ids=str)
def test_what_was_packed_is_read(callback: c.Callback) -> None:
    assert len(callback.pack().encode()) <= 64
    assert c.parse(callback.pack()) == callback


@pytest.mark.parametrize(
    "data",
    [
        None,
        "",
        "t:take",
        "t:take:0",
        "t:take:-1",
        "t:take:012",
        "t:take:1e3",
        "t:take:١٢",
        "t:take:12 ",
        "t:take:12\n",
        "t:drop:12",
        "T:take:12",
        "t:take:12:13",
        "t:take:" + "9" * 19,
        "f:2h:12",
        "f:1h:",
        "m:admin",
        "w:",
        "w:all",
        "c:maybe:12",
        "c:y:",
        "v:list:x",
        "v:admins:1",
        "ad:drop:1",
        "ad:sure:",
        "g:russian",
        "g:RU",
        "l:queue:+:" + "x" * 60,
        "l:queue:*:",
        "p:",
        "p:a b",
        "{}",
        "💥",
    ],
)
def test_anything_else_is_nothing(data: str | None) -> None:
    assert c.parse(data) is None


@given(st.sampled_from([p.pack() for p in PACKED]), st.data())
def test_a_changed_byte_is_nothing_or_another_wish_of_the_same_form(
    packed: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(packed) - 1))
    forged = packed[:at] + data.draw(st.characters()) + packed[at + 1 :]
    found = c.parse(forged)
    assert found is None or found.pack() == forged


@given(st.text(max_size=70))
def test_noise_is_nothing(data: str) -> None:
    found = c.parse(data)
    assert found is None or found.pack() == data


def test_a_cursor_that_does_not_fit_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError):
        c.QueuePage("queue", "x" * 60).pack()
    with pytest.raises(ValueError):
        c.QueuePage("queue", "a b").pack()
