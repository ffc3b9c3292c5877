"""What is offered instead of a command that there is not: nothing that acts by mistake, and
nothing that the asker may not use.
"""

from collections.abc import Iterator

import pytest

from core.words.aliases import ALIASES, LISTS
from handlers.telegram.guesses import NEVER_GUESSED, closest
from handlers.telegram.operators.commands import COMMANDS, usable_in_group
from tests.handlers.customer.chat import PrivateChat

ALL = frozenset(COMMANDS)
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
    ],
)
def test_a_slip_of_an_operator(typed: str, guess: str | None) -> None:
    found = closest(typed, usable_in_group(admin=False))
    assert found == guess


@pytest.mark.parametrize(("typed", "admins"), [("stast", "stats"), ("статистка", "статистика")])
def test_what_admins_alone_may_use_is_offered_to_them_alone(typed: str, admins: str) -> None:
    assert closest(typed, usable_in_group(admin=True)) == admins
    guess = closest(typed, usable_in_group(admin=False))
    assert guess is None or ALIASES.get(guess, guess) in FOR_OPERATORS


@pytest.mark.parametrize("admin", [False, True])
def test_no_slip_of_any_command_leads_to_what_acts_by_mistake_or_is_for_others(
    admin: bool,
) -> None:
    usable = usable_in_group(admin=admin)
    for name in (*COMMANDS, *ALIASES, *LISTS):
        for slip in slips(name):
            guess = closest(slip, usable)
            if guess is None:
                continue
            command = "queue" if guess in LISTS else ALIASES.get(guess, guess)
            assert command in (ALL if admin else FOR_OPERATORS), (slip, guess)
            assert command not in NEVER_GUESSED, (slip, guess)


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
