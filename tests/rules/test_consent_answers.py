"""A plain yes is a consent, a plain no a refusal, and all else neither (S31)."""

import pytest

from core.words.consent_answers import ConsentAnswer, ConsentWord, consent_answer, is_signed

YES = """
да|Да.|ДА!|«да»|Да, согласен|согласна|Согласны|Я согласен|Да, я согласна.|Даю согласие
Даю своё согласие на обработку персональных данных|Согласен на обработку данных|Подтверждаю
Здравствуйте! Да, согласна. Спасибо|Добрый день, согласен
yes|Yes.|YES!!|I agree|agree|Agreed|Yes, I agree.|I do agree|We agree|I consent|I give my consent
Hello, yes, I agree to the use of my data. Thank you
Да, пожалуйста|Да, конечно|Да, конечно, согласна|Yes please|Yes, of course, I agree
""".replace("\n", "|").strip("|")
NO = """
нет|Нет.|Не согласен|не согласна|Нет, не согласны|Не даю|не даю согласия|Я не даю своего согласия
отказываюсь|Нет, спасибо|no|No, thanks|I do not agree|I don't agree|I don’t agree|disagree|I refuse
""".replace("\n", "|").strip("|")
NEITHER = [
    *("", "ок", "хорошо", "спасибо", "👍", "+", "ok", "sure?", "да?", "yes?", "да 👎", "да 2"),
    *("да нет", "нет, да", "yes and no", "не да", "Да, но сначала ответьте"),
    *(
        "Yes, but not my phone",
        "Да, шлагбаум не открывается",
        "согласен ли я?",
        "наверное, да",
        "maybe yes",
        "не знаю",
    ),
    "Шлагбаум не открывается.\nВы спросили, согласен ли я.\nДа.\nА когда откроют?",
    "I was asked whether I agree.\n\nyes\n\nBut what of the gate? It has been shut since Monday.",
    "Анна не согласна",
    "да " * 60,
]


@pytest.mark.parametrize("words", YES.split("|"))
def test_a_plain_yes_agrees(words: str) -> None:
    assert consent_answer(words) == ConsentAnswer(ConsentWord.YES)


@pytest.mark.parametrize("words", NO.split("|"))
def test_a_plain_no_refuses(words: str) -> None:
    assert consent_answer(words) == ConsentAnswer(ConsentWord.NO)


@pytest.mark.parametrize("words", NEITHER)
def test_whatever_has_to_be_guessed_is_neither(words: str) -> None:
    assert consent_answer(words).word is None


@pytest.mark.parametrize(
    "below",
    [
        "-- \nАнна Петрова\nООО «Ромашка»\n+7 916 123-45-67",
        "С уважением,\nАнна Петрова, тел. 12-34",
        "Best regards,\nAnna",
        "Отправлено из мобильной Почты Mail.ru",
        "Отправлено с iPhone",
        "Sent from my phone",
        "Анна",
        "Петрова Анна",
        "*Анна*",
        "С ув., Анна",
        "Получено с Android",
        "[cid:logo.png]",
        "-- \nАнна\n[image: logo.png]",
    ],
)
def test_a_signature_changes_nothing(below: str) -> None:
    assert consent_answer(f"Да\n\n{below}", "Анна Петрова") == ConsentAnswer(ConsentWord.YES)
    assert consent_answer(f"Не согласна.\n{below}", "Анна Петрова") == ConsentAnswer(ConsentWord.NO)


def test_a_name_is_taken_off_only_behind_an_answer() -> None:
    assert consent_answer("Анна", "Анна").word is None
    assert consent_answer("Да, Пётр", "Анна").word is None


@pytest.mark.parametrize(
    "below",
    [
        "Best regards,\nAnna\n\nP.S. The lamp is broken, too.",
        "Best regards,\nAnna\nP.S. The lamp is broken, too.",
        "-- \nAnna\nTram & Sons\n\nThe lamp is broken, too.",
        "Best regards,\n\nThe lamp is broken, too.",
        "Sent from my phone\nThe lamp is broken, too.",
        "Best regards, and please have the lamp at house 5 mended as well, it is dark there",
    ],
)
def test_words_below_a_signature_are_noticed(below: str) -> None:
    assert consent_answer(f"Yes.\n\n{below}", "Anna Smith") == ConsentAnswer(ConsentWord.YES, True)
    # a refusal would erase them
    assert consent_answer(f"No.\n\n{below}", "Anna Smith") == ConsentAnswer(None, True)


