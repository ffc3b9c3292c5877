"""The settings: read from the environment, checked in full before anything starts.

Every variable has one name, without a prefix, and is read from the environment or from `.env` (the
environment wins; an empty value counts as not set). All faults are reported at once, one line each,
and no line repeats a value that may be a secret.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, PlainValidator, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot import setting_types
from core.company import Limit

DOTENV: Final = ".env"

Duration = Annotated[timedelta, PlainValidator(setting_types.duration)]
Limited = Annotated[Limit | None, PlainValidator(setting_types.limit_or_off)]
Mailboxes = Annotated[tuple[str, ...], NoDecode, PlainValidator(setting_types.mailboxes)]
Chat = Annotated[int, AfterValidator(setting_types.group)]
Token = Annotated[SecretStr, AfterValidator(setting_types.bot_token)]
WebhookSecret = Annotated[SecretStr, AfterValidator(setting_types.webhook_secret)]
Database = Annotated[SecretStr, AfterValidator(setting_types.database)]
Smtp = Annotated[SecretStr, AfterValidator(setting_types.outgoing)]
Imap = Annotated[tuple[SecretStr, ...], NoDecode, PlainValidator(setting_types.mail_sources)]
Proxy = Annotated[SecretStr, AfterValidator(setting_types.proxy)]
SecretWeb = Annotated[SecretStr, AfterValidator(setting_types.secret_web)]
Web = Annotated[str, AfterValidator(setting_types.web("https", "http"))]
ModelServer = Annotated[str, AfterValidator(setting_types.model_server)]


class WrongConfiguration(Exception):
    """The environment cannot be used; `faults` has one line for each thing wrong with it."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class Settings(BaseSettings):
    """All settings, each named as its variable."""

    model_config = SettingsConfigDict(
        env_file=DOTENV,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )

    bot_token: Token | None = None
    telegram_api_url: Web | None = None
    telegram_proxy: Proxy | None = None
    database_url: Database = SecretStr("sqlite+aiosqlite:///data/frontdoor.db")

    operator_chat_id: Chat | None = None
    alert_chat_id: Chat | None = None
    admin_ids: Annotated[tuple[int, ...], NoDecode, PlainValidator(setting_types.people)] = ()

    company_name: str = ""
    default_language: Annotated[Literal["ru", "en"], BeforeValidator(setting_types.lower)] = "ru"
    timezone: Annotated[ZoneInfo, PlainValidator(setting_types.time_zone)] = ZoneInfo(
        "Europe/Moscow"
    )

    answer_deadline: Duration = timedelta(days=3)
    remind_before: Duration = timedelta(hours=4)
    rating_wait: Annotated[timedelta | None, PlainValidator(setting_types.duration_or_off)] = (
        timedelta(3)
    )
    unassigned_wait: Annotated[timedelta | None, PlainValidator(setting_types.duration_or_off)] = (
        timedelta(minutes=10)
    )
    sweep_interval: Annotated[Duration, AfterValidator(setting_types.tick)] = timedelta(seconds=5)
    outage_faults: Annotated[int, PlainValidator(setting_types.several_or_off)] = 3
    outage_window: Duration = timedelta(minutes=30)
    message_limit: Limited = Limit(10, timedelta(minutes=1))
    ticket_limit: Limited = Limit(10, timedelta(hours=1))

    smtp_url: Smtp | None = None
    mail_from: Annotated[str, AfterValidator(setting_types.sender)] | None = None
    mail_alerts_to: Mailboxes = ()
    imap_url: Imap = ()
    support_addresses: Mailboxes = ()
    number_mask: Annotated[str, AfterValidator(setting_types.number_mask)] = "SR-{0}"
    number_in_body: Annotated[bool, PlainValidator(setting_types.on_or_off)] = False
    mail_authorities: Annotated[tuple[str, ...], NoDecode, PlainValidator(setting_types.names)] = ()
    mail_when_silent: Annotated[timedelta | None, PlainValidator(setting_types.duration_or_off)] = (
        None
    )
    mail_blacklist: Annotated[tuple[str, ...], NoDecode, PlainValidator(setting_types.names)] = ()
    mail_junk: Annotated[bool, PlainValidator(setting_types.on_or_off)] = False
    assistant_url: ModelServer | None = None
    assistant_key: SecretStr | None = None
    assistant_model: str = ""
    assistant_calls: Annotated[int | None, PlainValidator(setting_types.count_or_off)] = 200
    assistant_tokens: Annotated[int | None, PlainValidator(setting_types.count_or_off)] = 500_000
    assistant_timeout: Annotated[Duration, AfterValidator(setting_types.patience)] = timedelta(
        minutes=1
    )
    update_copies_dir: Path | None = None
    files_url: Annotated[str, AfterValidator(setting_types.files)] = "file://data/files"

    webhook_url: Web | None = None
    webhook_secret: WebhookSecret | None = None
    http_listen: Annotated[tuple[str, int], NoDecode, PlainValidator(setting_types.listen)] = (
        "127.0.0.1",
        8080,
    )
    public_url: Web | None = None
    telegram_login_secret: SecretStr | None = None
    ping_url: SecretWeb | None = None
    sentry_dsn: Annotated[SecretStr, AfterValidator(setting_types.sentry_dsn)] | None = None

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(setting_types.lower)
    ] = "info"
    log_format: Annotated[Literal["console", "json"], BeforeValidator(setting_types.lower)] = (
        "console"
    )

    @property
    def serves_http(self) -> bool:
        """Whether something is served over HTTP: it was asked for, or something needs it."""
        asked = "http_listen" in self.model_fields_set
        return asked or self.webhook_url is not None or self.public_url is not None

    def secrets(self) -> tuple[str, ...]:
        """Return the values that a log must not show."""
        given = (
            self.bot_token,
            self.webhook_secret,
            self.telegram_login_secret,
            self.ping_url,
            self.sentry_dsn,
        )
        hidden = [secret for secret in (*given, self.assistant_key) if secret]
        named = (self.database_url, self.smtp_url, *self.imap_url, self.telegram_proxy)
        urls = [url for url in named if url]
        passwords = [urlsplit(url.get_secret_value()).password or "" for url in urls]
        return tuple(
            dict.fromkeys(
                secret
                for secret in (
                    *(secret.get_secret_value() for secret in hidden),
                    *passwords,
                    *map(unquote, passwords),  # libraries quote it back as they used it
                )
                if secret
            )
        )


