"""Delivery of updates to a webhook: in order within a chat, repeated until it is accepted."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import aiohttp

from sandbox.server.updates import Update, Updates, Webhook

Json = dict[str, Any]

NOT_FROM_WEBHOOK: Final = ("deletewebhook", "setwebhook", "close", "logout", "get")
FIRST_RETRY: Final = 2.0  # the first repetition is immediate, the next ones after 2, 4, 8… s
MAX_RETRY: Final = 60.0
LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "::1")


class WebhookDelivery:
    """Requests to the bot. A method in its answer is given to ``execute``."""

    def __init__(self, updates: Updates) -> None:
        self.updates = updates
        self.context = updates.context
        self.execute: Callable[[str, Json], None] = _ignore
        self._session: aiohttp.ClientSession | None = None
        updates.push = self.push

    def push(self, update: Update) -> None:
        """Deliver an update after those of its chat that came before."""
        hook = self.updates.webhook
        if hook is None:
            raise RuntimeError("no webhook is set")
        self.updates.pushed.setdefault(update.key, deque()).append(update)
        if update.key not in hook.running:
            hook.running[update.key] = asyncio.create_task(self._deliver(hook, update.key))

    def stop(self) -> list[Update]:
        """Unset the webhook; returns the updates that it has not accepted yet."""
        waiting: list[Update] = []
        if self.updates.webhook is not None:
            for task in self.updates.webhook.running.values():
                task.cancel()
            for queue in self.updates.pushed.values():
                waiting += queue
            self.updates.pushed.clear()
            self.updates.webhook = None
        return waiting

    async def _deliver(self, hook: Webhook, key: tuple[str, int]) -> None:
        """Deliver the updates of one queue (a chat) in order, with repetitions."""
        queue = self.updates.pushed[key]
        delay = FIRST_RETRY / 2
        fails = 0
        try:
            while queue:
                update = queue[0]
                if update.expires < self.context.clock.now():
                    queue.popleft()
                    continue
                async with hook.slots:
                    ok, retry_after = await self._request(hook, update)
                if ok:
                    delay, fails = FIRST_RETRY / 2, 0
                    if update.copies > 1:
                        update.copies -= 1
                        continue
                    if queue and queue[0] is update:  # unless dropped meanwhile
                        queue.popleft()
                    self.updates.confirmed += 1
                    self.context.signal.notify()
                    continue
                if retry_after:
                    wait = float(retry_after)
                elif fails == 0:
                    wait = 0.0
                else:
                    delay = min(delay * 2, MAX_RETRY)
                    wait = delay
                fails += 1
                await asyncio.sleep(wait * self.context.options.webhook_retry_scale)
        finally:
            if hook.running.get(key) is asyncio.current_task():
                del hook.running[key]
                if not queue and self.updates.pushed.get(key) is queue:
                    del self.updates.pushed[key]

    async def _request(self, hook: Webhook, update: Update) -> tuple[bool, int]:
        """Post an update: accepted or not, and the seconds the bot asks to wait (0: our choice)."""
        self.updates.hand_over(update)
        self.context.stats.webhook_requests += 1
        problem, retry_after = "", 0
        try:
            problem, retry_after = await self._post(hook, update)
        except TimeoutError:
            problem = "Read timeout expired"
        except aiohttp.ClientConnectorError:
            problem = "Connection refused"
        except aiohttp.ClientError:
            problem = "Webhook connection closed"
        if not problem:
            return True, 0
        hook.failures += 1
        self.context.stats.webhook_failures += 1
        hook.last_error = problem
        hook.last_error_date = self.context.clock.unix()
        self.context.signal.notify()
        return False, retry_after

    async def _post(self, hook: Webhook, update: Update) -> tuple[str, int]:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip, deflate"}
        if hook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), auto_decompress=True
            )
        async with self._session.post(
            hook.url,
            data=update.body,
            headers=headers,
            ssl=urlsplit(hook.url).hostname not in LOCAL_HOSTS,
            timeout=aiohttp.ClientTimeout(total=self.context.options.webhook_timeout),
        ) as response:
            body = await response.read()
            if 200 <= response.status <= 299:
                self._answer(response.headers.get("Content-Type", ""), body)
                return "", 0
            wait = response.headers.get("Retry-After", "")
            retry_after = min(int(wait), 3600) if wait.isdigit() else 0
            return (
                f"Wrong response from the webhook: {response.status} {response.reason}",
                retry_after,
            )

    def _answer(self, content_type: str, body: bytes) -> None:
        """Execute a method given in the body of the bot's answer."""
        if not body:
            return
        params: Json
        try:
            if "json" in content_type:
                parsed = json.loads(body)
                params = parsed if isinstance(parsed, dict) else {}
            elif "form-urlencoded" in content_type:
                params = dict(parse_qsl(body.decode()))
            else:
                return  # multipart answers are handled as nothing
        except ValueError:
            return
        method = str(params.pop("method", ""))
        lowered = method.lower()
        if method and not lowered.startswith(NOT_FROM_WEBHOOK):
            self.execute(method, params)

    async def close(self) -> None:
        """Stop everything."""
        tasks = list(self.updates.webhook.running.values()) if self.updates.webhook else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()


def _ignore(_method: str, _params: Json) -> None:
    """Nobody executes methods yet."""
