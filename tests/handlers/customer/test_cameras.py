"""«Неисправность камеры» in the private chat: one's own cameras, and what is wrong (A2)."""

from collections.abc import Sequence

from core.equipment.camera_import import apply, compare
from core.equipment.csv_file import Owner, Read
from sandbox import Person
from tests.handlers.customer.chat import PrivateChat

PHONE = "+79161234567"
TROUBLE = {"ru": "Нет изображения", "en": "No picture"}


async def brings(chat: PrivateChat, *cameras: Read) -> None:
    """The company imports a file with these cameras."""
    plan = await chat.desk.read(compare, cameras, deactivate_missing=False)
    for piece in plan.batches():
        await chat.desk.run(apply, piece)


def camera(number: str, *owners: Owner, name: str = "ул. Лермонтова 10, проезд") -> Read:
    return Read(number, name, area="Северный", owners=frozenset(owners))


def of(person: Person) -> Owner:
    return "telegram", str(person.id)


async def tickets(chat: PrivateChat) -> Sequence[tuple[str, str]]:
    return [tuple(row) for row in await chat.rows("SELECT title, topic FROM ticket ORDER BY id")]


async def test_the_menu_has_no_cameras_where_the_company_has_none(
    chat: PrivateChat, language: str
) -> None:
    anna = chat.customer("Анна", language)
    await chat.say(anna, "/start")
    label = chat.says(language, "button.menu.cameras")
    assert label not in anna.last.buttons
    await chat.say(anna, "/camera")
    assert anna.last.text == chat.says(language, "refusal.no_cameras")
    await brings(chat, camera("MOS_1"))
    await chat.say(anna, "/start")
    assert anna.last.buttons[1] == label


async def test_from_the_menu_to_a_ticket_in_three_presses(chat: PrivateChat, language: str) -> None:
    anna = chat.customer("Анна", language)
    await brings(chat, camera("MOS_12_23", of(anna)), camera("MOS_2", of(anna), name="Двор"))
    await chat.say(anna, "/start")
    await chat.press(anna, chat.says(language, "button.menu.cameras"))
    screen = anna.last
    assert screen.buttons == ["ул. Лермонтова 10, проезд · MOS_12_23", "Двор · MOS_2"]
    await chat.press(anna, "MOS_12_23")
    assert anna.last is screen, "the same message is edited"
    assert "MOS_12_23" in screen.text and len(screen.buttons) == 6
    await chat.press(anna, TROUBLE[language])
    assert anna.last is screen and not screen.buttons
    assert TROUBLE[language] in screen.text
    assert await tickets(chat) == [
        ("Неисправность камеры MOS_12_23, ул. Лермонтова 10, проезд", "camera")
    ]
    assert await chat.notices() == ["ticket.opened"]
    await chat.say(anna, "Ещё гудит")
    assert (await chat.rows("SELECT count(*) FROM ticket"))[0][0] == 1
    chat.world.assert_clean()


async def test_a_button_has_a_whole_number_or_none(chat: PrivateChat) -> None:
    anna, yard = chat.customer("Анна"), "ул. Лермонтова 12, детская площадка"
    gate = "Заречная ул. 4, стр. 2, въезд в гаражи у реки"
    places = {"MOS_1": yard, "MOS_2": gate, "MOS_3": gate, "MOS_4": "Двор"}
    await brings(chat, *(camera(number, of(anna), name=name) for number, name in places.items()))
    await chat.say(anna, "/camera")
    cut = "Заречная ул. 4, стр. 2, въезд в…"
    assert {*anna.last.buttons} == {f"{cut} · MOS_2", f"{cut} · MOS_3", yard, "Двор · MOS_4"}


async def test_an_only_camera_needs_no_list_and_words_need_no_button(
    chat: PrivateChat, language: str
) -> None:
    anna = chat.customer("Анна", language)
    await brings(chat, camera("MOS_1", of(anna)))
    await chat.say(anna, "/camera")
    assert chat.says(language, "camera.ask") in anna.last.text
    await chat.press(anna, chat.says(language, "camera.trouble.other"))
    assert chat.says(language, "camera.describe") in anna.last.text
    await anna.send_photo(caption="Вот что видно")
    await chat.settle()
    assert len(await tickets(chat)) == 1
    await chat.say(anna, "/camera")
    assert chat.says(language, "button.camera.ticket", number=1) in anna.last.buttons