class _Given(Settings):
    """The settings from one mapping alone, without the machine's environment."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Self:
        named = {name.lower(): value for name, value in env.items() if value}
        return cls.model_validate({name: named[name] for name in cls.model_fields if name in named})


NAMES: Final = tuple(name.upper() for name in Settings.model_fields)

# A valid value for each variable that can be wrong.
EXAMPLES: Final[Mapping[str, str]] = {
    "BOT_TOKEN": "123456789:AA-the-rest-of-what-BotFather-gave",
    "TELEGRAM_API_URL": "https://api.telegram.org",
    "TELEGRAM_PROXY": "socks5://user:password@proxy.example.com:1080",
    "DATABASE_URL": "postgresql+asyncpg://frontdoor:password@localhost/frontdoor",
    "OPERATOR_CHAT_ID": "-1001234567890",
    "ALERT_CHAT_ID": "-1009876543210",
    "ADMIN_IDS": "123456789,987654321",
    "COMPANY_NAME": "Example Ltd",
    "DEFAULT_LANGUAGE": "ru",
    "TIMEZONE": "Europe/Moscow",
    "ANSWER_DEADLINE": "3d",
    "REMIND_BEFORE": "4h",
    "RATING_WAIT": "3d or off",
    "UNASSIGNED_WAIT": "10m or off",
    "SWEEP_INTERVAL": "5s",
    "OUTAGE_FAULTS": "3",
    "OUTAGE_WINDOW": "30m",
    "MESSAGE_LIMIT": "10/1m or off",
    "TICKET_LIMIT": "10/1h or off",
    "SMTP_URL": "smtp+starttls://user:password@mail.example.com:587",
    "MAIL_FROM": "Support <support@example.com>",
    "MAIL_ALERTS_TO": "head@example.com,duty@example.com",
    "IMAP_URL": "imaps://user:password@mail.example.com/INBOX",
    "SUPPORT_ADDRESSES": "support@example.com,help@example.com",
    "NUMBER_MASK": "SR-{0}",
    "NUMBER_IN_BODY": "on",
    "MAIL_AUTHORITIES": "mx.example.com",
    "MAIL_WHEN_SILENT": "4h or off",
    "MAIL_BLACKLIST": "spam@example.net,@example.org,noreply",
    "MAIL_JUNK": "on",
    "ASSISTANT_URL": "http://127.0.0.1:11434/v1",
    "ASSISTANT_KEY": "sk-0a1b2c",
    "ASSISTANT_MODEL": "qwen3:8b",
    "ASSISTANT_CALLS": "200 or off",
    "ASSISTANT_TOKENS": "500000 or off",
    "ASSISTANT_TIMEOUT": "1m",
    "UPDATE_COPIES_DIR": "/mnt/other-disk/updates",
    "FILES_URL": "file://data/files",
    "WEBHOOK_URL": "https://bot.example.com/telegram",
    "WEBHOOK_SECRET": "sixteen-or-more_A-Za-z0-9",
    "HTTP_LISTEN": "127.0.0.1:8080",
    "PUBLIC_URL": "https://support.example.com",
    "TELEGRAM_LOGIN_SECRET": "9f86d081884c7d659a2feaa0c55ad015",
    "PING_URL": "https://hc.example.com/ping/0a1b2c",
    "SENTRY_DSN": "https://0a1b2c@sentry.example.com/7",
    "LOG_LEVEL": "info",
    "LOG_FORMAT": "json",
}


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Read and check the environment over `.env`, or `env` alone when it is given.

    Raises WrongConfiguration with a line for each fault.
    """
    try:
        settings = Settings() if env is None else _Given.read(env)
    except ValidationError as wrong:
        lines = {error["loc"][0]: _line(error) for error in wrong.errors(include_input=False)}
        raise WrongConfiguration(lines.values()) from None  # the cause may quote what was given
    if faults := tuple(_combined_faults(settings)):
        raise WrongConfiguration(faults)
    return settings


