import pytest

from core.words.thanks import is_thanks

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
    "спасибо((", "спасибо, камера опять не показывает", "за помощь", "большое", "отлично",
    "помощь, спасибо", "thanks, but no", "no thanks", "help, thanks", "help", "thank you, when?",
    "ok 12", "not ok", "😡", "спасибо https://example.org", "/take", "спасибо " * 20,
]  # fmt: skip


@pytest.mark.parametrize("text", THANKS)
def test_mere_thanks_are_seen_as_such(text: str) -> None:
    assert is_thanks(text)


@pytest.mark.parametrize("text", NOT_THANKS)
def test_whatever_says_more_than_thanks_is_a_message(text: str) -> None:
    assert not is_thanks(text)
