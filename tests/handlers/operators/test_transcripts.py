"""`/transcript`: one ticket as a file that needs nothing else (H2, S13, S24, S36)."""

import base64
import hashlib
import io
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from channels.telegram.addresses import chat_address
from channels.telegram.screens.journal import names_of
from channels.telegram.screens.screen import Renderer
from channels.telegram.screens.transcript import TranscriptFile
from core.file_making import STAFF
from core.files import Attachments, FolderStore
from core.reports.transcript import find_transcript
from core.tickets.catalog import workflow_of
from core.tickets.workflow import Move, Workflow
from handlers.telegram.operators import transcripts
from tests.handlers.operators.group import Group

HOSTILE = "<script>alert(1)</script>\"'&</p><img src=x onerror=alert(2)>"
SCRIPT = b"<script>alert(3)</script>"
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def documents(who: Any) -> list[Any]:
    found = (m.to_json(nested=False) for m in who.chat.bot_messages)
    return [one for one in found if one.get("document")]


async def page(group: Group, who: Any) -> str:
    """The file that came last, into somebody's private chat."""
    document = documents(who)[-1]["document"]
    file = await group.bot.get_file(document["file_id"])
    data = io.BytesIO()
    await group.bot.download_file(str(file.file_path), data)
    said = documents(who)[-1]["caption"]
    assert hashlib.sha256(data.getvalue()).hexdigest() in said
    return data.getvalue().decode()


async def talk(group: Group) -> int:
    """A ticket with hostile words, two files, an answer, a note, and an answer taken back."""
    number = await group.ticket(HOSTILE)
    await group.anna.send_document(data=SCRIPT, name="<b>.html")
    await group.anna.send_photo(data=PICTURE)
    await group.settle()
    card = await group.card(number)
    await group.says(group.olga, "Уже смотрим", card)
    wrong = await group.says(group.olga, "Не то обещали", card)
    await group.says(group.olga, "/undo", wrong)
    await group.says(group.olga, "// осторожно, грубит", card)
    await group.olga.say("/start")
    await group.settle()
    return number


async def made(group: Group) -> list[Any]:
    query = "SELECT ticket_id, facts FROM journal WHERE event='transcript_made'"
    return [(row.ticket_id, json.loads(row.facts)) for row in await group.rows(query)]


async def test_an_operator_gets_the_whole_ticket_with_its_files_in_private(group: Group) -> None:
    number = await talk(group)
    asked = await group.says(group.olga, f"/transcript {number}")
    html = await page(group, group.olga)
    assert not documents(group) and asked.bot_reactions == ["👌"]
    assert "<script" not in html and "<img src=x" not in html and HOSTILE in unescape(html)
    for words in ("Уже смотрим", "Не то обещали", "осторожно, грубит", "Журнал", "Ольга"):
        assert words in html
    assert 'download="&lt;b&gt;.html" href="data:application/octet-stream;base64,' in html
    assert "сегодня" not in html
    document, picture = re.findall(r"base64,([^\"]+)", html)
    assert (base64.b64decode(document), base64.b64decode(picture)) == (SCRIPT, PICTURE)
    assert all(hashlib.sha256(data).hexdigest() in html for data in (SCRIPT, PICTURE))
    assert await made(group) == [(number, {"internal": True})]


async def test_what_is_for_the_customer_has_no_title_no_name_of_a_state_and_no_surname(
    group: Group,
) -> None:
    group.olga.last_name = "Каренина"
    number = await talk(group)
    await group.says(group.olga, f"/title {number} Скандалист из третьего подъезда")
    await rename_states(group, "Тянем время")
    group.desk.company = replace(group.desk.company, sign_answers=True)
    for words, internal in (("", True), (" клиенту", False)):
        await group.olga.say(f"/transcript {number}{words}")
        await group.settle()
        html = await page(group, group.olga)
        for ours in ("Скандалист", "Тянем время", "Каренина"):
            assert (ours in html) is internal, ours
        assert "Ольга" in html
        sent = documents(group.olga)[-1]
        name = f"ticket-{number}-internal.html" if internal else f"ticket-{number}.html"
        assert sent["document"]["file_name"] == name
        assert ("для своих" if internal else "для клиента") in sent["caption"]
        assert internal or "в работе" in html


async def rename_states(group: Group, title: str) -> None:
    """As a company may name them in its directory."""
    workflow = await group.desk.read(workflow_of)
    states = [replace(one, titles={"ru": title}) for one in workflow.states.values()]
    moves = [Move(source, verb, target) for (source, verb), target in workflow.moves.items()]
    group.desk.cache[Workflow] = Workflow(states, moves)


@pytest.mark.parametrize("word", ["клиенту", "public"])
async def test_what_is_for_the_customer_has_nothing_that_was_only_for_us(
    group: Group, word: str
) -> None:
    number = await talk(group)
    await group.olga.say(f"/выписка {number} {word}")
    await group.settle()
    html = await page(group, group.olga)
    assert "Уже смотрим" in html and HOSTILE in unescape(html)
    for words in ("Не то обещали", "грубит", "Журнал", "Ольга"):
        assert words not in html
    assert await made(group) == [(number, {"internal": False})]


