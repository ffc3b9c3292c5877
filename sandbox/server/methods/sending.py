"""Methods that send messages."""

from __future__ import annotations

from typing import Any, Final

from aiogram import types

from sandbox.server.errors import bad_request
from sandbox.server.media import media_content
from sandbox.server.message import CAPTIONED
from sandbox.server.methods.parts import caption_of, coordinates, input_media, text_of, thread_of
from sandbox.server.methods.registry import Call, method
from sandbox.server.methods.target import Target, finish
from sandbox.server.schema import prune

Json = dict[str, Any]

_WORDS: Final = {
    "photo": "photos", "video": "videos", "document": "documents", "audio": "music",
    "voice": "voice notes", "video_note": "video notes", "sticker": "stickers",
    "animation": "animations", "poll": "polls",
}  # fmt: skip
_ACTIONS: Final = frozenset(
    {
        "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
        "upload_document", "choose_sticker", "find_location", "record_video_note",
        "upload_video_note", "record_audio", "upload_audio",
    }
)  # fmt: skip


# ------------------------------------------------------------------------------------ methods


@method("sendMessage")
def send_message(call: Call) -> Json:
    content = text_of(call)
    options = call.get("link_preview_options")
    if options is None and call.get("disable_web_page_preview") is not None:
        options = {"is_disabled": call.get("disable_web_page_preview")}
    if options:
        content["link_preview_options"] = prune(types.LinkPreviewOptions, options)
    return finish(Target(call), content)


def _send_file(call: Call, kind: str, extra: tuple[str, ...] = ()) -> Json:
    caption = caption_of(call) if kind in CAPTIONED else {}
    target = Target(call, _WORDS[kind])
    stored = call.context.files.resolve(kind, call.get(kind), call.uploads, kind)
    content = media_content(stored, kind, {name: call.get(name) for name in extra}) | caption
    if call.get("has_spoiler"):
        content["has_media_spoiler"] = True
    return finish(target, content)


@method("sendPhoto")
def send_photo(call: Call) -> Json:
    return _send_file(call, "photo")


@method("sendDocument")
def send_document(call: Call) -> Json:
    return _send_file(call, "document")


@method("sendVideo")
def send_video(call: Call) -> Json:
    return _send_file(call, "video", ("duration", "width", "height"))


@method("sendAnimation")
def send_animation(call: Call) -> Json:
    return _send_file(call, "animation", ("duration", "width", "height"))


@method("sendAudio")
def send_audio(call: Call) -> Json:
    return _send_file(call, "audio", ("duration", "performer", "title"))


@method("sendVoice")
def send_voice(call: Call) -> Json:
    return _send_file(call, "voice", ("duration",))


@method("sendVideoNote")
def send_video_note(call: Call) -> Json:
    return _send_file(call, "video_note", ("duration", "length"))


@method("sendSticker")
def send_sticker(call: Call) -> Json:
    return _send_file(call, "sticker", ("emoji",))


@method("sendLivePhoto")
def send_live_photo(call: Call) -> Json:
    caption = caption_of(call)
    target = Target(call, "photos")
    photo = call.context.files.resolve("photo", call.get("photo"), call.uploads, "photo")
    video = call.context.files.resolve(
        "live_photo", call.get("live_photo"), call.uploads, "live_photo"
    )
    live = video.base() | {"width": 640, "height": 480, "duration": 3}
    return finish(target, media_content(photo, "photo") | {"live_photo": live} | caption)


@method("sendLocation")
def send_location(call: Call) -> Json:
    location = coordinates(call)
    for name in ("horizontal_accuracy", "live_period", "heading", "proximity_alert_radius"):
        if call.get(name) is not None:
            location[name] = call.get(name)
    live = location.get("live_period")
    if live is not None and not (60 <= live <= 86400 or live == 0x7FFFFFFF):
        raise bad_request("wrong live location period specified", violation="invalid_parameters")
    return finish(Target(call), {"location": location})


@method("sendVenue")
def send_venue(call: Call) -> Json:
    location = coordinates(call)
    venue: Json = {"location": location}
    for name in (
        "title", "address", "foursquare_id", "foursquare_type", "google_place_id",
        "google_place_type",
    ):  # fmt: skip
        if call.get(name):
            venue[name] = call.get(name)
    return finish(Target(call), {"venue": venue, "location": location})


@method("sendContact")
def send_contact(call: Call) -> Json:
    contact: Json = {
        "phone_number": str(call.get("phone_number")),
        "first_name": str(call.get("first_name")),
    }
    for name in ("last_name", "vcard"):
        if call.get(name):
            contact[name] = call.get(name)
    if not any(char.isdigit() for char in contact["phone_number"]):
        raise bad_request("PHONE_NUMBER_INVALID", violation="invalid_parameters")
    return finish(Target(call), {"contact": contact})


@method("sendDice")
def send_dice(call: Call) -> Json:
    top = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5, "🎰": 64}
    emoji = str(call.get("emoji", "🎲"))
    if emoji not in top:
        raise bad_request("DICE_EMOJI_INVALID", violation="invalid_parameters")
    value = call.context.random.randint(1, top[emoji])
    return finish(Target(call), {"dice": {"emoji": emoji, "value": value}})


@method("sendPaidMedia", "sendInvoice", "sendGame", "sendChecklist")
def send_unsupported(call: Call) -> Json:
    call.telegram.unsupported.append(call.info.name)
    texts = {
        "sendPaidMedia": "PAID_MEDIA_NOT_SUPPORTED",
        "sendInvoice": "PAYMENT_PROVIDER_INVALID",
        "sendGame": "GAME_BOT_INVALID",
        "sendChecklist": "business connection not found",
    }
    raise bad_request(texts[call.info.name], violation="unsupported", severity="warning")


@method("sendChatAction")
def send_chat_action(call: Call) -> bool:
    action = str(call.get("action"))
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request", violation="invalid_parameters")
    chat = call.chat()
    thread_id = thread_of(call, chat)
    call.check_can_write(chat)
    chat.actions.append((call.context.clock.now(), action, thread_id))
    call.context.touched()
    return True


# ------------------------------------------------------------------------------------- albums


@method("sendMediaGroup")
def send_media_group(call: Call) -> list[Json]:
    items = call.get("media")
    if not isinstance(items, list):
        raise bad_request("expected an Array of InputMedia", violation="invalid_parameters")
    if not items:
        raise bad_request("there are no messages to send", violation="bad_album")
    if len(items) > 10:
        raise bad_request("too many messages to send as an album", violation="bad_album")
    if len(items) == 1:  # against the documentation, but the server lets it pass
        call.report("bad_album", "an album must include 2-10 items")
    contents = []
    kinds = set()
    for item in items:
        kind = item.get("type") if isinstance(item, dict) else None
        if kind not in ("photo", "video", "document", "audio", "live_photo"):
            raise bad_request(
                f"can't parse InputMedia: type \"{kind}\" can't be used in sendMediaGroup",
                violation="bad_album",
            )
        kinds.add(kind)
        contents.append(input_media(call, item))
    if len(kinds) > 1 and kinds & {"document", "audio"}:
        raise bad_request(
            f"{min(kinds & {'document', 'audio'}).title()} can't be mixed with other media types",
            violation="bad_album",
        )
    target = Target(call, "photos", count=len(items))
    target.check()
    group = call.context.new_media_group()
    return [target.send(content, media_group_id=group).to_json() for content in contents]