@pytest.mark.parametrize(
    "below",
    [
        "-----\nBut only if nobody keeps my phone number.",
        "-----\nOn the understanding that nobody reads my name.",
        "\n_____\n\nProvided that you call me.",
        "—\nно телефон не храните",
        "Best regards,\nAnna\n\nP.S. But only if nobody keeps my phone number.",
        "С уважением,\nАнна\n\nP.S. Телефон мой удалите.",
        "Sent from my phone\n\nWhat becomes of my number?",
        "Best regards,\nAnna\nBut only if nobody keeps my phone number.",
        "\nAnna\nBut only if nobody keeps my phone number.",
    ],
)
def test_a_condition_below_a_line_takes_the_answer_back(below: str) -> None:
    assert consent_answer(f"Yes.\n{below}", "Anna").word is None


@pytest.mark.parametrize(
    "below",
    ["-----", "—\nAnna", "____\n\nAnna Smith", "Best regards,\n\nAnna Smith\nTram & Sons"],
)
def test_a_line_with_nothing_but_a_name_below_it_changes_nothing(below: str) -> None:
    assert consent_answer(f"Yes\n\n{below}", "Anna Smith") == ConsentAnswer(ConsentWord.YES)


@pytest.mark.parametrize("words", ["\ufeffДа", "Да\u200b", "\u200eДа", "Да\u2060", "Д\u00adа"])
def test_signs_that_nobody_sees_change_nothing(words: str) -> None:
    assert consent_answer(words) == ConsentAnswer(ConsentWord.YES)


@pytest.mark.parametrize("above", ["Yes\n\n-- \nAnna", "Yes\nAnna", "Yes\n\nBest regards,"])
def test_a_signature_begins_at_its_closing_or_its_name(above: str) -> None:
    assert is_signed(above, "Anna Smith")


@pytest.mark.parametrize("above", ["", "Yes", "Anna", "Yes, Anna\nThe gate:"])
def test_above_them_nobody_has_signed(above: str) -> None:
    assert not is_signed(above, "Anna Smith")


COMPANY = "Anna Smith\nSales manager, Tram & Sons\n+7 900 123-45-67"
LEGAL = (
    "This e-mail is confidential. If you are not the intended recipient, do not keep it: delete it."
)
LEGAL_RU = "Данное сообщение предназначено адресату. Если вы не адресат, удалите его."


@pytest.mark.parametrize(
    "below",
    [
        COMPANY,
        f"{COMPANY}\nThis e-mail is confidential.",
        f"{COMPANY}\n{LEGAL}",
        f"{COMPANY}\n\n{LEGAL}",
        f"С уважением,\nАнна\n\n{LEGAL_RU}",
        "The lamp at house 5 is broken, too.",
        "Smith\nThe lamp at house 5 is broken, too.",
    ],
)
def test_a_yes_in_a_paragraph_of_its_own_counts_and_the_rest_is_kept(below: str) -> None:
    assert consent_answer(f"Yes\n\n{below}", "a.smith") == ConsentAnswer(ConsentWord.YES, True)
    assert consent_answer(f"No\n\n{below}", "a.smith") == ConsentAnswer(None, True)


@pytest.mark.parametrize(
    "below",
    [
        "But only if nobody keeps my phone number.",
        "-----\nOn the understanding that nobody reads my name.",
        f"{COMPANY}\n\nPlease delete my phone number.",
        "What becomes of my number?",
        "No",
        "This message must not be stored.",
        "This message is intended for you, and I do not want it kept.",
        f"{LEGAL}\n\nI do not agree to calls.",
        "Телефон не храните.",
    ],
)
def test_what_follows_a_yes_may_take_it_back(below: str) -> None:
    assert consent_answer(f"Yes\n\n{below}", "a.smith").word is None
