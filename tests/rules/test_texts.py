import json
import timeit
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalogue_files import BadCatalogue
from core.texts import Key, MissingFact, MissingText, Texts, pack, unpack
from core.words.names import (
    clean_name,
    clusters,
    is_blank,
    split_entities,
    split_text,
    units,
    visible,
)

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)

RUSSIAN = r"""
msgid ""
msgstr ""
"Language: ru\n"
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && "
"(n%100<10 || n%100>=20) ? 1 : 2);\n"

msgid "ticket.opened"
msgstr "Обращение #{number} принято. Ответим до {due:when}."

msgid "card"
msgstr "<b>{title}</b> до {due:near}, с {due:day}, {left:span}, {due:span}, {left:age}"

msgid "tg"
msgstr "<tg-time unix=\"{due:unix}\">{due}</tg-time>"

msgid "taken"
msgstr "Уже у {name}, {ago} назад."

msgid "sum"
msgstr "{sum:number}"

msgid "overdue"
msgid_plural "overdue"
msgstr[0] "просрочено {n} обращение"
msgstr[1] "просрочено {n} обращения"
msgstr[2] "просрочено {n} обращений"

msgid "topic.camera"
msgstr "Неисправность камеры {camera}"

msgid "head"
msgstr "#{number} · {topic}"

msgid "braces"
msgstr "{0} {name.__class__} {name!r} {Name} {} {{name}}"

msgid "only.russian"
msgstr "До {due:when}"

#, fuzzy
msgid "fuzzy"
msgstr "не проверено"

msgid "empty"
msgstr ""
"""

ENGLISH = r"""
msgid ""
msgstr ""
"Language: en\n"
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

msgid "ticket.opened"
msgstr "Ticket #{number} is in. You will hear from us by {due:when}."

msgid "sum"
msgstr "{sum:number}"

msgid "overdue"
msgid_plural "overdue"
msgstr[0] "{n} ticket is late"
msgstr[1] "{n} tickets are late"
"""


def write(folder: Path, locale: str, catalogue: str) -> None:
    path = folder / locale / "LC_MESSAGES" / "frontdoor.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(catalogue.lstrip(), encoding="utf-8")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Texts:
    folder = tmp_path_factory.mktemp("locales")
    write(folder, "ru", RUSSIAN)
    write(folder, "en", ENGLISH)
    return Texts.load(folder, default="ru")


def say(texts: Texts, locale: str, key: str, **facts: Any) -> str:
    return texts.say(locale, key, facts, now=NOW, zone=MOSCOW)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("ru", "Обращение #12 принято. Ответим до 23 ноября, 12:30."),
        ("en", "Ticket #12 is in. You will hear from us by 23 November, 12:30."),
        ("en-GB", "Ticket #12 is in. You will hear from us by 23 November, 12:30."),
        ("de", "Обращение #12 принято. Ответим до 23 ноября, 12:30."),
        ("", "Обращение #12 принято. Ответим до 23 ноября, 12:30."),
    ],
)
def test_each_reader_is_spoken_to_in_their_language(texts: Texts, locale: str, said: str) -> None:
    assert say(texts, locale, "ticket.opened", number=12, due=TOMORROW) == said


def test_times_are_said_as_the_template_asks(texts: Texts) -> None:
    said = say(texts, "ru", "card", title="Камера", due=TOMORROW, left=timedelta(days=2, hours=4))
    assert said == "<b>Камера</b> до завтра, 12:30, с 23 ноября, 2 дня 4 ч, 1 день, 2 дня"
    assert say(texts, "ru", "tg", due=TOMORROW) == (
        f'<tg-time unix="{int(TOMORROW.timestamp())}">23 ноября, 12:30</tg-time>'
    )


def test_a_fact_without_a_spec_is_said_by_its_kind(texts: Texts) -> None:
    assert say(texts, "ru", "taken", name="Олега", ago=timedelta(seconds=12)) == (
        "Уже у Олега, 12 секунд назад."
    )


