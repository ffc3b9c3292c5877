"""One message of every kind that is carried, and what makes two of them the same."""

from __future__ import annotations

import json
from typing import Any, Final

from sandbox import Message, Person

TEXT: Final = "Жирный и тайный"
ENTITIES: Final[list[dict[str, Any]]] = [
    {"type": "bold", "offset": 0, "length": 6},
    {"type": "spoiler", "offset": 9, "length": 6},
]


async def send_every_kind(person: Person, **where: Any) -> list[Message]:
    """One of each, in this order; nothing waits for anything."""
    to = where.pop("to", None)
    text = {"text": TEXT, "entities": ENTITIES}
    plain: Any = (to,) if to is not None else ()
    return [
        person.send_content(text, *plain, **where).result,
        person.send_photo(
            *plain, caption="<b>фото</b>", parse_mode="HTML", data=b"photo", **where
        ).result,
        person.send_video(*plain, caption="видео", **where).result,
        person.send_voice(*plain, caption="голос", **where).result,
        person.send_video_note(*plain, **where).result,
        person.send_document(*plain, name="счёт.pdf", caption="файл", **where).result,
        person.send_audio(*plain, title="Гимн", caption="звук", **where).result,
        person.send_sticker(*plain, **where).result,
        person.send_animation(*plain, caption="гиф", **where).result,
        person.send_location(*plain, latitude=55.5, longitude=37.25, **where).result,
        person.send_contact(*plain, phone="79001234567", first_name="Пётр", **where).result,
        person.send_venue(*plain, title="Офис", address="Лермонтова 10", **where).result,
        *person.send_album(["photo", "video", "photo"], *plain, caption="альбом", **where).result,
        *person.send_album(["document", "document"], *plain, caption="файлы", **where).result,
    ]


def look(message: Message) -> tuple[Any, ...]:
    """What must be the same here and there."""
    content = message.content
    if message.kind in {"location", "venue", "contact"}:
        facts = {k: v for k, v in content[message.kind].items() if k != "user_id"}
        return message.kind, json.dumps(facts, sort_keys=True)
    media = message.media
    unique = media["file_unique_id"] if media else None
    entities = json.dumps(message.entities, sort_keys=True)
    return message.kind, message.text, entities, unique


def albums(messages: list[Message]) -> list[int]:
    """How the messages are grouped."""
    sizes: dict[str, int] = {}
    for message in messages:
        if message.media_group_id:
            sizes[message.media_group_id] = sizes.get(message.media_group_id, 0) + 1
    return list(sizes.values())
