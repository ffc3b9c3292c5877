"""Albums."""

from __future__ import annotations

from typing import Any

from sandbox.api.parts import input_media
from sandbox.api.registry import Call, method
from sandbox.api.target import Target
from sandbox.errors import bad_request

Json = dict[str, Any]


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
    group = call.world.new_media_group()
    return [target.send(content, media_group_id=group).to_json() for content in contents]
