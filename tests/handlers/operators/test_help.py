"""What help names works where it is read, for whoever reads it (`matrix_rule` says what works, and
`test_matrix` holds the running desk against it).
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import pytest

from channels.telegram.screens import help as help_screen
from channels.telegram.screens.bot_profile import (
    ADMIN_IN_GROUP,
    ADMIN_IN_PRIVATE,
    CUSTOMER,
    OPERATOR,
)
from channels.telegram.screens.card import ASSISTED
from channels.telegram.screens.screen import Renderer
from core.words.aliases import ALIASES, LISTS
from tests.handlers.operators.group import Group
from tests.handlers.operators.matrix_rule import RULE

# A command as Telegram makes a link of it; not the end of an address or of a fraction.
_NAMED: Final = re.compile(r"(?<![\w/<])/([a-zа-яё_]+)")


def named(text: str) -> set[str]:
    """The commands that a text names, by their own names."""
    found = set(_NAMED.findall(text)) - LISTS
    return {ALIASES.get(name, name) for name in found}


async def in_private(group: Group, who: Any, words: str) -> str:
    await who.say(words)
    await group.settle()
    return str(who.last.text)


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_what_help_names_in_private_works_there(group: Group, language: str) -> None:
    await group.says(group.olga, "/on")
    people: Sequence[tuple[str, Any]] = [
        *(("customer", group.anna), ("operator", group.olga), ("admin", group.boss))
    ]
    for who, person in people:
        person.language = language
        for words in ("/help", "/start"):
            told = named(await in_private(group, person, words))
            assert told <= RULE[who, "private"].commands, (who, words)
            assert told or words == "/start", who


async def test_in_private_each_command_for_those_who_work_here_is_named(group: Group) -> None:
    await group.says(group.olga, "/on")
    told = named(await in_private(group, group.olga, "/help"))
    assert {"queue", "my", "views", "find", "new", "call", "who", "why", "teams"} <= told
    assert not {"report", "stats", "setup"} & told
    told = named(await in_private(group, group.boss, "/help"))
    assert {"queue", "report", "stats", "setup", "quarantine", "directory"} <= told


async def test_saved_lists_are_shown_in_private(group: Group) -> None:
    await group.says(group.olga, "/on")
    assert "группе операторов" not in await in_private(group, group.olga, "/views")


def test_what_help_names_in_the_group_works_there() -> None:
    sections = help_screen.SECTIONS
    for section, names in sections.items():
        who = "admin" if section == help_screen.FOR_ADMINS else "operator"
        assert {*names} - {*ASSISTED} <= RULE[who, "group"].commands, section
    assert {*help_screen.IN_PRIVATE} <= RULE["admin", "private"].commands


async def test_each_section_in_the_group_names_only_what_works(group: Group) -> None:
    sections = [name for name in help_screen.SECTIONS if name != help_screen.FOR_ADMINS]
    for language in ("ru", "en"):
        renderer = Renderer(group.texts, language, group.clock(), group.desk.company.zone)
        for section in sections:
            told = named(help_screen.draw(renderer, section, admin=False).html)
            assert told <= RULE["operator", "group"].commands, section
        told = named(help_screen.draw(renderer, help_screen.FOR_ADMINS, admin=True).html)
        assert told <= RULE["admin", "group"].commands | RULE["admin", "private"].commands


def test_what_the_menu_offers_works() -> None:
    offered = {
        ("customer", "private"): CUSTOMER,
        ("operator", "group"): OPERATOR,
        ("admin", "group"): ADMIN_IN_GROUP,
        ("admin", "private"): ADMIN_IN_PRIVATE,
    }
    for place, names in offered.items():
        assert {*names} - {*ASSISTED} <= RULE[place].commands, place
