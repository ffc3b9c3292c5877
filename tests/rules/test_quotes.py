"""New words are told from quoted ones, as ten mail programs write them; none are lost."""

import pytest

from core.words.quotes import cut_quotes
from handlers.mail.html_text import text_of_html

NEW = "Не открывается до сих пор.\nЧто делать?"
NEW_EN = "It is still shut.\nWhat shall I do?"
OLD = "Нажмите два раза."
MARKED = "> Здравствуйте.\n>\n> Нажмите два раза."

# program: the line or lines above the quotation
ATTRIBUTIONS = {
    "gmail ru": "чт, 12 нояб. 2026 г. в 10:21, Поддержка <support@desk.test>:",
    "gmail ru, broken": "чт, 12 нояб. 2026 г. в 10:21, Очень длинное имя поддержки\n"
    "<support@desk.test>:",
    "gmail en": "On Thu, Nov 12, 2026 at 10:21 AM The desk <support@desk.test> wrote:",
    "gmail en, broken": "On Thu, Nov 12, 2026 at 10:21 AM The long name of a desk <\n"
    "support@desk.test> wrote:",
    "yandex": '12.11.2026, 10:21, "Поддержка" <support@desk.test>:',
    "yandex, seconds": '12.11.2026, 10:21:33, "Поддержка" <support@desk.test>:',
    "mail.ru": "Четверг, 12 ноября 2026, 10:21 +03:00 от Поддержка <support@desk.test>:",
    "mail.ru, broken": "Четверг, 12 ноября 2026, 10:21 +03:00 от Поддержка\n<support@desk.test>:",
    "mail.ru, no address": "12 ноября 2026, 10:21 +03:00 от Поддержка:",
    "apple ru": "12 нояб. 2026 г., в 10:21, Поддержка <support@desk.test> написал(а):",
    "apple en": "On 12 Nov 2026, at 10:21, The desk <support@desk.test> wrote:",
    "thunderbird ru": "12.11.2026 10:21, Поддержка пишет:",
    "thunderbird en": "On 12/11/2026 10:21, The desk wrote:",
    "the bat": "Вы писали 12 ноября 2026 г., 10:21:12:",
    "outlook phone": "Поддержка <support@desk.test> написал(а) 12 ноября 2026 г. в 10:21:",
    "proton": "On Thursday, November 12th, 2026 at 10:21, The desk <support@desk.test> wrote:",
}


@pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)
@pytest.mark.parametrize("words", [NEW, NEW_EN], ids=["ru", "en"])
def test_words_above_a_marked_quotation_are_all_that_is_new(attribution: str, words: str) -> None:
    text = f"{words}\n\n{attribution}\n{MARKED}\n"
    assert cut_quotes(text).new == words
    assert cut_quotes(text).whole == text.strip()


