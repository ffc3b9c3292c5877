"""Rules that imports cannot show. Each failure says the rule, and each place that breaks it."""

import io
import re
import tokenize

import pytest

from tests.code_rules import detectors
from tests.code_rules.source import EDGES, PACKAGES, Detector, faults, modules, parsed, told

# Where an instant enters the desk; everybody else has tx.now or is handed a clock.
CLOCKMAKERS = ("core/desk.py",)
EMPTY_NAMES = {
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "manager",
    "managers",
    "base",
    "misc",
}
REASON = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!\([^)]+\): \S+ \S+)")


def test_only_the_desk_commits() -> None:
    found = faults(detectors.commits, *PACKAGES, allowed=("core/desk.py", "core/db/", "core/db.py"))
    assert not found, told("one action, one transaction: use desk.run, never commit", found)


def test_only_the_desk_reads_the_clock() -> None:
    found = faults(detectors.clocks, *PACKAGES, allowed=CLOCKMAKERS)
    assert not found, told("the instant is frozen once: use tx.now, or be handed a clock", found)


def test_no_language_is_written_in_logic() -> None:
    found = faults(detectors.cyrillic, *EDGES, "core", allowed=("core/words/",))
    assert not found, told("sentences live in locales/, understood words in core/words/", found)


def test_nobody_is_answered_with_a_literal() -> None:
    found = faults(detectors.sentences, *EDGES)
    assert not found, told("what people read comes from the catalogue, by key", found)


def test_logic_asks_flags_and_categories_never_state_codes() -> None:
    found = faults(detectors.state_codes, *PACKAGES, allowed=("core/tickets/default_workflow.py",))
    assert not found, told("states are rows a company edits: ask a flag or a category", found)


# Not written anew yet; the list only gets shorter (ADR 17).
BY_SESSION = (
    *("core/delivery/", "core/people/", "core/setup/desk_health.py"),
    *("core/equipment/faults.py", "core/inbox.py"),
    *("core/tickets/albums.py", "core/tickets/card.py", "core/tickets/customer_tickets.py"),
    *("core/tickets/delivery_results.py", "core/tickets/incoming.py", "core/tickets/sweep.py"),
    *("core/tickets/new_ticket_digest.py", "core/tickets/unassigned.py"),
)


def test_actions_ask_tx_for_rows() -> None:
    found = faults(detectors.session_calls, "core", allowed=BY_SESSION)
    assert not found, told("ask by find, get, all, first, rows; see core/tx.py", found)


def test_only_delivery_writes_outbox_rows() -> None:
    found = faults(detectors.outbox_writes, *PACKAGES, allowed=("core/delivery/", "core/models/"))
    assert not found, told("emit an event, and say in the table of notices who hears of it", found)


def test_a_locked_row_may_be_referred_to() -> None:
    found = faults(detectors.whole_locks, *PACKAGES)
    assert not found, told("hold a row by tx.get(…, hold=True), or with key_share=True", found)


def test_a_process_that_a_test_starts_ends_with_the_test() -> None:
    allowed, words = ("tests/code_rules/detectors.py",), ("python(", "sys.executable")
    found = faults(detectors.untied, "tests", "tools", allowed=allowed, words=words)
    assert not found, told("start it by sandbox.process.tied(python(…)), or as a BotProcess", found)


# They call nobody themselves: errors' names, addresses, sockets that listen, commands by hand; and
# reports of errors, which a thread of their own sends, nobody waits for.
CALL_NOBODY = (
    *("channels/telegram/client/api_errors.py", "channels/email/refusals.py"),
    *("channels/telegram/client/http_connection.py", "bot/http_server.py"),
    *("bot/commands/checks/", "bot/commands/mail_dns.py", "bot/demo/", "bot/error_reports.py"),
)


def test_who_calls_another_machine_asks_whether_a_transaction_is_open() -> None:
    found = faults(detectors.unasked_calls, *PACKAGES, allowed=CALL_NOBODY)
    assert not found, told("before a call: core.tx.demand_no_transaction (R4)", found)


