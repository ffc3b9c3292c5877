"""Which role may do what: one table, default deny (G1, S1). Pure."""

from typing import Final

_ANYONE_OF_US: Final = frozenset({"operator", "admin"})
_CUSTOMER: Final = frozenset({"customer"})
_MACHINE: Final = frozenset({"system"})
_US_AND_RULES: Final = _ANYONE_OF_US | _MACHINE

PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    "hear": _CUSTOMER,
    "confirm": _CUSTOMER,
    "dispute": _CUSTOMER,
    "take": _ANYONE_OF_US,
    "release": _ANYONE_OF_US,
    "reply": _US_AND_RULES,
    "note": _US_AND_RULES,
    "wait": _US_AND_RULES,
    "freeze": _ANYONE_OF_US,
    "unfreeze": _ANYONE_OF_US,
    "resolve": _US_AND_RULES,
    "close": _US_AND_RULES,
    "cancel": _ANYONE_OF_US,
    "reopen": _ANYONE_OF_US,
    "title": _ANYONE_OF_US,
    "topic": _ANYONE_OF_US,
    "classify": _ANYONE_OF_US,
    "prioritise": _ANYONE_OF_US,
    "next": _ANYONE_OF_US,
    "assign": _US_AND_RULES,
    "escalate": _US_AND_RULES,
    "duty": _ANYONE_OF_US,
    "task": _ANYONE_OF_US,
    "look": _ANYONE_OF_US,
    "undo": _ANYONE_OF_US,
    "retry": _ANYONE_OF_US,
    "question": _ANYONE_OF_US,
    "outage": _ANYONE_OF_US,
    "broadcast": _ANYONE_OF_US,
    "link": _ANYONE_OF_US,
    "tag": _ANYONE_OF_US,
    "split": _ANYONE_OF_US,
    "call": _ANYONE_OF_US,
    "open": _ANYONE_OF_US,
    "contact": _ANYONE_OF_US,
    "merge": _ANYONE_OF_US,
    "restrict": _ANYONE_OF_US,
    "merge_any": frozenset({"admin"}),
    "contract": frozenset({"admin"}),
    "tags": frozenset({"admin"}),
    "assign_any": frozenset({"admin", "system"}),
    "release_any": frozenset({"admin"}),
    "undo_any": frozenset({"admin"}),
    "report": frozenset({"admin"}),
    "set_up": frozenset({"admin"}),
    "wake": _MACHINE,
    "expire": _MACHINE,
    "junk": _MACHINE,
}


def may(role: str, verb: str) -> bool:
    """The role includes the verb. Verbs that are not in the table are nobody's."""
    return role in PERMISSIONS.get(verb, frozenset())
