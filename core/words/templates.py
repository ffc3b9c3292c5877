"""Templates that a company writes: words and `{variables}` from a list. Nothing is code. Pure.

A brace that belongs to no variable of the list is a fault: `{ customer }`, `{customer.name}` and
`{{` are refused where they are written, so nothing of the kind is ever printed or evaluated.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

FIRST_NAME: Final = "first_name"
"""What the customer is greeted with. Without one, a text is whole: «Hello, Anna.», «Hello.»"""

VARIABLES: Final = (
    *("customer", FIRST_NAME, "number", "topic", "operator", "company", "camera", "place"),
)
"""The customer's name, and the first of it; the ticket's number; its topic; who answers; the
company's name; the number of the ticket's camera, and where that is.
"""

_BEGINNING: Final = re.compile(rf"(^|[.!?…]\s+)\{{{FIRST_NAME}\}}[,!]?\s*(\w?)", re.MULTILINE)
_WITHIN: Final = re.compile(rf",?[ \u00a0]{{0,3}}\{{{FIRST_NAME}\}}")
_BRACES: Final = re.compile(r"\{([^{}]*)\}|[{}]")


def wrong_in(template: str, known: Collection[str] = VARIABLES) -> list[str]:
    """Return every piece in braces that is no variable, as written."""
    return [one.group() for one in _BRACES.finditer(template) if one[1] not in known]


def variables_in(template: str, known: Collection[str] = VARIABLES) -> list[str]:
    """Return the variables of a text without faults, each once, in order."""
    return list(dict.fromkeys(one[1] for one in _BRACES.finditer(template) if one[1] in known))


def filled(template: str, facts: Mapping[str, str]) -> str:
    """Return the text with its variables filled in, in one pass: braces in a fact are text.

    Each of them must have a fact, but for the first name: whom to greet need not be known.
    """
    if FIRST_NAME not in facts:
        template = _greeting_nobody(template)
    return _BRACES.sub(lambda one: facts[one[1]], template)


def _greeting_nobody(template: str) -> str:
    """«{first_name}, едем» becomes «Едем», «Hello, {first_name}!» becomes «Hello!»."""
    begun = _BEGINNING.sub(lambda one: one[1] + one[2].upper(), template)
    return _WITHIN.sub("", begun)
