"""What can be typed in the console, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.demo import Demo
from sandbox.page.words import Refused
from sandbox.people.buttons import Press
from sandbox.people.chat import Chat
from sandbox.people.person import Person
from sandbox.server.message import Message

Json = dict[str, Any]


class BadCommand(Exception):
    """The line makes no sense here; the message says what would."""


class Player:
    """Who acts, and in which chat."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.person: Person = demo.people["anna"]
        self.place = "private"
        self.presses: list[Press] = []  # their answers are still to come
        self.news: list[str] = []  # what came of what took a while
        self.done = False

    @property
    def name(self) -> str:
        """The short name of the person who acts."""
        return next(name for name, who in self.demo.people.items() if who is self.person)

    @property
    def chat(self) -> Chat:
        """The chat in which the person acts."""
        return self.chat_named(self.place)

    @property
    def where(self) -> str:
        """The place in words."""
        if self.place == "private":
            return "in the private chat with the bot"
        kind = "channel" if self.chat.kind == "channel" else "group"
        return f"in the {kind} “{self.chat.title}”"

    def chat_named(self, place: str) -> Chat:
        """``group``, ``alerts``, ``private``, or a person's short name for their private chat."""
        group = self.demo.group
        if place == "group":
            return group.migrated_to or group
        if place == "alerts":
            return self.demo.alerts
        if place == "private":
            return self.person.chat
        if place in self.demo.people:
            return self.demo.people[place].chat
        raise BadCommand(f"no chat {place!r}; there are: group, private, alerts, or a person")

    def message(self, number: str) -> Message:
        """The message with this number in the present chat."""
        digits = number.removeprefix("#")
        found = self.chat.get(int(digits)) if digits.isdigit() else None
        if found is None:
            raise BadCommand(f"no message {number!r} in {self.chat.title}; try: show")
        return found


@dataclass(frozen=True, slots=True)
class Command:
    """One word of the console; ``act`` gets the rest of the line and returns what to print."""

    usage: str
    meaning: str
    act: Callable[[Player, str], str | None]


COMMANDS: dict[str, Command] = {}
_Act = Callable[[Player, str], str | None]


def _command(usage: str, meaning: str) -> Callable[[_Act], _Act]:
    def register(act: _Act) -> _Act:
        COMMANDS[usage.split(maxsplit=1)[0]] = Command(usage, meaning, act)
        return act

    return register


def execute(player: Player, line: str) -> str | None:
    """Do what a line says: a command, or else words that the person says."""
    word, _, rest = line.strip().partition(" ")
    if not word:
        return None
    try:
        if word in COMMANDS:
            return COMMANDS[word].act(player, rest.strip())
        return _say(player, line.strip())
    except (BadCommand, ValueError, LookupError) as problem:
        return f"! {problem}"
    except AssertionError as problem:  # a button or message that is not there
        return f"! {str(problem).splitlines()[0]}"


def _two(rest: str, usage: str) -> tuple[str, str]:
    first, _, second = rest.partition(" ")
    if not second.strip():
        raise BadCommand(f"like this: {usage}")
    return first, second.strip()


def _number(rest: str, default: float) -> float:
    try:
        return float(rest) if rest else default
    except ValueError:
        raise BadCommand(f"{rest!r} is not a number") from None


@_command("people", "who there is")
def _people(player: Player, _rest: str) -> str:
    group = player.chat_named("group")
    lines = []
    for name, person in player.demo.people.items():
        member = group.member(person)
        role = "customer"
        if member is not None and member.present:
            role = "admin" if person is player.demo.admin else "operator"
        mark = "*" if person is player.person else " "
        about = f"{person.full_name}, {role}, {person.language}, id {person.id}"
        lines.append(f"{mark} {name:10} {about}")
    return "\n".join(lines)


@_command("chats", "which chats there are")
def _chats(player: Player, _rest: str) -> str:
    lines = []
    for name in ("group", "alerts", *player.demo.people):
        chat = player.chat_named(name)
        mark = "*" if chat is player.chat else " "
        count = len(chat.messages)
        lines.append(f"{mark} {name:10} {chat.kind} {chat.title!r} ({chat.id}), {count} messages")
    return "\n".join(lines)


@_command("as PERSON", "be somebody else")
def _as(player: Player, rest: str) -> str:
    if rest not in player.demo.people:
        raise BadCommand(f"no person {rest!r}; there are: {', '.join(player.demo.people)}")
    player.person = player.demo.people[rest]
    member = player.chat_named("group").member(player.person)
    if member is None or not member.present:
        player.place = "private"
    return f"you are {player.person.full_name}, {player.where}"


@_command("in group|private|alerts", "go to another chat")
def _in(player: Player, rest: str) -> str:
    if rest not in ("group", "private", "alerts"):
        raise BadCommand("like this: in group, in private, in alerts")
    player.place = rest
    return f"you are {player.where}"


# ------------------------------------------------------------------ acting


@_command("say TEXT", "say it, even if it begins with a word of the console")
def _say(player: Player, rest: str) -> None:
    _ = player.person.say(player.chat, rest)


@_command("start [PAYLOAD]", "press Start in the private chat, as from a link")
def _start(player: Player, rest: str) -> None:
    player.place = "private"
    _ = player.person.start(rest or None)


@_command("reply N TEXT", "reply to message N")
def _reply(player: Player, rest: str) -> None:
    number, text = _two(rest, COMMANDS["reply"].usage)
    _ = player.person.reply(player.message(number), text)


@_command("press [N] LABEL", "press a button (of message N, else the newest)")
def _press(player: Player, rest: str) -> None:
    first, _, label = rest.partition(" ")
    if label.strip() and first.removeprefix("#").isdigit():
        message = player.message(first)
        press = player.person.press(label.strip(), message=message).result
    else:
        press = player.person.press(rest, in_=player.chat).result
    if press.query_id is not None:
        player.presses.append(press)


