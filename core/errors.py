"""Refusals: what the desk will not do, as a text key and its facts.

    Refusal
    ├── NoSuchTicket        there is no such number, or it is not the asker's business
    ├── NotAllowed          this role may not do that
    ├── NotYours            somebody else's ticket, and only an admin may
    ├── MoveRefused         the ticket's state does not allow the verb
    ├── AlreadyTaken        another operator was faster
    ├── NothingToDo         it is so already
    └── Unreadable          the words could not be understood; says what would be

A refusal changes nothing: the transaction it is raised in is rolled back. The sentence is made at
the edge, in the reader's language.
"""

from datetime import datetime
from typing import Any


class Refusal(Exception):
    """Something that will not be done; ``key`` names the sentence, ``facts`` fill it."""

    def __init__(self, key: str, **facts: Any) -> None:
        super().__init__(key, facts)
        self.key = key
        self.facts = facts


class NoSuchTicket(Refusal):
    """There is no ticket with this number for this person."""

    def __init__(self, ticket_id: int) -> None:
        super().__init__("refusal.no_such_ticket", number=ticket_id)


class NotAllowed(Refusal):
    """The actor's role does not include the verb."""

    def __init__(self, verb: str) -> None:
        super().__init__("refusal.not_allowed", verb=verb)


class NotYours(Refusal):
    """Only its assignee or an admin may do that."""

    def __init__(self, ticket_id: int, assignee: str) -> None:
        super().__init__("refusal.not_yours", number=ticket_id, assignee=assignee)


class MoveRefused(Refusal):
    """The state of the ticket does not allow the verb; the sentence names the way on."""

    def __init__(self, ticket_id: int, category: str) -> None:
        super().__init__(f"refusal.state.{category}", number=ticket_id)


class AlreadyTaken(Refusal):
    """Another operator has the ticket; ``since`` tells how long already (X3)."""

    def __init__(self, ticket_id: int, assignee: str, since: datetime, now: datetime) -> None:
        super().__init__("refusal.taken", number=ticket_id, assignee=assignee, ago=now - since)


class NothingToDo(Refusal):
    """The wish is fulfilled already."""


class Unreadable(Refusal):
    """The person's words do not make sense here; the sentence shows a correct example."""
