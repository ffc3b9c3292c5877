"""Files of the app: those of a conversation, of an answer, a ticket as one file (H2)."""

import re
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import select

from core.desk import Desk
from core.directory.company_files import keep_file
from core.files import FolderStore, name_of
from core.integrations.unused_uploads import find_due_uploads
from core.models import JournalEntry, Message
from core.people.staff import by_operator, enrol
from core.texts import Texts
from core.tickets.attached_files import AttachedFile
from core.tickets.conversation import note
from core.tickets.intake import hear
from core.tickets.lifecycle import move
from handlers.http.app.staff_access import Entrance
from handlers.http.door import make_door
from handlers.http.health import Vitals
from tests.actions import people
from tests.actions.test_directory import apply
from tests.clock import Clock
from tests.handlers.http.app_browser import HOSTILE, RESPONSE, TOKEN, Browser, in_the_group, rows
from tests.handlers.http.conftest import served


async def test_the_files_of_a_response_are_shown_and_go_with_changed_words_too(
    olga: Browser, desk: Desk
) -> None:
    file = AttachedFile("0" * 64, "a<b>.pdf", 1500)
    await desk.run(keep_file, file)
    line = f'files = ["a_b_.pdf sha256:{file.name}"]\n'
    await apply(desk, RESPONSE + line)
    await people.opens(desk)
    for words in ("Please restart it, Alice.", "Please look at it.", ""):
        await olga.get("/app/t/1?response=restart")
        assert '<p class="file">📎 a_b_.pdf · 2 KB</p>' in olga.html
        shown = {name: olga.field(name) for name in ("response", "digest")}
        assert await olga.again(1, "answer", text=words, **shown) == 303
    said = select(Message.text).where(Message.from_customer.is_(False)).order_by(Message.id)
    assert await rows(desk, said) == [
        *("Please restart it, Alice.", "a_b_.pdf", "Please look at it.", "a_b_.pdf", "a_b_.pdf")
    ]


async def test_a_ticket_is_saved_as_a_file_with_or_without_what_is_ours(
    olga: Browser, desk: Desk
) -> None:
    await people.opens(desk, text=HOSTILE)
    await desk.run(by_operator, people.OLGA, note, 1, people.writes("call the electrician"))
    for kind, has_note in (("internal", True), ("public", False)):
        await olga.get("/app/t/1")
        token = olga.field("token")
        assert await olga.ask("POST", "/app/t/1/transcript", token=token, kind=kind) == 200
        name = "ticket-1-internal.html" if has_note else "ticket-1.html"
        assert olga.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert (">Subject<" in olga.html) is has_note
        assert "<script" not in olga.html and "alert(1)" in olga.html
        assert ("call the electrician" in olga.html) is has_note
    made = select(JournalEntry.facts).where(JournalEntry.event == "transcript_made")
    made = made.order_by(JournalEntry.id)
    assert [facts["internal"] for facts in await rows(desk, made)] == [True, False]
    assert await olga.ask("POST", "/app/t/1/transcript", token="x", kind="internal") == 422
    await olga.get("/app/t/1")
    token = olga.field("token")
    assert await olga.ask("POST", "/app/t/9/transcript", token=token, kind="internal") == 404
    assert len(await rows(desk, made)) == 2


async def test_files_of_a_conversation_are_saved_and_never_shown(
    desk: Desk, texts: Texts, clock: Clock, tmp_path: Path
) -> None:
    store, script = FolderStore(tmp_path / "files"), b"<script>alert(1)</script>"
    file = {"name": await store.put(script), "title": "plan <b>.html", "size": len(script)}
    kept = people.says(people.ALICE, kind="document")
    kept.content.update(text="", file=file)
    remote = people.says(people.ALICE, "at Telegram", kind="photo")
    remote.content.update(file_id="canary-id")
    await people.opens(desk)
    await desk.run(by_operator, people.OLGA, enrol)
    for said in (kept, remote):
        await desk.run(hear, people.ALICE, said)

    async def fetch(file_id: str, _most: int | None) -> bytes:
        raise OSError(f"{file_id} is too large")

    vitals, entrance = Vitals(lambda: 0.0, lambda: 0), Entrance(TOKEN, in_the_group)
    async with served(
        make_door(desk, texts, vitals, files=store, fetch=fetch, entrance=entrance)
    ) as visitor:
        olga = Browser(visitor)
        await olga.log_in(clock, people.OLGA)
        await olga.get("/app/t/1")
        ways = re.findall(
            r'href="(/app/t/1/file/\d+)" hx-boost="false" download>([^<]*)', olga.html
        )
        assert [title for _, title in ways] == ["plan &lt;b&gt;.html", "photo.jpg"]
        assert await olga.get(ways[0][0]) == 200 and olga.html.encode() == script
        assert olga.headers["Content-Disposition"].startswith("attachment;")
        assert olga.headers["Content-Type"] == "application/octet-stream"
        assert await olga.get(ways[1][0]) == 503 and "too large" in olga.html
        assert "canary-id" not in olga.html
        for path in (ways[0][0].replace("/t/1/", "/t/2/"), "/app/t/1/file/999", "/app/t/1/file/x"):
            assert await olga.get(path) == 404
        stranger = Browser(visitor)
        assert await stranger.get(ways[0][0]) == 200 and 'id="login"' in stranger.html


def with_files(fields: dict[str, str], *files: tuple[str, bytes]) -> aiohttp.FormData:
    """A form as a browser sends it with files."""
    form = aiohttp.FormData(fields)
    for name, data in files:
        form.add_field("files", data, filename=name, content_type="text/html")
    return form


async def test_files_go_with_an_answer_once_and_are_forgotten_where_it_is_refused(
    desk: Desk, texts: Texts, clock: Clock, tmp_path: Path
) -> None:
    await people.opens(desk)
    await desk.run(by_operator, people.OLGA, enrol)
    store, vitals = FolderStore(tmp_path / "files"), Vitals(lambda: 0.0, lambda: 0)
    entrance = Entrance(TOKEN, in_the_group)
    async with served(make_door(desk, texts, vitals, files=store, entrance=entrance)) as visitor:
        olga = Browser(visitor)
        await olga.log_in(clock, people.OLGA)
        await olga.get("/app/t/1")
        assert 'enctype="multipart/form-data"' in olga.html
        fields = {name: olga.field(name) for name in ("token", "once")}
        fields |= {"verb": "answer", "text": "See the plan"}

        async def send(*files: tuple[str, bytes], **more: str) -> int:
            form, cookie = with_files(fields | more, *files), {"Cookie": olga.cookie}
            how: dict[str, Any] = {"data": form, "headers": cookie, "allow_redirects": False}
            return (await visitor.ask("POST", "/app/t/1", **how))[0]

        assert await send(*[("a.html", b"<b>")] * 11) == 422
        assert [await send(("a.html", b"<b>")) for _ in range(2)] == [303, 303]
        await desk.run(by_operator, people.OLGA, move, 1, "close")
        assert await send(("b.html", b"<i>"), once="2") == 422
    ours = select(Message).where(Message.from_customer.is_(False)).order_by(Message.id)
    said = await rows(desk, ours)
    assert [one.text for one in said] == ["See the plan", "a.html"]
    assert said[1].content["file"]["size"] == len(b"<b>")
    clock.move(hours=2)
    due = await desk.read(find_due_uploads)
    assert len(due.due) == 2 and due.unused == (name_of(b"<i>"),)
