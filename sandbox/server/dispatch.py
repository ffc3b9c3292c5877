"""Execution of API calls."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any, Final

from sandbox.server.decoding import Decoded, decode, validate_types
from sandbox.server.errors import ApiError, too_many_requests
from sandbox.server.faults import Fault, Faults
from sandbox.server.media import Upload
from sandbox.server.methods import HANDLERS, Call
from sandbox.server.methods.registry import Handler
from sandbox.server.schema import MethodInfo, check_result, method_index
from sandbox.server.stats import CallRecord
from sandbox.server.telegram import Telegram

Json = dict[str, Any]
Outcome = tuple[int, bytes, str]

_JSON: Final = "application/json"
_GARBAGE: Final = b"<html><head><title>502 Bad Gateway</title></head><body></body></html>"
_PLANNED: Final = {
    400: "Bad Request: planned error",
    401: "Unauthorized",
    403: "Forbidden: planned error",
    404: "Not Found",
    409: "Conflict: planned error",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass(slots=True)
class _Attempt:
    """A call as it came in."""

    info: MethodInfo
    params: Json
    uploads: dict[str, Upload]
    connection: Any
    started: float  # monotonic
    fault: Fault | None = None
    record: CallRecord | None = None


def encode(body: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


class Dispatcher:
    """The calls of the bot: planned faults, parameters, the method, the answer."""

    def __init__(self, telegram: Telegram, faults: Faults) -> None:
        self.telegram = telegram
        self.context = telegram.context
        self.faults = faults
        self.calls: list[CallRecord] = []
        self.in_flight = 0
        self.flooded: dict[int | None, tuple[float, float]] = {}  # by chat: until, since

    def execute(self, method: str, params: Json) -> None:
        """A call that came in the bot's answer to an update."""
        self.context.spawn(self.dispatch(method, params, {}, webhook=True))

    def forget(self) -> None:
        """Nothing was called."""
        self.flooded.clear()
        self.calls.clear()

    async def dispatch(
        self,
        name: str,
        params: Json,
        uploads: dict[str, Upload],
        *,
        connection: Any = None,
        webhook: bool = False,
    ) -> Outcome | None:
        """Execute a call; ``None`` means: drop the connection without an answer."""
        started = time.monotonic()
        info = method_index().get(name.lower())
        if info is None:
            self.context.active_at = started
            self.context.violations.add("unknown_method", f"method {name!r} does not exist", name)
            self.context.stats.errors["404"] += 1
            error = ApiError(404, "Not Found: method not found")
            return 404, encode(error.to_json()), _JSON
        quiet = info.name == "getUpdates"
        chat_id = self._chat_hint(info.name, params)
        fault = self.faults.take(name.lower(), chat_id) if self.faults.plan else None
        if quiet and fault is None and not webhook:
            return await self._get_updates(info, params, connection)
        self.context.stats.called(info.name, chat_id)
        self.context.active_at = started
        record: CallRecord | None = None
        if not self.context.lean and not quiet:
            record = CallRecord(info.name, dict(params), self.context.clock.now(), webhook=webhook)
            record.params.update({key: f"<{len(u.data)} bytes>" for key, u in uploads.items()})
            record.fault = fault.kind if fault else None
            self.calls.append(record)
        self.in_flight += 1
        attempt = _Attempt(info, params, uploads, connection, started, fault, record)
        try:
            return await self._execute(attempt)
        finally:
            self.in_flight -= 1
            self.context.active_at = time.monotonic()
            if record is not None:
                record.duration = self.context.active_at - started
            self.context.signal.notify()

    def _chat_hint(self, name: str, params: Json) -> int | None:
        """The chat that a call is about, without checks."""
        value = params.get("chat_id")
        if value is None:
            if name == "answerCallbackQuery":
                query = self.telegram.actions.callback_queries.get(
                    str(params.get("callback_query_id"))
                )
                return query.message.chat.id if query else None
            return None
        try:
            return int(value)
        except (TypeError, ValueError):
            chat = self.telegram.find_chat(value)
            return chat.id if chat is not None else None

    async def _execute(self, attempt: _Attempt) -> Outcome | None:
        fault = attempt.fault
        if fault is not None and await _ruined_before(fault):
            return None
        if fault is not None and fault.kind == "garbage":
            return fault.code, _GARBAGE, "text/html"
        if self.context.options.latency:
            await asyncio.sleep(self.context.options.latency / 2)
        status, body = await self._answer(attempt)
        if fault is not None and _ruined_after(fault):
            return None
        if self.context.options.latency:
            await asyncio.sleep(self.context.options.latency / 2)
        return status, encode(body), _JSON

    async def _answer(self, attempt: _Attempt) -> tuple[int, Json]:
        """Do what is asked: status and body of the answer."""
        record = attempt.record
        try:
            self._refuse_at_the_door(attempt)
            call = self._prepare(attempt)
            result = await self._handle(call)
        except ApiError as error:
            self.context.stats.errors[str(error.code)] += 1
            if record is not None:
                record.code, record.description = error.code, error.description
            return error.code, error.to_json()
        except Exception as error:  # noqa: BLE001 - a mistake of the sandbox, not of the bot
            self.context.internal_errors.append(error)
            text = f"Internal Server Error: sandbox: {error!r}"
            return 500, {"ok": False, "error_code": 500, "description": text}
        if self.context.selfcheck:
            self.context.verify(lambda: check_result(attempt.info, result))
        if record is not None:
            record.ok, record.result = True, result
        body: Json = {"ok": True, "result": result}
        if call.note:
            body["description"] = call.note
        return 200, body

    def _refuse_at_the_door(self, attempt: _Attempt) -> None:
        """Refusals that do not depend on the parameters: flood control, planned errors."""
        name, fault = attempt.info.name, attempt.fault
        chat_id = self._chat_hint(name, attempt.params)
        if self.flooded:
            self._check_flooded(name, chat_id, attempt.started)
        if fault is not None and fault.kind == "status":
            text = fault.description or _PLANNED.get(fault.code, "Error")
            raise ApiError(fault.code, text)
        if fault is not None and fault.kind == "flood":
            now = time.monotonic()
            self.flooded[chat_id] = (now + int(fault.seconds), now)
            raise too_many_requests(int(fault.seconds))
        self._refuse_logged_out(name)

    def _refuse_logged_out(self, name: str) -> None:
        if self.telegram.logged_out and name not in ("logOut", "close"):
            raise ApiError(400, "Logged out")

    async def _handle(self, call: Call) -> Any:
        handler = HANDLERS.get(call.info.name.lower())
        if handler is None:
            raise ApiError(400, "Bad Request: the method is not supported by the sandbox")
        try:
            return await self._run(handler, call)
        except ApiError as error:
            if error.violation is not None:
                call.report(error.violation, error.description, error.severity)
            raise

    async def _run(self, handler: Handler, call: Call) -> Any:
        try:
            result = handler(call)
            return await result if asyncio.iscoroutine(result) else result
        except (TypeError, ValueError, KeyError, AttributeError):
            if self.context.lean:  # the types were not checked before: junk from the bot?
                validate_types(call.info, Decoded(call.values))
            raise

    def _prepare(self, attempt: _Attempt) -> Call:
        info, params, uploads = attempt.info, attempt.params, attempt.uploads
        chat_id = self._chat_hint(info.name, params)
        try:
            decoded = decode(info, params, set(uploads), validate=not self.context.lean)
        except ApiError as error:
            if error.violation is not None:
                self.context.violations.add(
                    error.violation, error.description, info.name, chat_id, error.severity
                )
            raise
        for name in decoded.unknown:
            self.context.violations.add(
                "unknown_parameter", f"unknown parameter {name!r}", info.name, chat_id
            )
        for name in decoded.deprecated:
            self.context.violations.add(
                "deprecated_parameter",
                f"deprecated parameter {name!r}",
                info.name,
                chat_id,
                "warning",
            )
        return Call(
            self.telegram,
            info,
            decoded.values,
            uploads,
            attempt.connection,
            attempt.started,
            chat_id=chat_id,
        )

    def _check_flooded(self, method: str, chat_id: int | None, started: float) -> None:
        for key in (chat_id, None):
            if key in self.flooded:
                until, since = self.flooded[key]
                if started >= until - 0.05:
                    del self.flooded[key]
                elif started - since > self.context.limits.in_flight_grace:
                    self.context.violations.add(
                        "ignored_retry_after",
                        f"called {until - started:.1f} s before retry_after was over",
                        method,
                        chat_id,
                    )

    async def _get_updates(self, info: MethodInfo, params: Json, connection: Any) -> Outcome:
        self.context.stats.calls["getUpdates"] += 1
        try:
            attempt = _Attempt(info, params, {}, connection, time.monotonic())
            values = self._prepare(attempt).values
            self._refuse_logged_out(info.name)
            if "allowed_updates" in values:
                self.telegram.updates.allow(values["allowed_updates"])
            updates = await self.telegram.polling.get_updates(
                int(values.get("offset", 0)),
                int(values.get("limit", 100)),
                float(values.get("timeout", 0)),
                connection,
            )
        except ApiError as error:
            self.context.stats.errors[str(error.code)] += 1
            if error.violation is not None and error.code == 409:
                self.context.violations.add(
                    error.violation, error.description, info.name, None, error.severity
                )
            return error.code, encode(error.to_json()), _JSON
        if self.context.options.latency:
            await asyncio.sleep(self.context.options.latency / 2)
        return 200, b'{"ok":true,"result":' + updates + b"}", _JSON


async def _ruined_before(fault: Fault) -> bool:
    """Play what happens before a call is done; true: it will not be done, nor answered."""
    if fault.kind == "crash" and fault.moment == "before" and fault.action is not None:
        fault.action()
        return True
    if fault.kind in ("hang", "slow"):
        await asyncio.sleep(fault.seconds)
    return fault.kind in ("drop", "hang")


def _ruined_after(fault: Fault) -> bool:
    """Play what happens after a call is done; true: the answer is lost."""
    if fault.kind == "crash" and fault.action is not None:
        if fault.moment == "after":
            fault.action()
            return True
        asyncio.get_running_loop().call_later(max(fault.seconds, 0.005), fault.action)
    return fault.kind == "cut"
