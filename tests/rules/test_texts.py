"""A text is said in the language of its reader, with its facts; what is missing is named."""

import json
import timeit
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.texts import Key, MissingFact, MissingText, Texts, pack, unpack
from tests.rules.small_catalogues import ENGLISH, RUSSIAN, write

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)


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


def test_saying_is_fast(texts: Texts) -> None:
    facts = {"number": 12, "due": TOMORROW}

    def one() -> None:
        texts.say("ru", "ticket.opened", facts, now=NOW, zone=MOSCOW, escape=escape)

    # 10 µs is usual; the bound is for a busy machine.
    assert min(timeit.repeat(one, number=200, repeat=5)) / 200 < 100e-6
