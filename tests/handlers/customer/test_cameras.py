"""«Неисправность камеры» in the private chat: one's own cameras, and what is wrong (A2)."""

from collections.abc import Sequence

from core.equipment.camera_import import apply, compare
from core.equipment.csv_file import Owner, Read
from sandbox import Person
from tests.handlers.customer.room import PrivateRoom

PHONE = "+79161234567"
TROUBLE = {"ru": "Нет изображения", "en": "No picture"}


async def brings(room: PrivateRoom, *cameras: Read) -> None:
    """The company imports a file with these cameras."""
    plan = await room.desk.read(compare, cameras, deactivate_missing=False)
    for piece in plan.batches():
        await room.desk.run(apply, piece)


def camera(number: str, *owners: Owner, name: str = "ул. Лермонтова 10, проезд") -> Read:
    return Read(number, name, area="Северный", owners=frozenset(owners))


def of(person: Person) -> Owner:
    return "telegram", str(person.id)


async def tickets(room: PrivateRoom) -> Sequence[tuple[str, str]]:
    return [tuple(row) for row in await room.rows("SELECT title, topic FROM ticket ORDER BY id")]


async def test_the_menu_has_no_cameras_where_the_company_has_none(
    room: PrivateRoom, language: str
) -> None:
    anna = room.customer("Анна", language)
    await room.say(anna, "/start")
    label = room.says(language, "button.menu.cameras")
    assert label not in anna.last.buttons
    await room.say(anna, "/camera")
    assert anna.last.text == room.says(language, "refusal.no_cameras")
    await brings(room, camera("MOS_1"))
    await room.say(anna, "/start")
    assert anna.last.buttons[1] == label


async def test_from_the_menu_to_a_ticket_in_three_presses(room: PrivateRoom, language: str) -> None:
    anna = room.customer("Анна", language)
    await brings(room, camera("MOS_12_23", of(anna)), camera("MOS_2", of(anna), name="Двор"))
    await room.say(anna, "/start")
    await room.press(anna, room.says(language, "button.menu.cameras"))
    screen = anna.last
    assert screen.buttons == ["ул. Лермонтова 10, проезд · MOS_12_23", "Двор · MOS_2"]
    await room.press(anna, "MOS_12_23")
    assert anna.last is screen, "the same message is edited"
    assert "MOS_12_23" in screen.text and len(screen.buttons) == 6
    await room.press(anna, TROUBLE[language])
    assert anna.last is screen and not screen.buttons
    assert TROUBLE[language] in screen.text
    assert await tickets(room) == [
        ("Неисправность камеры MOS_12_23, ул. Лермонтова 10, проезд", "camera")
    ]
    assert await room.notices() == ["ticket.opened"]
    await room.say(anna, "Ещё гудит")
    assert (await room.rows("SELECT count(*) FROM ticket"))[0][0] == 1
    room.world.assert_clean()


async def test_an_only_camera_needs_no_list_and_words_need_no_button(
    room: PrivateRoom, language: str
) -> None:
    anna = room.customer("Анна", language)
    await brings(room, camera("MOS_1", of(anna)))
    await room.say(anna, "/camera")
    assert room.says(language, "camera.ask") in anna.last.text
    await room.press(anna, room.says(language, "camera.trouble.other"))
    assert room.says(language, "camera.describe") in anna.last.text
    await anna.send_photo(caption="Вот что видно")
    await room.settle()
    assert len(await tickets(room)) == 1
    await room.say(anna, "/camera")
    assert room.says(language, "button.camera.ticket", number=1) in anna.last.buttons


