"""Canned responses (E1), in the file and from the chat."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, Self

from pydantic import AfterValidator, Field
from pydantic import WithJsonSchema as Json
from sqlalchemy import select

from core.directory.faults import Path, Problem, choices, refusal, shorten
from core.directory.fields import LANGUAGE, AsPeopleSay, Code, Language, Reference, Span, Title
from core.directory.file_names import FileNames, check_files, stored_files, written
from core.directory.kinds.states import StateEntry, workflow_of_entries
from core.directory.kinds.tags import NamedTags
from core.directory.schema import Directory, DirectoryEntry, Part
from core.models import ResponseRow
from core.responses.catalogue import Actions, Responses
from core.responses.template import VARIABLES, faults_of
from core.tickets.attached_files import attached
from core.tx import ReadTx, Tx
from core.words.names import is_blank, units

VERBS: Final = ("wait", "resolve", "close")
"""What a response or a rule may do by these words; else it names a state by its code."""
LONGEST_TEXT: Final = 3000
LONGEST_CODE: Final = 32


def _check_text(value: str) -> str:
    if is_blank(value) or units(value) > LONGEST_TEXT or "\x00" in value:
        raise refusal("text", value, longest=LONGEST_TEXT)
    if wrong := faults_of(value):
        known = choices(f"{{{name}}}" for name in VARIABLES)
        raise refusal("variable", said=choices(map(shorten, wrong)), allowed=known)
    return value


def _check_target(value: str) -> str:
    if is_blank(value) or len(value) > LONGEST_CODE:
        raise refusal("code", value)
    return value


def unknown_target(directory: Directory, path: Path, target: str | None) -> list[Problem]:
    """What is wrong with a state that is named: it is neither a verb, nor a state in use to which
    people can move a ticket.
    """
    if target in {None, *VERBS} or directory.faulty.get(StateEntry.name):
        return []
    entered = workflow_of_entries(directory.entries(StateEntry.name)).entered()
    if target in entered:
        return []
    facts = {"allowed": choices((*VERBS, *sorted(entered))), "value": shorten(target)}
    return [Problem(path, "directory_file.fault.not_a_choice", facts)]


Text = Annotated[
    str, AfterValidator(_check_text), Json({"type": "string", "maxLength": LONGEST_TEXT})
]
Texts = Annotated[
    dict[Language, Text],
    Json(
        {
            "type": "object",
            "propertyNames": {"pattern": f"^{LANGUAGE}$"},
            "additionalProperties": {"type": "string", "maxLength": LONGEST_TEXT},
        }
    ),
]
Target = Annotated[
    str,
    AfterValidator(_check_target),
    Json({"type": "string", "examples": list(VERBS)}),
    AsPeopleSay("target"),
]


class ResponseActions(Part):
    """What else is done with the ticket when the response is sent."""

    name = "response_actions"

    state: Target | None = None
    freeze: Span | None = None
    tags: NamedTags = Field(default_factory=list)
    priority: Annotated[Code | None, Reference("priority")] = None

    def kept(self) -> Actions:
        """Return them as the desk keeps them."""
        return Actions(self.state, tuple(self.tags), self.priority, self.freeze)


def _if_any(actions: ResponseActions | None) -> ResponseActions | None:
    """Actions of which none is written are none."""
    return actions if actions is not None and actions.kept().stored() else None


class ResponseEntry(DirectoryEntry):
    """A canned response. Without ``texts`` and ``files`` it only does its ``actions``."""

    name = "response"
    ordered = True
    caches: ClassVar[tuple[type, ...]] = (Responses,)

    code: Code
    title: Title
    topic: Annotated[Code | None, Reference("topic")] = None
    texts: Texts = Field(default_factory=dict)
    files: FileNames = Field(default_factory=list)
    actions: Annotated[ResponseActions | None, AfterValidator(_if_any)] = None
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """In the order in which they were written."""
        query = select(ResponseRow).order_by(ResponseRow.position, ResponseRow.code)
        return [
            cls.stored(
                code=row.code,
                title=row.title,
                topic=row.topic,
                texts=row.texts,
                files=[written(file) for file in attached(row.options)],
                actions=_shown(Actions.of(row.actions)) if row.actions else None,
                active=row.active,
            )
            for row in await tx.all(query)
        ]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        """It says, brings or does something, and moves the ticket to one state that is there, if
        any; its files are the desk's.
        """
        acts = self.actions
        problems = await check_files(tx, self.files)
        if not self.texts and not self.files and (acts is None or not acts.kept().stored()):
            nothing = "directory_file.fault.says_nothing"
            problems.append(Problem(("texts",), nothing, hangs_on=("files", "actions")))
        if acts is not None and acts.state is not None and acts.freeze is not None:
            problems.append(Problem(("actions", "freeze"), "directory_file.fault.two_states"))
        target = None if acts is None else acts.state
        return [*problems, *unknown_target(directory, ("actions", "state"), target)]

    async def put(self, tx: Tx, position: int) -> None:
        """How often it was used is kept."""
        row = ResponseRow(
            code=self.code,
            position=position,
            title=self.title,
            texts=dict(self.texts),
            topic=self.topic,
            actions={} if self.actions is None else self.actions.kept().stored(),
            active=self.active,
            options=await stored_files(tx, self.files),
        )
        await self.save(tx, row)


def _shown(actions: Actions) -> ResponseActions:
    return ResponseActions.stored(
        state=actions.verb,
        freeze=actions.freeze,
        tags=list(actions.tags),
        priority=actions.priority,
    )
