"""Files: up, down, by identifier, in albums and in place of others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, InputMediaDocument, InputMediaPhoto, Message

from sandbox import World
from sandbox.server.images import png
from tests.sandbox.clients import Raw, aiogram_bot

IMAGE = png(300, 200)


def upload(data: bytes, name: str) -> BufferedInputFile:
    return BufferedInputFile(data, name)


def photo_id(message: Message) -> str:
    assert message.photo
    return message.photo[-1].file_id


def document_id(message: Message) -> str:
    assert message.document
    return message.document.file_id


async def refused(call: Awaitable[object], text: str) -> None:
    with pytest.raises(TelegramBadRequest, match=text):
        await call


async def test_a_photo_is_uploaded_and_sent_again_by_its_identifier() -> None:
    async with World.start() as world, aiogram_bot(world) as bot:
        anna = world.user("Anna", started=True)
        sent = await bot.send_photo(
            anna.id, upload(IMAGE, "a.png"), caption="<b>c</b>", parse_mode="HTML"
        )
        assert sent.photo and (sent.photo[-1].width, sent.photo[-1].height) == (300, 200)
        assert sent.caption_entities and sent.caption_entities[0].type == "bold"
        got = await anna.expect("c", kind="photo")
        assert got.file_bytes == IMAGE
        again = await bot.send_photo(anna.id, photo_id(sent))
        assert again.photo and again.photo[-1].file_unique_id == sent.photo[-1].file_unique_id


async def _in_pieces(form: bytes, *cuts: int) -> AsyncIterator[bytes]:
    """The form, cut so; whoever reads has read a piece before the next one comes."""
    for start, end in zip((0, *cuts), (*cuts, len(form)), strict=True):
        yield form[start:end]
        for _ in range(20):
            await asyncio.sleep(0)


async def test_a_form_may_come_in_pieces_of_any_length() -> None:
    fields = {"chat_id": "{}", "text": "a word", "unknown": "x" * 30_000}
    part = '--cut\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        fields["chat_id"] = str(anna.id)
        form = "".join(part.format(*field) for field in fields.items()) + "--cut--\r\n"
        word = form.index("a word")
        for cuts in ((word + 1, word + 3), (word + 2, word + 5), (word, word + 1, word + 2)):
            sent = await raw.session.post(
                raw.url("sendMessage"),
                data=_in_pieces(form.encode(), *cuts),
                headers={"Content-Type": "multipart/form-data; boundary=cut"},
            )
            assert (await sent.json())["ok"]
            await anna.expect("a word")


async def test_wrong_files_are_refused() -> None:
    async with World.start() as world, aiogram_bot(world) as bot:
        anna = world.user("Anna", started=True)
        sent = await bot.send_photo(anna.id, upload(IMAGE, "a.png"))
        report = await bot.send_document(anna.id, upload(b"data", "report.csv"))
        assert report.document and report.document.file_name == "report.csv"
        assert report.document.mime_type == "text/csv"
        photo = bot.send_photo
        await refused(photo(anna.id, upload(b"no image", "a.png")), "IMAGE_PROCESS_FAILED")
        await refused(photo(anna.id, document_id(report)), "can't use file of type Document as")
        await refused(photo(anna.id, "https://a.ru/x.png"), "failed to get HTTP URL content")
        await refused(photo(anna.id, "garbage"), "wrong remote file identifier")
        await refused(photo(anna.id, photo_id(sent), caption="x" * 1025), "caption is too long")
        await refused(bot.send_document(anna.id, upload(b"", "a")), "file must be non-empty")


async def test_an_album_does_not_mix_photos_and_documents() -> None:
    async with World.start() as world, aiogram_bot(world) as bot:
        anna = world.user("Anna", started=True)
        sent = await bot.send_photo(anna.id, upload(IMAGE, "a.png"))
        report = await bot.send_document(anna.id, upload(b"data", "report.csv"))
        photo = InputMediaPhoto(media=photo_id(sent))
        album = await bot.send_media_group(
            anna.id, [InputMediaPhoto(media=upload(IMAGE, "1.png"), caption="album"), photo]
        )
        assert len({m.media_group_id for m in album}) == 1
        document = InputMediaDocument(media=document_id(report), caption="new")
        await refused(bot.send_media_group(anna.id, [photo, document]), "can't be mixed")
        edited = await bot.edit_message_media(document, chat_id=anna.id, message_id=sent.message_id)
        assert isinstance(edited, Message)
        assert edited.document and edited.caption == "new"


async def test_a_file_of_a_person_is_downloaded_unless_it_is_too_big() -> None:
    async with World.start() as world, aiogram_bot(world) as bot:
        anna = world.user("Anna", started=True)
        theirs = await anna.send_document(data=b"log", name="log.txt")
        assert theirs.media
        file = await bot.get_file(theirs.media["file_id"])
        assert file.file_path and file.file_path.startswith("documents/")
        data = await bot.download(theirs.media["file_id"])
        assert data and data.read() == b"log"
        big = await anna.send_video(size=21 << 20)
        assert big.media
        await refused(bot.get_file(big.media["file_id"]), "file is too big")