@_command("photo [CAPTION]", "send a photo")
def _photo(player: Player, rest: str) -> None:
    _ = player.person.send_photo(player.chat, caption=rest or None)


@_command("album [COUNT] [CAPTION]", "send an album of photos")
def _album(player: Player, rest: str) -> None:
    count, _, caption = rest.partition(" ")
    number = int(_number(count, 2))
    if not 2 <= number <= 10:
        raise BadCommand("an album has 2 to 10 photos")
    _ = player.person.send_album(number, player.chat, caption=caption or None)


@_command("file [NAME]", "send a document")
def _file(player: Player, rest: str) -> None:
    _ = player.person.send_document(player.chat, name=rest or "report.pdf")


@_command("voice", "send a voice message")
def _voice(player: Player, _rest: str) -> None:
    _ = player.person.send_voice(player.chat)


@_command("sticker", "send a sticker")
def _sticker(player: Player, _rest: str) -> None:
    _ = player.person.send_sticker(player.chat)


@_command("contact", "share the own phone number")
def _contact(player: Player, _rest: str) -> None:
    _ = player.person.send_contact(player.chat)


@_command("edit N TEXT", "edit the own message N")
def _edit(player: Player, rest: str) -> None:
    number, text = _two(rest, COMMANDS["edit"].usage)
    _ = player.person.edit(player.message(number), text)


@_command("react N EMOJI", "put a reaction on message N")
def _react(player: Player, rest: str) -> None:
    number, emoji = _two(rest, COMMANDS["react"].usage)
    _ = player.person.react(player.message(number), emoji)


@_command("block", "block the bot")
def _block(player: Player, _rest: str) -> str:
    _ = player.person.block_bot()
    return f"{player.person.name} has blocked the bot"


@_command("unblock", "unblock the bot")
def _unblock(player: Player, _rest: str) -> str:
    _ = player.person.unblock_bot()
    return f"{player.person.name} has unblocked the bot"


# ------------------------------------------------------------------ looking


@_command("show [CHAT] [LAST]", "the transcript of a chat with keyboards, edits, reactions")
def _show(player: Player, rest: str) -> str:
    words = rest.split()
    last = int(words.pop()) if words and words[-1].isdigit() else 20
    chat = player.chat_named(words[0]) if words else player.chat
    return chat.transcript(last, echo=False)


@_command("wrong", "what the bot did wrong so far")
def _wrong(player: Player, _rest: str) -> str:
    found = [str(violation) for violation in player.demo.world.violations]
    return "\n".join(found) or "nothing"


# ------------------------------------------------------------------ trouble


@_command("flood [SECONDS]", "answer the bot's next call with 429 (retry after so many seconds)")
def _flood(player: Player, rest: str) -> None:
    player.demo.world.faults.flood(int(_number(rest, 5)))


@_command("errors [COUNT]", "answer the bot's next calls with 500")
def _errors(player: Player, rest: str) -> None:
    player.demo.world.faults.error(500, times=int(_number(rest, 1)))


@_command("outage [SECONDS]", "refuse all connections for so many seconds")
def _outage(player: Player, rest: str) -> None:
    world = player.demo.world
    world.spawn(world.faults.restart(_number(rest, 5)))


@_command("migrate", "upgrade the operators' group to a supergroup (with --basic-group)")
def _migrate(player: Player, _rest: str) -> str:
    new = player.demo.group.migrate()
    return f"{new.title} is now {new.id}"


@_command("later SPAN", "let all clocks leap: later 90m, later 4h, later 3d")
def _later(player: Player, rest: str) -> str:
    unit = _UNITS.get(rest[-1:], 0)
    seconds = _number(rest[:-1], 0) * unit
    if not seconds:
        raise BadCommand(f"like this: {COMMANDS['later'].usage}, with m, h or d")
    return _make(player, {"do": "advance", "seconds": seconds}, f"it is {rest} later")


_UNITS = {"m": 60, "h": 3600, "d": 86400}


@_command("kill", "kill the bot; it stays dead until: revive")
def _kill(player: Player, _rest: str) -> str:
    return _make(player, {"do": "kill_bot"}, "the bot is dead")


@_command("revive", "start the bot again")
def _revive(player: Player, _rest: str) -> str:
    return _make(player, {"do": "start_bot"}, "the bot takes updates")


@_command("demo", "a small company comes in, with cameras and a few tickets")
def _demo(player: Player, _rest: str) -> str:
    return _make(player, {"do": "demo", "on": True}, "the demonstration is there")


@_command("anew", "begin anew: the demonstration and all that was said are gone")
def _anew(player: Player, _rest: str) -> str:
    return _make(player, {"do": "demo", "on": False}, "everything begins anew")


def _make(player: Player, body: Json, done: str) -> str:
    """Trouble takes its time; what came of it is printed then."""
    troubles, world = player.demo.troubles, player.demo.world
    if troubles is None:
        raise BadCommand("this sandbox does not run the bot itself")

    async def make() -> None:
        try:
            await troubles.make(body)
        except Refused as refused:
            player.news.append(f"! {refused}")
        else:
            player.news.append(done)
        world.context.touched()

    world.spawn(make())
    return "…"


@_command("help", "this list")
def _help(_player: Player, _rest: str) -> str:
    width = max(len(command.usage) for command in COMMANDS.values())
    lines = [f"  {c.usage:{width}}  {c.meaning}\n" for c in COMMANDS.values()]
    return "".join(lines) + "Anything else is said as it stands."


@_command("quit", "close the sandbox")
def _quit(player: Player, _rest: str) -> None:
    player.done = True
