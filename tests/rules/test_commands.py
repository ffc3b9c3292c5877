"""Reading commands, and sorting messages of the group: tables, no store."""

import pytest

from channels.telegram.messages.message_parser import message_ref
from core.tickets.albums import AlbumLocation
from core.tickets.incoming import IncomingMessage
from handlers.telegram.admins import routes as admins
from handlers.telegram.operators.commands import COMMANDS, OF_ADMINS
from handlers.telegram.operators.context import (
    is_foreign,
    is_note,
    parse,
    without_head,
    without_mark,
)
from handlers.telegram.operators.group_messages import Traits, Treatment, treatment_of


def test_what_only_admins_have_in_private_is_known_in_the_group() -> None:
    assert set(admins.COMMANDS) - set(COMMANDS) == OF_ADMINS


@pytest.mark.parametrize(
    ("text", "name", "number", "words"),
    [
        ("/take 12", "take", 12, ""),
        ("/take #12", "take", 12, ""),
        ("/take №12", "take", 12, ""),
        ("/take SR-12", "take", 12, ""),
        ("/take sr–12", "take", 12, ""),
        ("/take12", "take", 12, ""),
        ("/take_12", "take", 12, ""),
        ("/take#12", "take", 12, ""),
        ("/TAKE@Help_Bot  12 ", "take", 12, ""),
        ("/взять 12", "take", 12, ""),
        ("/take", "take", None, ""),
        ("/take 12abc", "take", None, "12abc"),
        ("/take 12:30", "take", None, "12:30"),
        ("/take 0", "take", None, "0"),
        ("/take 99999999999", "take", None, "99999999999"),
        ("/reply 12 Здравствуйте", "reply", 12, "Здравствуйте"),
        ("/reply 12\nДве\nстроки", "reply", 12, "Две\nстроки"),
        ("/reply 12, проверили", "reply", 12, "проверили"),
        ("/note купить кабель", "note", None, "купить кабель"),
        ("/freeze 12 2d ждём", "freeze", 12, "2d ждём"),
        ("/freeze 2d", "freeze", None, "2d"),
        ("/find камера 12", "find", None, "камера 12"),
        ("/tke 12", "tke", 12, ""),
    ],
)
def test_a_command_is_read(text: str, name: str, number: int | None, words: str) -> None:
    command = parse(text, "help_bot", "SR-{0}")
    assert command is not None
    assert (command.name, command.number, command.words) == (name, number, words)
    assert text.rstrip()[command.at :] == words


@pytest.mark.parametrize(
    "text",
    ["", "take 12", "/", "//", "// take", "/ take", "/12", "/etc/hosts", "/take@other_bot 12"],
)
def test_everything_else_is_none(text: str) -> None:
    assert parse(text, "help_bot", "SR-{0}") is None


def test_another_bots_command_is_nobodys_answer() -> None:
    assert is_foreign("/take@other_bot 12", "help_bot")
    assert not is_foreign("/take@help_bot 12", "help_bot")
    assert not is_foreign("/take 12", "help_bot")


def test_a_figure_can_be_given_back_to_the_words() -> None:
    command = parse("/freeze 2 дня ждём", "b", "SR-{0}")
    assert command is not None and command.bare
    whole = command.without_number()
    assert (whole.number, whole.words) == (None, "2 дня ждём")
    assert "/freeze 2 дня ждём"[whole.at :] == "2 дня ждём"


def said(text: str, *entities: tuple[int, int]) -> IncomingMessage:
    listed = [{"type": "bold", "offset": o, "length": n} for o, n in entities]
    return IncomingMessage(
        message_ref(-1, 1), "text", text, {"kind": "text", "text": text, "entities": listed}
    )


def test_a_note_loses_its_mark_and_entities_keep_their_words() -> None:
    note = without_mark(said("// 😀 bold", (6, 4), (0, 2), (0, 8)))
    assert note.text == "😀 bold"
    assert [(e["offset"], e["length"]) for e in note.content["entities"]] == [(3, 4), (0, 5)]


