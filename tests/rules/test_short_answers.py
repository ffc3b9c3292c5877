import pytest

from core.words.short_answers import Meaning, Question, asks_or_complains, meaning_of

THANKS = [
    "Спасибо", "спасибо большое!", "Спасибо огромное!!!", "благодарю", "Благодарим вас.",
    "ок, спасибо", "понятно, спасибо", "Всё, спасибо", "Хорошо, спасибо вам", "да, спасибо",
    "Спасибо за помощь!", "спасибо за быстрый ответ 🙏", "спасибо)))", "спс", "ок", "Ок.", "хорошо",
    "Понял, спасибо", "поняла", "👍", "👍🏽", "🙏🙏🙏", "❤️", "👌 спасибо", "Спасибо\nбольшое",
    "ok", "OK!", "okay", "thanks", "Thanks!",
    "thank you", "thank you very much", "Thank you so much!",
    "many thanks", "thx", "got it, thanks", "All right, thanks", "thanks for the help", "cheers",
]  # fmt: skip

NOT_THANKS = [
    "", "   ", "!", ")))", "?", "спасибо, а когда?", "спасибо?", "Спасибо, но не работает",
    "нет, спасибо", "нет", "да", "не понял", "спасибо 2 раза", "ок, жду завтра", "👎", "спасибо 👎",
    "спасибо((", "спасибо, камера опять не показывает", "за помощь", "большое", "отлично", "+",
    "помощь, спасибо", "thanks, but no", "no thanks", "help, thanks", "help", "thank you, when?",
    "ok 12", "not ok", "😡", "спасибо https://example.org", "/take", "спасибо " * 20,
]  # fmt: skip

# What was asked, and what words mean after it.
ANSWERS = {
    (Question.WORKS, Meaning.YES): [
        "да", "Да!", "да, спасибо", "Да, всё работает", "всё работает", "Всё работает, спасибо!",
        "Работает, спасибо", "работает", "работает 👍", "заработало", "Заработала камера, спасибо",
        "теперь работает", "уже всё хорошо", "хорошо", "всё ок", "ок", "Ок, спасибо",
        "+", "+++", "➕", "👍", "👌🏽", "✅", "👍 спасибо", "ага", "угу", "решено",
        "Решили, спасибо", "помогло", "Всё в порядке", "порядок", "норм", "всё отлично",
        "проблем нет", "без проблем",
        "да, можно закрывать", "закрывайте", "понял, спасибо", "вроде работает",
        "yes", "Yes, thanks", "yep", "yeah!", "it works", "It's working now", "works, thank you",
        "everything works", "everything is fine", "fixed", "solved, thanks", "ok", "all good",
        "perfect", "no problems",
    ],
    (Question.WORKS, Meaning.THANKS): ["спасибо", "Спасибо большое!", "🙏", "❤️", "thanks", "thx"],
    (Question.WORKS, Meaning.WORDS): [
        "нет", "Нет, не работает", "не работает", "всё ещё не работает", "опять не показывает",
        "да, но изображение рябит", "работает?", "да?", "нет, спасибо", "спасибо, но не работает",
        "работает плохо", "👎", "-", "камера 12 работает, 14 нет", "", "картинка пропала",
        "no", "not yet", "it doesn't work", "works, but slowly", "still broken", "yes and no?",
        "кто приедет", "работает через раз", "не помогло", "ничего хорошего", "нет связи",
        "проверю, но вряд ли", "я жду", "темно", "снова рябит", "экран чёрный", "проверю 👎",
        "камера отключается", "перезвоните мне", "не знаю, почему темно", "doesn't work",
        "still dark", "call me back", "what about the other one",
    ],
    (Question.WORKS, Meaning.UNCLEAR): [
        "завтра проверю", "проверю", "Посмотрю вечером", "сейчас гляну", "я на даче", "скажу позже",
        "наверное", "возможно", "посмотрим", "через неделю буду дома", "не знаю", "Пока не знаю",
        "ещё не проверяла", "не уверен", "will check", "I'll look tonight", "maybe", "later",
        "let me see", "not sure", "I don't know yet", "haven't checked", "tomorrow evening",
    ],
    (Question.OURS, Meaning.WORDS): [
        "ок", "Ок.", "Договорились", "принято", "хорошо", "понял", "да", "нет", "+", "👍", "👌",
        "да, спасибо", "ок, спасибо", "работает", "завтра", "после шести", "12", "ok", "yes",
        "okay, thanks", "noted", "alright", "✅", "🤝",
    ],
    (Question.OURS, Meaning.THANKS): [
        "спасибо", "Спасибо большое", "🙏", "❤️", "thanks", "спс", "спасибо 👍",
    ],
    (Question.NOTHING, Meaning.WORDS): ["да", "нет", "+", "работает", "yes", "завтра"],
    (Question.NOTHING, Meaning.THANKS): ["ок", "принято", "договорились", "👍", "ok, thanks"],
}  # fmt: skip


@pytest.mark.parametrize("text", THANKS)
def test_mere_thanks_are_seen_as_such(text: str) -> None:
    assert meaning_of(text) is Meaning.THANKS


@pytest.mark.parametrize("text", NOT_THANKS)
def test_whatever_says_more_than_thanks_is_a_message(text: str) -> None:
    assert meaning_of(text) is Meaning.WORDS


@pytest.mark.parametrize(
    ("asked", "text", "meaning"),
    [(asked, text, meant) for (asked, meant), texts in ANSWERS.items() for text in texts],
)
def test_short_words_mean_what_they_answer(asked: Question, text: str, meaning: Meaning) -> None:
    assert meaning_of(text, asked) is meaning


@pytest.mark.parametrize(
    "words",
    """
    Хочу подключить вторую камеру
    Хочу камеру
    Хотела бы ещё одну камеру
    Мне нужна ещё одна камера
    Нужен пропуск для гостя
    Прошу вернуть деньги
    Можно ещё пропуск для гостя
    Подскажите номер договора
    Пришлите счёт за ноябрь
    Спасибо! Добавьте жену в приложение
    Надо поменять адрес
    Заодно поменяйте телефон на 89161234567
    Необходимо подключиться до среды
    Добавь пожалуйста жену
    Теперь настройте и вторую
    I need another camera
    Great, I want to change my address
    I'd like another camera
    Please add my wife
    Could you send the invoice
    Can I have the invoice
    Add my wife to the app
    Thanks! Send the invoice
    """.strip().splitlines(),
)
def test_who_wants_something_is_no_rating_s_words(words: str) -> None:
    assert asks_or_complains(words.strip())


@pytest.mark.parametrize(
    "words",
    """
    Всё быстро сделали
    Мастер вежливый
    Мастер молодец, всё объяснил
    Всё на сайте понятно
    Здравствуйте, спасибо за работу
    Продолжайте так же
    Извините за беспокойство
    Побольше бы таких мастеров
    Хочу поблагодарить мастера
    Хотела бы ещё отметить вежливость
    Хочется сказать спасибо
    I want to thank your people
    It looks like new
    Great work
    I would recommend you
    Your people are quick and polite
    Pleased with the address book
    """.strip().splitlines(),
)
def test_what_wants_nothing_may_be_a_rating_s_words(words: str) -> None:
    assert not asks_or_complains(words.strip())
