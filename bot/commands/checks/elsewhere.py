"""Examines what the desk calls elsewhere: the assistant, `PING_URL`, reports of errors."""

from collections.abc import AsyncIterator, Collection
from typing import Final
from urllib.parse import urlsplit

from bot.commands.checks.result import Finding
from bot.error_reports import NotTaken, try_out
from bot.settings import Settings
from bot.sign_of_life import NotHeard, call
from handlers.mail.mailbox_url import is_loopback

# Seconds that the assistant's server may take to say which models it has.
_MODEL_PATIENCE: Final = 10.0


async def examine_assistant(settings: Settings) -> AsyncIterator[Finding]:
    """Ask the assistant's server which models it has; that costs nothing."""
    url, model = settings.assistant_url, settings.assistant_model.strip()
    if url is None:
        return
    from channels.assistant.client import ModelClient
    from core.assistant.model import ModelError

    key = settings.assistant_key
    secret = None if key is None else key.get_secret_value().strip()
    client = ModelClient(url, model, secret, _MODEL_PATIENCE)
    try:
        yield _model_is_there(url, model, await client.models())
    except ModelError as error:
        remedy = f"look at ASSISTANT_URL and ASSISTANT_KEY ({error}); the desk works without it"
        yield Finding(f"the assistant at {url} does not answer", False, remedy)
    finally:
        await client.close()
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        yield Finding(f"what the assistant at {url} is asked is not encrypted on its way", True)


def _model_is_there(url: str, model: str, offered: Collection[str]) -> Finding:
    """Servers that list no models are taken at their word."""
    if not offered or model in offered:
        return Finding(f"the assistant at {url} answers, with {model}", True)
    listed = ", ".join(sorted(offered)[:8])
    return Finding(f"the assistant at {url} has no model {model}", False, f"it has: {listed}")


async def examine_sign_of_life(settings: Settings) -> AsyncIterator[Finding]:
    """Call the machine elsewhere that waits for signs of life."""
    if settings.ping_url is None:
        return
    try:
        await call(settings.ping_url)
    except NotHeard as why:
        remedy = f"look at PING_URL: it must answer a GET with 2xx ({why})"
        yield Finding("the sign of life does not arrive", False, remedy)
    else:
        yield Finding("the sign of life arrives", True)


async def examine_error_reports(settings: Settings) -> AsyncIterator[Finding]:
    """Ask the Sentry server whether it takes reports with this key."""
    if settings.sentry_dsn is None:
        return
    try:
        await try_out(settings.sentry_dsn)
    except NotTaken as why:
        remedy = f"look at SENTRY_DSN: copy it from the project's settings in Sentry ({why})"
        yield Finding("errors cannot be reported to Sentry", False, remedy)
    else:
        yield Finding("errors can be reported to Sentry", True)
