"""Examines whether HTTP is served, and leads here from outside."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
)

from bot.commands.checks.result import Finding, first_line
from bot.http_server import CannotListen, open_socket
from bot.settings import Settings

# Seconds that one request of ours may take.
_HTTP_PATIENCE: Final = aiohttp.ClientTimeout(total=10)


async def examine_http(settings: Settings, bot: Bot) -> AsyncIterator[Finding]:
    """Ask the running desk over HTTP, or take its address for a moment; then look at the webhook
    from outside, as Telegram does.
    """
    if not settings.serves_http:
        return
    host, port = settings.http_listen
    here = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    async with aiohttp.ClientSession(timeout=_HTTP_PATIENCE) as session:
        runs = port != 0 and await _status(session.get(f"{here}/healthz")) == HTTPStatus.OK
        yield Finding(f"HTTP is served on {here}", True) if runs else _can_listen(settings)
        if settings.public_url is not None and runs:
            yield await _public_url_leads_here(session, settings.public_url)
        if settings.webhook_url is not None and runs:
            status = await _status(session.post(settings.webhook_url))
            yield _webhook_leads_here(settings.webhook_url, status)
            yield await _webhook_as_telegram_sees_it(settings.webhook_url, bot)


async def _public_url_leads_here(session: aiohttp.ClientSession, url: str) -> Finding:
    """Look where links of ours lead: at the desk, under a certificate for that name."""
    asked = f"{url.rstrip('/')}/healthz"
    try:
        async with session.get(asked, allow_redirects=False) as answer:
            ours = answer.status == HTTPStatus.OK and await answer.content.read(3) == b"ok"
            if ours:
                return Finding(f"PUBLIC_URL {url} leads to the desk", True)
            other = answer.status if answer.status != HTTPStatus.OK else "with a page of another"
            seen, remedy = f"answers {other}, not as the desk", "let the proxy pass all of it"
    except aiohttp.ClientConnectorCertificateError as error:
        seen = f"has a certificate that does not count: {error.certificate_error}"
        remedy = "renew it, or name in PUBLIC_URL what it was made out for"
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        seen, remedy = f"cannot be reached from here: {type(error).__name__}", "look at the proxy"
    return Finding(f"PUBLIC_URL {url} {seen}", False, f"{remedy}; links in messages lead there")


async def _status(request: Any) -> int | None:
    try:
        async with request as response:
            return int(response.status)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


def _can_listen(settings: Settings) -> Finding:
    try:
        open_socket(settings.http_listen).close()
    except CannotListen as error:
        return Finding(str(error), False, "set HTTP_LISTEN to a free address of this machine")
    return Finding("HTTP_LISTEN is free; the desk serves HTTP there when it runs", True)


def _webhook_leads_here(url: str, status: int | None) -> Finding:
    if status == HTTPStatus.UNAUTHORIZED:
        return Finding("WEBHOOK_URL leads to the desk, which refuses who has no secret", True)
    seen = "cannot be reached from here" if status is None else f"answers {status} instead of 401"
    remedy = "let the proxy pass it to /telegram of HTTP_LISTEN"
    return Finding(f"WEBHOOK_URL {url} {seen}", False, remedy)


async def _webhook_as_telegram_sees_it(url: str, bot: Bot) -> Finding:
    try:
        info = await bot.get_webhook_info()
    except AiogramError as error:
        return Finding("Telegram does not tell of the webhook", False, first_line(error))
    if info.url != url:
        remedy = "start the desk, it sets the webhook; another desk with this token would undo it"
        return Finding(f"Telegram has another webhook: {info.url or 'none'}", False, remedy)
    if info.pending_update_count and info.last_error_message:
        remedy = "look at the proxy, the certificate and the firewall"
        return Finding(f"Telegram does not get through: {info.last_error_message}", False, remedy)
    return Finding("Telegram brings updates to the webhook", True)
