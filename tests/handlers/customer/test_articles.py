"""«❓ Вопросы и ответы»: by topic, by words, before a ticket is written; did it help (G5)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from aiogram.methods import SetMyCommands

from channels.telegram.screens.bot_profile import write_introduction
from channels.telegram.screens.screen import Renderer
from core.company import Company
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.knowledge.using import opinions_of
from core.texts import shipped_texts
from tests.handlers.customer.chat import PrivateChat

FAQ = "❓ Вопросы и ответы"


def article(code: str, title: str, *more: str) -> str:
    head = f'[[article]]\ncode = "{code}"\ntitle = "{title}"\nlanguage = "ru"'
    return "\n".join([head, f'text = "Текст <b>{code}</b>."', *more, ""])


PUBLIC = 'status = "public"'


async def filled(chat: PrivateChat) -> None:
    text = article("how", "Как оплатить", PUBLIC, 'topic = "payment"')
    text += article("app", "Где приложение", PUBLIC, 'topic = "access"')
    text += article("hours", "Часы работы", PUBLIC) + article("secret", "Секрет")
    await chat.desk.run(apply_directory, read_directory(text))


async def test_a_desk_without_articles_has_no_button_for_them(chat: PrivateChat) -> None:
    anna = chat.customer()
    await anna.start()
    await chat.settle()
    assert FAQ not in anna.last.buttons
    await chat.say(anna, "/faq")
    assert anna.last.text.startswith("Вопросов и ответов пока нет.")
    await chat.say(anna, "/help")
    assert "/faq" not in anna.last.text


async def test_help_names_the_articles_that_there_are(chat: PrivateChat, language: str) -> None:
    await filled(chat)
    anna = chat.customer(language=language)
    await chat.say(anna, "/help")
    assert anna.last.text.endswith(chat.says(language, "faq.help"))


def test_the_menu_of_commands_has_articles_where_their_reader_has_some() -> None:
    texts, now = shipped_texts(), datetime(2026, 11, 30, tzinfo=UTC)
    renderers = [Renderer(texts, one, now, ZoneInfo("UTC")) for one in texts.locales]
    made = write_introduction(renderers, Company(), (), span=timedelta(days=3), articles=["ru"])
    offered = {
        call.language_code: [one.command for one in call.commands]
        for call in made.calls
        if isinstance(call, SetMyCommands)
    }
    assert {code: "faq" in names for code, names in offered.items()} == {
        "ru": True,
        "en": False,
        None: False,
    }


async def test_articles_are_read_by_topic_and_judged(chat: PrivateChat) -> None:
    await filled(chat)
    anna = chat.customer()
    await anna.start()
    await chat.settle()
    assert FAQ in anna.last.buttons
    await chat.say(anna, FAQ)
    shown = anna.last
    assert shown.buttons == ["Оплата", "Доступ и приложение", "Другое"]
    await chat.press(anna, "Оплата")
    assert shown.buttons[0] == "📄 Как оплатить"
    await chat.press(anna, "📄 Как оплатить")
    assert "Текст <b>how</b>." in shown.text
    await chat.press(anna, "Не помогло")
    assert shown.text.startswith("Жаль") and shown.buttons == ["📝 Новое обращение"]
    await chat.press(anna, "📝 Новое обращение")
    await chat.say(anna, "Не проходит оплата")
    ((topic,),) = await chat.rows("SELECT topic FROM ticket")
    assert topic == "payment"
    assert await chat.desk.read(opinions_of, ["how"]) == {"how": (0, 1)}


async def test_words_find_what_is_public_or_lead_to_the_support(chat: PrivateChat) -> None:
    await filled(chat)
    anna = chat.customer()
    await chat.say(anna, "/faq оплатой")
    assert anna.last.buttons == ["📄 Как оплатить", "📝 Новое обращение"]
    await chat.say(anna, "/faq секрет <b>")
    assert anna.last.text.startswith("По словам «секрет <b>» ничего не нашлось.")
    assert anna.last.buttons == ["📝 Новое обращение"]


async def test_before_a_ticket_is_written_its_topics_articles_are_offered(
    chat: PrivateChat,
) -> None:
    await filled(chat)
    anna = chat.customer()
    await chat.say(anna, "/new")
    shown = anna.last
    await chat.press(anna, "Оплата")
    assert shown.buttons == ["📄 Как оплатить", "‹ Назад"]
    await chat.press(anna, "📄 Как оплатить")
    await chat.press(anna, "Помогло")
    assert shown.text.startswith("Хорошо, что «Как оплатить» помогло.")
    await chat.say(anna, "/new")
    shown = anna.last
    await chat.press(anna, "Оплата")
    await chat.press(anna, "📄 Как оплатить")
    await chat.press(anna, "‹ Назад")
    await chat.say(anna, "Списали дважды")
    assert len(await chat.rows("SELECT id FROM ticket")) == 1


async def test_nobody_reads_what_is_not_public_by_a_forged_button(chat: PrivateChat) -> None:
    await filled(chat)
    anna = chat.customer()
    await chat.say(anna, "/faq оплата")
    for data in ("qa:faq:secret", "qh:y:secret", "ka:1:secret"):
        press = await chat.forge(anna, data)
        assert press.text == "Кнопка устарела."
    assert "Текст" not in anna.last.text
