"""A small world to try the desk in by hand: three customers, three operators, an admin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from sandbox.mail import MailServers
from sandbox.people.chat import Chat
from sandbox.people.person import Person
from sandbox.people.world import Starting, World
from sandbox.sample_model import SampleModel

Json = dict[str, Any]

# What to type first, by the desk's language; the labels are those of the desk.
_STEPS: Final = """\
Or type here, line by line:

  start                     you are the customer {anna}, and meet the desk
  {words:<24}  say what is wrong …
  {open:<24}  … and press the button that opens a ticket
  as olga                   now be an operator
  in group                  … in the operators' group
  {take:<24}  take the ticket
  show                      see the group; every message has its number
  {reply:<24}  answer the customer; N is the number of the card
  as anna                   … and see it arrive

The company has cameras, two teams and an agreement:

  start cam_MOS_12_23       come by the link of a camera of {anna}'s …
  {fault:<24}  … and say what is wrong with it
  as olga                   be the operator again, in the group
  in group
  show                      the card shows the camera, deadlines and a task
  reply N /escalate         … to the second line; also /why, /tasks, /assign,
                            /next {next}, /similar, /call +79031112233
"""
TOUR: Final = {
    "ru": _STEPS.format(
        anna="Анна",
        words="камера не работает",
        open="press Открыть",
        take="press Взять",
        reply="reply N Добрый день!",
        fault="press Нет изображения",
        next="завтра 10:00",
    ),
    "en": _STEPS.format(
        anna="Anna",
        words="the camera is dark",
        open="press Open",
        take="press Take",
        reply="reply N Good morning!",
        fault="press No picture",
        next="tomorrow 10:00",
    ),
}

# By the desk's language: what the chats are called.
GROUP: Final = {"ru": "Операторы", "en": "Operators"}
ALERTS: Final = {"ru": "Просрочки", "en": "Overdue"}


@dataclass(frozen=True, slots=True)
class Role:
    """One of the people: their Telegram id, their name by the desk's language. A ``foreign``
    customer's app does not speak the desk's language."""

    name: str
    id: int
    names: dict[str, tuple[str, str | None]]
    username: str | None = None
    phone: str | None = None
    foreign: bool = False

    def about(self, language: str) -> Json:
        """What Telegram knows of them where the desk speaks ``language``."""
        first, last = self.names[language]
        spoken = {"ru": "en", "en": "ru"}[language] if self.foreign else language
        return {"first_name": first, "last_name": last, "language": spoken}


PEOPLE: Final = (
    Role(
        name="anna",
        id=512340101,
        names={"ru": ("Анна", "Смирнова"), "en": ("Anna", "Smith")},
        username="anna_s",
        phone="79161234567",
    ),
    Role("boris", 512340102, {"ru": ("Борис", None), "en": ("Boris", None)}, phone="79031112233"),
    Role(
        name="john",
        id=512340103,
        names={"ru": ("John", None), "en": ("Иван", None)},
        username="john",
        phone="447700900123",
        foreign=True,
    ),
    Role("olga", 512340201, {"ru": ("Ольга", None), "en": ("Olga", None)}, "olga_op"),
    Role("oleg", 512340202, {"ru": ("Олег", None), "en": ("Oleg", None)}, "oleg_op"),
    Role("irina", 512340203, {"ru": ("Ирина", None), "en": ("Irina", None)}),
    Role(
        name="petrovna",
        id=512340301,
        names={"ru": ("Анна Петровна", None), "en": ("Anna Petrovna", None)},
        username="petrovna",
    ),
)
# What an admin has written after `/contract`, and who belongs to that account.
CONTRACT: Final = {
    "ru": "ТСЖ «Лермонтовское»; Д-12; always",
    "en": "Lermontov House; D-12; always",
}
SIGNED_BY = "boris"
ON_DUTY = "oleg"


class TroubleControl(Protocol):
    """Trouble on purpose, and clocks that leap; the page has them."""

    async def make(self, body: Json) -> Json:
        """Do what ``body["do"]`` says; raises the page's :class:`Refused` if it cannot be."""
        ...

    async def advance(self, body: Json) -> Json:
        """Let all clocks leap by ``body["seconds"]``."""
        ...