@pytest.mark.parametrize(
    ("locale", "number", "said"),
    [
        ("ru", 1234567, "1\u00a0234\u00a0567"),
        ("en", 1234567, "1,234,567"),
        ("ru", 1234.5, "1\u00a0234,5"),
        ("ru", 12, "12"),
    ],
)
def test_numbers_are_grouped_as_the_language_does(
    texts: Texts, locale: str, number: float, said: str
) -> None:
    assert say(texts, locale, "sum", sum=number) == said


@pytest.mark.parametrize(
    ("locale", "n", "said"),
    [
        ("ru", 1, "просрочено 1 обращение"),
        ("ru", 3, "просрочено 3 обращения"),
        ("ru", 14, "просрочено 14 обращений"),
        ("ru", 21, "просрочено 21 обращение"),
        ("ru", 0, "просрочено 0 обращений"),
        ("en", 1, "1 ticket is late"),
        ("en", 0, "0 tickets are late"),
    ],
)
def test_plurals_follow_the_catalogues_own_rule(
    texts: Texts, locale: str, n: int, said: str
) -> None:
    assert say(texts, locale, "overdue", n=n) == said


def test_every_fact_is_escaped_once_and_the_template_never(texts: Texts) -> None:
    facts = {"title": "<i>&amp;", "due": TOMORROW, "left": timedelta(hours=1)}
    said = texts.say("ru", "card", facts, now=NOW, zone=MOSCOW, escape=escape)
    assert said.startswith("<b>&lt;i&gt;&amp;amp;</b> до завтра")
    nested = {"number": 12, "topic": Key("topic.camera", {"camera": "<A&B>"})}
    said = texts.say("ru", "head", nested, now=NOW, zone=MOSCOW, escape=escape)
    assert said == "#12 · Неисправность камеры &lt;A&amp;B&gt;"


@pytest.mark.parametrize(
    "hostile", ["{0.__class__}", "{title}", "{number:when}", "%(n)s", "{{", "}", "\\1", "$title"]
)
def test_a_fact_stays_literal_whatever_it_contains(texts: Texts, hostile: str) -> None:
    assert say(texts, "ru", "head", number=12, topic=hostile) == f"#12 · {hostile}"


def test_only_plain_names_in_braces_are_places_for_facts(texts: Texts) -> None:
    said = say(texts, "ru", "braces", name="Анна")
    assert said == "{0} {name.__class__} {name!r} {Name} {} {Анна}"


def test_what_this_language_lacks_is_said_wholly_in_the_default_one(texts: Texts) -> None:
    assert say(texts, "en", "only.russian", due=TOMORROW) == "До 23 ноября, 12:30"


@pytest.mark.parametrize("key", ["no.such", "fuzzy", "empty", ""])
def test_an_unknown_or_unready_text_is_missing(texts: Texts, key: str) -> None:
    with pytest.raises(MissingText) as missing:
        say(texts, "en", key)
    assert missing.value.key == key


@pytest.mark.parametrize(
    ("key", "facts", "name"),
    [
        ("ticket.opened", {"number": 12}, "due"),
        ("ticket.opened", {"number": 12, "due": "завтра"}, "due"),
        ("ticket.opened", {"number": None, "due": TOMORROW}, "number"),
        ("ticket.opened", {"number": True, "due": TOMORROW}, "number"),
        ("ticket.opened", {"number": [1], "due": TOMORROW}, "number"),
        ("overdue", {}, "n"),
        ("overdue", {"n": "3"}, "n"),
    ],
)
def test_a_fact_that_is_absent_or_unfit_is_missing(
    texts: Texts, key: str, facts: dict[str, Any], name: str
) -> None:
    with pytest.raises(MissingFact) as missing:
        say(texts, "ru", key, **facts)
    assert (missing.value.key, missing.value.name) == (key, name)


