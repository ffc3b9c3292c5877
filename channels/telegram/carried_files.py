"""Files that came by other ways than Telegram, on their way to it."""

import logging
from dataclasses import replace
from typing import Final

from aiogram.types import BufferedInputFile

from channels.telegram.screens.screen import Renderer
from core.delivery.channel import SendError
from core.files import LinkedFiles
from core.tickets.card import Words

log = logging.getLogger(__name__)

# Bytes: Telegram takes files of a bot up to 50 MB.
LARGEST_FILE: Final = 49_000_000


async def with_file(words: Words, files: LinkedFiles | None, renderer: Renderer) -> Words:
    """The file itself; a line about it where Telegram would not take it, or it is gone."""
    content = words.content
    file = content.get("file")
    if file is None or content.get("file_id"):
        return words
    large, link = file["size"] > LARGEST_FILE, None
    if large and files is not None:
        link = await files.link(file["name"], file["title"])
    said = "file.gone" if not large else "file.large" if link is None else "file.linked"
    if file["size"] == 0:
        said = "file.empty"
    elif files is not None and not large:
        try:
            data = await files.store.read(file["name"])
        except FileNotFoundError:
            log.warning("a file of message %s is gone", words.id)
        except OSError as error:
            raise SendError("network", type(error).__name__) from error
        else:
            return replace(
                words, content={**content, "file_id": BufferedInputFile(data, file["title"])}
            )
    line = renderer.plain(
        said, name=file["title"], megabytes=-(-file["size"] // 1_000_000), link=link
    )
    return replace(words, content={**content, "kind": "text", "text": line, "entities": []})