@dataclass(slots=True)
class Demo:
    """The people and chats of the demonstration."""

    world: World
    people: dict[str, Person]  # by the short name that the console knows
    group: Chat
    alerts: Chat
    admin: Person
    language: str = "ru"
    troubles: TroubleControl | None = None  # where there is a page
    mail: MailServers | None = None
    model: SampleModel | None = None
    news: list[str] = field(default_factory=list)  # what the console has to print

    @property
    def untouched(self) -> bool:
        """Nobody of its people has done anything yet."""
        return not any(
            isinstance(message.sender, Person)
            for chat in self.world.chats.values()
            for message in chat.messages
        )

    def environment(self) -> dict[str, str]:
        """What the bot must be started with to live in this world."""
        return {
            "BOT_TOKEN": self.world.token,
            "TELEGRAM_API_URL": self.world.api_url,
            "OPERATOR_CHAT_ID": str((self.group.migrated_to or self.group).id),
            "ALERT_CHAT_ID": str(self.alerts.id),
            "ADMIN_IDS": str(self.admin.id),
            "DEFAULT_LANGUAGE": self.language,
        } | self._of_servers()

    def _of_servers(self) -> dict[str, str]:
        """What leads to the servers beside this world, as far as there are any."""
        servers = [one for one in (self.mail, self.model) if one is not None]
        return {name: value for one in servers for name, value in one.environment().items()}

    def begin_anew(self, language: str | None = None, *, forum: bool | None = None) -> None:
        """An empty world: who came later is gone, who left is back, nothing was ever said.

        From now on the desk speaks this ``language``, its group is a ``forum``; ``None``: as ever.
        """
        self.world.forget()
        self._speak(language or self.language)
        group = self.group.migrated_to or self.group
        self.world.context.options.private_topics = False
        if forum is not None and group.kind == "supergroup":
            _ = group.make_forum(enabled=forum)
        if self.mail is not None:
            self.mail.forget()
        staying = {person.id for person in self.people.values()}
        for stranger in self.world.people.keys() - staying:
            del self.world.people[stranger], self.world.chats[stranger]
        for chat in (group, self.alerts):
            for gone in set(chat.members) - staying - {self.world.bot_id}:
                del chat.members[gone]
            for person in self.people.values():
                member = chat.members.get(person.id)
                if member is not None and not member.present:
                    member.status = "member"
                if member is not None:
                    member.user = person.to_json()

    def _speak(self, language: str) -> None:
        """Call people and chats as the ``language`` does; whoever types hears what to type."""
        if language == self.language:
            return
        self.language = language
        self.news.append(TOUR[language])
        for role in PEOPLE:
            person = self.people[role.name]
            for name, value in role.about(language).items():
                setattr(person, name, value)
        (self.group.migrated_to or self.group).title = GROUP[language]
        self.alerts.title = ALERTS[language]


def start(**options: Any) -> Starting:
    """A world as strict as Telegram (privacy mode, rate limits); ``options`` of :class:`World`."""
    strict = {"privacy": True, "rate_limits": True}
    names = {"bot_username": "frontdoor_bot", "bot_name": "Frontdoor"}
    return World.start(**(strict | names | options))


def build(
    world: World,
    *,
    basic_group: bool = False,
    forum: bool = False,
    language: str = "ru",
    mail: MailServers | None = None,
    model: SampleModel | None = None,
) -> Demo:
    """Fill the world of a desk that speaks ``language``.

    With ``basic_group`` the operators' group can still be upgraded, as a ``forum`` it has topics;
    ``mail``: where its customers' mailboxes are; ``model``: what its assistant asks.
    Everybody has an id of their own in every world, so that files can name them.
    """
    people = {
        role.name: world.user(
            **role.about(language), id=role.id, username=role.username, phone=role.phone
        )
        for role in PEOPLE
    }
    admin = people["petrovna"]
    operators = [people["olga"], people["oleg"], people["irina"]]
    make = world.group if basic_group else world.supergroup
    group = make(GROUP[language], members=operators, owner=admin, bot="admin")
    if forum and not basic_group:
        _ = group.make_forum()
    alerts = world.channel(ALERTS[language], members=operators, owner=admin, bot="admin")
    return Demo(world, people, group, alerts, admin, language, mail=mail, model=model)
