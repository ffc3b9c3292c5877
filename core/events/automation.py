"""What rules, canned responses, articles and the assistant have done."""

from core.events.event import Event, event


@event
class ResponseSent(Event):
    """A canned response became an answer, or only did what it does (E1)."""

    response: str
    title: str


@event
class ArticleSent(Event):
    """A public article became an answer (B13)."""

    article: str
    title: str


@event
class ArticleLinked(Event):
    """The ticket is about what an article says (B13)."""

    article: str
    title: str


@event
class RuleTold(Event):
    """A rule tells colleagues something of a ticket (E2). ``to``: who, a word of the directory;
    ``concerns``: whom it calls, the assignee or those of the team.
    """

    to: str
    text: str
    concerns: tuple[int, ...] = ()


@event
class RuleRan(Event):
    """A rule's conditions held (E2). ``done``: which of its actions were possible."""

    rule: str
    title: str
    done: tuple[str, ...]


@event
class AssistantAsked(Event):
    """Somebody has asked the assistant (X17). ``kind``: what for."""

    kind: str


@event
class AssistantAnswered(Event):
    """A question to the assistant has ended: ``outcome`` is `answered`, or why it was not.

    ``asked`` and ``answered`` are tokens, as the server has counted them.
    """

    kind: str
    outcome: str
    asked: int
    answered: int


@event
class SuggestionEnded(Event):
    """What became of a suggestion: it was `inserted`, `changed` by whoever asked, `dropped`, or
    `forgotten`, because nobody decided.
    """

    kind: str
    outcome: str


@event
class SuggestionLost(Event):
    """Nobody will see what the assistant was asked for: the process has ended meanwhile.

    ``concerns``: who has asked; ``assignee_id``: the same, whom the notice is for.
    """

    kind: str
    concerns: tuple[int, ...]
    assignee_id: int
