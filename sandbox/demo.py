"""A small world to try the desk in by hand: three customers, three operators, an admin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

from sandbox.mail import MailServers
from sandbox.people.chat import Chat
from sandbox.people.person import Person
from sandbox.people.world import Starting, World

Json = dict[str, Any]

# What to type first; the labels are those of the desk in Russian.
TOUR = """\
Or type here, line by line:

  start                     you are the customer Anna, and meet the desk
  камера не работает        say what is wrong …
  press Открыть             … and press the button that opens a ticket
  as olga                   now be an operator
  in group                  … in the operators' group
  press Взять               take the ticket
  show                      see the group; every message has its number
  reply N Добрый день!      answer the customer; N is the number of the card
  as anna                   … and see it arrive

The company has cameras, two teams and an agreement:

  start cam_MOS_12_23       come by the link of a camera of Anna's …
  press Нет изображения     … and say what is wrong with it
  as olga                   be the operator again, in the group
  in group
  show                      the card shows the camera, deadlines and a task
  reply N /escalate         … to the second line; also /why, /tasks, /assign,
                            /next завтра 10:00, /similar, /call +79031112233
"""

# Short name, Telegram id, first name, what else is known of them.
PEOPLE: Final[tuple[tuple[str, int, str, dict[str, str]], ...]] = (
    (
        *("anna", 512340101, "Анна"),
        {"last_name": "Смирнова", "language": "ru", "username": "anna_s", "phone": "79161234567"},
    ),
    ("boris", 512340102, "Борис", {"language": "ru", "phone": "79031112233"}),
    ("john", 512340103, "John", {"language": "en", "username": "john", "phone": "447700900123"}),
    ("olga", 512340201, "Ольга", {"language": "ru", "username": "olga_op"}),
    ("oleg", 512340202, "Олег", {"language": "ru", "username": "oleg_op"}),
    ("irina", 512340203, "Ирина", {"language": "ru"}),
    ("petrovna", 512340301, "Анна Петровна", {"language": "ru", "username": "petrovna"}),
)
# What an admin has written after `/contract`, and who belongs to that account.
CONTRACT = "ТСЖ «Лермонтовское»; Д-12; always"
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
    troubles: TroubleControl | None = None  # where there is a page
    mail: MailServers | None = None

    def environment(self) -> dict[str, str]:
        """What the bot must be started with to live in this world."""
        return {
            "BOT_TOKEN": self.world.token,
            "TELEGRAM_API_URL": self.world.api_url,
            "OPERATOR_CHAT_ID": str((self.group.migrated_to or self.group).id),
            "ALERT_CHAT_ID": str(self.alerts.id),
            "ADMIN_IDS": str(self.admin.id),
        } | ({} if self.mail is None else self.mail.environment())

    def begin_anew(self) -> None:
        """An empty world: who came later is gone, who left is back, nothing was ever said."""
        self.world.forget()
        if self.mail is not None:
            self.mail.forget()
        staying = {person.id for person in self.people.values()}
        for stranger in self.world.people.keys() - staying:
            del self.world.people[stranger], self.world.chats[stranger]
        group = self.group.migrated_to or self.group
        for chat in (group, self.alerts):
            for gone in set(chat.members) - staying - {self.world.bot_id}:
                del chat.members[gone]
            for person in self.people.values():
                member = chat.members.get(person.id)
                if member is not None and not member.present:
                    member.status = "member"


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
    mail: MailServers | None = None,
) -> Demo:
    """Fill the world; with ``basic_group`` the operators' group can still be upgraded, as a
    ``forum`` it has topics; ``mail``: where its customers' mailboxes are.

    Everybody has an id of their own in every world, so that files can name them.
    """
    people = {name: world.user(first, id=number, **about) for name, number, first, about in PEOPLE}
    admin = people["petrovna"]
    operators = [people["olga"], people["oleg"], people["irina"]]
    make = world.group if basic_group else world.supergroup
    group = make("Операторы", members=operators, owner=admin, bot="admin")
    if forum and not basic_group:
        _ = group.make_forum()
    alerts = world.channel("Просрочки", members=operators, owner=admin, bot="admin")
    return Demo(world, people, group, alerts, admin, mail=mail)