async def test_a_button_of_the_card_makes_one(group: Group) -> None:
    number = await talk(group)
    await group.presses(group.olga, await group.card(number), "⋯ Ещё")
    await group.presses(group.olga, await group.card(number), "Выписка")
    assert "осторожно, грубит" in await page(group, group.olga)


async def test_a_file_that_cannot_be_had_or_does_not_fit_is_named(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await group.ticket()
    await group.anna.send_document(data=b"x", name="huge.bin", size=30_000_000)
    await group.anna.send_document(data=SCRIPT, name="script.html")
    await group.settle()
    monkeypatch.setattr(transcripts, "LARGEST", 1_000_000)
    await group.boss.say(f"/transcript {number}")
    await group.settle()
    html = await page(group, group.boss)
    assert "huge.bin" in html and "не удалось получить" in html
    assert "script.html</b>, 25 байт" in html and "не поместилась бы" in html
    assert "base64" not in html
    assert group.world.stats.calls["download"] == 1, "the transcript itself, here"


async def test_a_file_that_we_keep_and_that_does_not_fit_is_not_read_and_has_its_hash(
    group: Group, tmp_path: Path
) -> None:
    said = await group.desk.read(find_transcript, await group.ticket(), internal=True)
    file = {"name": "ab" * 32, "title": "huge.bin", "size": 3_000_000}
    large = replace(said.said[0], content={"kind": "document", "file": file})
    names = await group.desk.read(names_of)
    unread = Attachments(FolderStore(tmp_path / "nothing"), None)
    renderer = Renderer(group.texts, "ru", group.clock(), group.desk.company.zone)
    target = tmp_path / "one.html"
    await TranscriptFile(renderer, names, unread, largest=2_000_000).write(
        target, replace(said, said=[large])
    )
    html = target.read_text()
    assert "ab" * 32 in html and "не поместилась бы" in html and "не удалось" not in html


async def test_a_file_that_takes_too_long_is_named_and_the_rest_arrives(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await talk(group)
    monkeypatch.setattr(transcripts, "FETCH_WITHIN", 0.2)
    group.world.faults.hang(60, method="getFile", times=9)
    await group.boss.say(f"/transcript {number}")
    await group.settle()
    group.world.faults.clear()
    html = await page(group, group.boss)
    assert html.count("не удалось получить") == 2 and "Уже смотрим" in html


async def test_nobody_has_two_made_at_a_time(group: Group) -> None:
    number = await group.ticket()
    turn = group.desk.file_making.begin(chat_address(group.olga.id), STAFF)
    asked = await group.says(group.olga, f"/transcript {number}")
    assert "уже готовится" in "\n".join(group.answers(asked)) and not await made(group)
    turn.end()
    await group.says(group.olga, f"/transcript {number}")
    assert await made(group) == [(number, {"internal": True})]
    await group.says(group.olga, "/transcript 99")
    await group.settle()
    group.desk.file_making.begin(chat_address(group.olga.id), STAFF)  # hers has ended, each way


async def test_who_never_opened_the_bot_is_told_and_the_group_sees_nothing(group: Group) -> None:
    number = await group.ticket()
    asked = await group.says(group.oleg, f"/transcript {number}")
    await group.settle()
    assert "личный чат" in "\n".join(group.answers(asked)) and not documents(group)


async def test_nobody_else_gets_one(group: Group) -> None:
    number = await group.ticket()
    stranger = group.world.user("Ева", started=True)
    for who in (stranger, group.anna):
        await who.say(f"/transcript {number}")
    await group.settle()
    assert not await made(group)
    assert not documents(stranger) and not documents(group.anna)
    await group.says(group.olga, "/transcript 99")
    await group.says(group.olga, f"/transcript {number} всем")
    assert not await made(group)


@pytest.mark.parametrize("refusal", ["never opened", "blocked"])
async def test_without_a_private_chat_it_is_said_where_to_open_one_and_nothing_is_acknowledged(
    group: Group, monkeypatch: pytest.MonkeyPatch, refusal: str
) -> None:
    number = await group.ticket()
    if refusal == "blocked":
        await group.oleg.start()
        await group.oleg.block_bot()
    asked = await group.says(group.oleg, f"/transcript {number}")
    (said,) = group.answers(asked)
    assert said.startswith(f"Выписку #{number} пришлю только в личный чат.")
    assert asked.bot_reactions == []
    (shown,) = [one for one in group.chat.bot_messages if one.text == said]
    assert shown.buttons == ["Открыть в личном чате"]
    if refusal == "blocked":
        await group.oleg.unblock_bot()
    await group.oleg.start()
    again = await group.says(group.oleg, f"/transcript {number}")
    assert again.bot_reactions == ["👌"] and len(documents(group.oleg)) == 1
