"""The workflow of a new installation (B2). Two migrations copy it into the database."""

from dataclasses import replace
from typing import Final

from core.tickets.workflow import Move, State

FIRST_STATES: Final = (
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

FIRST_MOVES: Final = tuple(
    Move(source, verb, target)
    for verb, targets in _TABLE.items()
    for source, target in targets.items()
)

# Waiting for somebody else: the customer has asked nothing new, and nothing is theirs to do.
ON_HOLD: Final = State(
    "on_hold",
    "on_hold",
    pause=True,
    sources=("new", "in_progress", "reopened", "waiting", "frozen"),
)
ON_HOLD_MOVES: Final = tuple(
    Move(ON_HOLD.code, verb, target)
    for verb, target in {
        **dict.fromkeys(("take", "release", "reply"), "on_hold"),
        **dict.fromkeys(("hear", "unfreeze", "wake"), "reopened"),
        "wait": "waiting",
        "freeze": "frozen",
        "resolve": "resolved",
        "close": "closed",
        "cancel": "cancelled",
    }.items()
)

# From where people may move a ticket by hand, beside the verbs; a migration adds it.
SOURCES: Final = {"in_progress": ("new", "reopened", "waiting", "frozen", "on_hold")}

STATES: Final = tuple(
    replace(state, sources=SOURCES.get(state.code, state.sources))
    for state in (*FIRST_STATES, ON_HOLD)
)
MOVES: Final = (*FIRST_MOVES, *ON_HOLD_MOVES)


def usual_verbs(code: str, category: str) -> dict[str, str]:
    """Return where verbs lead from a state when its entry does not say: as the built-in state of
    its category has it.
    """
    alike = [state.code for state in STATES if state.category == category]
    pattern = code if code in alike else next(iter(alike), "")
    return {
        move.verb: code if move.target == pattern else move.target
        for move in MOVES
        if move.source == pattern
    }
