"""Files of the web form and of a ticket's page (A9)."""

import asyncio
import re
from typing import Any

import pytest
from sqlalchemy import select

from bot.erasure_cleanup import ErasureCleanup
from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.files import FolderStore
from core.integrations.unused_uploads import DueUploads, find_due_uploads
from core.models import Message, OutboxRow, Ticket
from core.tickets.attached_files import AttachedFile, words_with
from core.tickets.conversation import reply
from tests.actions import people
from tests.clock import Clock
from tests.handlers.http.guest_browser import FILLED, Guest, count
from tests.handlers.http.test_form import FIELDS


async def files_of(desk: Desk) -> list[dict[str, Any]]:
    async with desk.database.read() as session:
        said = await session.scalars(select(Message).order_by(Message.id))
        return [dict(one.content["file"]) for one in said if one.content.get("file")]


async def test_files_of_the_form_and_of_the_page_join_the_ticket(
    guest: Guest, desk: Desk, store: FolderStore
) -> None:
    await guest.opens("/form?lang=en")
    assert 'type="file" multiple' in guest.html
    script = b"<script>alert(1)</script>"
    names = ("../../etc/passwd", "x<b>\u202egpj.exe")
    assert await guest.attaches(FILLED, (names[0], script), (names[1], b"two")) == 303
    await guest.follows()
    assert await guest.attaches({"text": ""}, ("photo.jpg", b"three")) == 303
    found = await files_of(desk)
    assert [file["title"] for file in found] == ["etc_passwd", "x_b_gpj.exe", "photo.jpg"]
    assert [await store.read(file["name"]) for file in found] == [script, b"two", b"three"]
    await guest.follows()
    assert "photo.jpg" in guest.html and "<script" not in guest.html
    async with desk.database.read() as session:
        rows = list(await session.scalars(select(OutboxRow).where(OutboxRow.kind == "content")))
    assert {row.address for row in rows} == {str(people.OPERATORS)}


async def test_a_customer_takes_the_files_of_an_answer_from_the_page(
    guest: Guest, desk: Desk, store: FolderStore
) -> None:
    await guest.opens("/form?lang=en")
    await guest.sends(FILLED)
    await guest.follows()
    page = guest.at.partition("?")[0]
    kept = [
        AttachedFile(await store.put(data), title, len(data))
        for title, data in (("a<b>.pdf", b"<script>one"), ("plan.png", b"two"))
    ]
    said, *files = words_with(people.ref(people.OPERATORS, 9), "Here they are", kept)
    await desk.run_as(await people.operator(desk), reply, 1, said, rest=files)
    await guest.opens(page)
    found = re.findall(r'<a href="(\?file=\d+)" download>([^<]*)</a>', guest.html)
    assert [title for _, title in found] == ["a&lt;b&gt;.pdf", "plan.png"]
    assert "Here they are" in guest.html
    assert await guest.opens(page + found[0][0]) == 200
    assert guest.html == "<script>one"
    assert guest.headers["Content-Disposition"].startswith("attachment;")
    assert guest.headers["Content-Type"] == "application/octet-stream"
    for wrong in ("999", "1", "x", "-1", "%D9%A1"):
        assert await guest.opens(f"{page}?file={wrong}") == 404
    await guest.opens("/form?lang=en")
    await guest.sends(FILLED | {"reach": "other@example.org"})
    await guest.follows()
    other = guest.at.partition("?")[0]
    assert await guest.opens(other + found[0][0]) == 404, "it is another ticket's"
    await store.delete(kept[0].name)
    assert await guest.opens(page + found[0][0]) == 404


@pytest.mark.parametrize("charset", ["utf-8", "unicode_escape", "utf-7", "utf-16", "no-such"])
async def test_half_a_character_in_a_form_is_no_error_of_ours(
    guest: Guest, desk: Desk, charset: str
) -> None:
    """Whoever sends a form also says how its names are written: `\\ud800` in none of them."""
    await guest.opens("/form?lang=en")
    fields = FILLED | {"text": "half \\ud800 a character", "x\\udc00": "y\\udc00"}
    name = "half \\ud800 +2AA- a name.txt"
    assert await guest.attaches(fields, (name, b"x"), charset=charset) in {303, 422, 400}
    assert await guest.attaches(fields | FILLED, ("\\ud800", b"y")) in {303, 422}
    for file in await files_of(desk):
        file["title"].encode()


async def test_lines_of_a_form_with_files_are_kept_as_they_were_typed(
    guest: Guest, desk: Desk
) -> None:
    await guest.opens("/form?lang=en")
    fields = FILLED | {"text": "One.\r\n\r\nTwo.\rThree."}
    assert await guest.attaches(fields, ("a.txt", b"a")) == 303
    async with desk.database.read() as session:
        said = set(await session.scalars(select(Message.text)))
    assert "One.\n\nTwo.\nThree." in said