def test_facts_survive_json_and_are_said_packed_or_not(texts: Texts) -> None:
    facts = {
        "number": 12,
        "due": TOMORROW,
        "ago": timedelta(seconds=12.5),
        "topic": Key("topic.camera", {"camera": "MOS", "since": NOW}),
        "none": None,
        "tags": ["a", "b"],
        "changes": {"due": [None, NOW]},
    }
    packed = json.loads(json.dumps(pack(facts)))
    assert unpack(packed) == facts
    assert packed["due"] == {"$time": "2026-11-23T09:30:00+00:00"}
    assert packed["ago"] == {"$span": 12.5}
    assert packed["topic"]["$key"] == "topic.camera"
    assert pack(packed) == packed
    for key in ("ticket.opened", "head"):
        assert say(texts, "ru", key, **packed) == say(texts, "ru", key, **facts)


def test_what_json_cannot_hold_is_not_packed() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        pack({"at": datetime(2026, 1, 1)})  # noqa: DTZ001 -- that is what is refused
    with pytest.raises(TypeError):
        pack({"at": object()})


def test_a_catalogue_can_be_compared_with_another(texts: Texts) -> None:
    assert texts.locales == ("en", "ru")
    assert texts.keys("en") == {"ticket.opened", "sum", "overdue"}
    assert texts.slots("en", "overdue") == {"n"}
    assert texts.slots("ru", "ticket.opened") == {"number", "due"}


@pytest.mark.parametrize(
    "catalogue",
    [
        RUSSIAN.replace("{due:when}", "{due:soon}"),
        RUSSIAN + "\nno line of a catalogue\n",
        RUSSIAN.replace("plural=(n%10", "plural=(x%10"),
        RUSSIAN + '\nmsgid "a"\nmsgid_plural "a"\nmsgstr[0] "b"\nmsgstr[7] "c"\n',
    ],
)
def test_an_unusable_catalogue_is_found_at_load(tmp_path: Path, catalogue: str) -> None:
    write(tmp_path, "ru", catalogue)
    with pytest.raises(BadCatalogue):
        Texts.load(tmp_path)


def test_a_text_without_all_its_plurals_counts_as_absent(tmp_path: Path) -> None:
    write(tmp_path, "ru", RUSSIAN.replace('msgstr[2] "просрочено {n} обращений"\n', ""))
    assert "overdue" not in Texts.load(tmp_path).keys("ru")


@pytest.mark.parametrize(
    "entry",
    [
        '#, fuzzy\nmsgid "more"\nmsgstr "perhaps"\n',
        '#~ msgid "more"\n#~ msgstr "once"\n',
        'msgid "more"\nmsgstr ""\n',
    ],
)
def test_what_is_no_text_yet_or_any_more_counts_as_absent(tmp_path: Path, entry: str) -> None:
    write(tmp_path, "ru", f"{RUSSIAN}\n{entry}")
    texts = Texts.load(tmp_path)
    assert "more" not in texts.keys("ru") and "ticket.opened" in texts.keys("ru")


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ('msgid "more"\nmsgstr "a \\"b\\" \\\\n\\tc\\n"\n"d"\n', 'a "b" \\n\tc\nd'),
        ('#, python-format\nmsgid "more"\nmsgstr "100 %"\n', "100 %"),
        ('#. said\n#: here:1\nmsgid ""\n"mo"\n"re"\nmsgstr "x"\n', "x"),
        ('msgid   "more"\nmsgstr   "spaces"', "spaces"),
    ],
)
def test_all_that_gettext_allows_is_read(tmp_path: Path, entry: str, text: str) -> None:
    write(tmp_path, "ru", f"{RUSSIAN}\n{entry}")
    assert Texts.load(tmp_path).shipped("ru", "more") == [text]


def test_the_default_language_must_be_there(tmp_path: Path) -> None:
    write(tmp_path, "en", ENGLISH)
    with pytest.raises(BadCatalogue):
        Texts.load(tmp_path, default="ru")


def test_saying_is_fast(texts: Texts) -> None:
    facts = {"number": 12, "due": TOMORROW}

    def one() -> None:
        texts.say("ru", "ticket.opened", facts, now=NOW, zone=MOSCOW, escape=escape)

    # 10 µs is usual; the bound is for a busy machine.
    assert min(timeit.repeat(one, number=200, repeat=5)) / 200 < 100e-6


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
