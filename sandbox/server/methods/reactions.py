"""Reactions of the bot."""

from __future__ import annotations

from typing import Final

from sandbox.server.errors import bad_request
from sandbox.server.methods.registry import Call, method

REACTIONS: Final = frozenset(
    [
        "❤",
        "👍",
        "👎",
        "🔥",
        "🥰",
        "👏",
        "😁",
        "🤔",
        "🤯",
        "😱",
        "🤬",
        "😢",
        "🎉",
        "🤩",
        "🤮",
        "💩",
        "🙏",
        "👌",
        "🕊",
        "🤡",
        "🥱",
        "🥴",
        "😍",
        "🐳",
        "❤\u200d🔥",
        "🌚",
        "🌭",
        "💯",
        "🤣",
        "⚡",
        "🍌",
        "🏆",
        "💔",
        "🤨",
        "😐",
        "🍓",
        "🍾",
        "💋",
        "🖕",
        "😈",
        "😴",
        "😭",
        "🤓",
        "👻",
        "👨\u200d💻",
        "👀",
        "🎃",
        "🙈",
        "😇",
        "😨",
        "🤝",
        "✍",
        "🤗",
        "🫡",
        "🎅",
        "🎄",
        "☃",
        "💅",
        "🤪",
        "🗿",
        "🆒",
        "💘",
        "🙉",
        "🦄",
        "😘",
        "💊",
        "🙊",
        "😎",
        "👾",
        "🤷\u200d♂",
        "🤷",
        "🤷\u200d♀",
        "😡",
    ]
)


# ---------------------------------------------------------------------------------- reactions


@method("setMessageReaction")
def set_message_reaction(call: Call) -> bool:
    chat = call.chat(access="read")
    message = call.message(chat, "message to react")
    reactions = call.get("reaction", [])
    if not isinstance(reactions, list):
        raise bad_request("expected an Array of ReactionType", violation="invalid_parameters")
    if len(reactions) > 1:  # bots are not Premium users
        raise bad_request("REACTIONS_TOO_MANY", violation="bad_reaction")
    for reaction in reactions:
        kind = reaction.get("type") if isinstance(reaction, dict) else None
        if kind == "emoji":
            if str(reaction.get("emoji", "")).replace("\ufe0f", "") not in REACTIONS:
                raise bad_request("REACTION_INVALID", violation="bad_reaction")
        elif kind == "paid":
            raise bad_request("REACTION_INVALID", violation="bad_reaction")
        elif kind != "custom_emoji":
            raise bad_request("invalid reaction type specified", violation="bad_reaction")
    if message.is_service:
        raise bad_request("MESSAGE_ID_INVALID", violation="bad_reaction")
    if chat.kind == "private":
        call.check_can_write(chat)
    bot_id = call.context.bot_id
    message.reactions.pop(bot_id, None)
    if reactions:
        message.reactions[bot_id] = reactions
    chat.record("reaction", message)
    return True


@method("deleteMessageReaction", "deleteAllMessageReactions")
def delete_reactions(call: Call) -> bool:
    chat = call.chat()
    call.need_right(chat, "can_delete_messages", "not enough rights")
    if call.info.name == "deleteMessageReaction":
        shown = [call.message(chat, "message to delete reactions")]
    else:
        shown = chat.messages
    for message in shown:
        message.reactions.pop(int(call.get("user_id", 0)), None)
    call.context.touched()
    return True
