"""What leaves for the assistant holds no personal data, and what returns is put back (X17)."""

import pytest

from core.words.masking import (
    ADDRESS,
    CONTACT,
    HOLE,
    NUMBER,
    PERSON,
    Masker,
    Restored,
    traces_in,
)

KNOWN = [
    (PERSON, "Анна Смирнова"),
    (PERSON, "Пётр"),
    (PERSON, "O'Neil Smith"),
    (CONTACT, "+79161234567"),
    (CONTACT, "anna_s"),
    (NUMBER, "MOS_12_23"),
    (NUMBER, "ООО «Вектор»"),
    (ADDRESS, "ул. Лермонтова 10, проезд"),
]


@pytest.mark.parametrize(
    ("words", "secret"),
    [
        ("Это Анна Смирнова", "Анна"),
        ("Передайте Анне Смирновой", "Смирнов"),
        ("передайте анне", "анне"),
        ("Петру и Петра", "Петр"),
        ("Звоните 8 (916) 123-45-67", "916"),
        ("+7 916 123 45 67", "916"),
        ("+7\u200b916\u200b1234567", "1234567"),
        ("тел．＋７９１６１２３４５６７", "9161234567"),
        ("мой ник @anna_s", "anna_s"),
        ("пишите на petrova.m@example.com", "petrova"),
        ("камера MOS 12 23 и mos-12-23", "12 23"),
        ("мы ООО Вектор", "Вектор"),
        ("живу на Лермонтова, 10", "Лермонтова"),
        ("живу на улице Ленина, д. 5 кв 12", "Ленина"),
        ("Советская ул. 7", "Советская"),
        ("10 Baker Street", "Baker"),
        ("договор 47-11", "47-11"),
        ("лицевой счёт 8812345", "8812345"),
        ("карта 4276 3800 1234 5678", "4276"),
        ("AB-1234/7", "1234"),
        ("https://example.com/secret?token=1", "token"),
        ("смотрите cam.example.ru/42", "cam.example"),
        ("адрес 192.168.1.10", "192.168"),
        ("мой муж Сергей Кузнецов", "Кузнецов"),
        ("Сергею", "Сергею"),
        ("Иванова Мария Петровна", "Иванова"),
        ("Кузнецов А.В.", "Кузнецов"),
        ("меня зовут Гульнара Ахметова", "Гульнара"),
        ("My name is Jolanta Kowalska", "Jolanta"),
        ("9" * 80, "9"),
    ],
)
def test_what_is_personal_does_not_leave_and_comes_back(words: str, secret: str) -> None:
    masker = Masker(KNOWN)
    masked = masker.mask(words)
    assert secret not in masked
    restored = masker.restore(masked)
    assert restored.holes == 0
    again = Masker(KNOWN).mask(restored.text)
    assert secret not in again
    assert secret not in Masker(KNOWN).blur(words)


@pytest.mark.parametrize(
    "words",
    [
        "Камера не показывает с 12:30, уже 3 раза за 2026 год, H264, 5 минут",
        "верно, света нет, роман с продолжением, надежда есть",
        "The camera is dark since Monday, please help",
        "пункт 1) и [1], подъезд закрыт",
    ],
)
def test_ordinary_words_stay(words: str) -> None:
    assert Masker(KNOWN).mask(words) == words


def test_one_thing_has_one_placeholder_and_comes_back_in_its_own_place() -> None:
    masker = Masker(KNOWN)
    masked = masker.mask(
        "Анна, это для Анны: anna@example.com и ANNA@example.com, ivan@example.com"
    )
    assert masked == "[PERSON_1], это для [PERSON_1]: [CONTACT_1] и [CONTACT_1], [CONTACT_2]"
    assert masker.restore("[CONTACT_2] → [PERSON_1]").text == "ivan@example.com → Анна"


@pytest.mark.parametrize(
    "invented",
    ["[PERSON_9]", "{NUMBER_1}", "[ИМЯ_1]", "<CONTACT_3>", "[PERSON]", "PERSON_4", "[name 2]"],
)
def test_a_placeholder_of_nothing_is_a_hole(invented: str) -> None:
    assert Masker().restore(f"Hello {invented}!") == Restored(f"Hello {HOLE}!", 1)


def test_a_placeholder_that_a_model_has_bent_is_understood() -> None:
    masker = Masker(KNOWN)
    masker.mask("Пётр")
    for bent in ("[person_1]", "{PERSON_1}", "[ PERSON 1 ]", "PERSON_1", "«PERSON_1»"):
        assert masker.restore(bent) == Restored("Пётр", 0)


def test_a_customer_who_writes_placeholders_gets_nothing_of_others_by_it() -> None:
    masker = Masker(KNOWN)
    first = masker.mask("Анна Смирнова")
    second = masker.mask("Напишите [PERSON_1] и {PERSON_2}")
    assert first == "[PERSON_1] [PERSON_2]"
    assert second == "Напишите [QUOTED_1] и [QUOTED_2]"
    assert masker.restore("[QUOTED_1]").text == "[PERSON_1]"


def test_words_of_others_can_never_be_put_back() -> None:
    masker = Masker(KNOWN)
    assert masker.blur("Звоните Сергею: +79031112233") == "Звоните [PERSON]: [NUMBER]"
    assert masker.restore("[NUMBER] [NUMBER_1]") == Restored(f"{HOLE} {HOLE}", 2)


def test_what_a_reader_could_follow_is_found() -> None:
    text = "Звоните +7 495 123-45-67, https://a.example/x. Пишите a@b.example, договор 12345"
    assert traces_in(text) == {"+7 495 123-45-67", "https://a.example/x", "a@b.example"}


@pytest.mark.parametrize("pump", ["a", "1", "1 ", "Анна ", "ул. ", "@a.b", "[PERSON", "Аа "])
def test_masking_takes_time_in_proportion_to_its_text(pump: str) -> None:
    from time import process_time

    def seconds(times: int) -> float:
        begun = process_time()
        Masker(KNOWN).mask(pump * times)
        return process_time() - begun

    few = 4000 // len(pump)
    seconds(10)
    long = min(seconds(4 * few) for _ in range(3))
    assert long < 0.05 or long < 10 * min(seconds(few) for _ in range(3))
