"""How people are told of events: in which words, where, when, or not at all (G3, G4)."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, ClassVar, Final, Self, cast

from pydantic import AfterValidator, Field
from pydantic import WithJsonSchema as Json
from sqlalchemy import select

from core.delivery.notice_events import EVENTS
from core.delivery.own_notices import CHAT, WAYS, OwnNotices
from core.directory.faults import PREFIX, Problem, choices, refusal, shorten
from core.directory.fields import LANGUAGE, Code, Language, Reference, Span, one_of
from core.directory.schema import Directory, DirectoryEntry
from core.models import NoticeRow
from core.tx import ReadTx, Tx
from core.words.names import is_blank, units
from core.words.templates import wrong_in

# What its facts say comes on top.
LONGEST_WORDS: Final = 1000
LONGEST_DELAY: Final = timedelta(days=30)


def _check_words(value: str) -> str:
    if is_blank(value) or units(value) > LONGEST_WORDS or "\x00" in value:
        raise refusal("text", value, longest=LONGEST_WORDS)
    return value


def _check_delay(value: timedelta | None) -> timedelta | None:
    """No delay is none."""
    if value is not None and not timedelta(0) <= value <= LONGEST_DELAY:
        raise refusal("notice.delay", str(value), days=LONGEST_DELAY.days)
    return value or None


NoticeEventName = Annotated[str, *one_of(EVENTS)]
Way = Annotated[str, *one_of(WAYS)]
Words = Annotated[
    str,
    AfterValidator(_check_words),
    Json({"type": "string", "minLength": 1, "maxLength": LONGEST_WORDS}),
]
WordsByLanguage = Annotated[
    dict[Language, Words],
    Json(
        {
            "type": "object",
            "propertyNames": {"pattern": f"^{LANGUAGE}$"},
            "additionalProperties": {"type": "string", "minLength": 1, "maxLength": LONGEST_WORDS},
        }
    ),
]


class NoticeEntry(DirectoryEntry):
    """How people are told of an event; ``on``: false where nobody is. Without ``texts`` the desk's
    own words go, and so they do in languages that have none.
    """

    name = "notice"
    ordered = True
    caches: ClassVar[tuple[type, ...]] = (OwnNotices,)

    code: Code
    event: NoticeEventName
    topic: Annotated[Code | None, Reference("topic")] = None
    category: Annotated[Code | None, Reference("category")] = None
    on: bool = True
    channel: Way = CHAT
    delay: Annotated[Span | None, AfterValidator(_check_delay)] = None
    texts: WordsByLanguage = Field(default_factory=dict)
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """In the order in which they were written."""
        rows = await tx.all(select(NoticeRow).order_by(NoticeRow.position, NoticeRow.code))
        return [
            cls.stored(
                code=row.code,
                event=row.event,
                topic=row.topic,
                category=row.category,
                on=row.told,
                channel=row.channel,
                delay=timedelta(seconds=row.delay) or None,
                texts=dict(row.texts),
                active=row.active,
            )
            for row in rows
        ]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:  # noqa: ARG002
        """Its variables have facts there; colleagues are told in the chat; no other says how."""
        problems = [*self._wrong_variables()]
        if EVENTS[self.event].colleagues and self.channel != CHAT:
            facts = {"allowed": CHAT, "value": self.channel}
            problems.append(Problem(("channel",), f"{PREFIX}not_a_choice", facts))
        return [*problems, *self._rivals(directory)]

    def _wrong_variables(self) -> Iterator[Problem]:
        known = EVENTS[self.event].variables
        for language, words in self.texts.items():
            for wrong in wrong_in(words, known):
                allowed = choices(f"{{{name}}}" for name in known)
                facts = {"value": shorten(wrong), "allowed": allowed}
                yield Problem(("texts", language), f"{PREFIX}variable", facts)

    def _rivals(self, directory: Directory) -> Iterator[Problem]:
        for other in cast("list[NoticeEntry]", [*directory.entries(self.name).values()]):
            same = self.active and other.active and other.about == self.about
            if same and other.code != self.code:
                yield Problem(("event",), f"{PREFIX}notice.rival", {"other": other.code})

    @property
    def about(self) -> tuple[str, str | None, str | None]:
        """Return what no other entry may be about."""
        return self.event, self.topic, self.category

    async def put(self, tx: Tx, position: int) -> None:
        """It counts for what happens from now on."""
        delay = self.delay or timedelta(0)
        row = NoticeRow(
            code=self.code,
            position=position,
            event=self.event,
            topic=self.topic,
            category=self.category,
            channel=self.channel,
            delay=int(delay.total_seconds()),
            told=self.on,
            texts=dict(self.texts),
            active=self.active,
        )
        await self.save(tx, row)