def test_modules_are_named_after_what_they_do() -> None:
    found = [
        module.name
        for module in modules(*PACKAGES, "sandbox", "tests", "tools", "migrations")
        if EMPTY_NAMES & set(module.name.removesuffix(".py").split("/"))
    ]
    assert not found, told(f"a name must say something; {sorted(EMPTY_NAMES)} do not", found)


def test_what_is_left_undone_says_why() -> None:
    found = [
        f"{module.name}:{token.start[0]} {token.string}"
        for module in modules(*PACKAGES, "sandbox", "tests", "tools", "migrations")
        if REASON.search(module.text)
        for token in tokenize.generate_tokens(io.StringIO(module.text).readline)
        if token.type == tokenize.COMMENT and REASON.search(token.string)
    ]
    assert not found, told("write TODO(who or which issue): why it waits", found)


# Where the core may name Telegram, and why.
NAMES_TELEGRAM = {
    "core/addresses.py": "the name of the channel that files mean, and examples of addresses",
    "core/directory/kinds/teams.py": "the directory names people and groups as Telegram does",
    "core/equipment/csv_file.py": "the file of cameras names owners as Telegram does",
    "core/delivery/pacing.py": "whose limits its figures are",
}
A_MESSENGERS = re.compile(r"telegram_?id|user_?name", re.IGNORECASE)
NAMED = re.compile(r"telegram|user_?name", re.IGNORECASE)


def test_the_core_knows_addresses_and_no_messenger() -> None:
    found = [
        f"{module.name}:{number} {line.strip()}"
        for module in modules("core")
        for number, line in enumerate(module.text.splitlines(), 1)
        if (A_MESSENGERS if module.name in NAMES_TELEGRAM else NAMED).search(line)
    ]
    assert not found, told("compare addresses; only a channel knows what stands in one", found)


@pytest.mark.parametrize(
    ("detector", "bad", "good"),
    [
        (detectors.commits, "await session.commit()", "await desk.run(take)"),
        (detectors.outbox_writes, "update(OutboxRow).values(x=1)", "select(OutboxRow)"),
        (detectors.outbox_writes, "OutboxRow(kind='x')", "x: OutboxRow"),
        (
            detectors.outbox_writes,
            "from core.delivery.outbox import post, row",
            "from core.delivery.outbox import post",
        ),
        (detectors.outbox_writes, "await outbox.write(tx, rows)", "await outbox.post(tx, chat)"),
        (detectors.clocks, "x = datetime.now(UTC)", "x = tx.now"),
        (detectors.clocks, "clock = time.time", "clock = time.monotonic"),
        (detectors.untied, "Popen([sys.executable])", "Popen(tied(python('-m', 'bot')))"),
        (detectors.untied, "subprocess.run(python('x'))", "asyncio.run(main())"),
        (
            detectors.whole_locks,
            "query.with_for_update(of=Ticket)",
            "query.with_for_update(of=Ticket, key_share=True)",
        ),
        (
            detectors.unasked_calls,
            "import aiohttp",
            "import aiohttp\ndemand_no_transaction('x')",
        ),
        (detectors.cyrillic, "x = 'Взять'", "'''Взять'''"),
        (detectors.cyrillic, "x = f'№ {n} взят'", "x = 'taken'  # взят"),
        (detectors.sentences, "message.answer('Taken')", "message.answer(say('ticket.taken'))"),
        (detectors.sentences, "bot.send_message(1, f'Hi {x}')", "bot.send_message(1, text)"),
        (detectors.sentences, "m.reply(text='Hi ' + x)", "m.reply('ticket.taken')"),
        (detectors.state_codes, "if code == 'resolved': ...", "if state.resolution: ..."),
        (
            detectors.state_codes,
            "if t.state in ('new', 'x'): ...",
            "if state.category == 'new': ...",
        ),
        (detectors.state_codes, "match x:\n case 'frozen': ...", "match x:\n case 'photo': ..."),
    ],
)
def test_the_detectors_see_what_they_should(detector: Detector, bad: str, good: str) -> None:
    assert list(detector(parsed(bad)))
    assert not list(detector(parsed(good)))
