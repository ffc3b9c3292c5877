"""What people attach: their own files, or samples of the house when they choose none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sandbox.page.act_request import FILE_LIMIT, ActRequest
from sandbox.page.samples import sample
from sandbox.page.words import Refused, sample_words
from sandbox.server.images import image_size
from sandbox.server.media import Upload

Json = dict[str, Any]

_CAPTION: Final = 1024
_PICTURES: Final = ("photo", "sticker")


def attach(request: ActRequest) -> Json:
    """One attachment of the kind that ``do`` names."""
    kind, chat = str(request.body["do"]), request.open_chat
    how: Json = {"reply_to": request.reply_to} | request.where
    if kind in _PLAIN:
        how |= _PLAIN[kind](request)
    else:
        how |= _file(kind, request.files[0] if request.files else _sample(request, kind, 0))
        how["caption"] = request.maybe("caption", limit=_CAPTION)
    done = getattr(request.person, f"send_{kind}")(chat, **how)
    return {"message": done.result.id}


def album(request: ActRequest) -> Json:
    """Two to ten files, or ``count`` samples; the caption is the first one's."""
    chat = request.open_chat
    count = len(request.files) or request.number("count")
    if not 2 <= count <= 10:
        raise Refused("album_size")
    files = request.files or [_sample(request, "photo", number) for number in range(count)]
    caption = request.maybe("caption", limit=_CAPTION)
    parts = [(_kind_of(upload), upload) for upload in files]
    if not _go_together([kind for kind, _ in parts]):
        parts = [("document", upload) for upload in files]
    group, sent = request.world.new_media_group(), []
    for number, (kind, upload) in enumerate(parts):
        how = _file(kind, upload) | {"media_group_id": group, "reply_to": request.reply_to}
        how |= request.where
        how["caption"] = caption if number == 0 else None
        sent.append(getattr(request.person, f"send_{kind}")(chat, **how).result.id)
    return {"messages": sent}


def _go_together(kinds: list[str]) -> bool:
    """Photos and videos mix; audio and documents keep to themselves."""
    return set(kinds) <= {"photo", "video"} or len(set(kinds)) == 1


def _kind_of(upload: Upload) -> str:
    family = (upload.mime or "").split("/")[0]
    if family == "image":
        return "photo" if image_size(upload.data) is not None else "document"
    return family if family in ("video", "audio") else "document"


def _sample(request: ActRequest, kind: str, number: int) -> Upload:
    name = request.body.get("demo")
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


def _location(request: ActRequest) -> Json:
    latitude, longitude = (_degrees(request, name) for name in ("latitude", "longitude"))
    if latitude is None or longitude is None:
        return {}
    return {"latitude": latitude, "longitude": longitude}


def _degrees(request: ActRequest, name: str) -> float | None:
    value, most = request.body.get(name), 90 if name == "latitude" else 180
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > most:
        raise Refused("bad_value", field=name)
    return float(value)


def _venue(request: ActRequest) -> Json:
    own = [request.maybe(name, limit=128) for name in ("title", "address")]
    samples = [sample_words(name, request.person.language) for name in ("title", "address")]
    title, address = (given or sample for given, sample in zip(own, samples, strict=True))
    return _location(request) | {"title": title, "address": address}


def _contact(request: ActRequest) -> Json:
    """The person's own phone number, or another's."""
    phone = request.maybe("phone", limit=32)
    name = request.maybe("name", limit=64) or sample_words("name", request.person.language)
    return {"phone": phone, "first_name": name} if phone else {}


def _poll(request: ActRequest) -> Json:
    language = request.person.language
    options = request.body.get("options", sample_words("options", language).split("|"))
    if not isinstance(options, list) or not 2 <= len(options) <= 12:
        raise Refused("bad_value", field="options")
    if not all(isinstance(option, str) and 0 < len(option) <= 100 for option in options):
        raise Refused("bad_value", field="options")
    question = request.text("question", sample_words("question", language), limit=300)
    return {"question": question, "options": options}


def _dice(request: ActRequest) -> Json:
    return {"value": request.world.context.random.randint(1, 6)}


_PLAIN: Final[dict[str, Callable[[ActRequest], Json]]] = {
    "location": _location,
    "venue": _venue,
    "contact": _contact,
    "poll": _poll,
    "dice": _dice,
}