@pytest.mark.parametrize("text", ["// inside", "//inside", " // inside", "\n//\ninside"])
def test_a_note_is_one_whatever_blank_stands_around_its_mark(text: str) -> None:
    assert is_note(text)
    assert without_mark(said(text)).text == "inside"


def test_words_with_the_mark_of_a_note_further_on_are_none() -> None:
    assert not is_note("See https://a.test")
    assert not is_note("/ / inside")


def test_what_was_attached_stays_attached() -> None:
    photo = IncomingMessage(
        message_ref(-1, 1),
        "photo",
        "/reply 12",
        {"kind": "photo", "text": "/reply 12", "entities": []},
    )
    rest = without_head(photo, len("/reply 12"))
    assert (rest.kind, rest.text, rest.content["kind"]) == ("photo", "", "photo")


ANSWERED = AlbumLocation(12, note=False)
NOTED = AlbumLocation(12, note=True)


@pytest.mark.parametrize(
    ("traits", "expected"),
    [
        (Traits(), Treatment.KEPT_INSIDE),
        (Traits(command=True), Treatment.COMMAND),
        (Traits(ticket=12, ours=True), Treatment.ANSWER),
        (Traits(ticket=12, ours=True, marked=True), Treatment.NOTE),
        (Traits(ticket=12, ours=True, command=True), Treatment.COMMAND),
        # a colleague's answer, or a note: what is said to it stays inside
        (Traits(ticket=12), Treatment.KEPT_INSIDE),
        (Traits(ticket=12, marked=True), Treatment.NOTE),
        (Traits(marked=True), Treatment.KEPT_INSIDE),
        (Traits(to_bot=True), Treatment.UNADDRESSED),
        (Traits(to_bot=True, marked=True), Treatment.KEPT_INSIDE),
        (Traits(to_bot=True, anonymous=True), Treatment.KEPT_INSIDE),
        (Traits(to_bot=True, command=True), Treatment.COMMAND),
        (Traits(ours=True), Treatment.KEPT_INSIDE),
        (Traits(begun=ANSWERED), Treatment.ANSWER),
        (Traits(begun=ANSWERED, ticket=12, ours=True), Treatment.ANSWER),
        (Traits(begun=ANSWERED, marked=True), Treatment.NOTE),
        (Traits(begun=NOTED), Treatment.NOTE),
        (Traits(begun=NOTED, ticket=12, ours=True), Treatment.NOTE),
        # whose words are nobody's
        (Traits(anonymous=True), Treatment.KEPT_INSIDE),
        (Traits(anonymous=True, command=True), Treatment.ANONYMOUS),
        (Traits(anonymous=True, ticket=12, ours=True), Treatment.ANONYMOUS),
        (Traits(borrowed=True, command=True), Treatment.IGNORED),
        (Traits(borrowed=True, ticket=12, ours=True), Treatment.IGNORED),
        (Traits(automatic=True, command=True), Treatment.IGNORED),
        (Traits(foreign=True, ticket=12, ours=True), Treatment.IGNORED),
    ],
)
def test_every_message_has_its_treatment(traits: Traits, expected: Treatment) -> None:
    assert treatment_of(traits) is expected


def test_the_table_is_whole() -> None:
    promised = (
        "take release reply note wait freeze unfreeze resolve close cancel reopen ticket journal "
        "queue my overdue find title topic undo help report outage broadcast class priority next "
        "why times new call who contact merge split similar link unlink contract assign escalate "
        "tasks task done on off teams write t tag tags views messages state "
        "mute block unblock blocked reason spent field board kb next_up transcript "
        "merge_tickets stats draft summary translate app data used"
    )
    assert set(COMMANDS) == set(promised.split())
    admins = [name for name, row in COMMANDS.items() if row.admins]
    assert admins == ["blocked", "contract", "report", "stats"]
