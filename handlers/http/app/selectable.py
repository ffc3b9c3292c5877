"""What can be chosen on a ticket's page: whom it may be given to, which states, topics, classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.knowledge.catalogue import Article
from core.knowledge.using import ending_facts
from core.models import Person, Restriction, Ticket
from core.people.restrictions import restriction_of
from core.tasks.lists import TaskFacts, ended_ids, open_ids, tasks_of
from core.teams.assignment import above, takers
from core.teams.members import Colleague, colleagues_of
from core.teams.teams import TeamFacts
from core.tickets.card import Card
from core.tickets.catalog import ASPECTS, ClassFacts, TopicFacts, classes_of
from core.tickets.classification import other_topics
from core.tickets.named_states import ways_of
from core.tickets.resolutions import ClosingReason, reasons_of
from core.tickets.tags import offered_tags
from core.tickets.workflow import State
from core.tx import ReadTx
from handlers.http.app.article_editor import Writing, find_writing


@dataclass(frozen=True, slots=True)
class Choices:
    """All of it, for one ticket and whoever looks. ``higher``: teams that it can be escalated to;
    ``people``: who a task may be given to; ``ended``: tasks that can be reopened;
    ``articles``: that may have helped, of an ended one; ``helped``: the one that did;
    ``writing``: what there is to write about its solution;
    ``restriction``: what its customer is under.
    """

    states: Sequence[State] = ()
    teams: Sequence[TeamFacts] = ()
    takers: Sequence[Colleague] = ()
    higher: Sequence[TeamFacts] = ()
    topics: Sequence[TopicFacts] = ()
    classes: Mapping[str, Sequence[ClassFacts]] = field(default_factory=dict)
    reasons: Sequence[ClosingReason] = ()
    tasks: Sequence[TaskFacts] = ()
    people: Sequence[Colleague] = ()
    tags: Sequence[str] = ()
    restriction: Restriction | None = None
    articles: Sequence[Article] = ()
    helped: Article | None = None
    ended: Sequence[TaskFacts] = ()
    writing: Writing = field(default_factory=Writing)


async def find_choices(tx: ReadTx, card: Card, role: str) -> Choices:
    """Return what somebody with this ``role``, operator or admin, can choose now."""
    ticket = await tx.find(Ticket, card.number)
    teams, colleagues = await takers(tx, card.number)
    tasks = sorted(await tasks_of(tx, await open_ids(tx, card.number)), key=lambda one: one.id)
    classes = await classes_of(tx)
    customer = None if ticket is None else await tx.find(Person, ticket.customer_id)
    is_over = card.ending is not None and card.state.clock == "stops"
    ending = await ending_facts(tx, card.number) if is_over else None
    closed = () if card.state.final else await tasks_of(tx, await ended_ids(tx, card.number))
    return Choices(
        states=(await ways_of(tx, card.number, role)).offered,
        teams=teams,
        takers=colleagues,
        higher=(await above(tx, card.number))[0],
        topics=await other_topics(tx, card.number),
        classes={aspect: offered for aspect in ASPECTS if (offered := classes.offered(aspect))},
        reasons=(await reasons_of(tx)).offered,
        tasks=tasks,
        people=await colleagues_of(tx) if tasks else (),
        tags=[word for word in await offered_tags(tx) if word not in card.tags],
        articles=() if ending is None else ending.offered,
        helped=None if ending is None else ending.article,
        ended=sorted(closed, key=lambda one: one.id),
        writing=await find_writing(tx, card),
        restriction=None if customer is None else await restriction_of(tx, customer),
    )
