"""Which role may do what: one table, default deny (G1, S1). Pure."""

from typing import Final

STAFF: Final = frozenset({"operator", "admin"})
_CUSTOMER: Final = frozenset({"customer"})
_MACHINE: Final = frozenset({"system"})
_US_AND_RULES: Final = STAFF | _MACHINE

PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    "hear": _CUSTOMER,
    "confirm": _CUSTOMER,
    "dispute": _CUSTOMER,
    "rate": _CUSTOMER,
    "withdraw": _CUSTOMER,
    "answer_field": _CUSTOMER,
    "take": STAFF,
    "release": STAFF,
    "reply": _US_AND_RULES,
    "note": _US_AND_RULES,
    "wait": _US_AND_RULES,
    "freeze": _US_AND_RULES,
    "unfreeze": STAFF,
    "resolve": _US_AND_RULES,
    "close": _US_AND_RULES,
    "cancel": STAFF,
    "reopen": STAFF,
    "set": _US_AND_RULES,
    "title": STAFF,
    "topic": STAFF,
    "classify": STAFF,
    "prioritise": STAFF,
    "next": STAFF,
    "assign": _US_AND_RULES,
    "escalate": _US_AND_RULES,
    "duty": STAFF,
    "task": STAFF,
    "look": STAFF,
    "assist": STAFF,
    "transcript": STAFF,
    "undo": STAFF,
    "retry": STAFF,
    "question": STAFF,
    "outage": STAFF,
    "broadcast": STAFF,
    "link": STAFF,
    "tag": STAFF,
    "field": STAFF,
    "split": STAFF,
    "merge_tickets": STAFF,
    "call": STAFF,
    "open": STAFF,
    "contact": STAFF,
    "merge": STAFF,
    "restrict": STAFF,
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
