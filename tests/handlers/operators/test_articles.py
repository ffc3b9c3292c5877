"""`/kb` as operators type and press it (B13)."""

from sqlalchemy import update

from channels.telegram.addresses import chat_address
from core.contacts.erasure import erase_own
from core.directory.kinds.responses import LONGEST_TEXT
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.models import Resolution
from core.setup.company_settings import find_company
from core.tickets.search_index import index_new
from core.tx import Tx
from core.words.names import units
from tests.handlers.operators.group import Group
from tests.handlers.operators.test_work import newest

FILE = """
[[article]]
code = "cable"
title = "Камера и кабель"
text = "Проверьте кабель <камеры>."
status = "public"
language = "ru"

[[article]]
code = "crew"
title = "Когда звать бригаду"
text = "Если камера не отвечает час."
language = "ru"
"""


async def with_articles(group: Group) -> int:
    await group.desk.run(apply_directory, read_directory(FILE))
    return await group.ticket("Не показывает камера")


async def test_an_article_is_found_shown_and_sent(group: Group) -> None:
    number = await with_articles(group)
    await group.says(group.olga, f"/kb {number}")
    question = newest(group)
    assert question.buttons == ["Камера и кабель", "Когда звать бригаду"]
    await group.presses(group.olga, question, "Камера и кабель")
    assert "видят клиенты" in question.text and "Проверьте кабель <камеры>." in question.text
    assert await group.said(number) == []
    press = await group.presses(group.olga, question, "Отправить клиенту")
    assert press.text == f"Ответ по #{number} ушёл."
    assert await group.said(number) == ["Проверьте кабель <камеры>."]
    await group.deliver()
    assert group.anna.last.text.endswith("Проверьте кабель <камеры>.")
    await group.says(group.olga, f"/статьи {number} кабель")
    assert newest(group).text.startswith(f"#{number} связано со статьями: «Камера и кабель».")


async def test_words_that_no_article_has_are_named(group: Group) -> None:
    number = await with_articles(group)
    await group.says(group.olga, f"/kb {number} водопад")
    assert newest(group).text == (
        f"По словам «водопад» статей для #{number} не нашлось. "
        "Попробуйте меньше слов или только их начало."
    )
    assert newest(group).buttons == []


async def test_what_is_internal_can_only_be_linked(group: Group) -> None:
    number = await with_articles(group)
    await group.says(group.olga, f"/kb {number} бригада")
    question = newest(group)
    await group.presses(group.olga, question, "Когда звать бригаду")
    assert "Отправить клиенту" not in question.buttons
    await group.presses(group.olga, question, "Связать")
    assert question.text.startswith(f"#{number} связано со статьёй «Когда звать бригаду».")
    journal = await group.says(group.oleg, f"/journal {number}")
    assert "связано со статьёй «Когда звать бригаду»" in "\n".join(group.answers(journal))


async def test_a_changed_article_is_shown_again_instead_of_going(group: Group) -> None:
    number = await with_articles(group)
    await group.says(group.olga, f"/kb {number} кабель")
    question = newest(group)
    await group.presses(group.olga, question, "Камера и кабель")
    await group.desk.run(apply_directory, read_directory(FILE.replace("Проверьте", "Смените")))
    press = await group.presses(group.olga, question, "Отправить клиенту")
    assert press.text.startswith(f"#{number}: статья изменилась.")
    assert "Смените кабель" in question.text and await group.said(number) == []
    await group.presses(group.olga, question, "Отправить клиенту")
    assert await group.said(number) == ["Смените кабель <камеры>."]


# Articles that begin as a solution

OFFERS = "[settings]\noffer_articles = true\n"


