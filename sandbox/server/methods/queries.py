"""Answers to callback, inline and other queries."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from sandbox.server.errors import bad_request
from sandbox.server.methods.registry import Call, method

Json = dict[str, Any]

TOO_OLD: Final = "query is too old and response timeout expired or query ID is invalid"
TEXT_LIMIT: Final = 200


@method("answerCallbackQuery")
def answer_callback_query(call: Call) -> bool:
    actions = call.telegram.actions
    query = actions.callback_queries.get(str(call.get("callback_query_id")))
    if query is None:
        raise bad_request(TOO_OLD, violation="bad_callback_answer")
    if query.answered:
        raise bad_request(TOO_OLD, violation="callback_answered_twice")
    # the real limit is not documented; World(callback_timeout=...) sets it
    if call.context.clock.now() - query.pressed_at > call.context.options.callback_timeout:
        actions.check_unanswered()
        raise bad_request(TOO_OLD, violation="callback_answered_late")
    text = str(call.get("text", ""))
    if len(text) > TEXT_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG", violation="too_long")
    url = call.get("url")
    if url:
        host = urlsplit(str(url)).hostname or ""
        if host not in ("t.me", "telegram.me"):
            raise bad_request("URL_INVALID", violation="invalid_parameters")
    query.answered = True
    query.text = text
    query.alert = bool(call.get("show_alert"))
    query.url = url
    call.context.touched()
    return True


@method("answerInlineQuery")
def answer_inline_query(call: Call) -> bool:
    query = call.telegram.actions.inline_queries.get(str(call.get("inline_query_id")))
    if query is None:
        raise bad_request(TOO_OLD, violation="bad_inline_answer")
    results = call.get("results")
    if len(results) > 50:
        raise bad_request("too many inline query results specified", violation="too_long")
    ids = [str(result.get("id", "")) for result in results if isinstance(result, dict)]
    if len(set(ids)) != len(ids):
        raise bad_request("RESULT_ID_DUPLICATE", violation="invalid_parameters")
    if any(not 1 <= len(i.encode()) <= 64 for i in ids):
        raise bad_request("RESULT_ID_INVALID", violation="invalid_parameters")
    query["answer"] = dict(call.values)
    call.context.touched()
    return True


@method(
    "answerShippingQuery", "answerPreCheckoutQuery", "answerWebAppQuery", "answerGuestQuery",
    "answerChatJoinRequestQuery", "sendChatJoinRequestWebApp",
)  # fmt: skip
def answer_unknown_query(_call: Call) -> bool:
    raise bad_request(TOO_OLD, violation="unsupported", severity="warning")