async def test_many_cameras_are_turned_and_looked_for(chat: PrivateChat, language: str) -> None:
    anna = chat.customer("Анна", language)
    many = [camera(f"MOS_{at:02}", of(anna), name=f"Дом {at}") for at in range(20)]
    await brings(chat, *many)
    await chat.say(anna, "/camera")
    screen = anna.last
    assert chat.says(language, "camera.search") in screen.text
    assert screen.buttons[-2:] == ["1 / 3", "›"]
    await chat.press(anna, "›")
    assert anna.last is screen and screen.buttons[-3:] == ["‹", "2 / 3", "›"]
    await chat.say(anna, "дом 17")
    assert anna.last is not screen and anna.last.buttons == ["Дом 17 · MOS_17"]
    await chat.say(anna, "кот")
    assert anna.last.text == chat.says(language, "camera.not_found", words="кот")
    assert await tickets(chat) == []
    await chat.say(anna, "/cancel")
    assert anna.last.text == chat.says(language, "customer.left.cameras")


async def test_a_link_leads_straight_to_ones_own_camera(chat: PrivateChat, language: str) -> None:
    anna = chat.world.user("Анна", language=language)
    await brings(chat, camera("MOS_12_23", of(anna)))
    await anna.start("cam_MOS_12_23")
    await chat.settle()
    greeting, screen = anna.chat.bot_messages[-2:]
    assert chat.says(language, "button.menu.cameras") in greeting.buttons, (
        "whoever is new is greeted"
    )
    assert "MOS_12_23" in screen.text
    await anna.start("cam_MOS_12_23")
    await chat.settle()
    assert len(anna.chat.bot_messages) == 3, "once"


async def test_a_link_to_somebody_elses_camera_tells_nothing(
    chat: PrivateChat, language: str
) -> None:
    eve = chat.customer("Ева", language)
    await brings(chat, camera("MOS_1", ("telegram", "4242")))
    told = []
    for number in ("MOS_1", "MOS_404"):
        await eve.start(f"cam_{number}")
        await chat.settle()
        told.append((eve.last.text, eve.last.buttons))
    assert told[0] == told[1]
    assert told[0][0] == chat.says(language, "refusal.no_such_camera_share")
    (only,) = await chat.rows("SELECT id FROM camera")
    press = await chat.forge(eve, f"ci:{only[0]}")
    assert press.text == chat.says(language, "refusal.no_such_camera")
    press = await chat.forge(eve, f"ct:picture:{only[0]}")
    assert press.text == chat.says(language, "refusal.no_such_camera")
    assert await tickets(chat) == []


async def test_a_shared_phone_finds_cameras_and_a_foreign_one_does_not(
    chat: PrivateChat, language: str
) -> None:
    anna = chat.customer("Анна", language, phone=PHONE)
    boris = chat.customer("Борис", language, phone="+79990000000")
    await brings(chat, camera("MOS_1", ("phone", PHONE)))
    await chat.say(anna, "/camera")
    assert anna.last.text == chat.says(language, "camera.share_phone")
    assert anna.last.buttons[0] == chat.says(language, "button.share_phone")
    await anna.send_contact(person=boris)
    await chat.settle()
    assert anna.last.text == chat.says(language, "refusal.not_your_phone")
    await anna.send_contact()
    await chat.settle()
    verified, screen = anna.chat.bot_messages[-2:]
    assert verified.text == chat.says(language, "camera.phone_verified", phone=PHONE)
    assert "MOS_1" in screen.text
    await chat.say(boris, "/camera")
    await boris.send_contact()
    await chat.settle()
    assert boris.last.text == chat.says(language, "camera.none_by_phone", phone="+79990000000")


async def test_another_owner_is_told_that_it_is_known(chat: PrivateChat, language: str) -> None:
    anna, boris = chat.customer("Анна", language), chat.customer("Борис", language)
    await brings(chat, camera("MOS_1", of(anna), of(boris)))
    for person in (anna, boris):
        await chat.say(person, "/camera")
        if person is anna:
            await chat.press(person, TROUBLE[language])
    assert chat.says(language, "camera.known") in boris.last.text
    await chat.press(boris, chat.says(language, "button.camera.tell"))
    assert boris.last.text == chat.says(language, "camera.told_known")
    assert await chat.notices() == ["ticket.opened", "ticket.known"]
    assert (await chat.rows("SELECT count(*) FROM task"))[0][0] == 1