async def test_files_that_are_too_many_keep_what_was_typed(guest: Guest, desk: Desk) -> None:
    await guest.opens("/form?lang=en")
    many = [(f"{number}.txt", b"x") for number in range(11)]
    assert await guest.attaches(FILLED, *many) == 422
    assert "Too many files" in guest.html and 'value="anna@example.org"' in guest.html
    assert await guest.attaches(FILLED, *many[:10]) == 303
    assert len(await files_of(desk)) == 10 and await count(desk, Ticket) == 1


async def test_a_form_that_is_too_large_is_refused_before_it_is_read(
    guest: Guest, desk: Desk
) -> None:
    host, port = guest.visitor.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = "POST /form?lang=en HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x"
    writer.write(f"{head}\r\nContent-Length: 99000000000\r\n\r\n".encode())
    async with asyncio.timeout(10):  # nothing of the body is ever sent
        answer = (await reader.readuntil(b"</html>")).decode()
    writer.close()
    assert answer.startswith("HTTP/1.1 413") and "up to 20 MB together" in answer
    assert await count(desk, Ticket) == 0


@pytest.mark.parametrize(
    ("body", "boundary"),
    [
        (b"garbage", "; boundary=x"),
        (b"garbage", ""),
        (b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n', "; boundary=x"),
    ],
)
async def test_what_is_no_form_is_answered_in_words(
    guest: Guest, desk: Desk, body: bytes, boundary: str
) -> None:
    headers = {"Content-Type": f"multipart/form-data{boundary}"}
    status, _, html = await guest.visitor.ask("POST", "/form", data=body, headers=headers)
    assert status in {400, 422} and "<html" in html
    assert await count(desk, Ticket) == 0


@pytest.mark.usefixtures("slowly_again")
async def test_forms_with_files_are_read_so_often_from_one_address(guest: Guest) -> None:
    await guest.opens("/form?lang=en")
    path = guest.at
    seen = [await guest.attaches({}, ("x.txt", b"x")) for _ in range(22)]
    assert seen[0] == 422 and seen[-1] == 429 and "Wait a minute" in guest.html
    assert await guest.opens(path) == 200


def kept(store: FolderStore) -> list[bytes]:
    return sorted(one.read_bytes() for one in store._folder.rglob("*") if one.is_file())


async def test_files_of_a_form_that_was_refused_are_deleted_unless_they_come_again(
    guest: Guest, desk: Desk, store: FolderStore, clock: Clock
) -> None:
    await desk.run(apply_directory, read_directory(FIELDS))
    cleanup = ErasureCleanup(desk, store)
    await guest.opens("/form?lang=en")
    wrong = FILLED | {"field.way": "In cash", "field.flat": "twelve"}
    assert await guest.attaches(wrong, ("a.txt", b"plan"), ("b.txt", b"forgotten")) == 422
    filled, right = guest.html, wrong | {"field.flat": "12"}
    assert await guest.attaches(right, ("a.txt", b"plan")) == 303
    guest.html = filled  # the button was pressed twice
    assert await guest.attaches(right, ("c.txt", b"twice")) == 303
    assert await count(desk, Ticket) == 1 and len(kept(store)) == 3
    await cleanup.clean()
    assert len(kept(store)) == 3, "somebody may be correcting the form"
    clock.move(seconds=3601)
    await cleanup.clean()
    assert kept(store) == [b"plan"]
    assert await desk.read(find_due_uploads) == DueUploads((), ())


async def test_files_that_were_stored_before_the_store_went_away_are_deleted(
    guest: Guest,
    desk: Desk,
    store: FolderStore,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put = FolderStore.put

    async def only_small_ones(self: FolderStore, data: bytes) -> str:
        if len(data) > 1:
            raise ConnectionError("the bucket is full")
        return await put(self, data)

    monkeypatch.setattr(FolderStore, "put", only_small_ones)
    await guest.opens("/form?lang=en")
    assert await guest.attaches(FILLED, ("a.txt", b"x"), ("b.txt", b"large")) == 422
    assert kept(store) == [b"x"]
    clock.move(seconds=3601)
    await ErasureCleanup(desk, store).clean()
    assert kept(store) == []


async def test_while_files_cannot_be_stored_the_words_stay(
    guest: Guest, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_store: FolderStore, _data: bytes) -> str:
        raise ConnectionError("the bucket is away")

    monkeypatch.setattr(FolderStore, "put", away)
    await guest.opens("/form?lang=en")
    assert await guest.attaches(FILLED, ("photo.jpg", b"x")) == 422
    assert "does not answer" in guest.html and "Paid twice" in guest.html
    assert await count(desk, Ticket) == 0
