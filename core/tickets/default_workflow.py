"""The workflow of a new installation (B2). A migration copies it into the database."""

from typing import Final

from core.tickets.workflow import Move, State

STATES: Final = (
    State("new", "new", initial=True),
    State("in_progress", "open"),
    State("waiting", "waiting", pause=True),
    State("frozen", "frozen", pause=True),
    State("resolved", "resolved", resolution=True),
    State("reopened", "open"),
    State("closed", "closed", final=True),
    State("cancelled", "cancelled", final=True),
)

# verb → {source: target}
_TABLE: Final[dict[str, dict[str, str]]] = {
    # an operator makes it theirs; a pause stays a pause
    "take": {
        "new": "in_progress",
        "reopened": "in_progress",
        "in_progress": "in_progress",
        "waiting": "waiting",
        "frozen": "frozen",
    },
    "release": {
        "new": "new",
        "reopened": "reopened",
        "in_progress": "new",
        "waiting": "waiting",
        "frozen": "frozen",
    },
    # an operator answers
    "reply": {
        "new": "in_progress",
        "reopened": "in_progress",
        "in_progress": "in_progress",
        "waiting": "waiting",
        "frozen": "frozen",
        "resolved": "resolved",
    },
    "wait": {
        "new": "waiting",
        "reopened": "waiting",
        "in_progress": "waiting",
        "waiting": "waiting",
        "frozen": "waiting",
    },
    "freeze": {
        "new": "frozen",
        "reopened": "frozen",
        "in_progress": "frozen",
        "waiting": "frozen",
        "frozen": "frozen",
    },
    "unfreeze": {"frozen": "reopened"},
    # the wake-up time has come
    "wake": {"frozen": "reopened"},
    "resolve": {
        "new": "resolved",
        "reopened": "resolved",
        "in_progress": "resolved",
        "waiting": "resolved",
        "frozen": "resolved",
    },
    "close": {
        "new": "closed",
        "reopened": "closed",
        "in_progress": "closed",
        "waiting": "closed",
        "frozen": "closed",
        "resolved": "closed",
    },
    "cancel": {
        "new": "cancelled",
        "reopened": "cancelled",
        "in_progress": "cancelled",
        "waiting": "cancelled",
        "frozen": "cancelled",
        "resolved": "cancelled",
    },
    # it comes from somebody of whom nobody wants to hear (F4)
    "junk": {"new": "cancelled"},
    # an operator takes the ending back
    "reopen": {"resolved": "reopened", "closed": "reopened", "cancelled": "reopened"},
    # the customer writes (B6); without a move, the message opens a new ticket
    "hear": {
        "new": "new",
        "reopened": "reopened",
        "in_progress": "in_progress",
        "waiting": "reopened",
        "frozen": "reopened",
        "resolved": "reopened",
    },
    # the customer is content with a resolution; or said nothing for long enough (B15)
    "confirm": {"resolved": "closed"},
    "dispute": {"resolved": "reopened"},
    "expire": {"resolved": "closed"},
}

MOVES: Final = tuple(
    Move(source, verb, target)
    for verb, targets in _TABLE.items()
    for source, target in targets.items()
)
