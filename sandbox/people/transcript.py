"""Readable transcripts of chats."""

from __future__ import annotations

import time

from sandbox.server.message import Message, ServerChat


def _describe(message: Message) -> str:
    content = message.content
    kind = message.kind
    if kind == "text":
        return message.text
    if kind == "contact":
        contact = content["contact"]
        return f"[contact {contact['first_name']} {contact['phone_number']}]"
    if kind in ("location", "venue"):
        place = content["location"]
        return f"[{kind} {place['latitude']:.5f}, {place['longitude']:.5f}]"
    if kind == "poll":
        poll = content["poll"]
        options = " | ".join(f"{o['text']} ({o['voter_count']})" for o in poll["options"])
        return f"[poll {poll['question']}: {options}]"
    if kind == "new_chat_members":
        return "[joined: " + ", ".join(u["first_name"] for u in content[kind]) + "]"
    if kind == "left_chat_member":
        return f"[left: {content[kind]['first_name']}]"
    if kind == "pinned_message":
        return f"[pinned message {content[kind].id}]"
    if kind in ("forum_topic_created", "forum_topic_edited"):
        return f"[{kind}: {content[kind].get('name', '')}]"
    media = message.media
    label = f"[{kind}{' ' + str(media.get('file_name', '')) if media else ''}]".replace(" ]", "]")
    return f"{label} {message.text}".rstrip()


def message_lines(message: Message) -> list[str]:
    """One message as readable lines: head, text, marks, keyboard."""
    when = time.strftime("%H:%M:%S", time.localtime(message.date))
    marks = _marks(message)
    suffix = f"  <{'; '.join(marks)}>" if marks else ""
    body = _describe(message).split("\n")
    lines = [f"{when} #{message.id} {_author(message)}: {body[0]}"]
    lines += ["    " + part for part in body[1:]]
    lines[-1] += suffix
    for row in message.keyboard:
        lines.append("      " + " ".join(f"[ {label} ]" for label in row))
    return lines


def _author(message: Message) -> str:
    if message.from_bot:
        return "BOT"
    if message.sender is not None:
        return message.sender.name + (" (anonymous)" if message.anonymous else "")
    return message.chat.title


def _marks(message: Message) -> list[str]:
    marks = []
    if message.thread_id is not None:
        topic = message.chat.topics.get(message.thread_id)
        marks.append(f"topic {topic.name if topic else message.thread_id}")
    if message.reply_to is not None:
        marks.append(f"reply to {message.reply_to.id}")
    facts = {
        "forwarded": message.forward_origin is not None,
        "album": message.media_group_id is not None,
        f"edited {len(message.revisions)}x": message.edited,
        "DELETED": message.deleted,
        "not seen by the bot": not message.visible,
        "pinned": message.pinned,
    }
    marks += [name for name, holds in facts.items() if holds]
    for actor, reactions in message.reactions.items():
        emoji = "".join(str(r.get("emoji", "*")) for r in reactions)
        name = "bot" if actor == message.chat.context.bot_id else str(actor)
        marks.append(f"{name} {emoji}")
    return marks


def render(chat: ServerChat, last: int | None = None) -> str:
    """The chat as text, with keyboards and marks."""
    shown = list(chat.history.values())
    hidden = 0
    if last is not None and len(shown) > last:
        hidden = len(shown) - last
        shown = shown[-last:]
    head = f"--- {chat.kind} {chat.title!r} ({chat.id})"
    lines = [head + (f", {hidden} earlier message{'s' * (hidden > 1)}" if hidden else "")]
    for message in shown:
        lines += message_lines(message)
    if chat.kind == "private" and chat.access != "started":
        lines.append(f"    (the bot's access: {chat.access})")
    return "\n".join(lines)
