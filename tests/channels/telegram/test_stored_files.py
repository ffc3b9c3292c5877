"""Files that came by mail: as files in the group, as a link or a line where that cannot be (F6)."""

from pathlib import Path
from typing import Any, Final

import pytest

from channels.telegram.channel import TelegramChannel
from core.addresses import MessageRef
from core.delivery.channel import SendError
from core.files import FolderStore, LinkedFiles
from core.texts import Texts
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import hear
from sandbox import Message
from tests.channels.telegram.harness import ChannelHarness, Left

NOBODYS: Final = "0" * 64
LINK: Final = "https://x.test/files/1"


async def no_link(_name: str, _title: str) -> str | None:
    return None


async def a_link(_name: str, _title: str) -> str | None:
    return LINK


class Away(FolderStore):
    """A store that does not answer."""

    async def read(self, name: str) -> bytes:
        raise ConnectionError(name)


async def comes(harness: ChannelHarness, files: LinkedFiles, texts: Texts, **file: Any) -> Left:
    """Anna's file joins her ticket; returns what came of its delivery to the group."""
    await harness.open(harness.anna.say("See the plan").result)
    await harness.pump()
    content: dict[str, Any] = {
        "kind": "document",
        "text": "",
        "entities": [],
        "file_id": None,
        "more": {},
    }
    said = IncomingMessage(
        MessageRef("telegram", str(harness.anna.id), "900"),
        "document",
        "plan.pdf",
        content | {"file": {"title": "plan.pdf", **file}},
    )
    await harness.desk.run(hear, harness.sender(harness.anna), said)
    delivery = await harness.next()
    assert delivery is not None and delivery.kind == "content"
    try:
        sent = await TelegramChannel(harness.gateway, harness.desk, texts, files).send(delivery)
    except SendError as error:
        return Left(delivery, error=error)
    return Left(delivery, sent)


def newest(harness: ChannelHarness) -> Message:
    return list(harness.group.history.values())[-1]


async def test_a_file_is_a_file(harness: ChannelHarness, texts: Texts, tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    name = await store.put(b"%PDF")
    await comes(harness, LinkedFiles(store, no_link), texts, name=name, size=4)
    media = newest(harness).media
    assert media is not None and media["file_name"] == "plan.pdf"


@pytest.mark.parametrize(
    ("link", "size", "words"),
    [
        (a_link, 60_000_000, ("60 МБ", LINK)),
        (no_link, 60_000_000, ("60 МБ", "Он сохранён в хранилище файлов")),
        (a_link, 4, ("нет в хранилище",)),
        (a_link, 0, ("ноль байт",)),
    ],
    ids=["linked", "kept", "gone", "empty"],
)
async def test_what_cannot_be_a_file_is_a_line_that_names_it(
    harness: ChannelHarness,
    texts: Texts,
    tmp_path: Path,
    link: Any,
    size: int,
    words: tuple[str, ...],
) -> None:
    await comes(harness, LinkedFiles(FolderStore(tmp_path), link), texts, name=NOBODYS, size=size)
    for each in ("plan.pdf", *words):
        assert each in newest(harness).text


async def test_while_the_store_is_away_the_file_waits(
    harness: ChannelHarness, texts: Texts, tmp_path: Path
) -> None:
    left = await comes(harness, LinkedFiles(Away(tmp_path), no_link), texts, name=NOBODYS, size=4)
    assert left.error is not None and not left.error.permanent
