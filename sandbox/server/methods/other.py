"""Methods outside of a support bot's needs: plausible answers or clear refusals."""

from __future__ import annotations

from typing import Any

from sandbox.server.errors import bad_request
from sandbox.server.methods.registry import HANDLERS, Call, method
from sandbox.server.schema import method_index

Json = dict[str, Any]


@method("getUserProfilePhotos", "getUserProfileAudios")
def get_user_profile(call: Call) -> Json:
    call.person()
    field = "photos" if call.info.name == "getUserProfilePhotos" else "audios"
    return {"total_count": 0, field: []}


@method("getUserChatBoosts")
def get_user_chat_boosts(call: Call) -> Json:
    call.chat(access="read")
    call.person()
    return {"boosts": []}


@method("getMyStarBalance")
def get_my_star_balance(_call: Call) -> Json:
    return {"amount": 0}


@method("getStarTransactions")
def get_star_transactions(_call: Call) -> Json:
    return {"transactions": []}


@method("getCustomEmojiStickers")
def get_custom_emoji_stickers(_call: Call) -> list[Json]:
    return []


@method("getAvailableGifts")
def get_available_gifts(_call: Call) -> Json:
    return {"gifts": []}


@method("getUserPersonalChatMessages")
def get_user_personal_chat_messages(call: Call) -> list[Json]:
    call.person()
    return []


def _unsupported(call: Call) -> None:
    """Parameters are checked before; the sandbox does not play the rest."""
    call.telegram.unsupported.append(call.info.name)
    raise bad_request(
        f"{call.info.name} is not supported by the sandbox",
        violation="unsupported",
        severity="warning",
    )


for _name in method_index():
    HANDLERS.setdefault(_name, _unsupported)
