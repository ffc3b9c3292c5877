"""Which requests go first where the loop is busy, and which are answered before anything else."""

import hmac
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

Scope = Mapping[str, Any]

HEALTH: Final = "/healthz"
READINESS: Final = "/readyz"
WEBHOOK: Final = "/telegram"
WEBHOOK_HEADER: Final = "x-telegram-bot-api-secret-token"
_QUICK: Final = frozenset({HEALTH, READINESS})


class Precedence(IntEnum):
    """Who goes first. Quick and usual ones take turns: neither keeps the others waiting."""

    CHAT = 0
    """What people have written, brought by Telegram: it waits for nobody."""

    QUICK = 1
    """Whether the desk is well."""

    USUAL = 2


def precedence_of(scope: Scope, secret: str | None = None) -> Precedence:
    """Return when a request has its turn; ``secret``: by which Telegram is known."""
    path = scope["path"]
    if path in _QUICK:
        return Precedence.QUICK
    if path == WEBHOOK and secret is not None and _knows(scope, secret):
        return Precedence.CHAT
    return Precedence.USUAL


def _knows(scope: Scope, secret: str) -> bool:
    name = WEBHOOK_HEADER.encode()
    given = next((value for known, value in scope["headers"] if known == name), b"")
    return hmac.compare_digest(given, secret.encode())
