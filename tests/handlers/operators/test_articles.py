"""`/kb` as operators type and press it (B13)."""

from core.directory.reader import read_directory
from core.directory.store import apply_directory
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
