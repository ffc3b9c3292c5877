"""Methods for receiving updates and files."""

from __future__ import annotations

from typing import Any

from sandbox.server.errors import bad_request
from sandbox.server.media import DOWNLOAD_LIMIT
from sandbox.server.methods.registry import Call, method

Json = dict[str, Any]


@method("getUpdates")
async def get_updates(call: Call) -> list[Json]:
    """Only reached together with a planned fault; the usual way is in ``World``."""
    import json

    telegram = call.telegram
    if "allowed_updates" in call.values:
        telegram.updates.allow(call.values["allowed_updates"])
    body = await telegram.polling.get_updates(
        int(call.get("offset", 0)),
        int(call.get("limit", 100)),
        float(call.get("timeout", 0)),
        call.connection,
    )
    updates: list[Json] = json.loads(body)
    return updates


@method("setWebhook")
def set_webhook(call: Call) -> bool:
    params = dict(call.values)
    call.note = call.telegram.webhook.set_webhook(params)
    if call.telegram.updates.webhook is not None and call.uploads:
        call.telegram.updates.webhook.certificate = True
    return True


@method("deleteWebhook")
def delete_webhook(call: Call) -> bool:
    call.note = call.telegram.webhook.delete_webhook(drop=bool(call.get("drop_pending_updates")))
    return True


@method("getWebhookInfo")
def get_webhook_info(call: Call) -> Json:
    return call.telegram.webhook.info()


@method("getFile")
def get_file(call: Call) -> Json:
    file_id = str(call.get("file_id"))
    stored = call.context.files.get(file_id)
    if stored is None:
        raise bad_request("invalid file_id", violation="bad_file")
    if stored.size > DOWNLOAD_LIMIT:
        raise bad_request("file is too big", violation="file_too_big", severity="warning")
    return stored.base() | {"file_path": stored.path}


@method("logOut", "close")
def log_out(call: Call) -> bool:
    if call.info.name == "logOut":
        call.telegram.logged_out = True
    return True
