"""Names cannot disguise themselves, and long texts are cut where a reader would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.words.names import (
    clean_name,
    clusters,
    is_blank,
    split_entities,
    split_text,
    units,
    visible,
)

# Names


FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇷🇺"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Анна Смирнова", "Анна Смирнова"),
        ("  Анна \n\t Смирнова ", "Анна Смирнова"),
        ("Admin\u202egnp.exe", "Admingnp.exe"),
        ("\u2066A\u2069\u200eB\u200f", "AB"),
        ("A\u200bd\u200cm\u200di\u2060n\ufeff\u00ad", "Admin"),
        ("A\x00\x1b[31m\x7f\x9bB", "A[31mB"),
        ("Z" + "\u0301" * 40 + "a", "Z\u0301\u0301\u0301a"),
        ("\u0301\u0301Анна", "Анна"),
        ("", "—"),
        (" \u200b\u3164\u2800 ", "—"),
        ("\ud83d", "—"),
        ("Й" * 64, "Й" * 64),
        ("Й" * 65, "Й" * 63 + "…"),
        ("<b>{0}</b>", "<b>{0}</b>"),
    ],
)
def test_a_name_cannot_disguise_itself(name: str, shown: str) -> None:
    assert clean_name(name) == shown


def test_a_name_is_cut_between_letters_not_inside_one() -> None:
    assert clean_name("ab" + "e\u0301" * 5, limit=6) == "abe\u0301…"
    assert clean_name(FLAG * 4, limit=4) == f"{FLAG}…"


@given(st.text(), st.integers(1, 70))
def test_a_shown_name_is_one_clean_short_line(name: str, limit: int) -> None:
    shown = clean_name(name, limit)
    assert 1 <= len(shown) <= limit
    assert shown == shown.strip()
    assert shown.isprintable() or not shown.isascii()
    assert not any(char in shown for char in "\n\r\t\u202e\u200b")


def test_long_words_lose_only_what_turns_them_around() -> None:
    assert visible("a\u202eb\n\tc\x00\u2067d\u200d\r\n") == "ab\n\tc" + "d\u200d\n"
    assert visible(FAMILY) == FAMILY


# Splitting


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("", 10, []),
        (" \n ", 10, []),
        (" " * 40, 10, []),
        ("коротко", 10, ["коротко"]),
        ("  как есть ", 20, ["  как есть "]),
        ("один два\n\nтри четыре", 15, ["один два", "три четыре"]),
        ("один два\nтри четыре", 15, ["один два", "три четыре"]),
        ("Раз два. Три четыре", 15, ["Раз два.", "Три четыре"]),
        ("раз два три четыре", 12, ["раз два три", "четыре"]),
        ("раз два три", 7, ["раз два", "три"]),
        ("абвгдежз", 3, ["абв", "где", "жз"]),
        ("😀😀😀", 4, ["😀😀", "😀"]),
        ("😀😀😀", 5, ["😀😀", "😀"]),
        (FLAG * 3, 9, [FLAG * 2, FLAG]),
        (FAMILY * 2, 15, [FAMILY, FAMILY]),
        ("аe\u0301", 2, ["а", "e\u0301"]),
        ("👍🏽👍🏽", 6, ["👍🏽", "👍🏽"]),
    ],
)
def test_a_text_is_cut_where_a_reader_would(text: str, limit: int, parts: list[str]) -> None:
    assert split_text(text, limit) == parts


def test_a_sign_longer_than_a_part_is_cut_between_its_characters() -> None:
    assert split_text(FAMILY, 4) == ["👨\u200d", "👩\u200d", "👧\u200d", "👦"]
    with pytest.raises(ValueError):
        split_text("text", 1)


SIGNS = st.sampled_from(
    [
        "a",
        "б",
        " ",
        "\n",
        "\n\n",
        ". ",
        "😀",
        FLAG,
        FAMILY,
        "e\u0301",
        "👍🏽",
        " \u0301",
        "\r\n",
        "слово",
    ]
)
LONG = st.lists(SIGNS, max_size=120).map("".join) | st.text()


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(LONG, st.integers(2, 60))
def test_nothing_is_lost_but_white_space_and_every_part_fits(text: str, limit: int) -> None:
    parts = split_text(text, limit)
    assert squeezed("".join(parts)) == squeezed(text)
    assert all(part.strip() and units(part) <= limit for part in parts)
    position = 0
    for part in parts:
        found = text.index(part, position)
        assert not text[position:found].strip()
        position = found + len(part)


@given(LONG)
def test_no_letter_is_torn_where_it_fits(text: str) -> None:
    whole = set(clusters(text))
    torn = {piece for part in split_text(text, 40) for piece in clusters(part)} - whole
    assert all(not piece.strip() or len(max(whole, key=len)) > 40 for piece in torn)


@given(st.text(alphabet=st.sampled_from("аб. \n😀"), max_size=60).map(lambda text: text * 200))
def test_long_letters_go_into_whole_messages(text: str) -> None:
    parts = split_text(text)
    assert all(units(part) <= 4096 for part in parts)
    assert squeezed("".join(parts)) == squeezed(text)


@pytest.mark.parametrize(
    ("text", "length"),
    [("", 0), ("abc", 3), ("Ёлка", 4), ("👍", 2), ("a👨‍👩‍👧b", 10), ("\ud83d", 1), ("\udc4d!", 2)],
)
def test_a_text_is_as_long_as_telegram_counts_it(text: str, length: int) -> None:
    assert units(text) == length


def test_each_part_takes_its_share_of_the_entities() -> None:
    text = "😀 жирный текст\nи ссылка"
    bold = {"type": "bold", "offset": 3, "length": 12}
    link = {"type": "text_link", "offset": 18, "length": 6, "url": "https://example.org"}
    smile = {"type": "custom_emoji", "offset": 0, "length": 2, "custom_emoji_id": "1"}
    assert split_entities(text, [bold, link, smile], 16) == [
        ("😀 жирный текст", [bold, smile]),
        ("и ссылка", [{**link, "offset": 2}]),
    ]
    assert split_entities(text, [bold], 10) == [
        ("😀 жирный", [{"type": "bold", "offset": 3, "length": 6}]),
        ("текст", [{"type": "bold", "offset": 0, "length": 5}]),
        ("и ссылка", []),
    ]


def test_half_a_custom_emoji_is_none() -> None:
    emoji = {"type": "custom_emoji", "offset": 0, "length": 11, "custom_emoji_id": "1"}
    assert all(not entities for _, entities in split_entities(FAMILY, [emoji], 4))


@given(LONG, st.integers(2, 30), st.integers(0, 100), st.integers(1, 100))
def test_an_entity_covers_the_same_words_after_the_cut(
    text: str, limit: int, offset: int, length: int
) -> None:
    entity = {"type": "bold", "offset": offset, "length": length}
    raw = text.encode("utf-16-le", "surrogatepass")
    covered = raw[2 * offset : 2 * (offset + length)]
    got = b"".join(
        part.encode("utf-16-le", "surrogatepass")[2 * e["offset"] : 2 * (e["offset"] + e["length"])]
        for part, entities in split_entities(text, [entity], limit)
        for e in entities
    )

    def kept(data: bytes) -> str:
        return squeezed(data.decode("utf-16-le", "replace"))

    assert kept(got) == kept(covered)


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u2060", "\u200e\u202e ", "\u3164\u2800"])
def test_what_cannot_be_seen_is_blank(text: str) -> None:
    assert is_blank(text)
    assert not is_blank(f"{text}.")


@pytest.mark.parametrize("text", ["—", "👍", "\N{HEAVY BLACK HEART}\ufe0f", "👩\u200d💻", "0"])
def test_what_can_be_seen_is_not(text: str) -> None:
    assert not is_blank(text)
