"""Every variable, what it means when right, and the one line it earns when wrong."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from bot.settings import EXAMPLES, NAMES, WrongConfiguration, load_settings, unknown_variables
from core.company import Limit

CANARY = "c4naryN3verShown"
WEBHOOK = {"WEBHOOK_URL": "https://bot.example.com/t", "WEBHOOK_SECRET": "0123456789abcdef"}
MAIL = {"SMTP_URL": "smtps://mail.example.com", "MAIL_FROM": "support@example.com"}


def faults(env: Mapping[str, str]) -> tuple[str, ...]:
    with pytest.raises(WrongConfiguration) as refused:
        load_settings(env)
    return refused.value.faults


def test_nothing_at_all_is_a_complete_configuration() -> None:
    settings = load_settings({})
    assert settings.bot_token is None
    assert settings.database_url.get_secret_value() == "sqlite+aiosqlite:///data/frontdoor.db"
    assert settings.timezone == ZoneInfo("Europe/Moscow")
    assert settings.answer_deadline == timedelta(days=3)
    assert settings.rating_wait == timedelta(days=3)
    assert settings.http_listen == ("127.0.0.1", 8080)


@pytest.mark.parametrize(
    ("asked", "serves"),
    [
        ({}, False),
        ({"HTTP_LISTEN": ""}, False),
        ({"HTTP_LISTEN": "127.0.0.1:8080"}, True),
        ({"PUBLIC_URL": "https://bot.example.com"}, True),
        (WEBHOOK, True),
    ],
)
def test_http_is_served_only_where_it_is_asked_for_or_something_needs_it(
    asked: Mapping[str, str], serves: bool
) -> None:
    assert load_settings(asked).serves_http is serves


def test_every_example_we_show_is_accepted() -> None:
    assert set(EXAMPLES) == set(NAMES)
    either = {name: value.removesuffix(" or off") for name, value in EXAMPLES.items()}
    load_settings(either)


def test_empty_values_count_as_not_set() -> None:
    assert load_settings(dict.fromkeys(NAMES, "")) == load_settings({})


@pytest.mark.parametrize(
    ("name", "value", "meaning"),
    [
        ("ADMIN_IDS", "1, 22,,22 ", (1, 22)),
        ("ANSWER_DEADLINE", "90s", timedelta(seconds=90)),
        ("ANSWER_DEADLINE", " 15M ", timedelta(minutes=15)),
        ("REMIND_BEFORE", "4h", timedelta(hours=4)),
        ("SWEEP_INTERVAL", "1s", timedelta(seconds=1)),
        ("RATING_WAIT", "off", None),
        ("RATING_WAIT", "0", None),
        ("UNASSIGNED_WAIT", "off", None),
        ("MAIL_WHEN_SILENT", "off", None),
        ("MESSAGE_LIMIT", "20/90s", Limit(20, timedelta(seconds=90))),
        ("TICKET_LIMIT", "5/1h", Limit(5, timedelta(hours=1))),
        ("TICKET_LIMIT", "off", None),
        ("UNASSIGNED_WAIT", "90s", timedelta(seconds=90)),
        ("OUTAGE_FAULTS", "5", 5),
        ("OUTAGE_FAULTS", "off", 0),
        ("OUTAGE_WINDOW", "1h", timedelta(hours=1)),
        ("ASSISTANT_CALLS", "off", None),
        ("ASSISTANT_CALLS", "5", 5),
        ("ASSISTANT_TIMEOUT", "5m", timedelta(minutes=5)),
        ("TIMEZONE", "Asia/Yekaterinburg", ZoneInfo("Asia/Yekaterinburg")),
        ("DEFAULT_LANGUAGE", "EN", "en"),
        ("LOG_LEVEL", "DEBUG", "debug"),
        ("OPERATOR_CHAT_ID", "-100500", -100500),
        ("TELEGRAM_API_URL", "http://127.0.0.1:8081/", "http://127.0.0.1:8081"),
        ("NUMBER_MASK", "№{0}", "№{0}"),
        ("NUMBER_MASK", "SR2026-{0}", "SR2026-{0}"),
        ("HTTP_LISTEN", "[::1]:9000", ("::1", 9000)),
        ("COMPANY_NAME", "Ромашка", "Ромашка"),
        ("SUPPORT_ADDRESSES", "a@b.example, c@d.example", ("a@b.example", "c@d.example")),
    ],
)
def test_a_value_means(name: str, value: str, meaning: object) -> None:
    assert getattr(load_settings({name: value}), name.lower()) == meaning


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:///data/x.db",
        "sqlite+aiosqlite:////var/lib/frontdoor/x.db",
        "postgresql+asyncpg://u:p@host:5432/desk",
        "postgresql+asyncpg://u@/desk?host=/run/postgresql",
    ],
)
def test_databases_we_can_use(url: str) -> None:
    assert load_settings({"DATABASE_URL": url}).database_url.get_secret_value() == url


@pytest.mark.parametrize("scheme", ["smtp", "smtps", "smtp+starttls"])
def test_mail_leaves_by_any_of_three_schemes(scheme: str) -> None:
    host = "127.0.0.1" if scheme == "smtp" else "mail.example.com"
    load_settings({**MAIL, "SMTP_URL": f"{scheme}://user:password@{host}:25"})


def test_mail_leaves_unprotected_only_when_that_is_said() -> None:
    load_settings({**MAIL, "SMTP_URL": "smtp://mail.example.com:25?insecure=1"})


@pytest.mark.parametrize("where", ["mail.example.com/INBOX?insecure=1", "127.0.0.1", "localhost"])
def test_mail_is_fetched_unprotected_from_this_machine_or_when_that_is_said(where: str) -> None:
    load_settings({**MAIL, "SUPPORT_ADDRESSES": "a@example.com", "IMAP_URL": f"imap://u:p@{where}"})


REFUSED = [
    ("BOT_TOKEN", "hello", "is not a bot token"),
    ("BOT_TOKEN", "123:abc def", "is not a bot token"),
    ("BOT_TOKEN", "bot123456:AAAAAA", "is not a bot token"),
    ("TELEGRAM_API_URL", "api.telegram.org", "must begin with https:// or http://"),
    ("TELEGRAM_API_URL", "https://", "names no host"),
    ("ASSISTANT_URL", "https://u:c4nary@ai.example.com/v1", "hold no user"),
    ("ASSISTANT_URL", "https://ai.example.com/v1?version=2", "must end with its path"),
    ("ASSISTANT_CALLS", "0", "must be a whole number from 1"),
    ("ASSISTANT_TOKENS", "many", "must be a whole number from 1"),
    ("ASSISTANT_TIMEOUT", "1h", "must be between 1 second and 10 minutes"),
    ("TELEGRAM_PROXY", "proxy.example.com:1080", "must begin with socks5:// or http://"),
    ("TELEGRAM_PROXY", "socks4://proxy.example.com:1080", "must begin with socks5://"),
    ("TELEGRAM_PROXY", "socks5://proxy.example.com", "names no port"),
    ("DATABASE_URL", "sqlite:///x.db", "must begin with sqlite+aiosqlite:///"),
    ("DATABASE_URL", "postgresql://u:p@h/db", "must begin with"),
    ("DATABASE_URL", "mysql+aiomysql://u:p@h/db", "must begin with"),
    ("DATABASE_URL", "sqlite+aiosqlite://", "must name a file"),
    ("DATABASE_URL", "sqlite+aiosqlite://data/x.db", "must name a file after three slashes"),
    ("DATABASE_URL", "sqlite+aiosqlite:///:memory:", "forgets every ticket"),
    ("DATABASE_URL", "postgresql+asyncpg://u:p@host", "names no database"),
    ("DATABASE_URL", "postgresql+asyncpg://u:p@host:port/db", "is not a well-formed address"),
    ("MESSAGE_LIMIT", "10", "is not a duration"),
    ("MESSAGE_LIMIT", "many/1m", "must be a number from 1 to 1000, a slash and a duration"),
    ("OPERATOR_CHAT_ID", "support", "must be a whole number"),
    ("OPERATOR_CHAT_ID", "100500", "their ids are negative"),
    ("OPERATOR_CHAT_ID", "-1.5", "must be a whole number"),
    ("ALERT_CHAT_ID", "@alerts", "must be a whole number"),
    ("ALERT_CHAT_ID", "0", "their ids are negative"),
    ("ADMIN_IDS", "@anna", "must be ids of people"),
    ("ADMIN_IDS", "1;2", "must be ids of people"),
    ("ADMIN_IDS", "-100500", "must be ids of people"),
    ("ADMIN_IDS", "0", "must be ids of people"),
    ("ADMIN_IDS", "1,1087968824", "has 1087968824, an account of Telegram's own"),
    ("ADMIN_IDS", "777000", "has 777000"),
    ("ADMIN_IDS", "136817688", "has 136817688"),
    ("DEFAULT_LANGUAGE", "de", "must be ru or en"),
    ("TIMEZONE", "Moscow", "is not a time zone"),
    ("TIMEZONE", "../../etc/passwd", "is not a time zone"),
    ("TIMEZONE", "Europe", "is not a time zone"),
    ("ANSWER_DEADLINE", "3", "is not a duration"),
    ("ANSWER_DEADLINE", "3 days", "is not a duration"),
    ("ANSWER_DEADLINE", "-3d", "is not a duration"),
    ("ANSWER_DEADLINE", "off", "is not a duration"),
    ("ANSWER_DEADLINE", "0d", "longer than nothing"),
    ("REMIND_BEFORE", "4ч", "is not a duration"),
    ("OUTAGE_FAULTS", "1", "must be a whole number from 2"),
    ("OUTAGE_FAULTS", "три", "must be a whole number from 2"),
    ("REMIND_BEFORE", "٤h", "is not a duration"),
    ("RATING_WAIT", "never", "is not a duration"),
    ("SWEEP_INTERVAL", "off", "is not a duration"),
    ("SWEEP_INTERVAL", "0s", "longer than nothing"),
    ("SMTP_URL", "mail.example.com", "must begin with smtp:// or smtps:// or smtp+starttls://"),
    ("SMTP_URL", "https://mail.example.com", "must begin with smtp://"),
    ("SMTP_URL", "smtp://", "names no host"),
    ("SMTP_URL", "smtp://mail.example.com", "sends mail unprotected"),
    ("MAIL_FROM", "support", "is not an e-mail address"),
    ("MAIL_FROM", "Support support@example.com", "is not an e-mail address"),
    ("MAIL_FROM", "Support\nBcc: x <support@example.com>", "is not an e-mail address"),
    ("MAIL_ALERTS_TO", "head@example.com duty@example.com", "must be e-mail addresses"),
    ("IMAP_URL", "pop3://user:password@mail.example.com", "must begin with imaps://"),
    ("IMAP_URL", "imaps://mail.example.com/INBOX", "names no user or no host"),
    ("IMAP_URL", "imap://u:secret@mail.example.com", "sends the password unprotected"),
    ("IMAP_URL", "imaps://u:p@mail.example.com?secure=no", "has the unknown option secure"),
    ("FILES_URL", "/srv/files", "must be a folder as file://"),
    ("NUMBER_IN_BODY", "yes", "must be on or off"),
    ("SUPPORT_ADDRESSES", "support", "must be e-mail addresses"),
    ("NUMBER_MASK", "SR-", "must contain {0} once"),
    ("NUMBER_MASK", "{0}{0}", "must contain {0} once"),
    ("NUMBER_MASK", "{number}", "must contain {0} once"),
    ("NUMBER_MASK", "{0.__class__}", "must contain {0} once"),
    ("NUMBER_MASK", "SR2{0}", "no digit or brace beside it"),
    ("WEBHOOK_URL", "bot.example.com", "must begin with"),
    ("WEBHOOK_SECRET", "short", "must be 16 to 256 characters"),
    ("WEBHOOK_SECRET", "0123456789 abcdef", "must be 16 to 256 characters"),
    ("HTTP_LISTEN", "8080", "must be a host, a colon and a port"),
    ("HTTP_LISTEN", "127.0.0.1:99999", "must be a host, a colon and a port"),
    ("LOG_LEVEL", "loud", "must be debug, info, warning or error"),
    ("LOG_FORMAT", "xml", "must be console or json"),
]


@pytest.mark.parametrize(("name", "value", "reason"), REFUSED)
def test_a_wrong_value_earns_one_line(name: str, value: str, reason: str) -> None:
    (line,) = faults({name: value})
    assert line.startswith(f"{name} ")
    assert reason in line
    assert "\n" not in line
    assert line.endswith(f"(for example {name}={EXAMPLES[name]})")


def test_all_faults_are_told_at_once() -> None:
    lines = faults({"TIMEZONE": "Mars", "ADMIN_IDS": "me", "LOG_LEVEL": "loud", "BOT_TOKEN": "1:1"})
    assert sorted(line.split()[0] for line in lines) == [
        "ADMIN_IDS",
        "BOT_TOKEN",
        "LOG_LEVEL",
        "TIMEZONE",
    ]


@pytest.mark.parametrize(
    ("env", "fault"),
    [
        ({"WEBHOOK_URL": "https://bot.example.com"}, "WEBHOOK_SECRET is missing"),
        ({**WEBHOOK, "WEBHOOK_URL": "http://bot.example.com"}, "WEBHOOK_URL must begin with https"),
        ({"SMTP_URL": "smtps://mail.example.com"}, "MAIL_FROM is missing"),
        ({"MAIL_ALERTS_TO": "head@example.com"}, "SMTP_URL is missing"),
        ({"MAIL_WHEN_SILENT": "4h"}, "SMTP_URL is missing, and needed by MAIL_WHEN_SILENT"),
        (
            {**MAIL, "IMAP_URL": "imaps://u:p@mail.example.com/INBOX"},
            "SUPPORT_ADDRESSES is missing",
        ),
        (
            {"IMAP_URL": "imaps://u:p@mail.example.com", "SUPPORT_ADDRESSES": "a@example.com"},
            "SMTP_URL is missing",
        ),
        ({"ASSISTANT_URL": "http://127.0.0.1:11434/v1"}, "ASSISTANT_MODEL is missing"),
        ({"ANSWER_DEADLINE": "1h", "REMIND_BEFORE": "2h"}, "REMIND_BEFORE must be shorter"),
    ],
)
def test_variables_that_need_each_other(env: Mapping[str, str], fault: str) -> None:
    (line,) = faults(env)
    assert line.startswith(fault)


def test_a_bot_api_server_of_ones_own_may_post_without_tls() -> None:
    inside = {"WEBHOOK_URL": "http://127.0.0.1:9000/t", "TELEGRAM_API_URL": "http://127.0.0.1:8081"}
    load_settings({**WEBHOOK, **inside})


def test_a_short_deadline_alone_does_not_quarrel_with_the_default_reminder() -> None:
    assert load_settings({"ANSWER_DEADLINE": "10s"}).answer_deadline == timedelta(seconds=10)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOT_TOKEN", f"{CANARY}:wrong"),
        ("DATABASE_URL", f"mysql://u:{CANARY}@host/db"),
        ("DATABASE_URL", f"postgresql+asyncpg://u:1@host:{CANARY}/db"),
        ("DATABASE_URL", f"postgresql+asyncpg://u:1@[{CANARY}/db"),
        ("SMTP_URL", f"smtp://u:{CANARY}@"),
        ("IMAP_URL", f"pop://u:{CANARY}@host"),
        ("WEBHOOK_SECRET", f"{CANARY} {CANARY}"),
    ],
)
def test_a_fault_never_repeats_a_secret(name: str, value: str) -> None:
    with pytest.raises(WrongConfiguration) as refused:
        load_settings({name: value})
    assert CANARY not in repr(refused.value.faults)
    assert CANARY.lower() not in repr(refused.value.faults).lower()
    assert refused.value.__suppress_context__


def test_settings_can_be_printed_without_giving_anything_away() -> None:
    settings = load_settings(
        {
            "BOT_TOKEN": f"123456789:{CANARY}",
            "DATABASE_URL": f"postgresql+asyncpg://u:{CANARY}@host/db",
            "WEBHOOK_SECRET": CANARY,
            "ASSISTANT_KEY": CANARY,
        }
    )
    assert CANARY not in repr(settings)
    assert CANARY not in str(settings)


def test_a_log_is_told_every_secret_also_as_libraries_spell_it() -> None:
    settings = load_settings(
        {
            **MAIL,
            "BOT_TOKEN": "42:testing",
            "DATABASE_URL": "postgresql+asyncpg://u:pass%20word@host/db",
            "SMTP_URL": "smtps://u:mail-word@host",
            "TELEGRAM_PROXY": "socks5://u:proxy-word@host:1080",
            "ASSISTANT_KEY": "sk-word",
        }
    )
    passwords = {"sk-word", "pass%20word", "pass word", "mail-word", "proxy-word"}
    assert set(settings.secrets()) == {"42:testing", *passwords}


def test_of_every_setting_that_is_a_secret_a_log_is_told() -> None:
    alone = {name: value.removesuffix(" or off") for name, value in EXAMPLES.items()}
    given = {name: value.replace(":password@", f":{name}@") for name, value in alone.items()}
    settings = load_settings(given)
    told, forgotten = {*settings.secrets()}, []
    for name, value in settings:
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, SecretStr):
                secret = one.get_secret_value()
                forgotten += [] if {secret, urlsplit(secret).password} & told else [name]
    assert forgotten == []


def test_names_with_a_slip_are_hinted_at() -> None:
    hints = unknown_variables(
        {"BOT_TOKE": "1", "OPERATORS_CHAT_ID": "2", "BOT_TOKEN": "3", "PATH": "/bin", "HOME": "/"}
    )
    assert hints == (
        "BOT_TOKE is not a variable of Frontdoor: did you mean BOT_TOKEN?",
        "OPERATORS_CHAT_ID is not a variable of Frontdoor: did you mean OPERATOR_CHAT_ID?",
    )


def test_unknown_variables_are_ignored() -> None:
    load_settings({"BOT_TOKE": "nonsense", "PATH": "/bin"})


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("COMPANY_NAME=file\nLOG_LEVEL=error\nLOG_FORMATT=json\n", "utf-8")
    monkeypatch.setenv("COMPANY_NAME", "environment")
    settings = load_settings()
    assert (settings.company_name, settings.log_level) == ("environment", "error")
    assert any(hint.startswith("LOG_FORMATT ") for hint in unknown_variables())
