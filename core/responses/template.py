"""The text of a canned response, filled: one that lacks a fact is not sent. Pure."""

from collections.abc import Mapping

from core.errors import Refusal
from core.words.templates import FIRST_NAME, VARIABLES, filled, variables_in, wrong_in

__all__ = ["VARIABLES", "faults_of", "fill", "fill_lines", "variables_of"]


def faults_of(template: str) -> list[str]:
    """Return every piece in braces that is no variable, as written."""
    return wrong_in(template)


def variables_of(template: str) -> list[str]:
    """Return the variables of a text without faults, each once, in order."""
    return variables_in(template)


def fill(template: str, facts: Mapping[str, str | None]) -> str:
    """Return the text with its variables filled in, in one pass: braces in a fact are text.

    Raises :class:`Refusal` for a variable without a fact, and for what is no variable: an answer
    with a hole in it must not leave.
    """
    said = _filled(template, facts)
    if template.strip() and not said.strip():
        raise Refusal("refusal.response_hole", variable=f"{{{FIRST_NAME}}}")
    return said


def _filled(template: str, facts: Mapping[str, str | None]) -> str:
    for wrong in wrong_in(template):
        raise Refusal("refusal.response_variable", variable=wrong)
    for name in _needed(template):
        if not facts.get(name):
            raise Refusal("refusal.response_hole", variable=f"{{{name}}}")
    return filled(template, {name: fact for name, fact in facts.items() if fact})


def _needed(template: str) -> list[str]:
    """Without these facts a text has a hole; whom to greet need not be known."""
    return [name for name in variables_in(template) if name != FIRST_NAME]


def fill_lines(template: str, facts: Mapping[str, str | None]) -> str:
    """Return the text with its variables filled in; a line that has one without a fact is left out,
    and one of which nothing is left: a signature must keep no mail back.
    """
    lines = template.splitlines()
    known = [line for line in lines if all(facts.get(name) for name in _needed(line))]
    said = [(line, _filled(line, facts)) for line in known]
    return "\n".join(words for line, words in said if words.strip() or not line.strip()).strip("\n")