async def test_many_cameras_are_turned_and_looked_for(room: PrivateRoom, language: str) -> None:
    anna = room.customer("Анна", language)
    many = [camera(f"MOS_{at:02}", of(anna), name=f"Дом {at}") for at in range(20)]
    await brings(room, *many)
    await room.say(anna, "/camera")
    screen = anna.last
    assert room.says(language, "camera.search") in screen.text
    assert screen.buttons[-2:] == ["1 / 3", "›"]
    await room.press(anna, "›")
    assert anna.last is screen and screen.buttons[-3:] == ["‹", "2 / 3", "›"]
    await room.say(anna, "дом 17")
    assert anna.last is not screen and anna.last.buttons == ["Дом 17 · MOS_17"]
    await room.say(anna, "кот")
    assert "«кот»" in anna.last.text or "“кот”" in anna.last.text
    assert await tickets(room) == []
    await room.say(anna, "/cancel")
    assert anna.last.text == room.says(language, "customer.left.cameras")


async def test_a_link_leads_straight_to_ones_own_camera(room: PrivateRoom, language: str) -> None:
    anna = room.world.user("Анна", language=language)
    await brings(room, camera("MOS_12_23", of(anna)))
    await anna.start("cam_MOS_12_23")
    await room.settle()
    greeting, screen = anna.chat.bot_messages[-2:]
    assert room.says(language, "button.menu.cameras") in greeting.buttons, (
        "whoever is new is greeted"
    )
    assert "MOS_12_23" in screen.text
    await anna.start("cam_MOS_12_23")
    await room.settle()
    assert len(anna.chat.bot_messages) == 3, "once"


async def test_a_link_to_somebody_elses_camera_tells_nothing(
    room: PrivateRoom, language: str
) -> None:
    eve = room.customer("Ева", language)
    await brings(room, camera("MOS_1", ("telegram", "4242")))
    told = []
    for number in ("MOS_1", "MOS_404"):
        await eve.start(f"cam_{number}")
        await room.settle()
        told.append((eve.last.text, eve.last.buttons))
    assert told[0] == told[1]
    assert told[0][0] == room.says(language, "refusal.no_such_camera_share")
    (only,) = await room.rows("SELECT id FROM camera")
    press = await room.forge(eve, f"ci:{only[0]}")
    assert press.text == room.says(language, "refusal.no_such_camera")
    press = await room.forge(eve, f"ct:picture:{only[0]}")
    assert press.text == room.says(language, "refusal.no_such_camera")
    assert await tickets(room) == []


async def test_a_shared_phone_finds_cameras_and_a_foreign_one_does_not(
    room: PrivateRoom, language: str
) -> None:
    anna = room.customer("Анна", language, phone=PHONE)
    boris = room.customer("Борис", language, phone="+79990000000")
    await brings(room, camera("MOS_1", ("phone", PHONE)))
    await room.say(anna, "/camera")
    assert anna.last.text == room.says(language, "camera.share_phone")
    assert anna.last.buttons[0] == room.says(language, "button.share_phone")
    await anna.send_contact(person=boris)
    await room.settle()
    assert anna.last.text == room.says(language, "refusal.not_your_phone")
    await anna.send_contact()
    await room.settle()
    verified, screen = anna.chat.bot_messages[-2:]
    assert verified.text == room.says(language, "camera.phone_verified", phone=PHONE)
    assert "MOS_1" in screen.text
    await room.say(boris, "/camera")
    await boris.send_contact()
    await room.settle()
    assert boris.last.text == room.says(language, "camera.none_by_phone", phone="+79990000000")


async def test_another_owner_is_told_that_it_is_known(room: PrivateRoom, language: str) -> None:
    anna, boris = room.customer("Анна", language), room.customer("Борис", language)
    await brings(room, camera("MOS_1", of(anna), of(boris)))
    for person in (anna, boris):
        await room.say(person, "/camera")
        if person is anna:
            await room.press(person, TROUBLE[language])
    assert room.says(language, "camera.known") in boris.last.text
    await room.press(boris, room.says(language, "button.camera.tell"))
    assert boris.last.text == room.says(language, "camera.told_known")
    assert await room.notices() == ["ticket.opened", "ticket.known"]
    assert (await room.rows("SELECT count(*) FROM task"))[0][0] == 1