BLOCKS = {
    "outlook ru": "От: Поддержка <support@desk.test>\nОтправлено: 12 ноября 2026 г. 10:21\n"
    "Кому: anna@x.test\nТема: Ворота",
    "outlook en": "From: The desk <support@desk.test>\nSent: Thursday, November 12, 2026 10:21 AM\n"
    "To: anna@x.test\nSubject: The gate",
    "outlook, rule": "________________________________\nОт: Поддержка <support@desk.test>\n"
    "Отправлено: 12 ноября 2026 г. 10:21\nКому: anna@x.test\nТема: Ворота",
    "outlook, bold": "*From:* The desk <support@desk.test>\n*Sent:* Thursday 10:21\n"
    "*To:* anna@x.test\n*Subject:* The gate",
    "outlook old ru": "-----Исходное сообщение-----\nОт: Поддержка",
    "outlook old en": "-----Original Message-----\nFrom: The desk",
    "lotus": "----- Original Message ----- ",
    "mail.ru app": "-------- Исходное сообщение --------",
    "windows mail": "От: Поддержка\nДата: 12 ноября 2026 г.\nКому: Анна\nТема: Ворота",
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_words_above_an_unmarked_old_mail_are_all_that_is_new(block: str) -> None:
    assert cut_quotes(f"{NEW}\n\n{block}\n\nЗдравствуйте.\n{OLD}").new == NEW


HTML = {
    "gmail": "<div dir=ltr>{new}</div><br><div class=gmail_quote><div class=gmail_attr>чт, 12 "
    "нояб. 2026 г. в 10:21, Поддержка &lt;<a href=x>support@desk.test</a>&gt;:<br></div>"
    "<blockquote class=gmail_quote>{old}</blockquote></div>",
    "yandex": '<div>{new}</div><div>12.11.2026, 10:21, "Поддержка" &lt;support@desk.test&gt;:'
    "</div><blockquote><div>{old}</div></blockquote>",
    "mail.ru": "<p>{new}</p><br>Четверг, 12 ноября 2026, 10:21 +03:00 от Поддержка "
    "&lt;support@desk.test&gt;:<br><blockquote>{old}</blockquote>",
    "apple": "<div>{new}</div><div><br><blockquote type=cite><div>12 нояб. 2026 г., в 10:21, "
    "Поддержка &lt;support@desk.test&gt; написал(а):</div><div>{old}</div></blockquote></div>",
    "outlook": "<p class=MsoNormal>{new}</p><div><div style='border:none'><p><b>От:</b> Поддержка "
    "&lt;support@desk.test&gt;<br><b>Отправлено:</b> 12 ноября 2026 г. 10:21<br><b>Кому:</b> Анна"
    "<br><b>Тема:</b> Ворота</p></div></div><p>{old}</p>",
    "outlook web": "<div>{new}</div><hr><div id=divRplyFwdMsg><b>From:</b> The desk<br>"
    "<b>Sent:</b> Thursday<br><b>To:</b> Anna<br><b>Subject:</b> The gate</div><div>{old}</div>",
    "thunderbird": "<p>{new}</p><div class=moz-cite-prefix>12.11.2026 10:21, Поддержка пишет:<br>"
    "</div><blockquote type=cite>{old}</blockquote>",
    "yahoo": "<div>{new}</div><div class=yahoo_quoted><div>On Thursday, November 12, 2026 at 10:21 "
    "AM, The desk &lt;support@desk.test&gt; wrote:</div><div>{old}</div></div>",
}


@pytest.mark.parametrize("html", HTML.values(), ids=HTML)
def test_new_words_of_an_html_mail_are_found(html: str) -> None:
    text = text_of_html(html.format(new=NEW.replace("\n", "<br>"), old=OLD))
    assert OLD in text
    assert cut_quotes(text).new == NEW


KEPT = {
    "no quotation": NEW,
    "below the quotation": f"{ATTRIBUTIONS['gmail ru']}\n{MARKED}\n\n{NEW}",
    "point by point, below a greeting": "Здравствуйте.\n\n> Какой номер?\n\n12.\n\n> Где?\n\n"
    f"{NEW}",
    "point by point": f"> Какой номер?\n\n12.\n\n> Какой подъезд?\n\n{NEW}",
    "only a quotation": MARKED,
    "forwarded": f"{NEW}\n\n---------- Forwarded message ---------\nFrom: Boris\nSent: x\n"
    "To: Anna\nSubject: y\n\nSee the door.",
    "forwarded ru": f"{NEW}\n\n-------- Пересылаемое сообщение --------\n12.11.2026, 10:21, "
    '"Борис" <b@x.test>:\n\n> Дверь.',
    "forwarded, apple": f"Начало переадресованного сообщения:\n\n> От: Борис\n\n{NEW}",
    "a header block alone": "От: Борис\nОтправлено: вчера\nКому: Анна\nТема: Дверь\n\nДверь.",
    "a colon at the end": f"Вот что я вижу:\n{NEW}",
    "a sum": f"1 > 0, и всё же:\n{NEW}",
    "from in words": f"From: the gate to the door it is dark.\n{NEW}",
    "a signature": f"{NEW}\n\n-- \nАнна, +7 916 123-45-67",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_in_doubt_every_word_stays(text: str) -> None:
    found = cut_quotes(text).new
    lost = [
        line
        for line in text.split("\n")
        if line.strip() not in found and not line.startswith((">", "чт,"))
    ]
    assert not lost


def test_below_an_answer_point_by_point_the_rest_of_the_old_mail_is_cut() -> None:
    points = "> Какой номер?\n\n12.\n\n> Где?\n\nУ ворот."
    rest = "> Спасибо.\n> Поддержка"
    assert cut_quotes(f"{points}\n\n{rest}\n").new == points
    assert cut_quotes(f"{points}\n\n{rest}\n").whole == f"{points}\n\n{rest}"
