"""What is offered instead of a command that there is not: nothing that acts by mistake, and
nothing that the asker may not use.
"""

from collections.abc import Iterator

import pytest

from core.words.aliases import ALIASES
from handlers.telegram.guesses import (
    ACTING,
    NEVER_GUESSED,
    closest,
    command_of,
    is_one_slip,
    with_other_names,
)
from handlers.telegram.operators.commands import COMMANDS, usable_in_group
from tests.handlers.customer.chat import PrivateChat

ALL = frozenset(COMMANDS)
NAMES = frozenset(with_other_names([*COMMANDS]))
FOR_OPERATORS = frozenset(name for name, row in COMMANDS.items() if not row.admins)


@pytest.mark.parametrize(
    ("typed", "guess"),
    [
        ("tke", "take"),
        ("взят", "взять"),
        ("waitng", "waiting"),
        ("очеред", "очередь"),
        ("просроченые", "просроченные"),
        ("всём", None),
        ("brodcast", None),
        ("offf", None),
        ("заблокироват", None),
        ("mut", None),
        ("забрат", None),
        ("обединить", None),
        ("заблокирвать", None),
        ("doen", None),
        ("азморозить", None),  # or «разморозить»
        ("заморозит", "заморозить"),
        ("взтяь", "взять"),
        ("tqke", "take"),
        ("taake", "take"),
        ("tak", "task"),  # harmless, where it may have been «take»
        ("ltae", "late"),
    ],
)
def test_a_slip_of_an_operator(typed: str, guess: str | None) -> None:
    found = closest(typed, usable_in_group(admin=False), NAMES)
    assert found == guess


@pytest.mark.parametrize(("typed", "admins"), [("stast", "stats"), ("статистка", "статистика")])
def test_what_admins_alone_may_use_is_offered_to_them_alone(typed: str, admins: str) -> None:
    assert closest(typed, usable_in_group(admin=True), NAMES) == admins
    guess = closest(typed, usable_in_group(admin=False), NAMES)
    assert guess is None or ALIASES.get(guess, guess) in FOR_OPERATORS


@pytest.mark.parametrize("admin", [False, True])
def test_no_slip_of_any_command_leads_to_what_acts_by_mistake_or_is_for_others(
    admin: bool,
) -> None:
    usable = usable_in_group(admin=admin)
    for name in NAMES:
        for slip in slips(name):
            guess = closest(slip, usable, NAMES)
            if guess is None or slip in NAMES:
                continue
            command = command_of(guess)
            assert command in (ALL if admin else FOR_OPERATORS), (slip, guess)
            assert command not in NEVER_GUESSED, (slip, guess)
            assert command not in ACTING or command == command_of(name), (name, slip, guess)


def test_most_slips_of_harmless_commands_are_understood() -> None:
    usable = usable_in_group(admin=True)
    asked = [(name, slip) for name in usable if len(name) > 4 for slip in slips(name)]
    asked = [
        (name, slip)
        for name, slip in asked
        if slip not in NAMES and command_of(name) not in NEVER_GUESSED
    ]
    wrong = [
        (name, slip)
        for name, slip in asked
        if command_of(closest(slip, usable, NAMES) or "") != command_of(name)
    ]
    assert len(wrong) < len(asked) / 20, wrong


@pytest.mark.parametrize(
    ("typed", "name", "is_one"),
    [
        ("tke", "take", True),
        ("taake", "take", True),
        ("tqke", "take", True),
        ("atke", "take", True),
        ("taek", "take", True),
        ("take", "take", True),
        ("tk", "take", False),
        ("tkae", "take", True),
        ("ekat", "take", False),
        ("takes1", "take", False),
        ("", "t", True),
        ("", "take", False),
    ],
)
def test_a_slip_is_of_one_letter_or_of_two_that_are_swapped(
    typed: str, name: str, is_one: bool
) -> None:
    assert is_one_slip(typed, name) is is_one


async def test_a_customer_is_offered_what_there_is(chat: PrivateChat, language: str) -> None:
    """This company has neither cameras nor articles."""
    anna = chat.customer("Анна", language)
    for typed, guess in {"langage": "language", "camra": None, "fqa": None, "all": None}.items():
        await chat.say(anna, f"/{typed}")
        facts = {"command": f"/{typed}"} | ({"guess": f"/{guess}"} if guess else {})
        key = "refusal.unknown_command_guess" if guess else "refusal.unknown_command"
        assert anna.last.text == chat.says(language, key, **facts)


def slips(name: str) -> Iterator[str]:
    """The name without one of its letters, or with two in the wrong order."""
    for at in range(len(name)):
        yield name[:at] + name[at + 1 :]
        yield name[:at] + name[at : at + 2][::-1] + name[at + 2 :]
