"""`python -m bot key`: made beside the running desk, printed once, listed without its secret."""

import re

import pytest

from bot.cli import parse_arguments
from bot.commands import FINE, WRONG
from bot.commands.key import command
from bot.settings import load_settings
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.integrations.keys import find_key


async def test_a_key_is_made_listed_and_revoked(
    own_sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    url = own_sqlite_url
    database = Database(url)
    desk = Desk(database, Company())
    database.lock()  # the desk is running

    async def run(*arguments: str) -> tuple[int, str]:
        settings = load_settings({"DATABASE_URL": url})
        code = await command(settings, parse_arguments(["key", *arguments]))
        out, err = capsys.readouterr()
        return code, out + err

    scopes = ("--scope", "tickets:read", "--scope", "tickets:write")
    code, printed = await run("create", "shop", *scopes)
    assert code == FINE and re.fullmatch(r"fd_[\w-]{43}\n", printed)
    key = await desk.read(find_key, printed.strip())
    assert key is not None and key.scopes == {"tickets:read", "tickets:write"}
    code, listed = await run("list")
    assert code == FINE and listed.startswith("shop\ttickets:read tickets:write\tmade ")
    assert printed.strip() not in listed
    for wrong, told in (
        (("create", "shop", *scopes), "already"),
        (("create", "x", "--scope", "all"), "tickets:read"),
        (("create",), "needs a name"),
        (("revoke", "crm"), "There is no key"),
    ):
        code, said = await run(*wrong)
        assert code == WRONG and told in said
    assert (await run("revoke", "shop"))[0] == FINE
    assert await desk.read(find_key, printed.strip()) is None
    await database.close()
