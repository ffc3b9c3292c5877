"""`/field` as operators type and press it, and what is demanded of them at the end (B18)."""

from core.directory.reader import read_directory
from core.directory.store import apply_directory
from tests.handlers.operators.group import Group
from tests.handlers.operators.test_work import newest

FIELDS = """
[[field]]
code = "contract"
titles = { ru = "Номер договора", en = "Contract" }
kind = "text"

[[field]]
code = "cause"
titles = { ru = "Виновник", en = "Cause" }
kind = "choice"
choices = ["Провайдер", "Клиент"]
required = "resolving"

[[field]]
code = "visit"
titles = { ru = "Выезд", en = "Visit" }
kind = "date"
"""


async def with_fields(group: Group) -> int:
    await group.desk.run(apply_directory, read_directory(FIELDS))
    return await group.ticket()


async def test_a_field_is_filled_and_stands_on_the_card(group: Group) -> None:
    number = await with_fields(group)
    command = await group.says(group.olga, f"/поле {number} номер договора: 77-15")
    assert command.bot_reactions == ["👌"]
    await group.says(group.olga, f"/field {number} выезд 24.11.2026")
    await group.deliver()
    card = await group.card(number)
    assert "Номер договора: 77-15" in card.text and "Выезд: 24 ноября" in card.text
    assert "Не заполнено: Виновник" in card.text
    shown = await group.says(group.olga, f"/field {number}")
    said = "\n".join(group.answers(shown))
    assert "Номер договора: 77-15" in said and "Виновник: —" in said
    journal = await group.says(group.olga, f"/journal {number}")
    assert "Номер договора: 77-15" in "\n".join(group.answers(journal))


async def test_an_unfit_value_says_what_fits(group: Group) -> None:
    number = await with_fields(group)
    wrong = await group.says(group.olga, f"/field {number} выезд скоро")
    assert group.answers(wrong) == ["«Выезд» — это день, а «скоро» — нет. Например: 24.11.2026"]
    unknown = await group.says(group.olga, f"/field {number} цвет красный")
    assert group.answers(unknown)[0].startswith(f"Поля «цвет красный» у #{number} нет. Есть:")


async def test_who_resolves_without_it_is_offered_the_choices(group: Group) -> None:
    number = await with_fields(group)
    card = await group.card(number)
    await group.resolves(group.olga, card)
    assert (await group.row(number)).state == "new"
    question = newest(group)
    assert question.buttons == ["Провайдер", "Клиент"]
    press = await group.presses(group.olga, question, "Клиент")
    assert press.text == f"#{number}: Виновник — Клиент."
    await group.presses(group.olga, card, "Решено")
    assert (await group.row(number)).state == "resolved"


async def test_what_must_be_typed_is_named_with_an_example(group: Group) -> None:
    text = FIELDS.replace('kind = "text"', 'kind = "text"\nrequired = "resolving"')
    await group.desk.run(apply_directory, read_directory(text))
    number = await group.ticket()
    command = await group.says(group.olga, f"/resolve {number} готово")
    (said,) = group.answers(command)
    assert said.startswith(f"#{number} не завершено. Сначала заполните: «Номер договора»,")
    assert f"/field {number} Номер договора значение" in said
