"""Mail is connected as the settings say."""

from pathlib import Path
from typing import Final

import pytest

from bot.app import company_of
from bot.mail import mail_handler
from bot.settings import load_settings
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.files import FolderStore
from core.texts import Texts

LOCALES: Final = Path(__file__).parents[2] / "locales"
MAIL: Final = {
    "SMTP_URL": "smtps://mail.example.com",
    "MAIL_FROM": "Support <desk@example.com>",
    "SUPPORT_ADDRESSES": "help@example.com",
    "MAIL_BLACKLIST": "spam@example.net",
}


@pytest.mark.parametrize(("setting", "kept"), [("on", True), ("off", False)])
async def test_a_blacklisted_senders_mail_is_kept_as_junk_by_the_setting(
    own_sqlite_url: str, tmp_path: Path, setting: str, kept: bool
) -> None:
    database = Database(own_sqlite_url)
    desk = Desk(database, Company(language="en"))
    settings = load_settings({**MAIL, "MAIL_JUNK": setting})
    texts = Texts.load(LOCALES, "en")
    handler = mail_handler(settings, desk, texts, FolderStore(tmp_path))
    assert company_of(settings).mail_junk is kept
    assert "spam@example.net" in handler.junk_reason("spam@example.net")
    assert company_of(settings).mail_blacklist == ("spam@example.net",)
    assert set(handler.own) == {"help@example.com", "desk@example.com"}
    await database.close()
