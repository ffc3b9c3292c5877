"""What buttons of the directory's entries carry: ask for a value, choose it, apply it (X12)."""

from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import matching, one_of
from core.directory.entry_choices import MARK as VALUE
from core.directory.entry_draft import DIGEST
from core.directory.entry_edits import MARK
from core.directory.kinds import KINDS
from core.directory.shapes import MARK as FIELD

NAMES: Final = tuple(kind.name for kind in KINDS)

_STEPS: Final = (
    *("new", "up", "down", "yes", "no", "off", "clear", "picked", "back"),
    *("remove", "removed"),
)
_Mark = Annotated[str, matching(f"([0-9a-f]{{{MARK}}})?")]
_Field = Annotated[str, matching(f"[0-9a-f]{{{FIELD}}}")]


class AskValue(CallbackData, prefix="ea"):
    """Ask for a ``field`` of an entry; of a new one, which has no ``mark`` yet."""

    kind: Annotated[str, one_of(NAMES)]
    mark: _Mark
    field: _Field


class PickValue(CallbackData, prefix="ep"):
    """Take the choice with the mark ``value``; of a list in or out."""

    kind: Annotated[str, one_of(NAMES)]
    mark: _Mark
    field: _Field
    value: Annotated[str, matching(f"[0-9a-f]{{{VALUE}}}")]


class EntryStep(CallbackData, prefix="en"):
    """Begin a ``new`` entry, move one ``up`` or ``down``; of an open question: ``yes``, ``no``,
    ``off``, ``clear``, ``picked``, ``back``. ``remove`` asks, ``removed`` does it.
    """

    step: Annotated[str, one_of(_STEPS)]
    kind: Annotated[str, one_of(NAMES)]
    mark: _Mark
    field: Annotated[str, matching(f"([0-9a-f]{{{FIELD}}})?")] = ""


class ApplyAnswer(CallbackData, prefix="eo"):
    """Apply what was shown, with this ``digest``; ``recount`` deadlines with it."""

    step: Annotated[str, one_of(("apply", "recount"))]
    kind: Annotated[str, one_of(NAMES)]
    mark: _Mark
    field: _Field
    digest: Annotated[str, matching(f"[0-9a-f]{{{DIGEST}}}")]
