"""What people attach: their own files, or samples of the house when they choose none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sandbox.images import image_size
from sandbox.media import Upload
from sandbox.page.doing import FILE_LIMIT, Doing
from sandbox.page.samples import sample
from sandbox.page.words import Refused, sample_words

Json = dict[str, Any]

_CAPTION: Final = 1024
_PICTURES: Final = ("photo", "sticker")


def attach(doing: Doing) -> Json:
    """One attachment of the kind that ``do`` names."""
    kind, chat = str(doing.body["do"]), doing.open_chat
    how: Json = {"reply_to": doing.reply_to}
    if kind in _PLAIN:
        how |= _PLAIN[kind](doing)
    else:
        how |= _file(kind, doing.files[0] if doing.files else _sample(doing, kind, 0))
        how["caption"] = doing.maybe("caption", limit=_CAPTION)
    done = getattr(doing.person, f"send_{kind}")(chat, **how)
    return {"message": done.result.id}


def album(doing: Doing) -> Json:
    """Two to ten files, or ``count`` samples; the caption is the first one's."""
    chat = doing.open_chat
    count = len(doing.files) or doing.number("count")
    if not 2 <= count <= 10:
        raise Refused("album_size")
    files = doing.files or [_sample(doing, "photo", number) for number in range(count)]
    caption = doing.maybe("caption", limit=_CAPTION)
    parts = [(_kind_of(upload), upload) for upload in files]
    if not _go_together([kind for kind, _ in parts]):
        parts = [("document", upload) for upload in files]
    group, sent = doing.world.new_media_group(), []
    for number, (kind, upload) in enumerate(parts):
        how = _file(kind, upload) | {"media_group_id": group, "reply_to": doing.reply_to}
        how["caption"] = caption if number == 0 else None
        sent.append(getattr(doing.person, f"send_{kind}")(chat, **how).result.id)
    return {"messages": sent}


def _go_together(kinds: list[str]) -> bool:
    """Photos and videos mix; audio and documents keep to themselves."""
    return set(kinds) <= {"photo", "video"} or len(set(kinds)) == 1


def _kind_of(upload: Upload) -> str:
    family = (upload.mime or "").split("/")[0]
    if family == "image":
        return "photo" if image_size(upload.data) is not None else "document"
    return family if family in ("video", "audio") else "document"


def _sample(doing: Doing, kind: str, number: int) -> Upload:
    name = doing.body.get("demo")
    found = sample(kind, name if isinstance(name, str) else None, number)
    if found is None:
        raise Refused("no_file")
    return found


def _file(kind: str, upload: Upload) -> Json:
    if not upload.data:
        raise Refused("no_file")
    if len(upload.data) > FILE_LIMIT << 20:
        raise Refused("big_file", limit=FILE_LIMIT)
    how: Json = {"data": upload.data, "name": upload.name, "mime": upload.mime}
    size = image_size(upload.data)
    if kind in _PICTURES and size is None:
        raise Refused("not_picture")
    if size is not None:
        how["width"], how["height"] = size
    return how


# ------------------------------------------------------------------ without a file


def _location(doing: Doing) -> Json:
    latitude, longitude = (_degrees(doing, name) for name in ("latitude", "longitude"))
    if latitude is None or longitude is None:
        return {}
    return {"latitude": latitude, "longitude": longitude}


def _degrees(doing: Doing, name: str) -> float | None:
    value, most = doing.body.get(name), 90 if name == "latitude" else 180
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > most:
        raise Refused("bad_value", field=name)
    return float(value)


def _venue(doing: Doing) -> Json:
    own = [doing.maybe(name, limit=128) for name in ("title", "address")]
    samples = [sample_words(name, doing.person.language) for name in ("title", "address")]
    title, address = (given or sample for given, sample in zip(own, samples, strict=True))
    return _location(doing) | {"title": title, "address": address}


def _contact(doing: Doing) -> Json:
    """The person's own phone number, or another's."""
    phone = doing.maybe("phone", limit=32)
    name = doing.maybe("name", limit=64) or sample_words("name", doing.person.language)
    return {"phone": phone, "first_name": name} if phone else {}


def _poll(doing: Doing) -> Json:
    language = doing.person.language
    options = doing.body.get("options", sample_words("options", language).split("|"))
    if not isinstance(options, list) or not 2 <= len(options) <= 12:
        raise Refused("bad_value", field="options")
    if not all(isinstance(option, str) and 0 < len(option) <= 100 for option in options):
        raise Refused("bad_value", field="options")
    question = doing.text("question", sample_words("question", language), limit=300)
    return {"question": question, "options": options}


def _dice(doing: Doing) -> Json:
    return {"value": doing.world.random.randint(1, 6)}


_PLAIN: Final[dict[str, Callable[[Doing], Json]]] = {
    "location": _location,
    "venue": _venue,
    "contact": _contact,
    "poll": _poll,
    "dice": _dice,
}
