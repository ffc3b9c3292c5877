"""``python -m bot check``: examines all that the desk needs; says how to mend what is wrong."""

import argparse

from bot.app import bot_of
from bot.commands import FINE, WRONG
from bot.commands.checks.elsewhere import (
    examine_assistant,
    examine_error_reports,
    examine_sign_of_life,
)
from bot.commands.checks.http import examine_http
from bot.commands.checks.mail import examine_mail, examine_mailboxes, examine_records
from bot.commands.checks.result import Finding
from bot.commands.checks.storage import (
    examine_copies,
    examine_database,
    examine_files,
    examine_heartbeat,
)
from bot.commands.checks.telegram import examine_telegram
from bot.settings import Settings


async def command(settings: Settings, _: argparse.Namespace) -> int:
    """Print every finding. Returns 2 if one of them is not fine."""
    findings = await examine(settings)
    for finding in findings:
        print(finding)
    return FINE if all(finding.fine for finding in findings) else WRONG


async def examine(settings: Settings) -> list[Finding]:
    """Examine everything; one fault does not stop the rest."""
    findings = [finding async for finding in examine_database(settings)]
    findings += [finding async for finding in examine_heartbeat(settings)]
    findings.append(await examine_files(settings))
    findings += examine_copies(settings)
    findings += [finding async for finding in examine_assistant(settings)]
    if settings.bot_token is None:
        findings.append(
            Finding(
                "no BOT_TOKEN", False, "get one from @BotFather; without it only the sandbox runs"
            )
        )
        return findings
    bot = bot_of(settings, settings.bot_token)
    try:
        findings += [finding async for finding in examine_telegram(settings, bot)]
        findings += [finding async for finding in examine_http(settings, bot)]
    finally:
        await bot.session.close()
    findings += [finding async for finding in examine_mail(settings)]
    findings += [finding async for finding in examine_records(settings)]
    findings += [finding async for finding in examine_mailboxes(settings)]
    findings += [finding async for finding in examine_sign_of_life(settings)]
    findings += [finding async for finding in examine_error_reports(settings)]
    return findings
