"""A rule of a file that is not applied, tried as if it were (X11)."""

from core.automation.rule_trials import Trial, attempt
from core.automation.rules import Rule
from core.directory.kinds.rules import RuleEntry
from core.directory.reader import Document
from core.directory.store import apply_directory
from core.errors import Refusal
from core.tx import Tx


def rules_in(document: Document) -> dict[str, Rule]:
    """The rules that a file has, by code, in its order."""
    entries = [one.entry for one in document.items if isinstance(one.entry, RuleEntry)]
    return {entry.code: entry.kept() for entry in entries}


def rule_in(document: Document, code: str) -> Rule:
    """The rule of a file with this code. Raises :class:`Refusal` where there is none."""
    found = rules_in(document).get(code)
    if found is None:
        raise Refusal("refusal.outdated")
    return found


async def attempt_with(tx: Tx, document: Document, trial: Trial) -> None:
    """Try a rule together with all else that is in its file.

    Raises as :func:`core.automation.rule_trials.attempt` does, and :class:`DirectoryError`: nothing
    of it stays.
    """
    await apply_directory(tx, document)
    await attempt(tx, trial)