def unknown_variables(env: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return hints at names that look like misspelt ones of ours."""
    given = {**dotenv_values(DOTENV), **os.environ} if env is None else env
    return tuple(
        f"{name} is not a variable of Frontdoor: did you mean {near[0]}?"
        for name in sorted(given)
        if name.upper() not in NAMES
        and (near := difflib.get_close_matches(name.upper(), NAMES, n=1, cutoff=0.85))
    )


def _line(error: ErrorDetails) -> str:
    name = str(error["loc"][0]).upper()
    return f"{name} {_reason(error)} (for example {name}={EXAMPLES[name]})"


def _reason(error: ErrorDetails) -> str:
    match error["type"]:
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
        case "literal_error":
            return "must be " + str(error.get("ctx", {}).get("expected")).replace("'", "")
        case kind if kind.startswith("int_"):
            return "must be a whole number"
        case _:
            return "cannot be read"


def _combined_faults(settings: Settings) -> Iterable[str]:
    """Yield faults between variables: one needs another, or contradicts it."""
    if settings.webhook_url and not settings.webhook_secret:
        yield _missing("WEBHOOK_SECRET", "WEBHOOK_URL, or anybody could post updates")
    # a Bot API server of one's own may post without TLS in a private network; Telegram never does
    bare = (settings.webhook_url or "").startswith("http:")
    if bare and not settings.telegram_api_url:
        yield f"WEBHOOK_URL must begin with https:// (for example {EXAMPLES['WEBHOOK_URL']})"
    if settings.smtp_url and not settings.mail_from:
        yield _missing("MAIL_FROM", "SMTP_URL")
    if settings.mail_alerts_to and not settings.smtp_url:
        yield _missing("SMTP_URL", "MAIL_ALERTS_TO")
    if settings.mail_when_silent and not settings.smtp_url:
        yield _missing("SMTP_URL", "MAIL_WHEN_SILENT")
    if settings.imap_url and not settings.support_addresses:
        yield _missing("SUPPORT_ADDRESSES", "IMAP_URL")
    if settings.imap_url and not settings.smtp_url:
        yield _missing("SMTP_URL", "IMAP_URL, or nobody who writes a mail could be answered")
    if settings.assistant_url and not settings.assistant_model.strip():
        yield _missing("ASSISTANT_MODEL", "ASSISTANT_URL")
    both_given = {"remind_before", "answer_deadline"} <= settings.model_fields_set
    if both_given and settings.remind_before >= settings.answer_deadline:
        yield "REMIND_BEFORE must be shorter than ANSWER_DEADLINE (for example 4h and 3d)"


def _missing(name: str, because: str) -> str:
    return f"{name} is missing, and needed by {because} (for example {name}={EXAMPLES[name]})"
