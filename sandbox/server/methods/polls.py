"""Polls."""

from __future__ import annotations

from typing import Any

from sandbox.server.errors import bad_request
from sandbox.server.methods.registry import Call, method
from sandbox.server.methods.target import Target

Json = dict[str, Any]


@method("sendPoll")
def send_poll(call: Call) -> Json:
    question = str(call.get("question")).strip()
    if len(question) > 300:
        raise bad_request("poll question length must not exceed 300", violation="too_long")
    if not question:
        raise bad_request("text must be non-empty", violation="empty_text")
    options = _options(call)
    more = _settings(call, len(options))
    target = Target(call, "polls")
    if target.chat.kind == "channel" and not more["is_anonymous"]:
        raise bad_request("non-anonymous polls can't be sent to channel chats")
    target.check()
    message = target.send({"poll": call.telegram.actions.new_poll(question, options, **more)})
    call.telegram.actions.polls[message.content["poll"]["id"]] = message
    return message.to_json()


def _options(call: Call) -> list[str]:
    options = []
    for option in call.get("options"):
        text = option.get("text") if isinstance(option, dict) else option
        if not isinstance(text, str) or not text.strip():
            raise bad_request("poll options must be non-empty", violation="invalid_parameters")
        if len(text) > 100:
            raise bad_request("poll options length must not exceed 100", violation="too_long")
        options.append(text.strip())
    if len(options) > 12:
        raise bad_request("poll can't have more than 12 options", violation="too_long")
    if not options:
        raise bad_request("poll must have at least 1 option", violation="invalid_parameters")
    return options


def _settings(call: Call, count: int) -> Json:
    kind = str(call.get("type", "regular"))
    if kind not in ("regular", "quiz"):
        raise bad_request("unsupported poll type specified", violation="invalid_parameters")
    settings: Json = {
        "type": kind,
        "is_anonymous": bool(call.get("is_anonymous", True)),
        "allows_multiple_answers": bool(call.get("allows_multiple_answers", False)),
        "is_closed": bool(call.get("is_closed", False)),
    }
    if kind == "quiz":
        settings |= _quiz(call, count)
    for name in ("open_period", "close_date"):
        if call.get(name):
            settings[name] = call.get(name)
    return settings


def _quiz(call: Call, count: int) -> Json:
    correct = call.get("correct_option_ids")
    if correct is None and call.get("correct_option_id") is not None:
        correct = [call.get("correct_option_id")]
    if not correct or not all(0 <= int(n) < count for n in correct):
        raise bad_request(
            "invalid correct option identifier specified", violation="invalid_parameters"
        )
    quiz: Json = {"correct_option_ids": correct, "correct_option_id": correct[0]}
    if call.get("explanation"):
        quiz["explanation"] = call.get("explanation")
    return quiz
