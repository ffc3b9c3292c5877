"""Setting, changing and removing the webhook."""

from __future__ import annotations

import re
import time
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from sandbox.server.errors import bad_request, too_many_requests
from sandbox.server.polling import LongPolling
from sandbox.server.updates import Update, Updates, Webhook
from sandbox.server.webhook import LOCAL_HOSTS, WebhookDelivery

Json = dict[str, Any]


class WebhookSettings:
    """``setWebhook``, ``deleteWebhook`` and ``getWebhookInfo``."""

    def __init__(self, updates: Updates, polling: LongPolling, delivery: WebhookDelivery) -> None:
        self.updates = updates
        self.polling = polling
        self.delivery = delivery
        self._next_set = 0.0

    def set_webhook(self, params: Json) -> str:
        """``setWebhook``: returns the description of the answer."""
        url = str(params.get("url") or "")
        if not url:
            return self.delete_webhook(drop=bool(params.get("drop_pending_updates")))
        now = time.monotonic()
        if now < self._next_set:
            raise too_many_requests(1)
        self._next_set = now + 1.0
        secret = str(params.get("secret_token") or "")
        _check_address(url)
        _check_secret(secret)
        if params.get("drop_pending_updates"):
            self.updates.clear()
        limit = min(max(int(params.get("max_connections") or 40), 1), 100)
        same = (
            self.updates.webhook is not None
            and self.updates.webhook.url == url
            and (self.updates.webhook.secret or "") == secret
            and self.updates.webhook.max_connections == limit
        )
        self.updates.allow(params.get("allowed_updates"))
        if same and not params.get("drop_pending_updates"):
            return "Webhook is already set"
        self.polling.end("terminated by setWebhook request")
        waiting = self.delivery.stop()
        self.updates.webhook = Webhook(url, secret or None, limit, params.get("ip_address"))
        waiting += list(self.updates.queue)
        self.updates.queue.clear()
        for update in sorted(waiting, key=lambda u: u.id):
            self.delivery.push(update)
        self.updates.context.signal.notify()
        return "Webhook was set"

    def forget_last_set(self) -> None:
        """Allow the next ``setWebhook`` at once instead of one per second."""
        self._next_set = 0.0

    def delete_webhook(self, *, drop: bool) -> str:
        """``deleteWebhook``."""
        had = self.updates.webhook is not None
        waiting = self.delivery.stop()
        if drop:
            self.updates.clear()
        else:
            together: list[Update] = [*waiting, *self.updates.queue]
            self.updates.queue = deque(sorted(together, key=lambda u: u.id))
        self.updates.context.signal.notify()
        return "Webhook was deleted" if had else "Webhook is already deleted"

    def info(self) -> Json:
        """``WebhookInfo``."""
        hook = self.updates.webhook
        data: Json = {
            "url": hook.url if hook else "",
            "has_custom_certificate": bool(hook and hook.certificate),
            "pending_update_count": self.updates.pending,
        }
        if hook is not None:
            data["max_connections"] = hook.max_connections
            if hook.ip_address:
                data["ip_address"] = hook.ip_address
            if hook.last_error:
                data["last_error_date"] = hook.last_error_date
                data["last_error_message"] = hook.last_error
        if self.updates.allowed is not None:
            data["allowed_updates"] = sorted(self.updates.allowed)
        return data


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    local = parts.hostname in LOCAL_HOSTS
    if not parts.hostname or parts.scheme not in ("https", "http"):
        raise bad_request("invalid webhook URL specified", violation="bad_webhook")
    if parts.scheme == "http" and not local:
        raise bad_request(
            "bad webhook: An HTTPS URL must be provided for webhook", violation="bad_webhook"
        )
    # the sandbox accepts local addresses and any port of theirs; Telegram does not
    if not local and (parts.port or 443) not in (443, 80, 88, 8443):
        raise bad_request(
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
            violation="bad_webhook",
        )


def _check_secret(secret: str) -> None:
    if len(secret) > 256:
        raise bad_request("secret token is too long", violation="bad_webhook")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad_request("secret token contains unallowed characters", violation="bad_webhook")
