"""What people attach: files, albums, places, contacts, polls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sandbox.chat import Chat
from sandbox.done import Done
from sandbox.entities import formatted
from sandbox.images import png
from sandbox.media import media_content
from sandbox.message import Message
from sandbox.writing import Writing

if TYPE_CHECKING:
    from sandbox.person import Person

Json = dict[str, Any]


class Attaching(Writing):
    """Third layer of :class:`~sandbox.person.Person`: everything but plain words."""

    def _send_media(self, kind: str, to: Chat | None, how: Json) -> Done[Message]:
        data = how.pop("data", None)
        name = how.pop("name", None)
        size = how.pop("size", None)
        caption = how.pop("caption", None)
        parse_mode = how.pop("parse_mode", None)
        file_id = how.pop("file_id", None)
        names = ("duration", "performer", "title", "emoji")
        extra: Json = {name: how.pop(name) for name in names if name in how}
        files = self.world.files
        stored = files.get(file_id) if file_id else None
        if stored is None:
            self.world.media_counter += 1
            sample = png(seed=self.world.media_counter) if kind in ("photo", "sticker") else None
            if data is None:
                data = sample or f"{kind} {self.world.media_counter}".encode()
            stored = files.add(
                kind,
                data,
                name=name,
                mime=how.pop("mime", None),
                size=size,
                width=how.pop("width", 0),
                height=how.pop("height", 0),
            )
        content = media_content(stored, kind, extra)
        if caption:
            text, entities = formatted(caption, parse_mode, None, limit=1024, what="caption")
            content["caption"] = text
            if entities:
                content["caption_entities"] = entities
        return Done(self._send(to, content, **how))

    def send_photo(self, to: Chat | None = None, **how: Any) -> Done[Message]:
        """Send a photo: ``caption``, ``data`` (bytes), ``name``, ``topic``, ``reply_to``…"""
        return self._send_media("photo", to, how)

    def send_document(self, to: Chat | None = None, **how: Any) -> Done[Message]:
        """Send a file; ``size`` may pretend it is big."""
        return self._send_media("document", to, how)

    def send_video(self, to: Chat | None = None, **how: Any) -> Done[Message]:
        """Send a video."""
        return self._send_media("video", to, how)

    def send_voice(self, to: Chat | None = None, **how: Any) -> Done[Message]:
        """Send a voice message."""
        return self._send_media("voice", to, how)

    def send_video_note(self, to: Chat | None = None, **how: Any) -> Done[Message]:
        """Send a round video."""
        return self._send_media("video_note", to, how)

    def send_audio(self, to: Chat | None = None, **how: Any) -> Done[Message]:
        """Send a music file."""
        return self._send_media("audio", to, how)

    def send_animation(self, to: Chat | None = None, **how: Any) -> Done[Message]:
        """Send an animation (GIF)."""
        return self._send_media("animation", to, how)

    def send_sticker(self, to: Chat | None = None, **how: Any) -> Done[Message]:
        """Send a sticker."""
        return self._send_media("sticker", to, how)

    def send_album(
        self,
        items: Sequence[str] | int = 2,
        to: Chat | None = None,
        *,
        caption: str | None = None,
        **how: Any,
    ) -> Done[list[Message]]:
        """Send an album: kinds such as ``["photo", "video"]``, or a number of photos."""
        kinds = ["photo"] * items if isinstance(items, int) else list(items)
        group = self.world.new_media_group()
        sent = []
        for index, kind in enumerate(kinds):
            sent.append(
                self._send_media(
                    kind,
                    to,
                    {
                        **how,
                        "media_group_id": group,
                        "caption": caption if index == 0 else None,
                    },
                ).result
            )
        return Done(sent)

    def send_location(
        self,
        to: Chat | None = None,
        *,
        latitude: float = 55.7558,
        longitude: float = 37.6173,
        live: int | None = None,
        **how: Any,
    ) -> Done[Message]:
        """Send a point on the map (``live``: a live location for so many seconds)."""
        location: Json = {"latitude": latitude, "longitude": longitude}
        if live:
            location["live_period"] = live
        return Done(self._send(to, {"location": location}, **how))

    def send_venue(
        self,
        to: Chat | None = None,
        *,
        title: str = "Office",
        address: str = "1 Main st.",
        latitude: float = 55.7558,
        longitude: float = 37.6173,
        **how: Any,
    ) -> Done[Message]:
        """Send a venue."""
        location = {"latitude": latitude, "longitude": longitude}
        venue = {"location": location, "title": title, "address": address}
        return Done(self._send(to, {"venue": venue, "location": location}, **how))

    def send_contact(
        self,
        to: Chat | None = None,
        *,
        person: Person | None = None,
        phone: str | None = None,
        first_name: str | None = None,
        **how: Any,
    ) -> Done[Message]:
        """Send a contact: the own one unless ``person`` or ``phone`` are given."""
        contact: Json
        if phone is not None:
            contact = {"phone_number": phone, "first_name": first_name or "Someone"}
        else:
            who = person or self._me
            contact = {
                "phone_number": who.phone,
                "first_name": who.first_name,
                "user_id": who.id,
            }
            if who.last_name:
                contact["last_name"] = who.last_name
        return Done(self._send(to, {"contact": contact}, **how))

    def send_poll(
        self,
        to: Chat | None = None,
        *,
        question: str = "?",
        options: Sequence[str] = ("a", "b"),
        **how: Any,
    ) -> Done[Message]:
        """Send a poll."""
        poll = self.world.new_poll(question, list(options))
        return Done(self._send(to, {"poll": poll}, **how))

    def send_dice(
        self, to: Chat | None = None, *, emoji: str = "🎲", value: int = 4, **how: Any
    ) -> Done[Message]:
        """Send a dice."""
        return Done(self._send(to, {"dice": {"emoji": emoji, "value": value}}, **how))

    def send_content(self, content: Json, to: Chat | None = None, **how: Any) -> Done[Message]:
        """Send any content given as Bot API fields."""
        return Done(self._send(to, content, **how))
