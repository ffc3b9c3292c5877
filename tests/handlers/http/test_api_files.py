"""Files that come by the API (A9)."""

import asyncio
from pathlib import Path

from sqlalchemy import select

from bot.erasure_cleanup import ErasureCleanup
from core.desk import Desk
from core.files import FolderStore
from core.models import Message
from handlers.http.guard import MOST_UPLOAD
from tests.clock import Clock
from tests.handlers.http.api_client import OPEN, Client, count


async def test_a_file_joins_the_ticket_under_a_clean_name(
    shop: Client, desk: Desk, tmp_path: Path
) -> None:
    await shop.opens()
    where = f"{OPEN}/1/files?title=../../%3Cb%3E.html&external_id=7"
    sent = {"Authorization": f"Bearer {shop.token}", "Idempotency-Key": "once"}
    script = b"<script>alert(1)</script>"
    first = await shop.visitor.ask("POST", where, data=script, headers=sent)
    assert (first[0], first[2]["number"]) == (201, 1)
    again = await shop.visitor.ask("POST", where, data=script, headers=sent)
    assert again[1]["Idempotent-Replayed"] == "true" and again[2] == first[2]
    async with desk.database.read() as session:
        _, said = await session.scalars(select(Message).order_by(Message.id))
    file = said.content["file"]
    assert (said.from_customer, file["title"], file["size"]) == (True, "b_.html", len(script))
    assert await FolderStore(tmp_path / "files").read(file["name"]) == script


async def test_another_title_is_another_upload(shop: Client, desk: Desk) -> None:
    await shop.opens()
    sent = {"Authorization": f"Bearer {shop.token}", "Idempotency-Key": "once"}
    for query, expected in (
        ("title=plan.txt", 201),
        ("title=plan.txt", 201),
        ("title=other.txt", 422),
        ("title=plan.txt&external_id=7", 422),
    ):
        where = f"{OPEN}/1/files?{query}"
        status, _, body = await shop.visitor.ask("POST", where, data=b"x", headers=sent)
        assert status == expected, query
        assert status == 201 or body["code"] == "another_call"
    assert await count(desk, Message) == 2


async def test_the_file_of_a_call_that_is_refused_is_deleted(
    shop: Client, desk: Desk, clock: Clock, tmp_path: Path
) -> None:
    await shop.opens()
    store = FolderStore(tmp_path / "files")
    sent = {"Authorization": f"Bearer {shop.token}", "Idempotency-Key": "once"}
    for query, data, headers, expected in (
        ("title=x&external_id=7", b"taken", sent, 201),
        ("title=x&external_id=7", b"another call", sent, 422),
        ("title=x&external_id=7", b"known", {"Authorization": sent["Authorization"]}, 200),
        ("title=x&external_id=7", b"taken", sent, 201),
    ):
        where = f"{OPEN}/1/files?{query}"
        assert (await shop.visitor.ask("POST", where, data=data, headers=headers))[0] == expected
    clock.move(seconds=3601)
    await ErasureCleanup(desk, store).clean()
    left = [one.read_bytes() for one in (tmp_path / "files").rglob("*") if one.is_file()]
    assert left == [b"taken"]


async def test_what_cannot_be_a_file_is_refused_and_nothing_is_kept(
    shop: Client, desk: Desk, tmp_path: Path
) -> None:
    await shop.opens()
    sent = {"Authorization": f"Bearer {shop.token}"}
    for number, data, headers, expected in (
        (1, b"", sent, 422),
        (9, b"x", sent, 404),
        (1, b"x", {}, 401),
    ):
        path = f"{OPEN}/{number}/files?title=x.bin"
        status, _, _ = await shop.visitor.ask("POST", path, data=data, headers=headers)
        assert status == expected
    host, port = shop.visitor.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {OPEN}/1/files?title=x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shop.token}"
    writer.write(f"{head}\r\nContent-Length: {MOST_UPLOAD + 1}\r\n\r\n".encode())
    async with asyncio.timeout(60):  # nothing of the body is ever sent
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.close()
    assert await count(desk, Message) == 1 and not (tmp_path / "files").exists()