async def test_whoever_solves_in_words_is_offered_to_write_them_down_where_that_is_wanted(
    group: Group,
) -> None:
    one, other = await group.ticket("Нет картинки"), await group.ticket("Темно во дворе")
    quiet = len(group.chat.bot_messages)
    await group.says(group.olga, f"/resolve {one} заменили кабель")
    assert not any("черновик" in m.text for m in group.chat.bot_messages[quiet:])
    await group.desk.run(apply_directory, read_directory(OFFERS))
    group.desk.company = await group.desk.read(find_company)
    await group.says(group.olga, f"/resolve {other} включили питание")
    offer = newest(group)
    assert offer.text.startswith(f"В базе знаний нет статьи о том, как решили #{other}.")
    await group.presses(group.olga, offer, "Записать черновик")
    assert offer.text.startswith(f"Черновик статьи о #{other} записан.")
    assert f"/directory ticket-{other}" in offer.text
    ((text, status),) = await group.rows(
        "SELECT text, status FROM article WHERE code=:code", code=f"ticket-{other}"
    )
    assert (text, status) == ("включили питание", "draft")
    again = await group.says(group.oleg, f"/kb {other}")
    assert "черновик" not in "\n".join(group.answers(again)).lower(), "a draft is read by nobody"


async def test_of_a_solution_that_is_longer_than_an_article_the_draft_has_the_beginning(
    group: Group,
) -> None:
    number = await group.ticket()
    await group.desk.run(apply_directory, read_directory(OFFERS))
    group.desk.company = await group.desk.read(find_company)
    await group.says(group.olga, f"/resolve {number} заменили кабель")
    offer = newest(group)

    async def lengthen(tx: Tx) -> None:
        await tx.change(update(Resolution).values(solution="заменили кабель 📷 " * 220))

    await group.desk.run(lengthen)
    await group.presses(group.olga, offer, "Записать черновик")
    assert offer.text.startswith(f"Черновик статьи о #{number} записан")
    ((text,),) = await group.rows("SELECT text FROM article")
    assert text.startswith("заменили кабель 📷") and text.endswith("…")
    assert LONGEST_TEXT - 40 < units(text) <= LONGEST_TEXT


async def test_no_draft_and_no_version_keeps_what_an_erased_customer_wrote(group: Group) -> None:
    number = await group.ticket("Канарейка улетела")
    await group.desk.run(apply_directory, read_directory(OFFERS))
    group.desk.company = await group.desk.read(find_company)
    await group.says(group.olga, f"/resolve {number} закрыли окно")
    await group.presses(group.olga, newest(group), "Записать черновик")
    await group.says(group.olga, f"/close {number}")
    await group.desk.run(erase_own, chat_address(group.anna.id))
    articles = await group.rows("SELECT title, text FROM article")
    documents = await group.rows("SELECT document FROM directory_version ORDER BY number")
    versions = [one for (one,) in documents]
    assert [tuple(one) for one in articles] == [(f"#{number} Качество изображения", "закрыли окно")]
    assert "закрыли окно" in versions[-1] and "анарейка" not in "".join(versions)


async def test_solutions_without_an_article_are_listed_for_whoever_keeps_them(
    group: Group,
) -> None:
    one = await group.ticket("Нет картинки")
    await group.boss.say("/kb")
    await group.settle()
    assert group.boss.last.text == "Решений без статьи за последние три месяца нет."
    await group.says(group.olga, f"/resolve {one} заменили кабель")
    await group.boss.say("/статьи")
    await group.settle()
    shown = group.boss.last
    assert f"#{one} " in shown.text and "заменили кабель" in shown.text
    await group.boss.press(f"Статья о #{one}")
    await group.settle()
    entry = group.boss.last
    assert f"Код: ticket-{one}" in entry.text and "Кто читает: никто" in entry.text
    await group.boss.say("/kb")
    await group.settle()
    assert group.boss.last.text == "Решений без статьи за последние три месяца нет."


async def test_similar_tickets_show_the_articles_that_were_used_in_them(group: Group) -> None:
    one = await with_articles(group)
    await group.says(group.olga, f"/kb {one} бригада")
    question = newest(group)
    await group.presses(group.olga, question, "Когда звать бригаду")
    await group.presses(group.olga, question, "Связать")
    two = await group.ticket("Не показывает камера")
    await group.desk.run(index_new)
    asked = await group.says(group.olga, f"/similar {two}")
    assert "📖 Когда звать бригаду" in group.answers(asked)[0]
