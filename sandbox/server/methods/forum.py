"""Forum topics."""

from __future__ import annotations

from typing import Any

from sandbox.server.chat import GENERAL_TOPIC, ICON_COLORS, Topic
from sandbox.server.errors import bad_request
from sandbox.server.message import ServerChat
from sandbox.server.methods.registry import Call, method
from sandbox.server.topics import FIRST_ICON, NAME_LIMIT, TOPIC_ICONS

Json = dict[str, Any]


def _forum(call: Call, *, private: bool = False) -> ServerChat:
    chat = call.chat()
    if chat.kind == "private" and private:
        if not call.context.options.private_topics:
            raise bad_request("the chat is not a forum", violation="not_a_forum")
        call.check_can_write(chat)
        return chat
    if not chat.is_forum:
        text = "the chat is not a forum" if private else "the chat is not a supergroup forum"
        raise bad_request(text, violation="not_a_forum", severity="warning")
    return chat


def _topic(call: Call, chat: ServerChat) -> Topic:
    number = int(call.get("message_thread_id", 0))
    if number <= 0:
        raise bad_request(
            "invalid forum topic identifier specified", violation="invalid_parameters"
        )
    topic = chat.topics.get(number)
    if topic is None or topic.deleted:
        raise bad_request("TOPIC_ID_INVALID", violation="topic_not_found", severity="warning")
    return topic


def _need(chat: ServerChat, topic: Topic | None, right: str, what: str) -> None:
    if chat.kind == "private" or chat.bot_can(right):
        return
    if topic is not None and topic.by_bot:
        return
    raise bad_request(
        f"not enough rights to {what}", violation="not_enough_rights", severity="warning"
    )


def _clean_name(call: Call) -> str:
    """The name without needless spaces; empty if there is none."""
    name = " ".join(str(call.get("name", "")).split())
    if len(name) > NAME_LIMIT:  # the server cuts the name silently
        call.report("too_long", f"topic name of {len(name)} characters is cut to {NAME_LIMIT}")
        name = name[:NAME_LIMIT].rstrip()
    return name


def _name(call: Call) -> str:
    name = _clean_name(call)
    if not name:
        raise bad_request("name must be non-empty", violation="invalid_parameters")
    return name


@method("createForumTopic")
def create_forum_topic(call: Call) -> Json:
    chat = _forum(call, private=True)
    _need(chat, None, "can_manage_topics", "create a topic")
    color = int(call.get("icon_color", ICON_COLORS[0]))
    if color not in ICON_COLORS:
        raise bad_request("invalid icon color specified", violation="invalid_parameters")
    name = _name(call)
    call.rate(chat)
    topic = call.telegram.topics.create(
        chat, name, by=None, icon_color=color, icon_custom_emoji_id=call.get("icon_custom_emoji_id")
    )
    return topic.to_json()


@method("editForumTopic")
def edit_forum_topic(call: Call) -> bool:
    chat = _forum(call, private=True)
    topic = _topic(call, chat)
    _need(chat, topic, "can_manage_topics", "edit the topic")
    name = _clean_name(call) or None
    icon = call.get("icon_custom_emoji_id")
    changed = (name is not None and name != topic.name) or (
        icon is not None and icon != (topic.icon_custom_emoji_id or "")
    )
    if not changed:
        raise bad_request("TOPIC_NOT_MODIFIED", violation="not_modified", severity="warning")
    call.telegram.topics.edit(chat, topic, name=name, icon=icon, by=None)
    return True


def _toggle(call: Call, topic: Topic, chat: ServerChat, *, closed: bool) -> bool:
    _need(chat, topic, "can_manage_topics", "close or open the topic")
    if topic.closed == closed:
        raise bad_request("TOPIC_NOT_MODIFIED", violation="not_modified", severity="warning")
    call.telegram.topics.set_closed(chat, topic, closed=closed, by=None)
    return True


@method("closeForumTopic")
def close_forum_topic(call: Call) -> bool:
    chat = _forum(call)
    return _toggle(call, _topic(call, chat), chat, closed=True)


@method("reopenForumTopic")
def reopen_forum_topic(call: Call) -> bool:
    chat = _forum(call)
    return _toggle(call, _topic(call, chat), chat, closed=False)


@method("deleteForumTopic")
def delete_forum_topic(call: Call) -> bool:
    chat = _forum(call, private=True)
    topic = _topic(call, chat)
    _need(chat, topic, "can_delete_messages", "delete the topic")
    if topic.id == GENERAL_TOPIC:
        raise bad_request("TOPIC_ID_INVALID", violation="invalid_parameters")
    chat.drop_topic(topic)
    return True


@method("editGeneralForumTopic")
def edit_general(call: Call) -> bool:
    chat = _forum(call)
    topic = chat.topics[GENERAL_TOPIC]
    _need(chat, None, "can_manage_topics", "edit the topic")
    name = _name(call)
    if name == topic.name:
        raise bad_request("TOPIC_NOT_MODIFIED", violation="not_modified", severity="warning")
    call.telegram.topics.edit(chat, topic, name=name, by=None)
    return True


@method("closeGeneralForumTopic")
def close_general(call: Call) -> bool:
    chat = _forum(call)
    return _toggle(call, chat.topics[GENERAL_TOPIC], chat, closed=True)


@method("reopenGeneralForumTopic")
def reopen_general(call: Call) -> bool:
    chat = _forum(call)
    return _toggle(call, chat.topics[GENERAL_TOPIC], chat, closed=False)


@method("hideGeneralForumTopic", "unhideGeneralForumTopic")
def hide_general(call: Call) -> bool:
    chat = _forum(call)
    _need(chat, None, "can_manage_topics", "close or open the topic")
    hidden = call.info.name == "hideGeneralForumTopic"
    if chat.topics[GENERAL_TOPIC].hidden == hidden:
        raise bad_request("TOPIC_NOT_MODIFIED", violation="not_modified", severity="warning")
    call.telegram.topics.set_hidden(chat, hidden=hidden, by=None)
    return True


@method("getForumTopicIconStickers")
def icon_stickers(_call: Call) -> list[Json]:
    stickers = []
    for number, emoji in enumerate(TOPIC_ICONS):
        stickers.append(
            {
                "file_id": f"CAACAgIicon{number}",
                "file_unique_id": f"AgADicon{number}",
                "type": "custom_emoji",
                "width": 512,
                "height": 512,
                "is_animated": False,
                "is_video": True,
                "emoji": emoji,
                "set_name": "Topics",
                "custom_emoji_id": str(FIRST_ICON + number),
            }
        )
    return stickers
