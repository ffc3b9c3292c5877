"""Methods of the Bot API; importing a module registers its handlers."""

from sandbox.server.methods import (
    bot,
    chats,
    copying,
    deleting,
    editing,
    ephemeral,
    forum,
    invites,
    members,
    other,
    pinning,
    polls,
    queries,
    reactions,
    receiving,
    rich,
    sending,
)
from sandbox.server.methods.registry import HANDLERS, Call

__all__ = [
    "HANDLERS",
    "Call",
    "bot",
    "chats",
    "copying",
    "deleting",
    "editing",
    "ephemeral",
    "forum",
    "invites",
    "members",
    "other",
    "pinning",
    "polls",
    "queries",
    "reactions",
    "receiving",
    "rich",
    "sending",
]
