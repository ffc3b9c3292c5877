"""Telegram's webhook: the secret before the body, the inbox before the 200 (R1, S14)."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from handlers.http.precedence import WEBHOOK, WEBHOOK_HEADER
from handlers.http.problems import Problem

PATH: Final = WEBHOOK
HEADER: Final = WEBHOOK_HEADER


@dataclass(frozen=True, slots=True)
class Webhook:
    """``store`` keeps a raw update and returns after the commit; False: it is no update."""

    secret: str
    store: Callable[[bytes], Awaitable[bool]]


def webhook_routes(webhook: Webhook) -> APIRouter:
    """``POST /telegram``. Telegram repeats what was not answered with 200."""
    routes = APIRouter()
    secret = webhook.secret.encode()

    @routes.post(PATH)
    async def telegram(request: Request) -> Response:
        given = request.headers.get(HEADER, "").encode("latin-1")
        if not hmac.compare_digest(given, secret):
            raise Problem(HTTPStatus.UNAUTHORIZED, "unauthorized")
        if not await webhook.store(await request.body()):
            raise Problem(HTTPStatus.BAD_REQUEST, "no_update")
        return Response(status_code=HTTPStatus.OK)

    return routes
