"""Why a ticket ended and how long it took: `/reason`, `/spent`, and the buttons (B20)."""

from core.directory.reader import read_directory
from core.directory.store import apply_directory
from tests.handlers.operators.group import Group
from tests.handlers.operators.test_articles import with_articles
from tests.handlers.operators.test_work import newest, visit

REASONS = """
[[closing_reason]]
code = "cable"
titles = { ru = "Замена кабеля", en = "New cable" }

[[closing_reason]]
code = "advice"
titles = { ru = "Совет", en = "Advice" }
"""


async def with_reasons(group: Group) -> int:
    await group.desk.run(apply_directory, read_directory(REASONS))
    return await group.ticket()


async def test_the_cards_button_asks_for_the_reason_and_resolves_with_it(group: Group) -> None:
    number = await with_reasons(group)
    card = await group.card(number)
    await group.presses(group.olga, card, "Решено")
    assert card.buttons == ["Замена кабеля", "Совет", "Без причины", "‹ Назад"]
    assert (await group.row(number)).state == "new"
    press = await group.presses(group.olga, card, "Замена кабеля")
    assert press.text == f"#{number}: Замена кабеля."
    assert (await group.row(number)).state == "resolved"
    await group.deliver()
    assert "Причина: Замена кабеля" in card.text


async def test_a_reason_can_be_passed_over(group: Group) -> None:
    number = await with_reasons(group)
    card = await group.card(number)
    await group.presses(group.olga, card, "Решено")
    await group.presses(group.olga, card, "Без причины")
    assert (await group.row(number)).state == "resolved"
    assert (await group.rows("SELECT reason FROM resolution"))[0][0] is None


async def test_open_tasks_are_asked_about_with_the_reason_kept(group: Group) -> None:
    number = await with_reasons(group)
    await visit(group, number)
    card = await group.card(number)
    await group.presses(group.olga, card, "Решено")
    await group.presses(group.olga, card, "Совет")
    assert (await group.row(number)).state == "new"
    await group.presses(group.olga, newest(group), "Завершить все")
    assert (await group.row(number)).state == "resolved"
    assert (await group.rows("SELECT reason FROM resolution"))[0][0] == "advice"


async def test_reason_and_time_are_said_afterwards(group: Group) -> None:
    number = await with_reasons(group)
    early = await group.says(group.olga, f"/reason {number} совет")
    assert group.answers(early) == [
        f"#{number} ещё не решено. Сначала /resolve {number}, потом причина и время."
    ]
    await group.says(group.olga, f"/resolve {number} поменяли")
    command = await group.says(group.olga, f"/причина {number} сов")
    assert command.bot_reactions == ["👌"]
    wrong = await group.says(group.olga, f"/reason {number} погода")
    assert group.answers(wrong) == ["Причины «погода» нет. Есть: «Замена кабеля», «Совет»."]
    await group.says(group.olga, f"/reason {number}")
    await group.presses(group.olga, newest(group), "Замена кабеля")
    corrected = await group.says(group.olga, f"/spent {number} 2ч 30м")
    assert corrected.bot_reactions == ["👌"]
    shown = await group.says(group.olga, f"/spent {number}")
    assert group.answers(shown)[0].startswith(f"На #{number} потрачено 2 ч 30 мин")
    await group.deliver()
    card = await group.card(number)
    assert "Причина: Замена кабеля" in card.text and "Потрачено: 2 ч 30 мин" in card.text
    journal = await group.says(group.olga, f"/journal {number}")
    assert "причина: Замена кабеля; потрачено 2 ч 30 мин" in "\n".join(group.answers(journal))


async def test_a_company_without_reasons_resolves_as_ever(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    await group.resolves(group.olga, card)
    assert (await group.row(number)).state == "resolved"
    command = await group.says(group.olga, f"/reason {number} кабель")
    assert group.answers(command)[0].startswith("Причин пока нет.")


async def solved_by_an_article(group: Group) -> int:
    """A ticket that ended after an article was linked with it; there is another one."""
    number = await with_articles(group)
    await group.says(group.olga, f"/kb {number} бригада")
    await group.presses(group.olga, newest(group), "Когда звать бригаду")
    await group.presses(group.olga, newest(group), "Связать")
    await group.says(group.olga, f"/resolve {number} приехали")
    await group.deliver()
    return number


async def test_the_card_and_the_journal_say_which_article_helped(group: Group) -> None:
    number = await solved_by_an_article(group)
    assert "📖 Помогла статья: Когда звать бригаду" in (await group.card(number)).text
    journal = await group.says(group.olga, f"/journal {number}")
    told = "\n".join(group.answers(journal)).splitlines()
    assert any("статья «Когда звать бригаду»" in line and "приехали" in line for line in told)
    assert "бригаду" not in group.anna.chat.transcript(), "the customer reads no such thing"


async def test_the_article_is_corrected_where_the_time_is(group: Group) -> None:
    number = await solved_by_an_article(group)
    asked = await group.says(group.olga, f"/spent {number}")
    screen = newest(group)
    assert screen.reply_to is asked and screen.text.endswith("и её название.")
    assert screen.buttons == ["📖 Камера и кабель", "Ни одна не помогла"]
    press = await group.presses(group.olga, screen, "Камера и кабель")
    assert press.text == f"#{number}: помогла статья «Камера и кабель»."
    assert screen.buttons == ["📖 Когда звать бригаду", "Ни одна не помогла"]
    press = await group.presses(group.olga, screen, "Ни одна не помогла")
    assert press.text == f"#{number}: без статьи."
    assert "Не указано, какая статья помогла." in screen.text
    done = await group.says(group.olga, f"/помогло {number} камера")
    assert done.bot_reactions == ["👌"]
    assert (await group.rows("SELECT article FROM resolution"))[0][0] == "cable"
    await group.says(group.olga, f"/used {number} нет")
    assert (await group.rows("SELECT article FROM resolution"))[0][0] is None
    wrong = await group.says(group.olga, f"/used {number} погода")
    assert group.answers(wrong) == [f"Статьи «погода» нет. Подходящие покажет /kb {number}."]
    journal = await group.says(group.olga, f"/journal {number}")
    told = "\n".join(group.answers(journal))
    assert "помогла статья «Камера и кабель»" in told
    assert "не указано, какая статья помогла" in told


async def test_an_admin_sees_what_the_articles_solve(group: Group) -> None:
    await solved_by_an_article(group)
    await group.boss.say("/kb")
    await group.settle()
    await group.boss.press("📊 Что решают статьи")
    await group.settle()
    shown = group.boss.last.text
    assert "📖 Когда звать бригаду — помогла решить: 1, была в обращениях: 1" in shown
    assert shown.endswith("Ни разу не пригодились\n· Камера и кабель")
