"""What the forms of the app are made of: fields with their labels, in one look."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Final

from channels.telegram.screens.screen import Renderer
from core.knowledge.catalogue import Article
from core.responses.sending import Prepared
from core.tasks.task_actions import Unfinished

if TYPE_CHECKING:
    from core.assistant.suggestions import Suggested
    from handlers.http.app.knowledge import FoundArticles

Options = Iterable[tuple[str, str]]
"""Values and what people read of them, not escaped."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a ticket: the token of their forms; what was wrong with the form ``verb`` that
    they sent just now, and what they had ``given`` it; the canned response or the ``article`` that
    they look at, the articles that were ``found``; what the assistant has ``suggested``.
    ``unfinished``: tasks of which they have to say what becomes of them; ``takes_files``: an answer
    may have files; ``back``: the path of the list that they come from.
    """

    token: str
    fault: str = ""
    prepared: Prepared | None = None
    verb: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    unfinished: tuple[Unfinished, ...] = ()
    takes_files: bool = False
    article: Article | None = None
    found: "FoundArticles | None" = None
    is_over: bool = False
    assisted: bool = False
    suggested: Sequence["Suggested"] = ()
    back: str = "/app"

    @property
    def typed(self) -> str:
        """The words for the answer box; those of a button stay with it."""
        return self.given.get("text", "") if self.verb in _OF_THE_BOX else ""


# Buttons of the answer box, and what hands it words to be changed.
_OF_THE_BOX: Final = frozenset({"answer", "note", "translate_answer", "suggestion_change"})


def hidden(**fields: str) -> str:
    """Fields that nobody sees."""
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )


def signed(viewer: Viewer) -> str:
    """What every form has: whose it is, and what tells it from every other."""
    return hidden(token=viewer.token, once=secrets.token_hex(16))


def options(offered: Options, chosen: str = "") -> str:
    """Choices of a list."""
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
        f"{escape(title)}</option>"
        for value, title in offered
    )


def group(label: str, offered: Options, chosen: str = "") -> str:
    """Choices that belong together; nothing of none. ``label`` is HTML."""
    inside = options(offered, chosen)
    return f'<optgroup label="{label}">{inside}</optgroup>' if inside else ""


@dataclass(frozen=True, slots=True)
class Fields:
    """Fields of the form ``verb``: they hold what was sent just now, if it is that form's."""

    renderer: Renderer
    viewer: Viewer
    verb: str

    def value(self, name: str, otherwise: str = "") -> str:
        """What the field holds."""
        is_this = bool(self.verb) and self.viewer.verb == self.verb
        return self.viewer.given.get(name, otherwise) if is_this else otherwise

    def line(
        self, name: str, label: str, value: str = "", *, longest: int = 1000, more: str = ""
    ) -> str:
        """A line to type. ``label`` and ``more``, further attributes, are HTML."""
        held = escape(self.value(name, value))
        field = f'<input name="{name}" value="{held}" maxlength="{longest}"{more}>'
        return f"<label>{label}{field}</label>"

    def choose(self, name: str, label: str, offered: Options, value: str = "") -> str:
        """A list to choose from."""
        return self.choose_from(name, label, options(offered, self.value(name, value)))

    def choose_from(self, name: str, label: str, inside: str, more: str = "") -> str:
        """The same of choices that are drawn already."""
        return f'<label>{label}<select name="{name}"{more}>{inside}</select></label>'

    def check(self, name: str, label: str) -> str:
        """A box to tick."""
        ticked = " checked" if self.value(name) else ""
        return (
            f'<label class="check"><input type="checkbox" name="{name}" value="1"{ticked}>'
            f"<span>{label}</span></label>"
        )
