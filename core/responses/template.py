"""The text of a canned response: words and `{variables}` from a list. Nothing in it is code. Pure.

A brace that belongs to no variable of the list is a fault: `{ customer }`, `{customer.name}` and
`{{` are refused where they are written, so nothing of the kind is ever printed or evaluated.
"""

import re
from collections.abc import Mapping
from typing import Final

from core.errors import Refusal

VARIABLES: Final = ("customer", "number", "topic", "operator", "company", "camera", "place")
"""The customer's name; the ticket's number; its topic; who answers; the company's name; the number
of the ticket's camera, and where that is.
"""

_BRACES: Final = re.compile(r"\{([^{}]*)\}|[{}]")


def faults_of(template: str) -> list[str]:
    """Return every piece in braces that is no variable, as written."""
    return [one.group() for one in _BRACES.finditer(template) if one[1] not in VARIABLES]


def variables_of(template: str) -> list[str]:
    """Return the variables of a text without faults, each once, in order."""
    return list(dict.fromkeys(one[1] for one in _BRACES.finditer(template) if one[1] in VARIABLES))


def fill(template: str, facts: Mapping[str, str | None]) -> str:
    """Return the text with its variables filled in, in one pass: braces in a fact are text.

    Raises :class:`Refusal` for a variable without a fact, and for what is no variable: an answer
    with a hole in it must not leave.
    """
    for wrong in faults_of(template):
        raise Refusal("refusal.response_variable", variable=wrong)
    for name in variables_of(template):
        if not facts.get(name):
            raise Refusal("refusal.response_hole", variable=f"{{{name}}}")
    return _BRACES.sub(lambda one: facts[one[1]] or "", template)


def fill_lines(template: str, facts: Mapping[str, str | None]) -> str:
    """Return the text with its variables filled in; a line that has one without a fact is left out:
    a signature must keep no mail back.
    """
    lines = template.splitlines()
    known = [line for line in lines if all(facts.get(name) for name in variables_of(line))]
    return "\n".join(fill(line, facts) for line in known).strip("\n")
