"""A small world to try the desk in by hand: three customers, three operators, an admin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.chat import Chat
from sandbox.person import Person
from sandbox.world import Starting, World

if TYPE_CHECKING:
    from sandbox.page.troubles import Troubles

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
"""


@dataclass(slots=True)
class Demo:
    """The people and chats of the demonstration."""

    world: World
    people: dict[str, Person]  # by the short name that the console knows
    group: Chat
    alerts: Chat
    admin: Person
    troubles: Troubles | None = None  # where there is a page

    def environment(self) -> dict[str, str]:
        """What the bot must be started with to live in this world."""
        return {
            "BOT_TOKEN": self.world.token,
            "TELEGRAM_API_URL": self.world.api_url,
            "OPERATOR_CHAT_ID": str((self.group.migrated_to or self.group).id),
            "ALERT_CHAT_ID": str(self.alerts.id),
            "ADMIN_IDS": str(self.admin.id),
        }

    def begin_anew(self) -> None:
        """An empty world: who came later is gone, who left is back, nothing was ever said."""
        self.world.forget()
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


def build(world: World, *, basic_group: bool = False) -> Demo:
    """Fill the world; with ``basic_group`` the operators' group can still be upgraded."""
    people = {
        "anna": world.user("Анна", last_name="Смирнова", language="ru", username="anna_s"),
        "boris": world.user("Борис", language="ru"),
        "john": world.user("John", language="en", username="john"),
        "olga": world.user("Ольга", language="ru", username="olga_op"),
        "oleg": world.user("Олег", language="ru", username="oleg_op"),
        "irina": world.user("Ирина", language="ru"),
        "petrovna": world.user("Анна Петровна", language="ru", username="petrovna"),
    }
    admin = people["petrovna"]
    operators = [people["olga"], people["oleg"], people["irina"]]
    make = world.group if basic_group else world.supergroup
    group = make("Операторы", members=operators, owner=admin, bot="admin")
    alerts = world.channel("Просрочки", members=operators, owner=admin, bot="admin")
    return Demo(world, people, group, alerts, admin)
